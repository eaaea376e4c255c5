"""Which elements of an array a loop touches, as far as its subscripts tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from adcompile.analysis.aliasing import Roots
from adcompile.analysis.effects import arrays_read
from adcompile.ir.affine import difference
from adcompile.ir.nodes import Accum, Const, Expr, For, Index, Name, Stmt, Store
from adcompile.ir.types import Type
from adcompile.ir.walk import asked_once, atoms, expressions, nodes, statements


@dataclass(frozen=True, slots=True)
class Access:
    """One place where a root is touched; `index` is `None` where the whole array is."""

    kind: Literal["load", "store", "add"]
    index: tuple[Expr, ...] | None


def accesses(block: Iterable[Stmt], root: str, roots: Roots) -> Iterator[Access]:
    """Every place in a block, and in the blocks inside it, that touches an array (its shape apart)."""
    for stmt in statements(block):
        for name, access in line_accesses(stmt):
            if roots.find(name) == root:
                yield access


@asked_once
def line_accesses(stmt: Stmt) -> tuple[tuple[str, Access], ...]:
    """What a statement's own line touches, by name; a scalar that it reads is there as a whole."""
    found: list[tuple[str, Access]] = []
    for expr in expressions(stmt):
        indexed: list[str] = []
        for node in nodes(expr):
            if isinstance(node, Index) and isinstance(node.array, Name):
                indexed.append(node.array.id)
                found.append((node.array.id, Access("load", node.index)))
        whole = Counter(arrays_read(expr)) - Counter(indexed)
        found += [(name, Access("load", None)) for name in whole]
    found += [(name, Access("load", None)) for name in {a.id for a in atoms(stmt) if isinstance(a, Name)}]
    if isinstance(stmt, (Store, Accum)):
        found.append((stmt.array, Access("store" if isinstance(stmt, Store) else "add", stmt.index)))
    return tuple(found)


def own_places(index: tuple[Expr, ...], loop: For, types: Mapping[str, Type]) -> set[tuple[int, int]]:
    """The axes, each with its offset, on which a subscript is the loop's index plus an offset and never negative.

    Two subscripts with one such pair in common touch different elements in different iterations.
    """
    assert isinstance(loop.step, Const)
    end = loop.start if loop.step.value > 0 else loop.stop
    if not isinstance(end, Const):
        return set()
    least = end.value if loop.step.value > 0 else end.value + 1
    found = ((axis, difference(part, Name(loop.index), types)) for axis, part in enumerate(index))
    return {(axis, offset) for axis, offset in found if offset is not None and least + offset >= 0}


def common_places(touched: Iterable[tuple[Access, For]], types: Mapping[str, Type]) -> set[tuple[int, int]]:
    """The places of `own_places` that all accesses have in common, each seen from its loop."""
    common: set[tuple[int, int]] | None = None
    for access, loop in touched:
        if access.index is None:
            return set()
        own = own_places(access.index, loop, types)
        common = own if common is None else common & own
    return common or set()
