"""Functions with source that call what has none of its own, or only `*args`: the text that a derivative is made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any

from adcompile.api.signatures import identifier, name_of
from adcompile.backend.compile import Options, compiled
from adcompile.backend.emit import Emitted

TEXT = Options(jit=False)  # for functions that are only read again


def calling(
    function: Callable[..., Any], signature: inspect.Signature, left_out: Collection[str] = ()
) -> Callable[..., Any]:
    """A function with source that calls another, as one with this signature is called; some arguments are not given."""
    names = list(signature.parameters)
    given = [
        f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name
        for p in signature.parameters.values()
        if p.name not in left_out
    ]
    called = "function"
    while called in names:
        called += "_"
    name = identifier(name_of(function))
    text = f"def {name}({', '.join(names)}):\n    return {called}({', '.join(given)})\n"
    return compiled(name, Emitted(text, {called: function}), TEXT).python
