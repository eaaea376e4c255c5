"""Reading and rebuilding the intermediate representation: what a node uses, what it defines, and copies of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from operator import is_
from typing import TypeVar, cast

import numpy as np

from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Names,
    Return,
    Slice,
    Stmt,
    Store,
    Try,
    Tuple,
    Update,
    While,
)

Answer = TypeVar("Answer")


# ------------------------------------------------------------------------------------------ expressions
def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside an expression."""
    kind = type(expr)
    if kind is Name or kind is Const:
        return ()
    if kind is Call:
        call = cast(Call, expr)
        return call.args + tuple(value for _, value in call.kwargs) if call.kwargs else call.args
    if isinstance(expr, Index):
        return (expr.array, *expr.index)
    if isinstance(expr, Slice):
        return (expr.start, expr.stop, expr.step)
    assert isinstance(expr, Tuple)
    return expr.items


def rebuilt(expr: Expr, parts: Iterable[Expr]) -> Expr:
    """`expr` with its `children` replaced, in order."""
    new = tuple(parts)
    match expr:
        case Call(fn, args, kwargs):
            keys = (key for key, _ in kwargs)
            return Call(fn, new[: len(args)], tuple(zip(keys, new[len(args) :], strict=True)))
        case Index():
            return Index(new[0], new[1:])
        case Slice():
            return Slice(*new)
        case Tuple():
            return Tuple(new, expr.listed)
    return expr


