"""Compiled functions that XLA calls itself, without Python: its foreign-function interface, and no compiler needed.

Goal: a Numba function becomes what XLA takes for a handler, `XLA_FFI_Error *handler(XLA_FFI_CallFrame *)`.  It reads
the arguments where XLA has them, writes the results where XLA wants them, and says what it was built for when XLA asks.
The structures are those of `xla/ffi/api/c_api.h`, which comes with jaxlib, read at their offsets for the versions of
it that are known here.  Non-goals: other versions, other processors than the CPU, types other than numbers; for these
JAX calls back (`interop.jax`).
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import jax
import numba
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.core.errors import NumbaError
from numba.extending import intrinsic

from adcompile.errors import AdcompileError

__all__ = ["is_known", "target"]

_KNOWN = {(0, 3)}  # versions of the interface whose structures are those below
_KINDS = {"float32": 11, "float64": 12, "int32": 4, "int64": 5, "complex64": 15, "complex128": 18}
_numbers = count()
_ALIVE: list[object] = []  # XLA keeps a handler until the process ends


@cache
def is_known() -> bool:
    """Whether this jaxlib has a version of the interface that is known, and computes on the CPU."""
    header = Path(jax.ffi.include_dir()) / "xla" / "ffi" / "api" / "c_api.h"
    try:
        found = dict(re.findall(r"^#define XLA_FFI_API_(MAJOR|MINOR) (\d+)$", header.read_text(), re.MULTILINE))
    except OSError:
        return False
    version = int(found.get("MAJOR", -1)), int(found.get("MINOR", -1))
    return version in _KNOWN and ctypes.sizeof(ctypes.c_void_p) == 8 and jax.default_backend() == "cpu"


@intrinsic  # type: ignore[untyped-decorator]
def _at(typing_context: Any, address: Any) -> Any:
    """The memory at an address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def _called(typing_context: Any, function: Any, argument: Any) -> Any:
    """The address that the C function at an address returns for an address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        pointer = builder.inttoptr(args[0], ir.FunctionType(word, [word]).as_pointer())
        return builder.call(pointer, [args[1]])

    return types.int64(types.int64, types.int64), generate


@numba.njit  # type: ignore[untyped-decorator]
def _word(address: int) -> Any:
    return carray(_at(address), (1,), np.int64)[0]


@numba.njit  # type: ignore[untyped-decorator]
def _half(address: int) -> Any:
    return carray(_at(address), (1,), np.int32)[0]


@numba.njit  # type: ignore[untyped-decorator]
def _asked_what_it_is(frame: int) -> Any:
    """Whether XLA asks for the version that a handler was built for; it is told."""
    extension = _word(frame + 8)
    if extension == 0 or _half(extension + 8) != 1:
        return False
    said = carray(_at(_word(extension + 24) + 24), (3,), np.int32)
    version = carray(_at(_word(frame + 16) + 32), (2,), np.int32)
    said[0], said[1], said[2] = version[0], version[1], 0
    return True


@numba.njit  # type: ignore[untyped-decorator]
def _failed(frame: int, message: int) -> Any:
    """An error of XLA's with this text."""
    asked = np.zeros(4, np.int64)
    asked[0], asked[2], asked[3] = 28, message, 3
    made = _called(_word(_word(frame + 16) + 48), np.int64(asked.ctypes.data))
    return made + 0 * asked[1]  # not freed before the call


@numba.njit  # type: ignore[untyped-decorator]
def _buffer(buffers: int, number: int) -> Any:
    return _word(_word(buffers) + 8 * number)


@numba.njit  # type: ignore[untyped-decorator]
def _is_of(buffer: int, kind: int, rank: int) -> Any:
    return _half(buffer + 16) == kind and _word(buffer + 32) == rank


@numba.njit  # type: ignore[untyped-decorator]
def _data(buffer: int) -> Any:
    return _at(_word(buffer + 24))


@numba.njit  # type: ignore[untyped-decorator]
def _dim(buffer: int, axis: int) -> Any:
    return _word(_word(buffer + 40) + 8 * axis)


