"""Small arrays of known shape become scalars.

Goal: an array made here with a literal shape of a few elements, touched by elements alone, is as many variables; loops
of known trips that index it are written out.  What a loop then carries is scalars, whose derivatives need no memory and
nothing put back.  Non-goals: arrays that are returned, passed on or given a second name; loops whose trips are not
known; long bodies.

    v = np.empty(2)
    for t in range(n):                  for t in range(n):
        v[0] = x[t]                         v_0 = x[t]
        v[1] = v[0] * a          ->         v_1 = v_0 * a
        for i in range(2):                  x[t] += v_0
            x[t] += v[i]                    x[t] += v_1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod

import numpy as np

from adcompile.analysis.subscripts import line_accesses
from adcompile.ir import ops
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.fold import folded
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
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
    base_of,
)
from adcompile.ir.types import FLOAT, Array, Type
from adcompile.ir.walk import (
    all_names,
    atoms,
    blocks,
    expressions,
    mapped,
    names,
    nodes,
    statements,
    with_blocks,
    with_expressions,
)
from adcompile.normal.short_loops import iterations, trips

LARGEST = 8  # elements of an array
LONGEST = 64  # statements that a loop may be written out to, and
TWICE = 512  # that one of two iterations may

_Element = tuple[str, tuple[int, ...]]


def small_arrays(function: Function) -> Function:
    """`function` with its small arrays as scalars."""
    function = _with_known_lengths(function)
    shapes = _candidates(function)
    loops: set[Stmt] = set()
    while shapes:
        loops, rejected = _loops(function, shapes)
        if not rejected:
            break
        shapes = {name: shape for name, shape in shapes.items() if name not in rejected}
    while shapes:
        try:
            return _Scalars(function, shapes, loops).run()
        except _Outside as outside:  # it fails in the run, if it comes to that
            shapes = {name: shape for name, shape in shapes.items() if name != outside.array}
    return function


class _Outside(Exception):
    """An index that an array does not have."""

    def __init__(self, array: str) -> None:
        super().__init__(array)
        self.array = array


def _with_known_lengths(function: Function) -> Function:
    """`function` with the lengths of arrays of literal shape written out."""
    known: dict[str, tuple[Const, ...]] = {}

    def one(expr: Expr) -> Expr:
        match expr:
            case Call(ops.dim, (Name(array), Const(int() as axis))) if array in known:
                return known[array][axis]
            case Call(np.empty_like | np.zeros_like as fn, (Name(array),)) if array in known:
                shape = known[array]
                plain = np.empty if fn is np.empty_like else np.zeros
                type_ = function.types[array]
                dtype = () if type_ == Array("float64", len(shape)) else (Const(np.dtype(type_.dtype).type),)  # type: ignore[union-attr]
                return Call(plain, (shape[0] if len(shape) == 1 else Tuple(shape), *dtype))
        return expr

    def block(stmts: Block) -> Block:
        out = []
        for stmt in stmts:
            new = with_expressions(stmt, [folded(mapped(e, one), function.types) for e in expressions(stmt)])
            match new:
                case Assign(target, Call(np.empty | np.zeros, (size, *_))):
                    extents = size.items if isinstance(size, Tuple) else (size,)
                    if (shape := tuple(e for e in extents if isinstance(e, Const))) == extents:
                        known[target] = shape
            out.append(with_blocks(new, [block(inner) for inner in blocks(new)]))
        return tuple(out)

    return replace(function, body=block(function.body))


def _candidates(function: Function) -> dict[str, tuple[int, ...]]:
    """Arrays of few elements that are touched by elements alone, with their shapes."""
    shapes: dict[str, tuple[int, ...]] = {}
    made: set[str] = set()
    for stmt in statements(function.body):
        match stmt:
            case Assign(target, Call(np.empty | np.zeros, (size, *_))):
                extents = size.items if isinstance(size, Tuple) else (size,)
                shape = tuple(e.value for e in extents if isinstance(e, Const) and isinstance(e.value, int))
                known = len(shape) == len(extents) and 0 < prod(shape) <= LARGEST and min(shape) > 0
                if known and function.types[target] == Array("float64", len(shape)):
                    shapes[target] = shape
                if target in made:
                    shapes.pop(target, None)
                made.add(target)
    for stmt in statements(function.body):
        whole = {name for name, access in line_accesses(stmt) if access.index is None}
        whole |= {atom.id for atom in atoms(stmt) if isinstance(atom, Name)}
        for expr in expressions(stmt):
            whole |= set(names(expr)) - {e.array.id for e in nodes(expr) if isinstance(e, Index)}  # type: ignore[union-attr]
        if isinstance(stmt, Return):
            whole |= set(names(stmt.value))
        for name in whole & shapes.keys():
            del shapes[name]
    return shapes


def _loops(function: Function, shapes: Mapping[str, tuple[int, ...]]) -> tuple[set[Stmt], set[str]]:
    """The loops to write out so that every index of the arrays is known, and the arrays for which that cannot be."""
    wanted: set[Stmt] = set()
    rejected: set[str] = set()

    def visit(block: Block, around: dict[str, For]) -> None:
        for stmt in block:
            for name, access in line_accesses(stmt):
                if name not in shapes or access.index is None:
                    continue
                for part in access.index:
                    if any(isinstance(node, Index) for node in nodes(part)):
                        rejected.add(name)
                    for used in names(part):
                        if used in around and few(around[used]):
                            wanted.add(around[used])
                        else:
                            rejected.add(name)
            inner = {**around, stmt.index: stmt} if isinstance(stmt, For) else around
            for each in blocks(stmt):
                visit(each, inner)

    visit(function.body, {})
    for stmt in wanted:
        assert isinstance(stmt, For)
        if written_out(stmt, wanted) > (TWICE if len(trips(stmt) or ()) <= 2 else LONGEST):
            rejected.update(name for s in statements(stmt.body) for name, _ in line_accesses(s) if name in shapes)
    return wanted, rejected


def few(loop: For) -> bool:
    """Whether the values of a loop's index are known and few."""
    values = trips(loop)
    return values is not None and len(values) <= LARGEST


