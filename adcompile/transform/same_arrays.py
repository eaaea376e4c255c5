"""Recursive functions that give back an array which they were given, as it is.

Goal: to every stage an opaque call gives arrays of its own.  Where Python's would be an argument, or two of them one
array, that says the same as long as nothing is written into one while the other is read; else it is refused.
Non-goals: opaque functions with rules of their own, whose arrays are copied (`opaque_calls.own_results`).

    y = f(x)        # may be x
    y[0] = 1.0
    return x[0]     # refused
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from adcompile.analysis.aliasing import Roots, roots
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Accum, Assign, Block, Call, Effect, For, Function, If, Index, Name, Stmt, Store, While
from adcompile.ir.types import Array
from adcompile.ir.walk import atoms, binds, blocks, children, defines, expressions


class Places:
    """The order of a function's statements, what is around each, and where names are made and used."""

    def __init__(self, function: Function) -> None:
        self.order: dict[Stmt, int] = {}
        self.around: dict[Stmt, tuple[Stmt, ...]] = {}
        self.made: dict[str, Stmt] = {}
        self.used: dict[str, list[tuple[int, Stmt, tuple[Stmt, ...]]]] = {}
        self._number = 0
        self._block(function.body, ())

    def _block(self, block: Block, around: tuple[Stmt, ...]) -> None:
        for stmt in block:
            self._number += 1
            self.order[stmt], self.around[stmt] = self._number, around
            ends = {atom.id for atom in _ends(stmt)} if isinstance(stmt, (For, While, If)) else set[str]()
            for name in _touched(stmt) - ends:
                self.used.setdefault(name, []).append((self._number, stmt, around))
            for inner in blocks(stmt):
                self._block(inner, (*around, stmt))
            self._number += 1
            for name in ends:
                self.used.setdefault(name, []).append((self._number, stmt, (*around, stmt)))
            for name in (*defines(stmt), *binds(stmt)):
                self.made.setdefault(name, stmt)


def _touched(stmt: Stmt) -> set[str]:
    """The names that a statement uses, but for checks of arrays and for what asks their lengths."""
    if isinstance(stmt, Effect):
        return set()
    found = {atom.id for atom in atoms(stmt) if isinstance(atom, Name)}
    if isinstance(stmt, (Store, Accum)):
        found.add(stmt.array)
    left = list(expressions(stmt))
    while left:
        expr = left.pop()
        if isinstance(expr, Name):
            found.add(expr.id)
        elif not isinstance(expr, Call) or expr.fn is not ops.dim:
            left += children(expr)
    return found


def _ends(stmt: For | While | If) -> Iterator[Name]:
    """What a loop carries on, or a branch gives, at its end."""
    pairs = [(m.then, m.orelse) for m in stmt.merges] if isinstance(stmt, If) else [(c.yielded,) for c in stmt.carried]
    yield from (atom for pair in pairs for atom in pair if isinstance(atom, Name))


@dataclass(frozen=True)
class Shared:
    """A call of which arrays of the result, `mine`, may be those `given` or one another."""

    call: Assign
    of: str
    given: set[str]
    mine: set[str]


def check_not_seen(function: Function, found: Sequence[Shared]) -> None:
    """Refuses calls whose arrays may be one, where that is seen."""
    if not found:
        return
    places, aliases = Places(function), roots(function)
    made = set[Stmt]()  # what fills an array that is passed and nothing else: as a view is
    for one in found:
        copies = [stmt for stmt in places.order if isinstance(stmt, Store) and stmt.array in one.given]
        made.update(stmt for stmt in copies if _passed_alone(places, stmt, one.call))
        first, *others = (*one.mine, *one.given, *(array for stmt in copies for array in _read(stmt)))
        for other in others:
            aliases.join(first, other)
    for one in found:
        _check(function, places, aliases, one, made)


def _passed_alone(places: Places, fill: Store, call: Assign) -> bool:
    """Whether an array is made anew for a call, filled, passed, and not used otherwise."""
    own = places.made.get(fill.array)
    users = {user for _, user, _ in places.used[fill.array]}
    return own is not None and users == {fill, call} and places.around[own] == places.around[call]


def _check(function: Function, places: Places, aliases: Roots, one: Shared, made: Set[Stmt]) -> None:
    call, mine, own = one.call, one.mine, aliases.find(min(one.mine))
    arrays = [n for n, type_ in function.types.items() if isinstance(type_, Array) and aliases.find(n) == own]
    back = made | {stmt for stmt in places.order if isinstance(stmt, Store) and _writes_back(stmt, mine)}
    seen = [name for name in arrays if _there(places, call, name, mine) and _used(places, call, name, back)]
    loops = [one for one in places.around[call] if isinstance(one, (For, While))]
    for stmt, number in places.order.items():
        if not isinstance(stmt, (Store, Accum)) or stmt in back or aliases.find(stmt.array) != own:
            continue
        after = number > places.order[call] or any(loop in places.around[stmt] for loop in loops)
        if after and any(_used(places, stmt, name, back) for name in seen if len(seen) > 1 and name != stmt.array):
            message = f"an array that `{one.of}` gives may be one that it is given, and is written here"
            hint = "let the function return a copy (`.copy()`), or use one of the two names from there on"
            raise refuse("same-array", message, stmt.span or call.span, hint, function.name)


def _read(stmt: Store) -> Iterator[str]:
    """The array of which a view is copied, which a call is given."""
    if isinstance(stmt.value, Index) and isinstance(stmt.value.array, Name):
        yield stmt.value.array.id


def _writes_back(stmt: Store, mine: Set[str]) -> bool:
    """Whether a statement writes elements of a result where they were written already."""
    return isinstance(stmt.value, Index) and isinstance(stmt.value.array, Name) and stmt.value.array.id in mine


def _there(places: Places, call: Assign, name: str, mine: Set[str]) -> bool:
    """Whether an array is there when a call has been made."""
    own = places.made.get(name)
    if name in mine or own is None:
        return True
    if places.order[own] > places.order[call]:
        return False
    return own not in places.around[call] or _carries(own, name)  # what comes out of a loop around is made after it


def _carries(stmt: Stmt | None, name: str) -> bool:
    return isinstance(stmt, (For, While)) and any(carry.inner == name for carry in stmt.carried)


def _used(places: Places, stmt: Stmt, name: str, back: Set[Stmt]) -> bool:
    """Whether an array is used after a statement, or again in a loop around it that it outlives."""
    own = places.made.get(name)
    outside = places.around[own] if own is not None else ()
    if own is not None and _carries(own, name):
        outside = (*outside, own)
    again = [loop for loop in places.around[stmt] if isinstance(loop, (For, While)) and loop not in outside]
    return any(
        user not in back and (number > places.order[stmt] or any(loop in around for loop in again))
        for number, user, around in places.used.get(name, ())
    )
