"""The text of a function with the texts of the functions that it calls and that call themselves.

Goal: each of these for each combination of argument types that it is called with, under a name of its own, above what
calls it.  Each gives arrays that share no memory with what it was given, as every stage takes calls to do.  Non-goals:
how the text of one is made (`ir.opaque.Opaque.core`).

    def power(x, n): ...                    # as it is for these types
    def power_pullback(x, n, seed): ...     # which calls both
    def f_grad(x, n):
        return 2.0 * power_pullback(x, n, 1.0)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from adcompile.analysis.aliasing import roots
from adcompile.analysis.types_of import type_of
from adcompile.backend.emit import Emitted, emit
from adcompile.backend.naming import printed_params
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Expr, Function, Index, Name, Names, Return, Stmt, Tuple
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import Array, TupleType, Type
from adcompile.ir.walk import blocks, core_names, with_blocks


@dataclass(eq=False)
class Called:
    """A function that is called, for some types of arguments."""

    of: Opaque
    arguments: tuple[Type, ...]
    __name__: str = ""

    def __call__(self, *args: Any) -> Any:
        raise NotImplementedError(self.__name__)


def together(function: Function, notes: bool, reorder: bool, numbered: bool = False) -> Emitted:
    """The text of a function and of those that it calls."""
    found: dict[tuple[Opaque, tuple[Type, ...]], Called] = {}
    main = _with_called(function, found)
    texts: list[tuple[Called, Function]] = []
    while len(texts) < len(found):
        called = list(found.values())[len(texts)]
        core = called.of.core(called.arguments, reorder)
        assert core is not None
        texts.append((called, _with_called(_own_results(core), found)))
    if not texts:
        return emit(function, notes, numbered)
    cores = (main, *(core for _, core in texts))
    used = {main.name, *(name for core in cores for name in printed_params(core.params).values())}
    for called, _ in texts:
        called.__name__ = _free(called.of.__name__, used)
    imports: dict[str, Any] = {}
    names_of = {called: called.__name__ for called, _ in texts}
    own = [replace(core, name=called.__name__) for called, core in texts]
    above = tuple(emit(core, False, called=names_of, imports=imports).text for core in own)
    return replace(emit(main, notes, numbered, called=names_of, imports=imports), imports=imports, above=above)


def _is_called(stmt: Stmt) -> bool:
    return isinstance(stmt, Assign) and isinstance(stmt.value, Call) and getattr(stmt.value.fn, "recursive", False)


def _free(like: str, used: set[str]) -> str:
    number, name = 1, like
    while name in used:
        number += 1
        name = f"{like}_{number}"
    used.add(name)
    return name


def _with_called(function: Function, found: dict[tuple[Opaque, tuple[Type, ...]], Called]) -> Function:
    def block(old: Block) -> Block:
        return tuple(one(with_blocks(stmt, [block(inner) for inner in blocks(stmt)])) for stmt in old)

    def one(stmt: Stmt) -> Stmt:
        if not _is_called(stmt):
            return stmt
        assert isinstance(stmt, Assign) and isinstance(stmt.value, Call)
        call: Any = stmt.value
        arguments = tuple(type_of(arg, function.types) for arg in call.args)
        called = found.setdefault((call.fn, arguments), Called(call.fn, arguments))
        return replace(stmt, value=Call(called, call.args))

    return replace(function, body=block(function.body))


def _own_results(function: Function) -> Function:
    """A function that copies each array which it would return and was given, or returns twice."""
    aliases, types, new = roots(function), dict(function.types), Names(core_names(function))
    given = {aliases.find(name) for name in _given(function)}
    copies: list[Stmt] = []

    def own(expr: Expr) -> Expr:
        if isinstance(expr, Tuple):
            return Tuple(tuple(map(own, expr.items)))
        if not isinstance(expr, Name) or not isinstance(types[expr.id], Array):
            return expr
        root = aliases.find(expr.id)
        if root not in given:
            given.add(root)
            return expr
        copy = new.fresh(expr.id)
        types[copy] = types[expr.id]
        copies.append(Assign(copy, Call(ops.copy, (expr,))))
        return Name(copy)

    *body, last = function.body
    assert isinstance(last, Return)
    value = own(last.value)
    return replace(function, body=(*body, *copies, replace(last, value=value)), types=types)


def _given(function: Function) -> Iterator[str]:
    """The parameters, and what is in those that are tuples."""
    yield from function.params
    for stmt in function.body:
        match stmt:
            case Assign(target, Index(Name(whole))) if isinstance(function.types[whole], TupleType):
                yield target
