"""A derivative as a file: a module that needs NumPy and Numba, and not adcompile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adcompile.api.signatures import place_of
from adcompile.backend.standalone import standalone
from adcompile.backend.together import together
from adcompile.ir.show import shown_type
from adcompile.ir.types import Type

if TYPE_CHECKING:
    from adcompile.api.derivative import Derivative


def module_of(derivative: Derivative, arguments: tuple[Type, ...]) -> str:
    """The text of a module that holds the derivative for these types of arguments."""
    outcome = derivative.outcome(arguments)
    function = outcome.stages.function(tuple(outcome.stages)[-1])
    notes, reorder = derivative.request.kind not in ("primal", "composed"), derivative.request.options.reorder
    emitted = together(function, notes, reorder, numbered=True)
    place = place_of(derivative.primal)
    where = f", {place.file.rpartition('/')[2]}:{place.line}" if place else ""
    types = ", ".join(f"{name}: {shown_type(type_)}" for name, type_ in zip(function.params, arguments, strict=False))
    says = f"{derivative.request.kind} of {derivative.__name__}{where}, made by adcompile for ({types})."
    return standalone(outcome.name, emitted, arguments, derivative.request.options, says)
