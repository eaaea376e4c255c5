"""Arrays that nothing writes to: whether one that is the same memory or a copy of it is all the same.

Goal: `np.ascontiguousarray(x)` is `x` itself or a copy, as its memory lies; where neither is written anywhere, a copy
says the same.  Non-goals: when a write comes; an answer may be a false yes to `is_touched`, never a false no.

>>> from adcompile.ir.nodes import Slice
>>> taken = Call(np.asarray, (Index(Name("x"), (Slice(Const(None), Const(None), Const(2)),)),))
>>> body = (Assign("a", taken), Assign("b", Name("y")), Store("b", (Const(0),), Const(1.0)))
>>> memory = Untouched(body)
>>> memory.is_touched(["x"]), memory.is_touched(["a"]), memory.is_touched(["y"])
(False, False, True)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    For,
    If,
    Index,
    Name,
    Stmt,
    Store,
    Tuple,
    While,
)
from adcompile.ir.walk import expressions, names, nodes, statements
from adcompile.normal.array_calls import is_view
from adcompile.normal.building import Copied
from adcompile.normal.order import WRITING

_NEW = (
    np.zeros,
    np.ones,
    np.empty,
    np.full,
    np.copy,
    ops.copy,
    np.dot,
    np.sum,
    np.linalg.norm,
    ops.power,
    ops.dim,
    len,
)
_READ_ONLY = ("sum", "mean", "max", "min", "dot", "copy", "prod", "any", "all", "std", "var", "item")


class Untouched:
    """Of the variables of a function in which each is assigned once."""

    def __init__(self, body: Block) -> None:
        near: dict[str, set[str]] = {}
        touched: set[str] = set()

        def join(one: str, others: Iterable[str]) -> None:
            for other in others:
                near.setdefault(one, set()).add(other)
                near.setdefault(other, set()).add(one)

        for stmt in statements(body):
            for node in (node for expr in expressions(stmt) for node in nodes(expr)):
                if isinstance(node, Call) and _may_write(node):
                    touched.update(names(node))
            match stmt:
                case Store(array) | Accum(array):
                    touched.add(array)
                case Effect(call) if call.fn not in (ops.fail, print):
                    touched.update(names(call))
                case Assign(target, value):
                    join(target, _shared(value))
                case If(merges=merges):
                    for merge in merges:
                        join(merge.result, [atom.id for atom in (merge.then, merge.orelse) if isinstance(atom, Name)])
                case For(carried=carried) | While(carried=carried):
                    for carry in carried:
                        atoms = (carry.init, carry.yielded)
                        join(carry.inner, [carry.result, *(atom.id for atom in atoms if isinstance(atom, Name))])
        new = touched
        while new:
            new = {other for name in new for other in near.get(name, ())} - touched
            touched = touched | new
        self._touched = frozenset(touched)

    def is_touched(self, variables: Iterable[str]) -> bool:
        """Whether one of some variables, or what may share memory with it, may be written to somewhere."""
        return not self._touched.isdisjoint(variables)


def check_copies(copies: Sequence[Copied], body: Sequence[Stmt]) -> None:
    """Refuses a copy that could be told from what it is of."""
    if not copies:
        return
    memory = Untouched(tuple(body))
    for copied in copies:
        if memory.is_touched([copied.name, *copied.of]):
            what = f"whether `{copied.fn}` gives a copy depends on the array's memory, and that is written to"
            raise refuse("unsupported-call", what, copied.span, "use .copy()")


def _may_write(call: Call) -> bool:
    if call.fn is ops.method:
        return not any(call.args[1] == Const(name) for name in _READ_ONLY)
    return call.fn in WRITING or call.fn is ops.call or any(key == "out" for key, _ in call.kwargs)


def _shared(value: Expr) -> set[str]:
    """The variables whose memory a value may have."""
    match value:
        case Name(name):
            return {name}
        case Index(owner):
            return _shared(owner)
        case Tuple(items):
            return set().union(*map(_shared, items))
        case Call(ops.method, (owner, Const(name), *_)) if name in _READ_ONLY:
            return set()
        case Call(fn, args) if not isinstance(fn, np.ufunc) and not any(fn is one for one in _NEW):
            return set().union(*map(_shared, args))
    return set()


def views_in(block: Sequence[Stmt]) -> set[str]:
    """Arrays that may be a part of another one, or lie outside the function."""
    flows: list[tuple[str, Expr]] = []
    found: set[str] = set()
    for stmt in statements(block):
        match stmt:
            case Assign(target, value):
                if is_view(value) or (isinstance(value, Call) and value.fn is ops.table):
                    found.add(target)
            case For() | While():
                for carry in stmt.carried:
                    flows += [(carry.inner, carry.init), (carry.inner, carry.yielded)]
                    flows.append((carry.result, Name(carry.inner)))
            case If():
                for merge in stmt.merges:
                    flows += [(merge.result, merge.then), (merge.result, merge.orelse)]
    while more := {to for to, source in flows if isinstance(source, Name) and source.id in found} - found:
        found |= more
    return found
