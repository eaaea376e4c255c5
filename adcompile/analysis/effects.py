"""What a piece of the core dialect reads from memory, writes to memory, and whether it may be moved or dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from adcompile.analysis.aliasing import Roots
from adcompile.ir import ops
from adcompile.ir.nodes import Accum, Call, Effect, Expr, Index, Name, Return, Stmt, Store
from adcompile.ir.walk import asked_once, atoms, blocks, children, expressions, nodes, uses

SHAPE_ONLY = (ops.dim, np.empty_like, np.zeros_like)
"""Calls that read the shape of their array argument, never what it holds."""


def arrays_read(expr: Expr) -> Iterator[str]:
    """Names whose contents an expression reads: of loads, and of whole arrays given to calls; scalar names too."""
    match expr:
        case Name(name):
            yield name
        case Call(fn, args) if fn in SHAPE_ONLY:
            for part in args[1:]:
                yield from arrays_read(part)
        case _:
            for part in children(expr):
                yield from arrays_read(part)


def loaded_roots(expr: Expr, roots: Roots) -> set[str]:
    """The roots that an expression loads elements of."""
    return {roots.find(name) for name in _names_loaded(expr)}


@lru_cache(maxsize=1 << 14)
def _names_loaded(expr: Expr) -> frozenset[str]:
    """The arrays that an expression loads elements of, by the names it has for them."""
    return frozenset(e.array.id for e in nodes(expr) if isinstance(e, Index) and isinstance(e.array, Name))


def read_roots(block: Iterable[Stmt], roots: Roots) -> set[str]:
    """The roots whose contents are read anywhere in a block (not by `Accum` into them)."""
    return {roots.find(name) for stmt in block for name in _names_read(stmt)}


@asked_once
def _names_read(stmt: Stmt) -> frozenset[str]:
    """Names whose contents a statement reads, those of its blocks included."""
    result = {name for expr in expressions(stmt) for name in arrays_read(expr)}
    if not isinstance(stmt, Return):
        result.update(atom.id for atom in atoms(stmt) if isinstance(atom, Name))
    return frozenset(result).union(*(_names_read(inner) for block in blocks(stmt) for inner in block))


def written_roots(block: Iterable[Stmt], roots: Roots) -> set[str]:
    """The roots stored to or accumulated into anywhere in a block."""
    return {roots.find(name) for stmt in block for name in _names_written(stmt)}


@asked_once
def _names_written(stmt: Stmt) -> frozenset[str]:
    """Arrays that a statement stores to, in its blocks too."""
    own = frozenset((stmt.array,)) if isinstance(stmt, (Store, Accum)) else frozenset[str]()
    return own.union(*(_names_written(inner) for block in blocks(stmt) for inner in block))


@asked_once
def names_used(stmt: Stmt) -> frozenset[str]:
    """Every name that a statement reads or writes through, in its blocks too."""
    return frozenset(uses(stmt)).union(*(names_used(inner) for block in blocks(stmt) for inner in block))


def is_random(fn: object) -> bool:
    """Whether a callable draws random numbers: called twice, it answers differently."""
    owner = getattr(fn, "__self__", None)
    modules = (getattr(fn, "__module__", None), getattr(type(owner), "__module__", None))
    return any(m is not None and (m == "random" or m.startswith(("numpy.random", "_random"))) for m in modules)


@lru_cache(maxsize=1 << 14)
def is_pure(expr: Expr) -> bool:
    """Whether an expression may be evaluated again, elsewhere, or never."""
    return not any(isinstance(e, Call) and is_random(e.fn) for e in nodes(expr))


@asked_once
def has_effect(stmt: Stmt) -> bool:
    """Whether a statement does more than give values and write memory: a check that raises, a random number."""
    return isinstance(stmt, Effect) or not all(is_pure(e) for e in expressions(stmt))


@asked_once
def has_effect_inside(stmt: Stmt) -> bool:
    """As `has_effect`, of a statement or any in its blocks."""
    return has_effect(stmt) or any(has_effect_inside(inner) for block in blocks(stmt) for inner in block)
