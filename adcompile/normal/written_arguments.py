"""Recursive functions that write into arrays which they are given.

Goal: such a function writes into copies of them, and gives these beside its value; where it is called, they are written
into the arrays that it was given.  Non-goals: functions of which only types tell that they write (`u *= 2.0`), which
are refused later; whether two arguments are one array (`runtime.check_overlap`).

    def f(u, n):                            def f(u_given, n):
        if n == 0:                              u_own = u_given.copy()
            return u                            u = u_own
        u[n] = 0.0                              if n == 0:
        return f(u, n - 1)                          return u, u_own
                                                u[n] = 0.0
    y = f(v, 3)                                 result = f(u, n - 1)
                                                u[...] = result[1]
becomes                                         return result[0], u_own

                                            result = f(v, 3)
                                            v[...] = result[1]
                                            y = result[0]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from adcompile.errors import Span, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Accum, Assign, Block, Call, Const, Expr, Index, Name, Return, Slice, Stmt, Store, Tuple
from adcompile.ir.walk import blocks, statements, with_blocks
from adcompile.normal.fresh import Fresh, taken
from adcompile.normal.given_back import gives_back, is_new
from adcompile.normal.order import temporary


def called(call: Call, name: str, span: Span | None, inside: str) -> tuple[list[Stmt], Expr]:
    """The call of a recursive function under a name, with what it writes, and its value."""
    made: list[Stmt] = [temporary(name, call, span)]
    fn: Any = call.fn
    if not fn.writes:
        return made, Name(name)
    for number, position in enumerate(fn.writes, 1):
        match call.args[position]:
            case Name(array):
                made.append(Store(array, (Const(Ellipsis),), Index(Name(name), (Const(number),)), span=span))
            case Index(Name(array), index) if all(map(_is_of_view, index)):
                made.append(Store(array, index, Index(Name(name), (Const(number),)), span=span))
            case new if is_new(new):
                pass
            case _:
                message = f"`{fn.__name__}` calls itself and writes into what it is given, which is no variable here"
                raise refuse("writes-argument", message, span, "give it a name first, or pass a copy", inside)
    return made, Index(Name(name), (Const(0),))


def _is_of_view(part: Expr) -> bool:
    """Whether a part of an index is one of a view: a literal, or a slice."""
    return isinstance(part, (Const, Slice))


def write_back(recursive: Any, body: Block) -> None:
    """Makes a recursive function, which is `body` where all others are in place, give the arrays that it writes."""
    lifted = recursive.function
    old = lifted.function
    fresh = Fresh(taken(old))
    places = sorted(_written(body, old.params, recursive))
    recursive.gives_back = gives_back(body, old.params, recursive)
    if not places:
        return
    params, entry, ends = list(old.params), list[Stmt](), list[Expr]()
    for place in places:
        param = params[place]
        given, own = fresh.name(f"{param}_given"), fresh.name(f"{param}_own")
        entry += [Assign(own, Call(ops.snapshot, (Name(given),))), Assign(param, Name(own))]
        ends.append(Name(own))
        params[place] = given

    def ending(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Return):
            return replace(stmt, value=Tuple((stmt.value, *ends)))
        return with_blocks(stmt, [tuple(map(ending, inner)) for inner in blocks(stmt)])

    parameters = zip(params, lifted.signature.parameters.values(), strict=True)
    signature = lifted.signature.replace(parameters=[one.replace(name=name) for name, one in parameters])
    whole = replace(old, params=tuple(params), body=(*entry, *map(ending, old.body)))
    recursive.function = replace(lifted, function=whole, signature=signature)
    recursive.writes = tuple(places)


def _written(body: Block, params: tuple[str, ...], recursive: object) -> set[int]:
    """The numbers of the parameters that are written into, element by element or by calls of the function itself."""
    same: dict[str, set[str]] = {}
    for target, source in _aliases(body):
        same.setdefault(target, set()).add(source)
    calls = [s.value for s in statements(body) if isinstance(s, Assign) and isinstance(s.value, Call)]
    itself = [call for call in calls if call.fn is recursive]
    found: set[int] = set()
    stored = {stmt.array for stmt in statements(body) if isinstance(stmt, (Store, Accum))}
    while True:
        stored |= {arg.id for call in itself for place in found if isinstance(arg := call.args[place], Name)}
        before, reached = len(found), set(stored)
        while more := {source for name in reached for source in same.get(name, ())} - reached:
            reached |= more
        found |= {place for place, param in enumerate(params) if param in reached}
        if len(found) == before:
            return found


def _aliases(body: Block) -> Iterator[tuple[str, str]]:
    """Names that may be another, or a part of it."""
    for stmt in statements(body):
        if isinstance(stmt, Assign):
            value = stmt.value
            while isinstance(value, Index):
                value = value.array
            if isinstance(value, Name):
                yield stmt.target, value.id
