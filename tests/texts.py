"""Functions out of text, with a source that `inspect` finds."""

from __future__ import annotations

import linecache
from typing import Any


def defined(text: str, file: str, names: dict[str, Any]) -> dict[str, Any]:
    """The namespace after running a text, which stands in `linecache` under this file name."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace = {"__name__": "tests.texts", **names}
    exec(compile(text, file, "exec"), namespace)
    return namespace
