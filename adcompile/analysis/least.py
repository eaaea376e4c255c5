"""The least that an integer can be: an index that is never negative does not count from an array's end.

>>> from adcompile.ir.nodes import Assign, For, Function, Name, Const
>>> body = (Assign("k", Call(np.add, (Name("i"), Const(2)))),)
>>> loop = For("i", Const(1), Name("n"), Const(1), body)
>>> least = Least(Function("f", ("n",), (loop,), {"i": INT, "k": INT, "n": INT}))
>>> least(Name("k")), least(Name("n"))
(3, None)
"""

from __future__ import annotations

import builtins

import numpy as np

from adcompile import runtime
from adcompile.ir import ops
from adcompile.ir.affine import affine
from adcompile.ir.nodes import Assign, Block, Call, Const, Expr, For, Function, If, Name, Stmt, While
from adcompile.ir.types import INT
from adcompile.ir.walk import blocks


class Least:
    """Lower bounds of the integers of a function; `None` where none is known."""

    def __init__(self, function: Function) -> None:
        self._types = function.types
        self._known: dict[str, int | None] = {}
        self._block(function.body)

    def __call__(self, expr: Expr) -> int | None:
        match expr:
            case Const(bool()):
                return None
            case Const(int() as value):
                return value
            case Name(name):
                return self._known.get(name)
            case Call(ops.dim | builtins.len | runtime.slice_bound | runtime.broadcast_length, _):
                return 0
            case Call(runtime.thread_count, _):
                return 1
            case Call(runtime.share, (_, _, thread)) if (low := self(thread)) is not None and low >= 0:
                return 0
            case Call(builtins.max, args):
                return max((low for low in map(self, args) if low is not None), default=None)
            case Call(builtins.min, args) | Call(ops.select, (_, *args)):
                lows = list(map(self, args))
                return None if None in lows else min(lows)  # type: ignore[type-var]
            case Call(np.remainder, (_, right)):
                low = self(right)
                return 0 if low is not None and low > 0 else None
            case Call(np.floor_divide | np.multiply as fn, (left, right)):
                both = self(left), self(right)
                if fn is np.floor_divide and both[0] is not None and both[1] is not None:
                    return 0 if both[0] >= 0 and both[1] > 0 else None
                if both[0] is not None and both[1] is not None and both[0] >= 0 and both[1] >= 0:
                    return both[0] * both[1]
            case Call(np.add | np.subtract | np.negative, _):
                return self._sum(expr)
        return None

    def _sum(self, expr: Expr) -> int | None:
        found = affine(expr, self._types)
        if found is None:
            return None
        terms, total = found
        for term, factor in terms.items():
            low = self(term) if term != expr else None
            if low is None or factor < 0:
                return None
            total += factor * low
        return total

    # ------------------------------------------------------------------------------------ statements
    def _block(self, block: Block) -> None:
        for stmt in block:
            self._statement(stmt)

    def _statement(self, stmt: Stmt) -> None:
        match stmt:
            case Assign(target, value) if self._types.get(target) == INT:
                self._known[target] = self(value)
            case For() | While():
                self._loop(stmt)
            case If():
                for block in blocks(stmt):
                    self._block(block)
                for m in stmt.merges:
                    self._known[m.result] = self._either(m.then, m.orelse)

    def _loop(self, stmt: For | While) -> None:
        if isinstance(stmt, For):
            assert isinstance(stmt.step, Const)
            end = self(stmt.start if stmt.step.value > 0 else stmt.stop)
            self._known[stmt.index] = end if end is None or stmt.step.value > 0 else end + 1
        mine = [c for c in stmt.carried if self._types.get(c.inner) == INT]
        hoped = {c.inner: self(c.init) for c in mine}
        while True:  # each round gives up the hope of one name at least
            self._known.update(hoped)
            self._block(stmt.body)
            broken = [
                c for c in mine
                if (low := hoped[c.inner]) is not None and ((got := self(c.yielded)) is None or got < low)
            ]  # fmt: skip
            if not broken:
                break
            hoped.update(dict.fromkeys((c.inner for c in broken), None))
        self._known.update({c.result: hoped[c.inner] for c in mine})

    def _either(self, one: Expr, other: Expr) -> int | None:
        lows = self(one), self(other)
        return None if lows[0] is None or lows[1] is None else min(lows[0], lows[1])
