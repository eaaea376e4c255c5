"""Derivatives in pickles: by reference, as functions are; the code is generated again where the pickle is read."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

from adcompile.errors import InvalidArgument

Where = tuple[str, str] | Callable[..., Any]


def reference(derivative: Any) -> Where:
    """Where the primal is found again: a module and a name; a primal that is a derivative is itself in the pickle."""
    primal = derivative.primal
    if hasattr(primal, "primal"):
        nested: Callable[..., Any] = primal
        return nested
    module, name = getattr(primal, "__module__", ""), getattr(primal, "__qualname__", "")
    found = _found(module, name)
    if found is not primal and getattr(found, "primal", None) is not primal:
        raise InvalidArgument(
            f"{derivative!r} cannot be pickled: its function is not found as {name or primal!r} in the module "
            f"{module}; define the function at the top of a module, under its own name"
        )
    return module, name


def rebuilt(kind: Callable[..., Any], where: Where, request: Any) -> Any:
    """A derivative out of a pickle: the one that stands in the module if it is what was asked for, or a new one."""
    if not isinstance(where, tuple):
        return kind(where, request)
    importlib.import_module(where[0])
    found = _found(*where)
    if found is None:
        raise InvalidArgument(f"{where[1]} is no longer in the module {where[0]}")
    if type(found) is kind and found.request == request:
        return found
    return kind(getattr(found, "primal", found), request)


def _found(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
