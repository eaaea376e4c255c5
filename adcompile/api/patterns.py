"""Where a Jacobian may have entries, and how few tangents find all of them.

Goal: the pattern of a function that tells which sets of inputs its outputs depend on (`transform.dependence`), by few
sweeps, and exactly: first in blocks of columns, one bit for each; then blocks that have no row in common share the bits
for their parts, and so on down to columns.  A band of a hundred thousand columns takes seven sweeps, a full matrix of
`n` columns about `n / 62`.  Then the colouring, and where each entry is found.  Non-goals: the derivatives themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from adcompile.backend.colouring import apart, stars
from adcompile.errors import InternalError

BITS = 62  # of a signed integer of 64
_LANES = 8  # products at once, at most
_MOST_STEPS = 2 * 10**9  # of the colouring by stars, before that by columns is taken

Sweep = Callable[[np.ndarray], np.ndarray]
Integers = np.ndarray


@dataclass(frozen=True)
class Pattern:
    """The places of entries: `rows` and `columns`, by row, then by column, each once."""

    rows: Integers
    columns: Integers
    shape: tuple[int, int]

    @staticmethod
    def of(rows: Integers, columns: Integers, shape: tuple[int, int]) -> Pattern:
        """From places in any order, repeated or not."""
        places = np.unique(rows.astype(np.int64) * shape[1] + columns)
        return Pattern(places // max(shape[1], 1), places % max(shape[1], 1), shape)

    @cached_property
    def columns32(self) -> Integers:
        """The columns as SciPy has them."""
        return self.columns.astype(_index_type(len(self.rows), self.shape))

    @cached_property
    def starts32(self) -> Integers:
        """The starts as SciPy has them."""
        return self.starts.astype(_index_type(len(self.rows), self.shape))

    def symmetric(self) -> Pattern:
        """With every entry's mirror image."""
        both = np.concatenate((self.rows, self.columns)), np.concatenate((self.columns, self.rows))
        return Pattern.of(*both, self.shape)

    @property
    def transposed(self) -> Pattern:
        return Pattern.of(self.columns, self.rows, self.shape[::-1])

    @cached_property
    def starts(self) -> Integers:
        """Where each row begins."""
        return np.searchsorted(self.rows, np.arange(self.shape[0] + 1))


def _index_type(entries: int, shape: tuple[int, ...]) -> Any:
    return np.int32 if max(entries, *shape) < 2**31 else np.int64


