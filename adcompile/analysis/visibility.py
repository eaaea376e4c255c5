"""Which loads may read what a store has stored, for arrays made in the function and never given away whole.

Subscripts tell iterations apart (`subscripts.own_places`), and a fixed place from places that lie behind it; for the
rest, where the two statements stand does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from adcompile.analysis.aliasing import Roots, is_allocation, roots
from adcompile.analysis.least import Least
from adcompile.analysis.subscripts import Access, line_accesses, own_places
from adcompile.ir.nodes import Accum, Assign, Block, Const, Expr, For, Function, Stmt, Store, While
from adcompile.ir.types import Array
from adcompile.ir.walk import blocks, statements


@dataclass(frozen=True)
class Place:
    """A statement and where it stands: for each block around it, outermost first, the compound statement that holds
    the block (`None` for the function), which of its blocks it is, and the position in it."""

    stmt: Stmt
    steps: tuple[tuple[Stmt | None, int, int], ...]


@dataclass(frozen=True)
class Load:
    """One element read, and where."""

    access: Access
    place: Place


def _places(
    block: Block, holder: Stmt | None = None, which: int = 0, above: tuple[tuple[Stmt | None, int, int], ...] = ()
) -> Iterator[Place]:
    for position, stmt in enumerate(block):
        steps = (*above, (holder, which, position))
        yield Place(stmt, steps)
        for number, inner in enumerate(blocks(stmt)):
            yield from _places(inner, stmt, number, steps)


class Visibility:
    """`loads` and `stores` by root, of the roots that the function makes once and touches by elements alone."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.types = function.types
        self.roots: Roots = roots(function)
        self._own: dict[tuple[tuple[Expr, ...], For], set[tuple[int, int]]] = {}
        places = list(_places(function.body))
        self.made = self._made(function, places)
        self.loads: dict[str, list[Load]] = {root: [] for root in self.made}
        self.stores: dict[str, list[Place]] = {root: [] for root in self.made}
        for place in places:
            for name, access in line_accesses(place.stmt):
                root = self.roots.find(name)
                if root not in self.made:
                    continue
                if access.kind == "load":
                    self.loads[root].append(Load(access, place))
                else:
                    self.stores[root].append(place)
        for root in list(self.made):
            if any(load.access.index is None for load in self.loads[root]):
                del self.made[root], self.loads[root], self.stores[root]

    def _made(self, function: Function, places: list[Place]) -> dict[str, Place]:
        made: dict[str, Place] = {}
        shared = {self.roots.find(name) for name in function.params}
        for place in places:
            stmt = place.stmt
            if isinstance(stmt, Assign) and isinstance(function.types.get(stmt.target), Array):
                root = self.roots.find(stmt.target)
                if root in made or not is_allocation(stmt.value):
                    shared.add(root)
                made[root] = place
        for stmt in statements(function.body):
            for join in (*getattr(stmt, "carried", ()), *getattr(stmt, "merges", ())):
                shared.add(self.roots.find(join.result))
        return {root: place for root, place in made.items() if root not in shared}

    def seen(self, store: Place) -> Iterator[Load]:
        """The loads that may read what a store has stored, the last of the function first: one is found soonest."""
        assert isinstance(store.stmt, (Store, Accum))
        root = self.roots.find(store.stmt.array)
        return (
            load
            for load in reversed(self.loads[root])
            if (self.follows(load, store) or self.seen_later(load, store)) and not self.apart(load, store)
        )

    def seen_later(self, load: Load, store: Place) -> bool:
        """Whether an iteration after the store's may load its element, in a loop around both and inside the array's
        life."""
        assert isinstance(store.stmt, (Store, Accum))
        life = len(self.made[self.roots.find(store.stmt.array)].steps)
        for holder, _, _ in store.steps[life : _shared(load.place, store)]:
            if isinstance(holder, While) or load.access.index is None:
                return True
            if isinstance(holder, For) and not self._own_places(load.access.index, holder) & self._own_places(
                store.stmt.index, holder
            ):
                return True
        return False

    def apart(self, load: Load, store: Place) -> bool:
        """Whether one of the two is at a fixed place, and the other always behind it on that axis."""
        assert isinstance(store.stmt, (Store, Accum))
        if load.access.index is None:
            return False
        pairs = zip(load.access.index, store.stmt.index, strict=True)
        return any(self._behind(one, other) or self._behind(other, one) for one, other in pairs)

    def _behind(self, part: Expr, fixed: Expr) -> bool:
        if not isinstance(fixed, Const) or isinstance(part, Const) or fixed.value < 0:
            return False
        low = self._least(part)
        return low is not None and low > fixed.value

    @cached_property
    def _least(self) -> Least:
        return Least(self.function)

    def _own_places(self, index: tuple[Expr, ...], loop: For) -> set[tuple[int, int]]:
        if (index, loop) not in self._own:
            self._own[index, loop] = own_places(index, loop, self.types)
        return self._own[index, loop]

    def follows(self, load: Load, store: Place) -> bool:
        """Whether a load stands behind a store in one run of the blocks around both."""
        last = _shared(load.place, store) - 1
        at, position = load.place.steps[last][2], store.steps[last][2]
        if at != position:
            return at > position
        # the line of the statement that holds the store, the store's own, or another branch of one `if`
        return len(load.place.steps) == last + 1 and isinstance(load.place.stmt, While)


def _shared(one: Place, two: Place) -> int:
    """How many blocks around two statements are the same."""
    count = 0
    for left, right in zip(one.steps, two.steps, strict=False):
        if left[:2] != right[:2]:
            break
        count += 1
        if left[2] != right[2]:
            break
    return count
