"""Functions from source text, for tests that make their programs up."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Mapping
from typing import Any

_numbers = itertools.count()


def function_of(text: str, names: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """The one function of a text, its source where `inspect` finds it."""
    file = f"<text {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = dict(names or {})
    before = set(namespace)
    exec(compile(text, file, "exec"), namespace)
    (name,) = set(namespace) - before - {"__builtins__"}
    found: Callable[..., Any] = namespace[name]
    return found