def written_out(loop: For, wanted: set[Stmt]) -> int:
    """How many statements a loop is written out to."""
    count = 0
    for stmt in loop.body:
        if stmt in wanted:
            assert isinstance(stmt, For)
            count += written_out(stmt, wanted)
        else:
            count += sum(1 for _ in statements((stmt,)))
    return count * len(trips(loop) or ())


class _Scalars:
    def __init__(self, function: Function, shapes: Mapping[str, tuple[int, ...]], loops: set[Stmt]) -> None:
        self.function = function
        self.shapes = dict(shapes)
        self.loops = loops
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(tuple(all_names(function)))
        self.held: dict[_Element, Atom] = {}  # what each element holds at this point

    def run(self) -> Function:
        body = self.block(self.block_written_out(self.function.body))
        return replace(self.function, body=body, types=self.types)

    # ------------------------------------------------------------------------------------ loops
    def block_written_out(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            new = with_blocks(stmt, [self.block_written_out(inner) for inner in blocks(stmt)])
            if stmt in self.loops:
                assert isinstance(new, For)
                out += self.iterations(new)
            else:
                out.append(new)
        return tuple(out)

    def iterations(self, loop: For) -> list[Stmt]:
        """Every iteration of a loop, one after another."""
        out, known = iterations(loop, self.names, self.types)
        for new in known:
            self.shapes.update((new[old].id, self.shapes[old]) for old in new.keys() & self.shapes.keys())  # type: ignore[union-attr]
        return out

    # ------------------------------------------------------------------------------------ elements
    def element(self, array: str, index: tuple[Expr, ...]) -> _Element:
        """An element by its place, counted from the front."""
        place = []
        for part, extent in zip(index, self.shapes[array], strict=True):
            known = folded(part, self.types)
            assert isinstance(known, Const)
            if not -extent <= known.value < extent:
                raise _Outside(array)
            place.append(known.value % extent)
        return array, tuple(place)

    def fresh(self, element: _Element) -> str:
        array, place = element
        name = self.names.fresh("_".join([base_of(array), *map(str, place)]))
        self.types[name] = FLOAT
        return name

    def read(self, expr: Expr) -> Expr:
        def one(node: Expr) -> Expr:
            match node:
                case Index(Name(array), index) if array in self.shapes:
                    return self.held[self.element(array, index)]
            return node

        return mapped(expr, one)

    def stored(self, block: Block) -> list[_Element]:
        """The elements that live and that a block stores to."""
        found = dict.fromkeys(
            self.element(s.array, s.index)
            for s in statements(block)
            if isinstance(s, (Store, Accum)) and s.array in self.shapes
        )
        return [element for element in found if element in self.held]

    # ------------------------------------------------------------------------------------ statements
    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            match stmt:
                case Assign(target, Call()) if target in self.shapes:
                    self.make(target)
                case Store() | Accum() if stmt.array in self.shapes:
                    self.store(stmt, out)
                case For() | While():
                    self.loop(stmt, out)
                case If():
                    self.branch(stmt, out)
                case _:
                    out.append(with_expressions(stmt, [self.read(e) for e in expressions(stmt)]))
        return tuple(out)

    def make(self, array: str) -> None:
        for place in np.ndindex(*self.shapes[array]):
            self.held[array, place] = Const(0.0)

    def store(self, stmt: Store | Accum, out: list[Stmt]) -> None:
        element = self.element(stmt.array, stmt.index)
        value = self.read(stmt.value)
        if isinstance(stmt, Accum):
            value = Call(np.add, (self.held[element], value))
        name = self.fresh(element)
        value = folded(value, self.types)
        if dtype_of(value, self.types) != "float64":
            value = folded(Call(float, (value,)), self.types)
        out.append(Assign(name, value, span=stmt.span, origin=stmt.origin))
        self.held[element] = Name(name)

    def loop(self, stmt: For | While, out: list[Stmt]) -> None:
        bounds = [self.read(e) for e in expressions(stmt)] if isinstance(stmt, For) else []
        before = dict(self.held)
        elements = self.stored(stmt.body)
        inner = {element: self.fresh(element) for element in elements}
        self.held.update((element, Name(name)) for element, name in inner.items())
        test = [self.read(e) for e in expressions(stmt)] if isinstance(stmt, While) else []
        body = self.block(stmt.body)
        carried = []
        for element, name in inner.items():
            result = self.fresh(element)
            carried.append(Carry(name, before[element], self.held[element], result))
            before[element] = Name(result)
        self.held = before
        new = with_expressions(stmt, bounds or test)
        assert isinstance(new, (For, While))
        out.append(replace(new, body=body, carried=(*stmt.carried, *carried)))

    def branch(self, stmt: If, out: list[Stmt]) -> None:
        test = self.read(stmt.test)
        before = self.held
        sides: list[tuple[Block, dict[_Element, Atom]]] = []
        for block in blocks(stmt):
            self.held = dict(before)
            sides.append((self.block(block), self.held))
        self.held = dict(before)
        merges = []
        for element in dict.fromkeys((*self.stored(stmt.then), *self.stored(stmt.orelse))):
            name = self.fresh(element)
            merges.append(Merge(name, sides[0][1][element], sides[1][1][element]))
            self.held[element] = Name(name)
        out.append(replace(stmt, test=test, then=sides[0][0], orelse=sides[1][0], merges=(*stmt.merges, *merges)))
