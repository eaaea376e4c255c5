"""Random programs of the surface dialect without jumps, built directly: numbers, tuples, aliases, writes in place."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Return,
    Slice,
    Stmt,
    Store,
    Tuple,
    Update,
    While,
)
from adcompile.ir.types import FLOAT, Array, Type

PARAMETERS: dict[str, Type] = {"b": FLOAT, "x": Array("float64", 1), "y": Array("float64", 1), "z": Array("float64", 1)}
_NUMBERS = ("a", "b", "c", "d")
_ARRAYS = ("x", "y", "w")


def arguments() -> tuple[Any, ...]:
    """Fresh arguments for any of the programs."""
    return 1.5, np.array([0.1, 0.2, 0.3, 0.4]), np.array([1.0, 2.0, 3.0, 4.0]), np.arange(5.0)


def program(seed: int) -> Function:
    """A function of `PARAMETERS` that returns all its variables."""
    return _Writer(random.Random(seed)).function()


class _Writer:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.loops = 0

    def function(self) -> Function:
        start: list[Stmt] = [
            Assign("a", Const(0)), Assign("c", Const(1)), Assign("d", Name("b")),
            Assign("w", self.copied("x")), Assign("p", Tuple((Const(0), Name("b")))), Assign("q", Name("p")),
        ]  # fmt: skip
        middle = [stmt for _ in range(6) for stmt in self.statements(0)]
        result = Return(Tuple(tuple(Name(name) for name in ("a", "b", "c", "d", "x", "w", "p"))))
        return Function("program", tuple(PARAMETERS), (*start, *middle, result))

    def copied(self, array: str) -> Call:
        return Call(ops.method, (Name(array), Const("copy")))

    # -------------------------------------------------------------------------------------- expressions
    def number(self, depth: int = 0) -> Expr:
        dice, kind = self.dice, self.dice.random()
        if depth > 2 or kind < 0.30:
            return Name(dice.choice(_NUMBERS))
        if kind < 0.45:
            return Const(dice.choice([0, 1, 2.5, -1.0, 3]))
        if kind < 0.60:
            return Index(Name(dice.choice(_ARRAYS)), (Const(dice.randrange(-2, 3)),))
        if kind < 0.65:
            return Index(Name("p"), (Const(dice.randrange(2)),))
        if kind < 0.70:
            return Call(ops.select, (self.test(depth + 1), self.number(depth + 1), self.number(depth + 1)))
        if kind < 0.75:
            return Call(np.sin, (self.number(depth + 1),))
        fn = dice.choice([np.add, np.subtract, np.maximum])
        return Call(fn, (self.number(depth + 1), self.number(depth + 1)))

    def test(self, depth: int = 0) -> Expr:
        kind = self.dice.random()
        if kind < 0.20:
            return Call(ops.both if kind < 0.10 else ops.either, (self.test(depth + 1), self.test(depth + 1)))
        if kind < 0.25:
            return Const(self.dice.random() < 0.5)
        if kind < 0.30:
            return Name(self.dice.choice(_NUMBERS))
        return Call(np.less, (self.number(depth + 1), self.number(depth + 1)))

    # -------------------------------------------------------------------------------------- statements
    def block(self, depth: int) -> Block:
        return tuple(stmt for _ in range(self.dice.randint(1, 3)) for stmt in self.statements(depth))

    def statements(self, depth: int) -> list[Stmt]:
        dice, kind = self.dice, self.dice.random()
        if kind < 0.25:
            return [Assign(dice.choice(_NUMBERS), self.number())]
        if kind < 0.36:
            return self.copies()
        if kind < 0.50:
            name = dice.choice(_NUMBERS if kind < 0.45 else _ARRAYS)
            return [Update(name, dice.choice([np.add, np.subtract]), self.number())]
        if kind < 0.58:
            made = dice.choice([Store, Accum])
            return [made(dice.choice(_ARRAYS), (Const(dice.randrange(-2, 3)),), self.number())]
        if kind < 0.62:
            return [Assign(dice.choice(_ARRAYS), self.array())]
        if kind < 0.66 or depth > 2:
            return [Assign("t", Name("a")), Assign("a", Name("b")), Assign("b", Name("t"))]
        if kind < 0.82:
            return [If(self.test(), self.block(depth + 1), self.block(depth + 1) if dice.random() < 0.7 else ())]
        return self.loop(depth)

    def copies(self) -> list[Stmt]:
        kind = self.dice.random()
        if kind < 0.45:
            return [Assign(self.dice.choice(_ARRAYS), Name(self.dice.choice(_ARRAYS)))]
        if kind < 0.70:
            return [Assign("p", Tuple((self.number(), self.number())))]
        return [Assign("p", Name("q")), Assign("q", Tuple((Name("a"), Name("b"))))]

    def array(self) -> Expr:
        name = Name(self.dice.choice(_ARRAYS))
        kind = self.dice.random()
        if kind < 0.33:
            return Call(np.add, (name, Name(self.dice.choice(_NUMBERS))))
        return Index(Name("z"), (Slice(Const(1), Const(None), Const(None)),)) if kind < 0.66 else self.copied(name.id)

    def loop(self, depth: int) -> list[Stmt]:
        dice = self.dice
        self.loops += 1
        index = f"i{self.loops}"
        body = self.block(depth + 1)
        if dice.random() < 0.65:
            if dice.random() < 0.3:
                body = (Assign(dice.choice(_NUMBERS), Name(index)), *body)
            bounds = Const(dice.randrange(3)), Const(dice.randrange(5)), Const(dice.choice([1, 1, 2, -1]))
            return [For(index, *bounds, body)]
        again = Call(ops.both, (Call(np.less, (Name(index), Const(3))), self.test()))
        return [Assign(index, Const(0)), While(again, (*body, Update(index, np.add, Const(1))))]
