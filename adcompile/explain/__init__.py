"""What a derivative does with a function, line by line: partners, activity, what is taped, how loops are reversed.

Goal: `explained` gathers plain facts from the stages of the pipeline, and `explain.page` writes them as HTML that needs
nothing from elsewhere.  Non-goals: deciding anything, and changing what is compiled; what a pass decided is asked of
the pass (`transform.ways`, `optimise.fuse.apart`, `optimise.gather.scattered`) or read off its result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adcompile.explain.activity import Activities, activities
from adcompile.explain.loops import LoopFact, loop_facts
from adcompile.explain.places import Code, Places
from adcompile.explain.tapes import Tape, roles, tapes
from adcompile.ir.show import shown_type
from adcompile.ir.types import Type
from adcompile.pipeline import Job, Outcome


@dataclass(frozen=True)
class Explanation:
    """All that is told of one derivative, in plain values."""

    name: str  # of the function
    kind: str  # of derivative
    wrt: tuple[str, ...]
    types: tuple[str, ...]  # "x: float64[:]"
    primal: tuple[Code, ...]  # the function, and those that it calls
    derivative: Code
    activity: Activities
    tapes: tuple[Tape, ...]
    loops: tuple[LoopFact, ...]
    ran: bool  # whether it was run, so that bytes are known

    def _repr_html_(self) -> str:
        from adcompile.explain.page import fragment

        return fragment(self)

    def html(self) -> str:
        """A whole page."""
        from adcompile.explain.page import page

        return page(self)


def explained(outcome: Outcome, job: Job, arguments: tuple[Type, ...], values: Sequence[Any] | None) -> Explanation:
    """What there is to tell of a derivative; with `values`, arguments of a call, it is run once in plain Python to see
    how large its tapes become."""
    places = Places(outcome)
    active = activities(outcome, job, places.text())
    kept = tapes(outcome, places, values)
    params = outcome.stages.function(tuple(outcome.stages)[-1]).params
    return Explanation(
        name=outcome.stages.function("typed").name,
        kind=job.kind,
        wrt=job.wrt,
        types=tuple(f"{p}: {shown_type(t)}" for p, t in zip(params, arguments, strict=False)),
        primal=places.primal(active, kept),
        derivative=places.derivative(roles(outcome, kept), kept),
        activity=active,
        tapes=kept,
        loops=loop_facts(outcome, job, places),
        ran=values is not None,
    )
