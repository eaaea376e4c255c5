"""Which generated code belongs to which derivative, kept on disk: what spares a later process the pipeline.

Goal: under a key that is the hash of all that determines a derivative, a record names the file of generated text, with
its own hash, and the type of the primal's result.  A record is believed only if it says its key and its text is whole;
anything else counts as no record.  Non-goals: what determines a derivative (whoever makes the key says that); Numba's
compiled code, which Numba keeps under the name of the text.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path
from typing import Any

from adcompile import runtime
from adcompile.backend import cache, vecmath
from adcompile.backend.compile import Compiled, Options, as_written, imports_all
from adcompile.backend.emit import Emitted
from adcompile.ir.structure import Part
from adcompile.ir.types import Array, Scalar, Static, TupleType, Type

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Record:
    """A generated function, the type of the result of its primal, and the structure of that if it is no tuple."""

    compiled: Compiled
    result: Type
    structure: Part | None = None


def key(parts: Iterable[str]) -> str:
    """The name of a record: a hash of what determines a derivative, and of all that makes one."""
    return hashlib.sha256(repr([*parts, *_surroundings()]).encode()).hexdigest()


@once
def _surroundings() -> tuple[str, ...]:
    """What derivatives are made by, to the last byte of adcompile itself."""
    own, package = hashlib.sha256(), Path(runtime.__file__).parent
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        own.update(f"{path.relative_to(package).as_posix()} {len(content)} ".encode() + content)
    libraries = [f"{name} {_version(name)}" for name in ("numpy", "numba", "llvmlite", "libcst._version", "scipy")]
    machine = (sys.version, platform.machine(), vecmath.described(), str(sys.flags.optimize))
    return (str(FORMAT), own.hexdigest(), *machine, *libraries)


def _version(library: str) -> str:
    """The version of a library; nothing is known by the names of one that is not imported."""
    return str(getattr(sys.modules.get(library), "__version__", None))


def kept(name: str, options: Options) -> Record | None:
    """The record of this name, if there is one and all of it is whole."""
    if cache.open_to_others():
        return None
    try:
        folder = cache.directory()
        record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        source = (folder / f"{record['function']}_{record['mark']}.py").read_text(encoding="utf-8")
        if record["key"] != name or record["hash"] != _hash(record, source):
            return None
        compiled = as_written(record["function"], source, options, record["mark"], tuple(record["apart"]))
        return Record(compiled, _decoded(record["result"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def keep(name: str, compiled: Compiled, emitted: Emitted, result: Type) -> None:
    """Writes a record; none where the text needs objects that it does not import itself."""
    encoded = _encoded(result)
    if compiled.mark is None or encoded is None or not compiled.on_disk or not imports_all(emitted):
        return
    cache.written(f"{compiled.python.__name__}_{compiled.mark}.py", compiled.source)  # it may be kept elsewhere so far
    record = {"key": name, "function": compiled.python.__name__, "mark": compiled.mark, "result": encoded}
    record["apart"] = compiled.apart
    cache.written(f"{name}.json", json.dumps({**record, "hash": _hash(record, compiled.source)}) + "\n")


def _hash(record: dict[str, Any], source: str) -> str:
    said = [record[part] for part in ("key", "function", "mark", "result", "apart")]
    return hashlib.sha256(json.dumps([said, source]).encode()).hexdigest()


def _encoded(type_: Type) -> Any:
    match type_:
        case Scalar(dtype):
            return ["scalar", dtype]
        case Array(dtype, ndim):
            return ["array", dtype, ndim]
        case TupleType(items):
            inner = [_encoded(item) for item in items]
            return None if None in inner else ["tuple", inner]
        case Static(value) if value is None or isinstance(value, str):
            return ["static", value]
    return None


def _decoded(encoded: Any) -> Type:
    match encoded:
        case ["scalar", str(dtype)]:
            return Scalar(dtype)
        case ["array", str(dtype), int(ndim)]:
            return Array(dtype, ndim)
        case ["tuple", list(items)]:
            return TupleType(tuple(map(_decoded, items)))
        case ["static", None | str() as value]:
            return Static(value)
    raise ValueError(f"{encoded!r} is no type")
