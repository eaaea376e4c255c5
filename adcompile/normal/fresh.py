"""New names for the surface dialect: those a reader would pick, `done`, then `done_2`."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

from adcompile.ir.nodes import Function, Update
from adcompile.ir.walk import all_names, statements


class Fresh:
    """Gives names that no variable has yet; deterministic.

    >>> fresh = Fresh(["x", "done"])
    >>> fresh.name("done"), fresh.name("done"), fresh.name("total"), fresh.name("sum")
    ('done_2', 'done_3', 'total', 'sum_2')
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def name(self, like: str) -> str:
        """`like` itself if it is free, else `like_2`, `like_3`."""
        number, name = 1, like
        while name in self._taken or keyword.iskeyword(name) or hasattr(builtins, name):
            number += 1
            name = f"{like}_{number}"
        self._taken.add(name)
        return name


def taken(function: Function) -> set[str]:
    """Every name that a surface function reads or assigns."""
    return {*all_names(function), *(s.target for s in statements(function.body) if isinstance(s, Update))}
