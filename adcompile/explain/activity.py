"""Which variables vary with what a derivative is by, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass

from adcompile.analysis.activity import Activity
from adcompile.analysis.aliasing import roots
from adcompile.explain.places import Key, key
from adcompile.ir.nodes import For, If, Return, While, base_of
from adcompile.ir.walk import defines, names, statements
from adcompile.pipeline import Job, Outcome

_TANGENTS = ("grad", "value_and_grad", "pullback", "jvp", "tangents")


@dataclass(frozen=True)
class Activities:
    """The lines that compute something active, the active variables with where they get a value, the active parameters,
    and the variables that are not."""

    lines: frozenset[Key] = frozenset()
    names: frozenset[tuple[str, int, str]] = frozenset()
    parameters: frozenset[str] = frozenset()
    passive: tuple[str, ...] = ()

    @property
    def active(self) -> tuple[str, ...]:
        """All active variables by name."""
        return tuple(sorted({name for _, _, name in self.names} | self.parameters))


def activities(outcome: Outcome, job: Job, text: str) -> Activities:
    """Of the function that a job differentiates, whose source is `text`; nothing is active where it differentiates
    none."""
    if job.kind not in _TANGENTS:
        return Activities()
    function = outcome.stages.function("typed")
    last = function.body[-1]
    results = list(names(last.value)) if isinstance(last, Return) and not job.aux else None
    words = set(re.findall(r"\w+", text))
    known = Activity(function, job.wrt, roots(function), results)
    lines: set[Key] = set()
    found: set[tuple[str, int, str]] = set()
    passive: set[str] = set()
    for stmt in statements(function.body):
        if stmt.span is None:
            continue
        array = getattr(stmt, "array", None)
        for name in (*defines(stmt), *((array,) if array else ())):
            if known.name(name):
                if not isinstance(stmt, (For, While, If)):
                    lines.add(key(stmt.span))
                found.add((*key(stmt.span), variable(name)))
            else:
                passive.add(variable(name))
        if isinstance(stmt, For):
            passive.add(variable(stmt.index))
    parameters = frozenset(p for p in function.params if known.name(p))
    passive |= set(function.params) - parameters
    found = {each for each in found if each[-1] in words}  # not what the compiler named
    passive = (passive & words) - {name for *_, name in found} - parameters
    return Activities(frozenset(lines), frozenset(found), parameters, tuple(sorted(passive)))


def variable(name: str) -> str:
    """The variable of the source that a name stands for: that of `y_2.1`, a copy of a called function's `y`, is `y`."""
    return re.sub(r"(_\d+)+$", "", base_of(name))
