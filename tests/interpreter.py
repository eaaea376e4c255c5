"""Runs the intermediate representation, of either dialect: every `fn` is called as the Python object it is.

`run(function, *args)` gives what the function returns; arrays are written in place, as the function would.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Break,
    Call,
    Carry,
    Const,
    Continue,
    Effect,
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


class _Undefined:
    """What `ops.undefined()` gives under `poison`: may be copied about, never used."""

    def __repr__(self) -> str:
        return "<undefined>"


UNDEFINED = _Undefined()


class TooManyTrips(AssertionError):
    """A loop went round more often than any test means to."""


class _Jump(Exception):
    pass


class _Break(_Jump):
    pass


class _Continue(_Jump):
    pass


class _Returned(_Jump):
    def __init__(self, value: Any) -> None:
        self.value = value


def run(function: Function, *args: Any, poison: bool = False, trips: int = 1_000_000) -> Any:
    """The result of a function of either dialect on these arguments; `None` where it returns nothing.

    `poison` makes `ops.undefined()` a value whose use is an error; `trips` bounds the iterations of all loops together.
    """
    if len(args) != len(function.params):
        raise TypeError(f"{function.name} takes {len(function.params)} arguments, {len(args)} given")
    machine = _Machine(dict(zip(function.params, args, strict=True)), poison, trips)
    try:
        machine.block(function.body)
    except _Returned as returned:
        return returned.value
    return None


class _Machine:
    def __init__(self, names: dict[str, Any], poison: bool, trips: int) -> None:
        self.names = names
        self.poison = poison
        self.trips = trips

    # -------------------------------------------------------------------------------------- expressions
    def read(self, expr: Expr) -> Any:
        """A value that may be undefined: a copy, not a use."""
        if isinstance(expr, Name):
            if expr.id not in self.names:
                raise NameError(f"{expr.id} is read before it has a value")
            return self.names[expr.id]
        return self.value(expr)

    def value(self, expr: Expr) -> Any:
        match expr:
            case Const(value):
                return value
            case Name(name):
                found = self.read(expr)
                if found is UNDEFINED:
                    raise NameError(f"{name} is used where it is undefined")
                return found
            case Call(ops.undefined):
                return UNDEFINED if self.poison else ops.undefined()
            case Call(ops.select, (condition, then, orelse)):
                return self.read(then) if self.value(condition) else self.read(orelse)
            case Call(ops.both, (left, right)):
                return self.value(left) and self.value(right)
            case Call(ops.either, (left, right)):
                return self.value(left) or self.value(right)
            case Call(fn, args, kwargs):
                values = [self.value(arg) for arg in args]
                return fn(*values, **{key: self.value(arg) for key, arg in kwargs})
            case Index(array, index):
                return self.value(array)[self.key(index)]
            case Slice(start, stop, step):
                return slice(self.value(start), self.value(stop), self.value(step))
            case Tuple(items):
                return tuple(self.value(item) for item in items)
        raise TypeError(f"not an expression: {expr!r}")

    def key(self, index: tuple[Expr, ...]) -> Any:
        parts = tuple(self.value(part) for part in index)
        return parts[0] if len(parts) == 1 else parts

    # -------------------------------------------------------------------------------------- statements
    def block(self, block: Iterable[Stmt]) -> None:
        for stmt in block:
            self.one(stmt)

    def one(self, stmt: Stmt) -> None:
        match stmt:
            case Assign(target, value):
                self.names[target] = self.read(value)
            case Update(target, fn, value):
                old = self.value(Name(target))
                new = self.value(value)
                self.names[target] = _in_place(fn, old, new) if isinstance(old, np.ndarray) else fn(old, new)
            case Store(array, index, value):
                new = self.value(value)
                self.value(Name(array))[self.key(index)] = new
            case Accum(array, index, value):
                target, key = self.value(Name(array)), self.key(index)
                target[key] += self.value(value)
            case For(index, start, stop, step):
                bounds = (int(self.value(start)), int(self.value(stop)), int(self.value(step)))
                self.enter(stmt.carried)
                for number in range(*bounds):
                    self.names[index] = number
                    if not self.trip(stmt.body, stmt.carried):
                        break
                self.leave(stmt.carried)
            case While(test):
                self.enter(stmt.carried)
                while self.value(test):
                    if not self.trip(stmt.body, stmt.carried):
                        break
                self.leave(stmt.carried)
            case If(test, then, orelse):
                chosen = bool(self.value(test))
                self.block(then if chosen else orelse)
                merged = [self.read(m.then if chosen else m.orelse) for m in stmt.merges]
                self.names.update((m.result, value) for m, value in zip(stmt.merges, merged, strict=True))
            case Break():
                raise _Break
            case Continue():
                raise _Continue
            case Return(value):
                raise _Returned(self.value(value))
            case Effect(call):
                self.value(call)
            case _:
                raise TypeError(f"not a statement: {stmt!r}")

    def enter(self, carried: tuple[Carry, ...]) -> None:
        values = [self.read(c.init) for c in carried]
        self.names.update((c.inner, value) for c, value in zip(carried, values, strict=True))

    def trip(self, body: Block, carried: tuple[Carry, ...]) -> bool:
        """One iteration; whether the loop may go on."""
        self.trips -= 1
        if self.trips < 0:
            raise TooManyTrips
        try:
            self.block(body)
        except _Continue:
            return True
        except _Break:
            return False
        values = [self.read(c.yielded) for c in carried]
        self.names.update((c.inner, value) for c, value in zip(carried, values, strict=True))
        return True

    def leave(self, carried: tuple[Carry, ...]) -> None:
        self.names.update([(c.result, self.names[c.inner]) for c in carried])


def _in_place(fn: Any, old: np.ndarray, new: Any) -> np.ndarray:
    """`old op= new` as an array does it."""
    ufunc = np.power if fn is ops.power else fn
    return ufunc(old, new, out=old)
