"""Names for generated code, and files that hold it.

Goal: a name that says all that the code is.  Numba cannot see into a generated function from what it cached of its
callers, so the name has in it a digest of everything that decides what the code does: its text (which follows from
the user's functions and all they inlined, from closures, globals, argument types and rules), the constants it
imports, the compiler options, and the versions of what it was made and is run with.  What changes any of these
changes the name; nothing that is served under a name can be stale.  Non-goal: skipping the pipeline, whose output is
what is digested (`backend.records` keeps which text belongs to which derivative); what this saves is Numba's time.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import stat
import sys
import tempfile
import types
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np

from adcompile import blas, fourier, indices, lapack, memory, runtime, schedule, special
from adcompile.backend import borrowed, direct_items, remembered, side_by_side, single_assignment, vecmath

_OWN = re.compile(r"\w+_[0-9a-f]{20}\.py|[0-9a-f]{64}\.json")
# What holds what generated code calls of ours.
_CALLED = (runtime, memory, schedule, blas, fourier, special, lapack, indices)
# What is ours of the way in which Numba compiles it.
_COMPILING = (vecmath, borrowed, side_by_side, direct_items, remembered, single_assignment)


def directory() -> Path:
    """Where generated files are kept: `ADCOMPILE_CACHE_DIR`, or the place that the system has for caches."""
    if chosen := os.environ.get("ADCOMPILE_CACHE_DIR"):
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "adcompile"


def open_to_others() -> bool:
    """Whether somebody else may have put something into the cache directory, or into Numba's inside it: what is there
    is code that would be run, so nothing is loaded from it and nothing is written to it.

    Its owner has to be the user (or the administrator), and nobody else may have the right to write."""
    if not hasattr(os, "getuid"):
        return False  # Windows: the directory of a user is the user's own
    for folder in (directory(), directory() / "__pycache__"):
        try:
            status = folder.stat()
        except OSError:
            continue
        if status.st_uid not in (os.getuid(), 0) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return True
    return False


def digest(source: str, imports: Mapping[str, Any], parts: Iterable[str]) -> str | None:
    """A name for the code; nothing where it uses an object whose every change cannot be told from outside."""
    described = [_described(name, value) for name, value in sorted(imports.items())]
    if None in described:
        return None
    text = "\0".join([source, *map(str, described), *parts, *_surroundings()])
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@cache
def _surroundings() -> tuple[str, ...]:
    """What the code was made by and runs with."""
    texts = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in (*_CALLED, *_COMPILING)]
    return (*texts, sys.version, platform.machine(), numba.__version__, np.__version__, vecmath.described())


def _described(name: str, value: Any) -> str | None:
    match value:
        case types.ModuleType() if value in (np, sys.modules.get("math")):
            return f"{name}: module {value.__name__}"
        case types.ModuleType() if value is special.module():
            return f"{name}: module {value.__name__} {sys.modules['scipy'].__version__}"
        case np.ndarray() if value.dtype.kind in "fiub":
            content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
            return f"{name}: {value.dtype.str} {value.shape} {value.strides} {content}"
        case bool() | int() | float() | str() | None:
            return f"{name}: {type(value).__name__} {value!r}"
    own = str(getattr(value, "__name__", ""))
    for module in _CALLED:
        if own and getattr(module, own, None) is value:
            return f"{name}: {module.__name__} {own}"
    return None


def written(name: str, text: str) -> Path | None:
    """A file of this name and content in the cache directory; nothing if it cannot be written or is `open_to_others`.

    A file that is there already is left as it is, so that its date stays; a damaged one is replaced, at once and
    as a whole."""
    path = directory() / name
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if open_to_others():
            return None
        if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text:
            return path
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError:
        return None
    return path


def entries() -> list[Path]:
    """The files in the cache directory that are ours: generated text, records, and what Numba compiled of it."""
    folder = directory()
    if not folder.is_dir():
        return []
    own = [path for path in folder.iterdir() if path.is_file() and _OWN.fullmatch(path.name)]
    stems = {path.stem for path in own if path.suffix == ".py"}
    compiled = [path for path in folder.rglob("__pycache__/*") if path.name.partition(".")[0] in stems]
    return sorted(own + compiled)


def clear() -> int:
    """Removes these files, and nothing else; how many there were."""
    found = entries()
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
