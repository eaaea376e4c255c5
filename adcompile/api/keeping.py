"""Derivatives found again in a later process, without the pipeline.

Goal: with `cache=True`, generated text is looked up on disk by all that determines it: the function and what it calls,
closures, globals and defaults, the types of the arguments, what was asked for, adcompile itself, versions.  Whatever
cannot be described in full goes through the pipeline each time.  Non-goals: how a record looks (`backend.records`), how
a function is described (`frontend.fingerprint`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from adcompile.backend import records
from adcompile.backend.compile import compiled
from adcompile.frontend.fingerprint import fingerprint
from adcompile.ir.types import Type
from adcompile.rules.registry import added, as_shipped

if TYPE_CHECKING:
    from adcompile.api.derivative import Derivative


def name_for(derivative: Derivative, arguments: tuple[Type, ...]) -> str | None:
    """The name of the record for these types; nothing if there shall be none."""
    options = derivative.request.options
    if not (options.cache and options.jit) or os.environ.get("ADCOMPILE_DUMP"):
        return None
    described = fingerprint(derivative, *arguments, *(() if as_shipped() else added()))
    return records.key([described]) if described is not None else None


def made(derivative: Derivative, arguments: tuple[Type, ...]) -> records.Record:
    """What an earlier process wrote for the same derivative and the same types, or what the pipeline writes."""
    name = name_for(derivative, arguments)
    found = records.kept(name, derivative.request.options) if name is not None else None
    if found is not None:
        return found
    outcome = derivative.outcome(arguments)
    function = compiled(outcome.name, outcome.emitted, derivative.request.options)
    structured = outcome.structure is not None  # which a record does not say
    if name is not None and not structured and name == name_for(derivative, arguments):  # nothing changed meanwhile
        records.keep(name, function, outcome.emitted, outcome.result)
    return records.Record(function, outcome.result, outcome.structure)
