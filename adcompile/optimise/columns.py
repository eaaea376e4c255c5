"""Arrays whose columns are known by number are kept by columns.

Goal: points of three coordinates, one a row, make every loop over points load each third number, which vectors cannot.
An array that only this function sees is kept the other way round, so that the same coordinate of all points is
together; loops over all its elements are turned with it.

Legal for arrays that are made here, known by one name alone, and touched by elements.  Done where loops inside of
others take the rows in order, by columns with numbers, and hand on nothing but sums.
Of pairs of points, a leapfrog and a chain of points, gradients took 0.1 to 0.8 of the time from 16 rows on, were level
at 8 to 10, and took up to 1.6 times as long below that: a loop that is known to be so short is no reason.
Non-goals: rows that are looked up (one place in memory is better than three); loops along a row; parallel loops.

    x = position.copy()                             x = np.empty((position.shape[1], position.shape[0]))
    for i in range(n):                              for j in range(position.shape[1]):
        for j in range(i):                              for i in range(position.shape[0]):
            d = x[i, 0] - x[j, 0]          ->               x[j, i] = position[i, j]
            d2 = x[i, 1] - x[j, 1]                  for i in range(n):
            s += d * d + d2 * d2                        for j in range(i):
                                                            d = x[0, i] - x[0, j]
                                                            d2 = x[1, i] - x[1, j]
                                                            s += d * d + d2 * d2
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from adcompile.analysis.aliasing import is_allocation, roots
from adcompile.analysis.effects import is_pure
from adcompile.analysis.subscripts import line_accesses
from adcompile.analysis.sums import is_sum
from adcompile.ir import ops
from adcompile.ir.affine import difference
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Expr,
    For,
    Function,
    Index,
    Name,
    Names,
    Stmt,
    Store,
    Tuple,
    While,
)
from adcompile.ir.types import FLOAT, INT, Array, Type, element
from adcompile.ir.walk import (
    blocks,
    core_names,
    expressions,
    mapped,
    names,
    nodes,
    statements,
    uses,
    with_blocks,
    with_expressions,
)
from adcompile.optimise.rewriting import with_body

_LIKE = (np.empty_like, np.zeros_like)
_SHORT = 4  # trips of a loop along a row that do not matter
_FEW = 8  # rows that make no vector worth having: up to five, arrays by columns were up to half as slow again


@dataclass(slots=True)
class _Seen:
    """How a function touches its arrays."""

    wanted: set[str] = field(default_factory=set)  # taken by columns in inner loops
    against: set[str] = field(default_factory=set)  # taken along rows, or by rows that are looked up
    nests: list[set[str]] = field(default_factory=list)  # touched in loops over all elements, together


def columns(function: Function) -> Function:
    """`function` with arrays of points kept by coordinates."""
    loops = [stmt for stmt in statements(function.body) if isinstance(stmt, For)]
    if any(loop.parallel for loop in loops) or not any(True for loop in loops if any(_loops(loop.body))):
        return function
    candidates = _candidates(function)
    if not candidates:
        return function
    seen = _Seen()
    _look(function.body, [], candidates, seen, function.types)
    chosen = _chosen(candidates, seen)
    if not chosen:
        return function
    turner = _Turner(function, candidates, chosen)
    return with_body(function, turner.block(function.body), turner.types)


def _candidates(function: Function) -> dict[str, Expr]:
    """What is made here, touched by elements only, and has no other name: with what makes it."""
    types = function.types
    found = roots(function)
    others = (name for name in types if found.find(name) != name)
    joined = {alias for name in others for alias in (name, found.find(name))}
    made: dict[str, Expr] = {}
    for stmt in statements(function.body):
        if isinstance(stmt, Assign) and is_allocation(stmt.value) and stmt.target not in joined:
            type_ = types.get(stmt.target)
            if isinstance(type_, Array) and type_.ndim >= 2 and _can_turn(stmt.value, type_, types):
                made[stmt.target] = stmt.value
    whole = set(made)
    while whole:
        used: Counter[str] = Counter()
        for stmt in statements(function.body):
            used.update(name for name in uses(stmt) if name in made)
            for expr in expressions(stmt):
                for node in nodes(expr):
                    used.subtract(_by_element(node, made, stmt, types))
            if isinstance(stmt, (Store, Accum)) and stmt.array in made and _is_element(stmt.index, stmt.array, types):
                used[stmt.array] -= 1
        whole = {name for name, count in used.items() if count}
        for name in whole:
            del made[name]
    return made


def _by_element(node: Expr, made: Mapping[str, Expr], stmt: Stmt, types: Mapping[str, Type]) -> list[str]:
    """The array that a node touches by an element, or asks for a length."""
    match node:
        case Index(Name(array), index) if array in made and _is_element(index, array, types):
            return [array]
        case Call(ops.dim, (Name(array), Const(int()))) if array in made:
            return [array]
        case Call(fn, (Name(array),)) if fn in _LIKE and array in made:
            if isinstance(stmt, Assign) and stmt.value is node and stmt.target in made:
                return [array]
    return []


def _is_element(index: tuple[Expr, ...], array: str, types: Mapping[str, Type]) -> bool:
    type_ = types[array]
    assert isinstance(type_, Array)
    return len(index) == type_.ndim and all(_is_integer(part, types) for part in index)


def _is_integer(part: Expr, types: Mapping[str, Type]) -> bool:
    match part:
        case Const(value):
            return type(value) is int
        case Name(name):
            return types.get(name) == INT
        case Index(Name(array)):
            return element(types[array]) == INT
        case Call(np.add | np.subtract | np.multiply | np.floor_divide | np.remainder, args):
            return all(_is_integer(arg, types) for arg in args)
        case Call(ops.select, (_, one, other)):
            return _is_integer(one, types) and _is_integer(other, types)
        case Call(ops.dim):
            return True
    return False


def _can_turn(value: Expr, type_: Array, types: Mapping[str, Type]) -> bool:
    """Whether what makes an array can be written with its last axes exchanged."""
    if not isinstance(value, Call) or value.kwargs:
        return False
    match value:
        case Call(np.empty | np.zeros, (Tuple(items), *_)):
            return len(items) == type_.ndim
        case Call(np.empty_like | np.zeros_like, (Name(like),)):
            return types[like] == type_
        case Call(ops.copy, (Name(like),)):
            return types[like] == type_ and type_.ndim == 2
    return False


# ---------------------------------------------------------------------------------------------- what is worth it
def _loops(block: Block) -> Iterator[Stmt]:
    return (stmt for stmt in statements(block) if isinstance(stmt, (For, While)))


def _look(block: Block, around: list[Stmt], made: Mapping[str, Expr], seen: _Seen, types: Mapping[str, Type]) -> None:
    for stmt in block:
        nest = _nest(stmt, types)
        if nest is not None and nest.written <= made.keys():
            seen.nests.append(nest.touched & made.keys())
        elif around or not _is_pair(stmt):
            if around:
                _look_at(stmt, around, made, seen, types)
            for inside in blocks(stmt):
                _look(inside, [*around, stmt] if isinstance(stmt, (For, While)) else around, made, seen, types)


def _is_pair(stmt: Stmt) -> bool:
    """Whether this is a loop that only runs another: where it stands in no third, its order does not matter much."""
    match stmt:
        case For(body=(For() as inner,)):
            return not any(_loops(inner.body))
    return False


def _look_at(stmt: Stmt, around: list[Stmt], made: Mapping[str, Expr], seen: _Seen, types: Mapping[str, Type]) -> None:
    """Whether a statement takes arrays by columns, or along rows, in the loops around it."""
    loop = around[-1]
    for name, access in line_accesses(stmt):
        if name not in made or access.index is None:
            continue
        row, column = access.index[-2:]
        looked_up = any(isinstance(node, Index) for part in (row, column) for node in nodes(part))
        if looked_up or (isinstance(loop, For) and loop.index in names(column) and not _is_short(loop, _SHORT)):
            seen.against.add(name)
        elif isinstance(loop, For) and isinstance(column, Const) and len(around) > 1 and _takes_rows(loop, row, types):
            seen.wanted.add(name)


def _takes_rows(loop: For, row: Expr, types: Mapping[str, Type]) -> bool:
    """Whether a loop goes through rows, and could do so in any order."""
    in_order = difference(row, Name(loop.index), types) is not None and not _is_short(loop, _FEW)
    return in_order and not any(_loops(loop.body)) and all(is_sum(loop, c) for c in loop.carried)


def _is_short(loop: For, trips: int) -> bool:
    """Whether a loop is known to make no more than so many trips."""
    bounds = [bound.value for bound in (loop.start, loop.stop, loop.step) if isinstance(bound, Const)]
    return len(bounds) == 3 and all(type(b) is int for b in bounds) and len(range(*bounds)) <= trips


def _chosen(made: Mapping[str, Expr], seen: _Seen) -> set[str]:
    """What is wanted by columns, and what is touched along with that in loops over all elements."""
    chosen = seen.wanted - seen.against
    while True:
        more = {name for touched in seen.nests if touched & chosen for name in touched} - seen.against - chosen
        if not more:
            break
        chosen |= more
    while True:
        apart = {name for name in chosen if not _kept_alike(name, made, chosen)}
        if not apart:
            return chosen
        chosen -= apart


def _kept_alike(name: str, made: Mapping[str, Expr], chosen: set[str]) -> bool:
    """Whether what is made like an array is turned with it."""
    likes = (other for other, way in made.items() if isinstance(way, Call) and way.args[0] == Name(name))
    return all(other in chosen for other in likes)


@dataclass(frozen=True, slots=True)
class _Nest:
    """Two loops over elements that may be taken in any order: each iteration has its own, and hands on nothing."""

    outer: For
    inner: For
    written: set[str]
    touched: set[str]


def _nest(stmt: Stmt, types: Mapping[str, Type]) -> _Nest | None:
    match stmt:
        case For(body=(For() as inner,)) if not (stmt.carried or inner.carried):
            pass
        case _:
            return None
    bounds = (stmt.start, stmt.stop, inner.start, inner.stop)
    if any(node == Name(stmt.index) or isinstance(node, Index) for bound in bounds for node in nodes(bound)):
        return None
    own = {Name(stmt.index), Name(inner.index)}
    touched: dict[str, set[tuple[Expr, ...]]] = {}
    for line in inner.body:
        if not isinstance(line, (Assign, Store, Accum)) or not all(is_pure(e) for e in expressions(line)):
            return None
        if isinstance(line, Assign) and isinstance(types.get(line.target), Array):
            return None
        for name, access in line_accesses(line):
            if access.index is not None:
                touched.setdefault(name, set()).add(access.index)
            elif isinstance(types.get(name), Array):
                return None
    written = {line.array for line in inner.body if isinstance(line, (Store, Accum))}
    for name in written:
        if len(touched[name]) > 1 or not all(own <= set(index) for index in touched[name]):
            return None
    return _Nest(stmt, inner, written, {n for n, found in touched.items() if all(len(index) > 1 for index in found)})


# ---------------------------------------------------------------------------------------------- the change
class _Turner:
    def __init__(self, function: Function, made: Mapping[str, Expr], chosen: set[str]) -> None:
        self.made = made
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))
        self.chosen = chosen

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            nest = _nest(stmt, self.types)
            if nest is not None and nest.written & self.chosen and nest.written <= self.made.keys():
                stmt = replace(nest.inner, body=(replace(nest.outer, body=nest.inner.body),))
            new = with_expressions(stmt, [mapped(e, self.expr) for e in expressions(stmt)])
            if isinstance(new, (Store, Accum)) and new.array in self.chosen:
                new = replace(new, index=_turned(new.index))
            new = with_blocks(new, [self.block(inner) for inner in blocks(new)])
            if isinstance(new, Assign) and new.target in self.chosen:
                out += self.turned(new)
            else:
                out.append(new)
        return tuple(out)

    def expr(self, node: Expr) -> Expr:
        match node:
            case Index(Name(array), index) if array in self.chosen:
                return Index(node.array, _turned(index))
            case Call(ops.dim, (Name(array), Const(axis))) if array in self.chosen:
                type_ = self.types[array]
                assert isinstance(type_, Array)
                first = type_.ndim - 2
                return Call(ops.dim, (Name(array), Const(axis if axis < first else 2 * first + 1 - axis)))
        return node

    def turned(self, stmt: Assign) -> list[Stmt]:
        """An array with its last axes exchanged."""
        assert isinstance(stmt.value, Call)
        first, *rest = stmt.value.args
        if isinstance(first, Tuple):
            return [replace(stmt, value=replace(stmt.value, args=(Tuple(_turned(first.items)), *rest)))]
        assert isinstance(first, Name)
        if first.id in self.chosen:
            return [stmt]
        type_ = self.types[stmt.target]
        assert isinstance(type_, Array)
        shape = Tuple(_turned(tuple(Call(ops.dim, (first, Const(axis))) for axis in range(type_.ndim))))
        dtype = () if type_.dtype == FLOAT.dtype else (Const(np.dtype(type_.dtype).type),)
        fill = np.zeros if stmt.value.fn is np.zeros_like else np.empty
        new = replace(stmt, value=Call(fill, (shape, *dtype)))
        return [new, self.filled(stmt.target, first)] if stmt.value.fn is ops.copy else [new]

    def filled(self, target: str, source: Name) -> Stmt:
        """The elements of one array in another, the other way round."""
        row, column = (self.names.fresh(like) for like in ("i", "j"))
        self.types.update({row: INT, column: INT})
        store = Store(target, (Name(column), Name(row)), Index(source, (Name(row), Name(column))))
        inner = For(row, Const(0), Call(ops.dim, (source, Const(0))), Const(1), (store,))
        return For(column, Const(0), Call(ops.dim, (source, Const(1))), Const(1), (inner,))


def _turned(parts: tuple[Expr, ...]) -> tuple[Expr, ...]:
    *first, row, column = parts
    return (*first, column, row)
