"""Chooses the printed names: versions of one source variable get its one name back wherever they do not interfere.

Goal: `s`, `s.1` and `s.2` of a loop are all printed `s`, and most carries and merges print nothing at all.  Non-goal:
saving names.  Different variables never share one, except a temporary (`x_new`, `x_part`, `_x`) with the variable that
a carry or a merge copies it to; versions that cannot share are numbered: `x`, `x2`.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Collection, Iterator, Sequence

from adcompile.backend.interference import Copies, Interference, back_copies, branch_copies, entry_copies, exit_copies
from adcompile.ir import walk
from adcompile.ir.nodes import Assign, Block, For, Function, If, Name, While, base_of
from adcompile.ir.types import Array, Type


def is_temporary(base: str) -> bool:
    """Whether a variable is one of ours that only holds a value for the next statement."""
    return base.endswith(("_new", "_part")) or base.startswith("_")


def printed_names(function: Function, interference: Interference, reserved: Collection[str]) -> dict[str, str]:
    """The printed name of every name of a function; none is a keyword, `reserved`, or shared by live values."""
    order = list(dict.fromkeys(_definitions(function)))
    classes = _Classes(function, interference, order)
    for target, source in _by_depth(_copies(function.body, 0)):
        classes.join_copied(target, source)
    classes.join_versions()
    return _spelled(function, classes.distinct(), reserved)


def printed_params(params: Sequence[str]) -> dict[str, str]:
    """The printed name of each parameter: its own, but where generated code means something else by that.

    >>> printed_params(["x", "range"])
    {'x': 'x', 'range': 'range_'}
    """
    taken = {*dir(builtins), "np", "math"}
    printed: dict[str, str] = {}
    for param in params:
        name = param
        while name in taken or (name != param and name in params):
            name += "_"
        printed[param] = name
    return printed


class _Classes:
    """Sets of names that share one printed name, merged as far as interference lets them."""

    def __init__(self, function: Function, interference: Interference, order: list[str]) -> None:
        self._interference = interference
        self._types = function.types
        self._members: dict[str, list[str]] = {name: [name] for name in order}

    def join_copied(self, target: str, source: str) -> None:
        """Let the two sides of a copy share a name."""
        left, right = self._members[target], self._members[source]
        bases = {base for base in map(base_of, left + right) if not is_temporary(base)}
        if left is not right and len(bases) <= 1 and self._shape(target) == self._shape(source):
            self._join(left, right)

    def join_versions(self) -> None:
        """Let versions of one variable share a name though no copy joins them."""
        seen: dict[str, list[list[str]]] = {}
        for members in self.distinct():
            known = seen.setdefault(_base(members), [])
            kinds = {self._types.get(name) for name in members}
            for other in known:
                if len(kinds | {self._types.get(name) for name in other}) == 1 and self._join(other, members):
                    break
            else:
                known.append(members)

    def distinct(self) -> list[list[str]]:
        """The classes, in order of their first names."""
        return list({id(members): members for members in self._members.values()}.values())

    def _join(self, left: list[str], right: list[str]) -> bool:
        indices = self._interference.indices
        if (left[0] in indices) != (right[0] in indices):
            return False
        if any(self._interference.between(name, right) for name in left):
            return False
        left.extend(right)
        for name in right:
            self._members[name] = left
        return True

    def _shape(self, name: str) -> object:
        type_: Type | None = self._types.get(name)
        return type_ if isinstance(type_, Array) else None


def _definitions(function: Function) -> Iterator[str]:
    """Every name of a function in the order in which the text first writes it."""
    yield from function.params
    for stmt in walk.statements(function.body):
        yield from walk.binds(stmt)
        yield from walk.defines(stmt)


def _copies(block: Block, depth: int) -> Iterator[tuple[int, Copies]]:
    """All copies of a block, each with the number of loops around it."""
    for stmt in block:
        match stmt:
            case For() | While():
                yield depth + 1, back_copies(stmt)
                yield depth, entry_copies(stmt)
                yield depth, exit_copies(stmt)
                yield from _copies(stmt.body, depth + 1)
            case If():
                for copies in branch_copies(stmt):
                    yield depth, copies
                yield from _copies(stmt.then, depth)
                yield from _copies(stmt.orelse, depth)
            case Assign(target, Name() as source):
                yield depth, [(target, source)]


def _by_depth(copies: Iterator[tuple[int, Copies]]) -> Iterator[tuple[str, str]]:
    """Pairs of names to join, those of one variable first, then the innermost first."""
    joins = ((depth, target, source) for depth, made in copies for target, source in made)
    pairs = [(depth, target, source.id) for depth, target, source in joins if isinstance(source, Name)]
    pairs.sort(key=lambda pair: (base_of(pair[1]) != base_of(pair[2]), -pair[0]))
    return ((target, source) for _, target, source in pairs)


def _base(members: list[str]) -> str:
    """The variable that names a class: the one that is not a temporary, if there is one."""
    return next((base for base in map(base_of, members) if not is_temporary(base)), base_of(members[0]))


def _spelled(function: Function, classes: list[list[str]], reserved: Collection[str]) -> dict[str, str]:
    params = printed_params(function.params)
    taken = {*reserved, *keyword.kwlist, *params.values()}
    bases = {_base(members) for members in classes}
    spelled: dict[str, str] = {}
    for members in classes:
        param = next((name for name in members if name in params), None)
        chosen = params[param] if param else _free_name(_base(members), taken, bases)
        taken.add(chosen)
        spelled.update(dict.fromkeys(members, chosen))
    return spelled


def _free_name(base: str, taken: set[str], bases: set[str]) -> str:
    """`base`, or `base2`, `base3`: the first that is not taken and is no other variable's."""
    if base not in taken:
        return base
    stem = f"{base}_" if base[-1].isdigit() else base
    number = 2
    while f"{stem}{number}" in taken or f"{stem}{number}" in bases:
        number += 1
    return f"{stem}{number}"
