"""What the reverse sweep has from the forward one: what is taped, read back, or computed again, and how many bytes.

Tapes are plain arrays of the generated function, so their sizes are seen by running it once: its text in plain Python,
with a line before its `return` that hands over the arrays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adcompile.backend.compile import Options, compiled
from adcompile.backend.emit import Emitted
from adcompile.errors import InternalError, Span
from adcompile.explain.places import Places
from adcompile.ir.nodes import Accum, Assign, Function, Name, Stmt, Store, base_of
from adcompile.ir.types import Array
from adcompile.ir.walk import expressions, loads, statements
from adcompile.pipeline import Outcome

_ENDINGS = ("_tape", "_kept")


@dataclass(frozen=True)
class Tape:
    """An array that keeps values for the reverse sweep."""

    name: str  # as it is printed
    made: str  # how it is made, as it is printed
    group: int | None  # of the line whose values it keeps
    line: int | None  # the number of that line
    dtype: str
    shape: tuple[int, ...] | None = None
    bytes: int | None = None  # nothing where the derivative was not run, zero where the run made none


def tapes(outcome: Outcome, places: Places, values: Sequence[Any] | None) -> tuple[Tape, ...]:
    """The tapes of a derivative, with their sizes for these arguments."""
    function = _last(outcome)
    kept = _tape_names(outcome)
    held = _arrays(outcome, values) if values is not None and kept else {}
    found: dict[str, Tape] = {}
    for stmt in statements(function.body):
        if not isinstance(stmt, Assign) or stmt.target not in kept or stmt not in places.written:
            continue
        name, _, made = places.written[stmt].partition(" = ")
        if name in found:
            continue
        span = _place(function, base_of(stmt.target), places)
        type_ = function.types[stmt.target]
        array = held.get(name)
        found[name] = Tape(
            name, made, places.group(span), span.line if span else None,
            type_.dtype if isinstance(type_, Array) else "",
            array.shape if array is not None else None,
            array.nbytes if array is not None else None if values is None else 0,
        )  # fmt: skip
    return tuple(found.values())


def roles(outcome: Outcome, kept: Sequence[Tape]) -> Mapping[Stmt, str]:
    """What each statement of a derivative does that the function does not: "taped", "read", "again", "adjoint"."""
    function, typed = _last(outcome), outcome.stages.function("typed")
    own = {base_of(name) for name in typed.types}
    tape_names = _tape_names(outcome)
    seen: Counter[tuple[Span | None, str]] = Counter()
    written = Counter((stmt.span, base_of(stmt.target)) for stmt in _assigned(typed))
    found: dict[Stmt, str] = {}
    for stmt in statements(function.body):
        if not isinstance(stmt, (Assign, Store, Accum)):
            continue
        target = stmt.target if isinstance(stmt, Assign) else stmt.array
        if target in tape_names:
            found[stmt] = "taped"
        elif any(isinstance(i.array, Name) and i.array.id in tape_names for e in expressions(stmt) for i in loads(e)):
            found[stmt] = "read"
        elif base_of(target) not in own:
            found[stmt] = "adjoint" if stmt.origin or "_bar" in target or "_dot" in target else ""
        elif isinstance(stmt, Assign):
            known = stmt.span, base_of(target)
            seen[known] += 1
            if stmt.span is not None and (stmt.origin or seen[known] > written[known] > 0):
                found[stmt] = "again"
    return found


def _assigned(function: Function) -> Iterator[Assign]:
    yield from (stmt for stmt in statements(function.body) if isinstance(stmt, Assign))


def _last(outcome: Outcome) -> Function:
    return outcome.stages.function(tuple(outcome.stages)[-1])


def _tape_names(outcome: Outcome) -> set[str]:
    """The names of arrays that the derivative has for tapes, in all versions; none that the function has itself."""
    own = {base_of(name) for name in outcome.stages.function("typed").types}
    types = _last(outcome).types
    return {
        name
        for name, type_ in types.items()
        if isinstance(type_, Array) and base_of(name).endswith(_ENDINGS) and base_of(name) not in own
    }


def _place(function: Function, base: str, places: Places) -> Span | None:
    """Where what a tape keeps is computed: where the value that is stored to it stands."""
    for stmt in statements(function.body):
        if isinstance(stmt, Store) and base_of(stmt.array) == base:
            found = stmt.span or places.kept_at(stmt)
            if found is not None:
                return found
    variable = base.removesuffix("_tape").removesuffix("_kept")
    for stmt in statements(places.typed.body):
        if stmt.span is not None and variable in (
            base_of(getattr(stmt, "target", "") or getattr(stmt, "array", "") or ""),
        ):
            return stmt.span
    return None


def _arrays(outcome: Outcome, values: Sequence[Any]) -> Mapping[str, np.ndarray]:
    """The arrays of a derivative at its end, by the names that they are printed under."""
    *lines, last = outcome.emitted.text.rstrip("\n").split("\n")
    if not last.startswith("    return"):
        raise InternalError(f"{outcome.name} does not end with its return")
    seen = "seen"
    while seen in outcome.emitted.text:
        seen += "_"
    found: dict[str, Any] = {}
    text = "\n".join([*lines, f"    {seen}(locals())", last]) + "\n"
    emitted = Emitted(text, {**outcome.emitted.imports, seen: found.update})
    with np.errstate(all="ignore"):
        compiled(outcome.name, emitted, Options(jit=False)).python(*values)
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
