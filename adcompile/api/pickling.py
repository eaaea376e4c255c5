"""Derivatives in pickles: by reference, as functions are; the code is generated again where the pickle is read.

A function that no module has under its name (of `__main__` on another machine, a lambda) goes along as a whole, with
the text of its file, where cloudpickle is installed."""

from __future__ import annotations

import importlib
import linecache
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from types import CodeType, FunctionType
from typing import Any

from adcompile.errors import InvalidArgument


@dataclass(frozen=True)
class Whole:
    """A function as cloudpickle writes it, and the text of the file that it stands in."""

    function: bytes
    file: str
    lines: tuple[str, ...]


Where = tuple[str, str] | Callable[..., Any] | Whole


def reference(derivative: Any) -> Where:
    """Where the primal is found again: a module and a name; a primal that is a derivative is itself in the pickle."""
    primal = derivative.primal
    if hasattr(primal, "primal"):
        nested: Callable[..., Any] = primal
        return nested
    module, name = getattr(primal, "__module__", ""), getattr(primal, "__qualname__", "")
    found = _found(module, name)
    if module == "__main__" or (found is not primal and getattr(found, "primal", None) is not primal):
        return _whole(derivative, primal, found, module, name)
    return module, name


def _whole(derivative: Any, primal: Any, found: Any, module: str, name: str) -> Where:
    try:
        import cloudpickle
    except ImportError:
        if found is primal or getattr(found, "primal", None) is primal:
            return module, name
        raise InvalidArgument(
            f"{derivative!r} cannot be pickled: its function is not found as {name or primal!r} in the module "
            f"{module}; define the function at the top of a module, under its own name, or install cloudpickle"
        ) from None
    file = getattr(getattr(primal, "py_func", primal), "__code__", _whole.__code__).co_filename
    return Whole(cloudpickle.dumps(primal), file, tuple(linecache.getlines(file)))


def _unpacked(whole: Whole) -> Any:
    """The function, whose file cloudpickle has forgotten, and so those of its module that came along with it."""
    import cloudpickle

    if not linecache.getlines(whole.file):
        linecache.cache[whole.file] = (sum(map(len, whole.lines)), None, list(whole.lines), whole.file)
    function = cloudpickle.loads(whole.function)
    plain = getattr(function, "py_func", function)
    for each in (plain, *plain.__globals__.values()):
        each = getattr(each, "py_func", each)
        if isinstance(each, FunctionType) and each.__code__.co_filename == _FORGOTTEN:
            each.__code__ = _of_file(each.__code__, whole.file)
    return function


_FORGOTTEN = "<dynamic-code>"


def _of_file(code: CodeType, file: str) -> CodeType:
    inside = tuple(_of_file(const, file) if isinstance(const, CodeType) else const for const in code.co_consts)
    return code.replace(co_filename=file, co_consts=inside)


_REMEMBERED = 128  # derivatives out of pickles: a worker that is sent one with each task makes it once
_remembered: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
_lock = Lock()


def rebuilt(kind: Callable[..., Any], where: Where, request: Any) -> Any:
    """A derivative out of a pickle: the one that stands in the module if it is what was asked for, one that came out of
    a pickle before, or a new one."""
    if isinstance(where, Whole):
        return _once((kind, where, request), lambda: kind(_unpacked(where), request))
    if not isinstance(where, tuple):
        return _once((kind, where, request), lambda: kind(where, request))
    importlib.import_module(where[0])
    found = _found(*where)
    if found is None:
        raise InvalidArgument(f"{where[1]} is no longer in the module {where[0]}")
    if type(found) is kind and found.request == request:
        return found
    primal = getattr(found, "primal", found)  # another one after the module was loaded again
    return _once((kind, primal, request), lambda: kind(primal, request))


def _once(key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
    """What was made for this key, or is made now; each time anew where the key cannot be looked up."""
    try:
        hash(key)
    except TypeError:
        return make()
    with _lock:
        if key in _remembered:
            _remembered.move_to_end(key)
            return _remembered[key]
    made = make()
    with _lock:
        made = _remembered.setdefault(key, made)
        if len(_remembered) > _REMEMBERED:
            _remembered.popitem(last=False)
    return made


def _found(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
