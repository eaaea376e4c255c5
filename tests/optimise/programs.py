"""Random functions of the core dialect, full of what the passes look for: repeats, copies, dead stores, twin loops."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from adcompile.ir import ops
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Names,
    Return,
    Stmt,
    Store,
    Tuple,
    While,
)
from adcompile.ir.types import FLOAT, INT, Array, Type

VECTOR = Array("float64", 1)
MATRIX = Array("float64", 2)


class _Scope:
    def __init__(self, outer: _Scope | None = None) -> None:
        self.floats: list[str] = list(outer.floats) if outer else []
        self.indices: list[tuple[str, int]] = list(outer.indices) if outer else []  # name, room above it
        self.vectors: list[str] = list(outer.vectors) if outer else []
        self.matrices: list[str] = list(outer.matrices) if outer else []


class Program:
    """One random function; `length` of every vector is that of `a`, matrices are that by three."""

    def __init__(self, seed: int, statements: int = 8) -> None:
        self.rng = random.Random(seed)
        self.names = Names()
        self.types: dict[str, Type] = {}
        self.seen: list[Expr] = []
        scope = _Scope()
        params = ["x", "y", "a", "b", "m"]
        for name, type_ in zip(params, (FLOAT, FLOAT, VECTOR, VECTOR, MATRIX), strict=True):
            self.names.take(name)
            self.types[name] = type_
        scope.floats, scope.vectors, scope.matrices = ["x", "y"], ["a", "b"], ["m"]
        body = self.block(scope, statements, 0)
        results = [Name(n) for n in self.rng.sample(scope.floats, min(4, len(scope.floats)))]
        results += [Name(n) for n in self.rng.sample(scope.vectors, 2)]
        if self.rng.random() < 0.6:
            results.append(Name(self.rng.choice(scope.matrices)))
        self.function = Function("f", tuple(params), (*body, Return(Tuple(tuple(results)))), self.types)

    @staticmethod
    def arguments(seed: int) -> list[Any]:
        """Numbers of more than double precision: what a pass rounds otherwise does not grow to a difference."""
        draw = np.random.default_rng(seed)
        n = 3 + seed % 3
        return [
            *map(np.longdouble, draw.normal(size=2)),
            *(draw.normal(size=k).astype(np.longdouble) for k in (n, n, (n, 3))),
        ]

    # ------------------------------------------------------------------ names
    def new(self, base: str, type_: Type) -> str:
        name = self.names.fresh(base)
        self.types[name] = type_
        return name

    # ------------------------------------------------------------------ expressions
    def index(self, scope: _Scope) -> Expr:
        rng = self.rng
        if not scope.indices or rng.random() < 0.2:
            return Const(rng.randint(0, 2))
        name, room = rng.choice(scope.indices[-2:])
        return rng.choice(
            [Name(name), Name(name), Call(np.subtract, (Name(name), Const(1)))]
            + ([Call(np.add, (Name(name), Const(1)))] if room else [])
        )

    def load(self, scope: _Scope) -> Expr:
        if self.rng.random() < 0.25:
            return Index(Name(self.rng.choice(scope.matrices)), (self.index(scope), Const(self.rng.randint(0, 2))))
        return Index(Name(self.rng.choice(scope.vectors)), (self.index(scope),))

    def expr(self, scope: _Scope, depth: int = 2) -> Expr:
        rng = self.rng
        pick = rng.random()
        if depth == 0 or pick < 0.15:
            return rng.choice(
                [Name(rng.choice(scope.floats)), self.load(scope), Const(rng.choice([0.0, 1.0, 0.5, -1.0, 2.0]))]
            )
        if pick < 0.35:
            known = [e for e in self.seen[-12:] if self.visible(e, scope)]
            if known:
                return rng.choice(known)
        if pick < 0.5:
            made: Expr = Call(rng.choice([np.sin, np.cos, np.tanh, np.negative]), (self.expr(scope, depth - 1),))
        elif pick < 0.57:
            test = Call(np.less, (self.expr(scope, 0), Const(0.3)))
            made = Call(ops.select, (test, self.expr(scope, depth - 1), self.expr(scope, depth - 1)))
        elif pick < 0.62:
            made = Call(
                np.divide, (self.expr(scope, 0), Call(np.add, (Const(2.0), Call(np.sin, (self.expr(scope, 0),)))))
            )
        else:
            fn = rng.choice([np.add, np.subtract, np.multiply])
            made = Call(fn, (self.expr(scope, depth - 1), self.expr(scope, depth - 1)))
        self.seen.append(made)
        return made

    def visible(self, expr: Expr, scope: _Scope) -> bool:
        match expr:
            case Name(name):
                indices = [i for i, _ in scope.indices]
                return name in scope.floats or name in indices or name in scope.vectors or name in scope.matrices
            case Call(_, parts):
                return all(self.visible(p, scope) for p in parts)
            case Index(array, parts):
                return all(self.visible(p, scope) for p in (array, *parts))
        return True

    # ------------------------------------------------------------------ statements
    def block(self, scope: _Scope, count: int, depth: int) -> Block:
        result: list[Stmt] = []
        for _ in range(self.rng.randint(max(count - 2, 1), count)):
            result.extend(self.statement(scope, depth))
        return tuple(result)

    def statement(self, scope: _Scope, depth: int) -> list[Stmt]:
        pick = self.rng.random()
        if depth < 3 and pick < 0.25:
            return self.loops(scope, depth)
        if depth < 3 and pick < 0.33:
            return [self.branch(scope, depth)]
        if depth < 2 and pick < 0.37:
            return self.trips(scope, depth)
        if pick < 0.45 and depth < 2:
            return self.staged(scope)
        if pick < 0.53:
            return self.gathered(scope)
        if pick < 0.62:
            return [self.memory(scope)]
        if pick < 0.66:
            return [self.allocation(scope)]
        return self.scalar(scope)

    def scalar(self, scope: _Scope) -> list[Stmt]:
        target = self.new(self.rng.choice(["s", "t", "u", "x_bar"]), FLOAT)
        value = self.expr(scope) if self.rng.random() < 0.85 else Name(self.rng.choice(scope.floats))
        if dtype_of(value, self.types) != "float64":
            value = Call(np.multiply, (Const(1.0), value))
        scope.floats.append(target)
        return [Assign(target, value)]

    def memory(self, scope: _Scope) -> Stmt:
        kind = self.rng.choice([Store, Accum, Accum])
        value = self.rng.choice([self.expr(scope), self.expr(scope), Const(0.0)])
        if self.rng.random() < 0.25:
            index = (self.index(scope), Const(self.rng.randint(0, 2)))
            return kind(self.rng.choice(scope.matrices[-3:]), index, value)
        return kind(self.rng.choice(scope.vectors[-3:]), (self.index(scope),), value)

    def gathered(self, scope: _Scope) -> list[Stmt]:
        """Several writes to few elements of one array, with other work between."""
        array, indices = self.rng.choice(scope.vectors[-3:]), [self.index(scope), self.index(scope)]
        result: list[Stmt] = []
        for _ in range(self.rng.randint(2, 5)):
            kind = self.rng.choice([Accum, Accum, Accum, Store])
            value = self.rng.choice([self.expr(scope, 1), Call(np.negative, (self.expr(scope, 1),)), Const(0.0)])
            result.append(kind(array, (self.rng.choice(indices),), value))
            if self.rng.random() < 0.4:
                result.extend(self.scalar(scope))
        return result

    def staged(self, scope: _Scope) -> list[Stmt]:
        """An array that one loop fills and another empties, as adjoints of array expressions do; in one or two axes."""
        flat = self.rng.random() < 0.7
        made = self.new("w", VECTOR if flat else MATRIX)
        source = self.rng.choice(scope.vectors if flat else ["m"])
        result: list[Stmt] = [Assign(made, Call(np.zeros_like, (Name(source),)))]
        length = Call(ops.dim, (Name(self.rng.choice([source, "a"])), Const(0)))
        shift = self.rng.choice([0, 0, 0, 0, 1])
        for stage in range(self.rng.randint(2, 3)):
            inner = _Scope(scope)
            index, column = self.new("i", INT), self.new("j", INT)
            inner.indices.append((index, 0))
            if not flat and self.rng.random() < 0.1:
                own: tuple[Expr, ...] = (Name(index), Const(1))
            else:
                own = (Name(index),) if flat else (Name(index), Name(column))
            if shift and stage:
                own = (Call(np.subtract, (Name(index), Const(1))), *own[1:])
            body: list[Stmt] = []
            if stage == 0:
                body.append(self.rng.choice([Store, Accum])(made, own, self.expr(inner)))
                if self.rng.random() < 0.3:
                    other = self.rng.choice([own, (Call(np.subtract, (own[0], Const(1))), *own[1:])])
                    body.append(Accum(made, other, self.expr(inner, 1)))
            else:
                taken = self.new("t", FLOAT)
                body.append(Assign(taken, Index(Name(made), own)))
                if self.rng.random() < 0.5:
                    body.append(Store(made, own, Const(0.0)))
                inner.floats.append(taken)
                body.append(Accum(self.rng.choice(scope.vectors[-2:]), (Name(index),), self.expr(inner)))
                if self.rng.random() < 0.2:
                    body.append(self.memory(inner))
            block = tuple(body)
            if not flat:
                block = (For(column, Const(0), Call(ops.dim, (Name("m"), Const(1))), Const(1), block),)
            start = Const(self.rng.choice([0, 0, 0, 0, 0, 1]))
            result.append(For(index, start, length, Const(1), block))
        if self.rng.random() < 0.3:
            (scope.vectors if flat else scope.matrices).append(made)
        return result

    def allocation(self, scope: _Scope) -> Stmt:
        source = self.rng.choice(scope.vectors)
        target = self.new("w", VECTOR)
        value = self.rng.choice(
            [
                Call(np.zeros_like, (Name(source),)),
                Call(np.zeros, (Call(ops.dim, (Name(source), Const(0))),)),
                Call(ops.copy, (Name(source),)),
            ]
        )
        scope.vectors.append(target)
        return Assign(target, value)

    def loops(self, scope: _Scope, depth: int) -> list[Stmt]:
        """A loop, often with a twin over the same space."""
        vector = self.rng.choice(scope.vectors)
        end: Expr = Call(ops.dim, (Name(vector), Const(0)))
        room = self.rng.random() < 0.4
        down = self.rng.random() < 0.2
        if room:
            end = Call(np.subtract, (end, Const(1)))
        start: Expr = Const(0)
        if down:
            start, end = Call(np.subtract, (end, Const(1))), Const(-1)
        result: list[Stmt] = []
        for _ in range(2 if self.rng.random() < 0.4 else 1):
            result.append(self.loop(scope, depth, start, end, -1 if down else 1, int(room)))
            if self.rng.random() < 0.3:
                result.extend(self.statement(scope, 9))
        return result

    def loop(self, scope: _Scope, depth: int, start: Expr, end: Expr, step: int, room: int) -> Stmt:
        index = self.new("i", INT)
        inner = _Scope(scope)
        inner.indices.append((index, room))
        carried = self.carries(scope, inner)
        body = self.block(inner, 3, depth + 1)
        return For(index, start, end, Const(step), body, self.closed(scope, inner, carried))

    def carries(self, scope: _Scope, inner: _Scope) -> list[tuple[str, Any]]:
        carried = []
        for _ in range(self.rng.randint(0, 2)):
            name = self.new("s", FLOAT)
            inner.floats.append(name)
            carried.append((name, self.rng.choice([Name(self.rng.choice(scope.floats)), Const(0.0)])))
        return carried

    def closed(self, scope: _Scope, inner: _Scope, carried: list[tuple[str, Any]]) -> tuple[Carry, ...]:
        result = []
        for name, init in carried:
            yielded = self.rng.choice([Name(self.rng.choice(inner.floats)), Name(inner.floats[-1]), Name(name)])
            out = self.new("s", FLOAT)
            scope.floats.append(out)
            result.append(Carry(name, init, yielded, out))
        return tuple(result)

    def trips(self, scope: _Scope, depth: int) -> list[Stmt]:
        counter, following, out = (self.new("k", INT) for _ in range(3))
        inner = _Scope(scope)
        inner.indices.append((counter, 0))
        carried = self.carries(scope, inner)
        test = Call(
            ops.both, (Call(np.less, (Name(counter), Const(3))), Call(np.less, (self.expr(inner, 0), Const(1.5))))
        )
        body = (*self.block(inner, 2, depth + 1), Assign(following, Call(np.add, (Name(counter), Const(1)))))
        count = Carry(counter, Const(0), Name(following), out)
        return [While(test, body, (count, *self.closed(scope, inner, carried)))]

    def branch(self, scope: _Scope, depth: int) -> Stmt:
        test = Call(np.less, (self.expr(scope, 1), Const(self.rng.choice([0.0, 0.4]))))
        sides = _Scope(scope), _Scope(scope)
        then, orelse = (self.block(side, self.rng.randint(1, 2), depth + 1) for side in sides)
        merges = []
        for _ in range(self.rng.randint(0, 2)):
            name = self.new("v", FLOAT)
            merges.append(Merge(name, *(Name(self.rng.choice(side.floats[-4:])) for side in sides)))
            scope.floats.append(name)
        return If(test, then, orelse, tuple(merges))