def found(sweep: Sweep, outputs: int, inputs: int) -> Pattern:
    """The pattern of a function, of sweeps from a set for each input to a set for each output."""
    size = 1
    while size * BITS < inputs:
        size *= BITS
    numbers = np.arange(inputs)
    rows, blocks = _bits(sweep(np.left_shift(1, numbers // size)))
    while size > 1:
        coarse = Pattern.of(rows, blocks, (outputs, -(-inputs // size)))
        rows, blocks = _refined(sweep, coarse, numbers, size)
        size //= BITS
    return Pattern.of(rows, blocks, (outputs, inputs))


def _refined(sweep: Sweep, coarse: Pattern, numbers: Integers, size: int) -> tuple[Integers, Integers]:
    """Blocks of `size` columns cut into parts: the same pattern in these."""
    colours, block = coloured(coarse), numbers // size
    bit = np.left_shift(1, numbers % size // (size // BITS))
    of_entry = colours[coarse.columns]
    rows, parts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for colour in range(colours.max(initial=-1) + 1):
        some, bits = _bits(sweep(np.where(colours[block] == colour, bit, 0)))
        alone = np.full(coarse.shape[0], -1)
        here = of_entry == colour
        alone[coarse.rows[here]] = coarse.columns[here]  # the one block of this colour that a row has
        if np.any(alone[some] < 0):
            raise InternalError("a sweep over parts of blocks finds rows that the sweep over the blocks did not")
        rows.append(some)
        parts.append(alone[some] * BITS + bits)
    return np.concatenate(rows), np.concatenate(parts)


def _bits(sets: np.ndarray) -> tuple[Integers, Integers]:
    """The members of sets: whose each is, and which."""
    some = np.flatnonzero(sets)
    held = sets[some]
    whose = [(some[(held >> bit) & 1 == 1], bit) for bit in range(BITS)]
    rows = np.concatenate([of for of, _ in whose])
    return rows, np.concatenate([np.full(len(of), bit) for of, bit in whose])


def coloured(pattern: Pattern) -> Integers:
    """A colour for each column, so that no row has two entries of one colour."""
    by_column = pattern.transposed
    return apart(by_column.starts, by_column.columns, pattern.starts, pattern.columns)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Plan:
    """How the entries of a pattern are found, by products with the matrix (or its transpose), `lanes` at a time.

    `groups` says for each input (or output, in reverse mode) in which product it is.  Sweep `s` finds the entries
    `starts[s]` to `starts[s + 1]`: each is read in its products, which lie behind each other along their first axis,
    where `sources` say, an array for each axis, and stored at `places`."""

    pattern: Pattern
    reverse: bool
    count: int
    lanes: int
    shape: tuple[int, ...]  # of a product
    groups: Integers
    starts: Integers
    sources: tuple[Integers, ...]
    places: Integers
    _seeds: dict[np.dtype[Any], tuple[np.ndarray, ...]] = field(default_factory=dict)

    @property
    def once(self) -> bool:
        """Whether one sweep is all, of seeds that are kept; then `places` are in order."""
        return 0 < self.count <= self.lanes and not self.reverse

    def given(self, dtype: np.dtype[Any]) -> tuple[Any, ...]:
        """What the function that finds the entries gets of this (`compressed.Compressed`); inputs are of `dtype`."""
        if not self.once:
            return self.shape, self.groups, *self.sources, self.starts, self.places
        if dtype not in self._seeds:
            self._seeds[dtype] = tuple((self.groups == lane).astype(dtype) for lane in range(self.lanes))
        return self.shape, *self._seeds[dtype], *self.sources


Shapes = tuple[tuple[int, ...], tuple[int, ...]]  # of the output and of the input


def planned(pattern: Pattern, mode: str, shapes: Shapes) -> Plan:
    """For a Jacobian: by columns or by rows, whichever take fewer colours, or as `mode` says."""
    by_columns = coloured(pattern) if mode != "reverse" else None
    by_rows = coloured(pattern.transposed) if mode != "forward" else None
    if by_rows is None or (by_columns is not None and by_columns.max(initial=-1) <= by_rows.max(initial=-1)):
        assert by_columns is not None
        return _plan(pattern, False, shapes, by_columns, by_columns[pattern.columns], pattern.rows)
    return _plan(pattern, True, shapes[::-1], by_rows, by_rows[pattern.rows], pattern.columns)


def planned_symmetric(pattern: Pattern, shapes: Shapes) -> Plan:
    """For a Hessian: an entry is read in its own column's product, or its mirror image in that one's."""
    degrees = np.diff(pattern.starts)
    beyond = np.bincount(pattern.rows, degrees[pattern.columns], len(degrees))  # steps over two columns
    steps = beyond[pattern.columns].sum()
    colours = stars(pattern.starts, pattern.columns) if steps < _MOST_STEPS else coloured(pattern)
    own, mirrored = _alone(pattern.rows, colours[pattern.columns]), _alone(pattern.columns, colours[pattern.rows])
    if not np.all(own | mirrored):
        raise InternalError("an entry of a Hessian stands alone neither in its row nor in its column")
    group = np.where(own, colours[pattern.columns], colours[pattern.rows])
    return _plan(pattern, False, shapes, colours, group, np.where(own, pattern.rows, pattern.columns))


def _alone(rows: Integers, colours: Integers) -> np.ndarray:
    """Whether an entry is the only one of its colour in its row."""
    _, which, counts = np.unique(rows * (colours.max(initial=0) + 1) + colours, return_inverse=True, return_counts=True)
    return np.asarray(counts[which] == 1)


def _plan(
    pattern: Pattern, reverse: bool, shapes: Shapes, groups: Integers, group: Integers, sources: Integers
) -> Plan:
    """Of the groups, and of the group and the flat place in its product of each entry; `shapes` are those of a product
    and of what it is by."""
    count = int(group.max(initial=-1)) + 1
    lanes = 1 if reverse else lanes_of(count)
    order = np.argsort(group // lanes, kind="stable")
    sweeps = -(-count // lanes)
    starts = np.searchsorted(group[order] // lanes, np.arange(sweeps + 1))
    shape = shapes[0]
    first, *others = np.unravel_index(sources[order], shape)
    at = (group[order] % lanes * shape[0] + first, *others)
    kind = _index_type(len(order), (lanes * shape[0], *shape[1:]))
    short = tuple(axis.astype(kind) for axis in at)
    return Plan(
        pattern, reverse, count, lanes, shape, groups.astype(np.int32).reshape(shapes[1]), starts, short, order
    )  # fmt: skip


def lanes_of(count: int) -> int:
    """How many of so many products go at once: about as many in each sweep, and few enough for the registers."""
    return math.ceil(count / math.ceil(count / _LANES)) if count else 1
