"""What a reverse sweep is written by: found out by the attempts before it, and what the user asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from adcompile.ir.nodes import Stmt

Bound = bool | int | str  # of a derivative's memory: snapshots, or bytes as a text

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def bytes_of(bound: str) -> int | None:
    """The bytes that a text such as `"64 MB"` says, or nothing."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kMG]i?)?B\s*", bound)
    return int(float(found[1]) * _UNITS[found[2] or ""]) if found else None


@dataclass(frozen=True, slots=True)
class Plan:
    """Each attempt may add to the sets; the sweep stands when none is added to."""

    keep: frozenset[Stmt] = frozenset()  # stores whose old contents are put back
    split: frozenset[Stmt] = frozenset()  # loops not to be run forward and reverse together
    checkpointed: frozenset[Stmt] = frozenset()  # loops reversed from snapshots
    recalled: frozenset[tuple[Stmt, str]] = frozenset()  # with arrays that they fill and that are read as before them
    bound: Bound | None = None  # for the loops that would tape