def mapped(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`change` applied to every node, innermost first."""
    parts = children(expr)
    if parts:
        new = [mapped(part, change) for part in parts]
        if not all(map(is_, new, parts)):
            expr = rebuilt(expr, new)
    return change(expr)


def as_places(index: Expr) -> Expr:
    """An index; a list is the places that it holds, where a tuple is an index for each axis."""
    return Call(np.array, (index,)) if isinstance(index, Tuple) and index.listed else index


def substituted(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """`expr` with names replaced by expressions."""
    if values.keys().isdisjoint(names(expr)):
        return expr
    return mapped(expr, lambda e: values.get(e.id, e) if isinstance(e, Name) else e)


def nodes(expr: Expr) -> Iterator[Expr]:
    """An expression and all inside it, outermost first."""
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        yield node
        if type(node) is not Name and type(node) is not Const:
            waiting += reversed(children(node))


def names(expr: Expr) -> tuple[str, ...]:
    """Every name read, arrays included, in order of reading."""
    if isinstance(expr, Name):
        return (expr.id,)
    if isinstance(expr, (Slice, Tuple)):
        return tuple(name for part in children(expr) for name in names(part))
    try:
        return expr._names
    except AttributeError:
        found = tuple(node.id for node in nodes(expr) if isinstance(node, Name))
        object.__setattr__(expr, "_names", found)
        return found


def loads(expr: Expr) -> Iterator[Index]:
    """Every element read from memory."""
    return (node for node in nodes(expr) if isinstance(node, Index))


# ------------------------------------------------------------------------------------------ statements
_COMPOUND = (For, While, If, Try)


def blocks(stmt: Stmt) -> tuple[Block, ...]:
    """The blocks nested directly in a statement."""
    match stmt:
        case For() | While():
            return (stmt.body,)
        case If():
            return (stmt.then, stmt.orelse)
        case Try():
            return (stmt.body, *(handler.body for handler in stmt.handlers if handler.body is not None), stmt.orelse)
    return ()


def with_blocks(stmt: Stmt, new: Iterable[Block]) -> Stmt:
    """`stmt` with its `blocks` replaced, in order."""
    match stmt, tuple(new):
        case (For() | While(), (body,)):
            return stmt if body is stmt.body else replace(stmt, body=body)
        case (If(), (then, orelse)):
            return stmt if then is stmt.then and orelse is stmt.orelse else replace(stmt, then=then, orelse=orelse)
        case (Try(), (body, *bodies, orelse)):
            rest = iter(bodies)
            handlers = (h if h.body is None else replace(h, body=next(rest)) for h in stmt.handlers)
            return replace(stmt, body=body, handlers=tuple(handlers), orelse=orelse)
    return stmt


def statements(block: Iterable[Stmt]) -> Iterator[Stmt]:
    """Every statement of a block and of the blocks inside it, in program order, a compound one before its parts."""
    for stmt in block:
        yield stmt
        if isinstance(stmt, _COMPOUND):
            yield from _inside(stmt)


def expressions(stmt: Stmt) -> tuple[Expr, ...]:
    """The expressions of a statement's own line; not carried values, not nested blocks."""
    match stmt:
        case Assign() | Update() | Return():
            return (stmt.value,)
        case Store() | Accum():
            return (*stmt.index, stmt.value)
        case For():
            return (stmt.start, stmt.stop, stmt.step)
        case While() | If():
            return (stmt.test,)
        case Effect():
            return (stmt.call,)
    return ()


def with_expressions(stmt: Stmt, new: Iterable[Expr]) -> Stmt:
    """`stmt` with its `expressions` replaced, in order."""
    parts = tuple(new)
    if all(map(is_, parts, expressions(stmt))):
        return stmt
    match stmt:
        case Assign() | Update() | Return():
            return replace(stmt, value=parts[0])
        case Store() | Accum():
            return replace(stmt, index=parts[:-1], value=parts[-1])
        case For():
            return replace(stmt, start=parts[0], stop=parts[1], step=parts[2])
        case While() | If():
            return replace(stmt, test=parts[0])
        case Effect():
            assert isinstance(parts[0], Call)
            return replace(stmt, call=parts[0])
    return stmt


def atoms(stmt: Stmt) -> Iterator[Atom]:
    """The atoms that a statement carries or merges: initial, yielded, and of both branches."""
    match stmt:
        case For() | While():
            for carry in stmt.carried:
                yield carry.init
                yield carry.yielded
        case If():
            for merge in stmt.merges:
                yield merge.then
                yield merge.orelse


def uses(stmt: Stmt) -> Iterator[str]:
    """Every name that a statement reads or writes through, its carries and merges included, nested blocks not."""
    if isinstance(stmt, (Store, Accum)):
        yield stmt.array
    for expr in expressions(stmt):
        yield from names(expr)
    for atom in atoms(stmt):
        if isinstance(atom, Name):
            yield atom.id


def defines(stmt: Stmt) -> tuple[str, ...]:
    """The names that a statement gives to the statements after it."""
    match stmt:
        case Assign():
            return (stmt.target,)
        case For() | While():
            return tuple(carry.result for carry in stmt.carried)
        case If():
            return tuple(merge.result for merge in stmt.merges)
    return ()


def binds(stmt: Stmt) -> tuple[str, ...]:
    """The names that a loop gives to its own body: its index and the inner names of what it carries."""
    match stmt:
        case For():
            return (stmt.index, *(carry.inner for carry in stmt.carried))
        case While():
            return tuple(carry.inner for carry in stmt.carried)
    return ()


def all_names(function: Function) -> Iterator[str]:
    """Every name of a function, repeated as often as it stands there."""
    yield from function.params
    for stmt in statements(function.body):
        yield from defines(stmt)
        yield from binds(stmt)
        yield from uses(stmt)


def core_names(function: Function) -> Iterator[str]:
    """Every name of a function of the core dialect, where none is read that is not defined."""
    yield from function.params
    for stmt in statements(function.body):
        yield from defines(stmt)
        yield from binds(stmt)


def asked_once(find: Callable[[Stmt], Answer]) -> Callable[[Stmt], Answer]:
    """`find`, whose answer stays with the statement: it never changes, and goes when the statement goes."""
    name = f"_{find.__qualname__}"

    @wraps(find)
    def answer(stmt: Stmt) -> Answer:
        known = stmt.__dict__
        if name not in known:
            known[name] = find(stmt)
        return cast(Answer, known[name])

    return answer


@asked_once
def _inside(stmt: Stmt) -> tuple[Stmt, ...]:
    """Every statement of the blocks of a compound one, in program order."""
    return tuple(inner for block in blocks(stmt) for inner in statements(block))


def written(block: Iterable[Stmt]) -> set[str]:
    """The arrays stored to anywhere in a block."""
    return {stmt.array for stmt in statements(block) if isinstance(stmt, (Store, Accum))}


# ------------------------------------------------------------------------------------------ copies
def _atom(atom: Atom, values: Mapping[str, Expr]) -> Atom:
    new = values.get(atom.id, atom) if isinstance(atom, Name) else atom
    assert isinstance(new, (Const, Name)), new
    return new


def replaced(block: Iterable[Stmt], values: Mapping[str, Expr]) -> Block:
    """A block of the core dialect with names read replaced by expressions (by atoms where the language asks for
    atoms, by names where it asks for arrays); statements that do not change are kept as they are."""
    if not values:
        return tuple(block)

    def one(stmt: Stmt) -> Stmt:
        new = with_expressions(stmt, [substituted(e, values) for e in expressions(stmt)])
        if isinstance(new, (Store, Accum)) and new.array in values:
            array = values[new.array]
            assert isinstance(array, Name), array
            new = replace(new, array=array.id)
        if isinstance(new, (For, While)) and new.carried:
            new = replace(
                new,
                carried=tuple(
                    replace(c, init=_atom(c.init, values), yielded=_atom(c.yielded, values)) for c in new.carried
                ),
            )
        if isinstance(new, If) and new.merges:
            new = replace(
                new,
                merges=tuple(Merge(m.result, _atom(m.then, values), _atom(m.orelse, values)) for m in new.merges),
            )
        return with_blocks(new, [replaced(inner, values) for inner in blocks(new)])

    return tuple(one(stmt) for stmt in block)


def renamed(
    block: Iterable[Stmt], fresh: Names, types: dict[str, object], values: Mapping[str, Expr] | None = None
) -> tuple[Block, dict[str, Expr]]:
    """A copy of a core block in which every name it defines is new; `values` replaces names from outside.

    Returns the copy and the full map from old names to new; `types` receives the types of the new names.
    """
    result: dict[str, Expr] = dict(values or {})

    def define(name: str) -> str:
        new = fresh.fresh(name)
        if name in types:
            types[new] = types[name]
        result[name] = Name(new)
        return new

    def array(name: str) -> str:
        new = result.get(name, Name(name))
        assert isinstance(new, Name), new
        return new.id

    def one(stmt: Stmt) -> Stmt:
        parts = [] if isinstance(stmt, While) else [substituted(e, result) for e in expressions(stmt)]
        match stmt:
            case Assign():
                return replace(stmt, value=parts[0], target=define(stmt.target))
            case Store() | Accum():
                return replace(stmt, array=array(stmt.array), index=tuple(parts[:-1]), value=parts[-1])
            case For() | While():
                inits = [_atom(c.init, result) for c in stmt.carried]
                if isinstance(stmt, For):
                    index = define(stmt.index)
                inners = [define(c.inner) for c in stmt.carried]
                test = substituted(stmt.test, result) if isinstance(stmt, While) else None
                body = tuple(one(s) for s in stmt.body)
                yields = [_atom(c.yielded, result) for c in stmt.carried]
                results = [define(c.result) for c in stmt.carried]
                spans = [c.span for c in stmt.carried]
                carried = tuple(Carry(*parts) for parts in zip(inners, inits, yields, results, spans, strict=True))
                if isinstance(stmt, For):
                    start, stop, step = parts
                    return replace(stmt, index=index, start=start, stop=stop, step=step, body=body, carried=carried)
                assert test is not None
                return replace(stmt, test=test, body=body, carried=carried)
            case If():
                then = tuple(one(s) for s in stmt.then)
                thens = [_atom(m.then, result) for m in stmt.merges]
                orelse = tuple(one(s) for s in stmt.orelse)
                orelses = [_atom(m.orelse, result) for m in stmt.merges]
                results = [define(m.result) for m in stmt.merges]
                merges = tuple(Merge(*parts) for parts in zip(results, thens, orelses, strict=True))
                return replace(stmt, test=parts[0], then=then, orelse=orelse, merges=merges)
        return with_expressions(stmt, parts)

    return tuple(one(stmt) for stmt in block), result
