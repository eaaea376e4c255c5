"""The function of numbers and arrays that calls one of structures, as Python text.

    def loss(params_w, params_b, x):
        return loss_1({'w': params_w, 'b': params_b}, x)

Goal: a parameter for each number, named by its path; what is known before the run is written out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from adcompile.api.signatures import identifier, name_of, signature_of
from adcompile.backend.compile import Options, compiled
from adcompile.backend.emit import Emitted
from adcompile.ir.structure import Known, Part, Structure

_TEXT = Options(jit=False)


def flattened_function(
    primal: Callable[..., Any], names: tuple[str, ...], parts: tuple[Part, ...]
) -> Callable[..., Any]:
    """A function of numbers and arrays that calls `primal` with their structures."""
    namespace: dict[str, Any] = {}
    params = flat_names(names, parts)
    name = identifier(name_of(primal))
    called = f"{name}_1"
    while called in (whole := [one for each in params for one in each]):
        called += "_"
    namespace[called] = primal
    whole_part = Structure(tuple, tuple(range(len(parts))), parts)
    given = whole_part.texts((one for each in params for one in each), namespace)
    kinds = signature_of(primal, "grad").parameters
    for place, own in enumerate(names):
        if isinstance(primal, partial) or kinds[own].kind is inspect.Parameter.KEYWORD_ONLY:
            given[place] = f"{own}={given[place]}"
    text = f"def {name}({', '.join(whole)}):\n    return {called}({', '.join(given)})\n"
    made = compiled(name, Emitted(text, namespace), _TEXT).python
    made.__dict__["flattened"] = Flattened(primal, names, parts)
    return made


@dataclass(frozen=True)
class Flattened:
    """What a function of numbers was made of."""

    primal: Callable[..., Any]
    names: tuple[str, ...]
    parts: tuple[Part, ...]


def flat_names(names: Sequence[str], parts: Sequence[Part]) -> list[list[str]]:
    """The parameters of the function of numbers, for each parameter of the function."""
    used: set[str] = set(names)
    found = []
    for name, part in zip(names, parts, strict=True):
        own = part.names(name) if isinstance(part, Structure) else [] if isinstance(part, Known) else [name]
        for place, one in enumerate(own):
            while own[place] in used and not (one == name and own == [name]):
                own[place] += "_"
            used.add(own[place])
        found.append(own)
    return found