def target(
    called: Callable[..., Any], name: str, arguments: str, given: Sequence[tuple[str, int, str]],
    results: Sequence[tuple[str, int, str]],
) -> str | None:  # fmt: skip
    """Registers a handler that calls a function from compiled code, and returns what XLA knows it by; nothing where
    Numba cannot compile the call, or the types are not of `c_api.h`.

    `arguments` is the text of the call's arguments, in which `a0`, `a1`, ... are the buffers `given`: each the dtype of
    XLA's buffer, its rank, and the dtype that the function takes.  `results` are those that the function returns: the
    dtype of XLA's buffer, its rank, and where it is in the value (`[0][1]`).
    """
    if not {dtype for dtype, _, _ in (*given, *results)} <= _KINDS.keys():
        return None
    checked = [f"_is_of(_buffer(frame + 72, {k}), {_KINDS[dtype]}, {rank})" for k, (dtype, rank, _) in enumerate(given)]
    lines = [
        "def handler(frame):",
        "    if _asked_what_it_is(frame):",
        "        return 0",
        f"    if not ({' and '.join([f'_word(frame + 56) == {len(given)}', *checked])}):",
        "        return _failed(frame, other_types)",
        "    try:",
    ]
    for k, (dtype, rank, wanted) in enumerate(given):
        lines += [f"        b{k} = _buffer(frame + 72, {k})", *_read(k, dtype, rank, wanted)]
    lines.append(f"        value = called({arguments})")
    for k, (dtype, rank, place) in enumerate(results):
        lines += _written(k, dtype, rank, place)
    lines += ["    except Exception:", "        return _failed(frame, raised)", "    return 0"]
    texts = {
        "other_types": f"{name}: XLA gives arguments of other types than it was compiled for",
        "other_shape": f"{name} returned an array of another shape than JAX was told: say which shape it is, "
        f"to_jax(f, result_shape=lambda ...: ...)",
        "raised": f"{name} raised an error: call it without JAX, with these arguments, to see which",
    }
    kept = {what: ctypes.create_string_buffer(text.encode()) for what, text in texts.items()}
    namespace = {**globals(), "called": called, **{what: ctypes.addressof(text) for what, text in kept.items()}}
    exec("\n".join(lines), namespace)
    try:
        handler = numba.cfunc(types.int64(types.int64))(namespace["handler"])
    except (NumbaError, AdcompileError):
        return None
    known = f"adcompile_{next(_numbers)}_{name}"
    jax.ffi.register_ffi_target(known, jax.ffi.pycapsule(handler.ctypes), platform="cpu")
    _ALIVE.extend((handler, kept))
    return known


def _shape(buffer: str, rank: int) -> str:
    return f"({''.join(f'_dim({buffer}, {axis}), ' for axis in range(rank))})"


def _read(k: int, dtype: str, rank: int, wanted: str) -> list[str]:
    """The argument `k`, as the function takes it."""
    if rank:
        cast = "" if wanted == dtype else f".astype(np.{wanted})"
        return [f"        a{k} = carray(_data(b{k}), {_shape(f'b{k}', rank)}, np.{dtype}){cast}"]
    return [f"        a{k} = np.{wanted}(carray(_data(b{k}), (1,), np.{dtype})[0])"]


def _written(k: int, dtype: str, rank: int, place: str) -> list[str]:
    """The result `k`, in XLA's memory."""
    lines = [f"        r{k} = value{place}", f"        c{k} = _buffer(frame + 112, {k})"]
    if not rank:
        return [*lines, f"        carray(_data(c{k}), (1,), np.{dtype})[0] = r{k}"]
    shape = _shape(f"c{k}", rank)
    return [
        *lines,
        f"        if not _is_of(c{k}, {_KINDS[dtype]}, {rank}) or r{k}.shape != {shape}:",
        "            return _failed(frame, other_shape)",
        f"        carray(_data(c{k}), {shape}, np.{dtype})[...] = r{k}",
    ]
