"""What a function depends on, as one text to be hashed.

Goal: two functions with the same fingerprint mean the same to the stages that read them, in whatever processes they
stand: the text and the bytecode, defaults, closure values, every global and every attribute of a module that is named,
and the same of each function found there, however deep.  It may hold more than the stages read, never less: what it
cannot describe to the last bit (an object of a user's class, say) makes it fail.  Non-goals: reading the language;
versions of libraries, which whoever keeps a fingerprint adds to it.

>>> def made(k):
...     def f(x):
...         return k * np.sin(x)
...     return f
>>> fingerprint(made(2.0)) == fingerprint(made(2.0)) != fingerprint(made(-2.0))
True
>>> fingerprint(made(object())) is None
True
"""

from __future__ import annotations

import builtins
import dis
import hashlib
import importlib
import inspect
import linecache
import sys
import types
import warnings
from collections.abc import Iterable, Mapping
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from adcompile.frontend.resolve import MISSING, attribute
from adcompile.frontend.source import behind_ufunc
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import Array, Scalar, Static, TupleType

LIBRARIES = frozenset({"builtins", "math", "cmath", "operator", "_operator", "numpy", "scipy", "numba", "adcompile"})
"""Packages whose objects are known by their names and the version of the package."""

NEVER_READ = frozenset({"numpy", "adcompile"})
"""Of these, those whose functions written in Python are not read but known to the stages."""

Described = str | tuple[Any, ...]


class _Indescribable(Exception):
    """Some value may differ where its description does not."""


def fingerprint(*values: object) -> str | None:
    """The description of values and of all that functions among them depend on; nothing if there is none."""
    whole = _Description()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old names of a library, asked for because some attribute is called so
            described = [whole.value(value) for value in values]
            return repr((described, whole.attributes_of_modules()))
    except Exception:  # an object may raise anything when it is asked what it is
        return None


class _Description:
    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}  # of what may be met again
        self._alive: list[object] = []  # so that no two of them have one id
        self._modules: list[ModuleType] = []
        self._attributes: set[str] = set()

    def value(self, value: Any) -> Described:
        """Any object: what it is, if that can be told."""
        match value:
            case None | bool() | int() | str() | bytes() if type(value) in (type(None), bool, int, str, bytes):
                return type(value).__name__, repr(value)
            case float() if type(value) is float:
                return "float", value.hex()
            case complex() if type(value) is complex:
                return "complex", value.real.hex(), value.imag.hex()
            case Scalar() | Array():
                return (repr(value),)
            case TupleType(items):
                return "TupleType", *map(self.value, items)
            case Static(inner):
                return "Static", self.value(inner)
            case type() | np.ufunc():
                return self._of_library(value)
        return self._again(value) or self._compound(value)

    def attributes_of_modules(self) -> list[Described]:
        """What every module that was met has under every name that is asked of anything."""
        found: dict[tuple[int, str], Described] = {}
        while asked := [
            (number, name)
            for number in range(len(self._modules))
            for name in sorted(self._attributes)
            if (number, name) not in found
        ]:
            for number, name in asked:
                module = self._modules[number]
                there = name in vars(module) or "__getattr__" in vars(module)
                value = attribute(module, name) if there else MISSING
                found[number, name] = "missing" if value is MISSING else self.value(value)
        return [(number, name, described) for (number, name), described in found.items()]

    def _again(self, value: object) -> Described | None:
        """What was described before is named by its number, also from inside itself."""
        if isinstance(value, (tuple, np.generic, np.dtype)):
            return None  # whether two equal ones are one object is Python's affair
        if id(value) in self._numbers:
            return "again", self._numbers[id(value)]
        self._numbers[id(value)] = len(self._numbers)
        self._alive.append(value)
        return None

    def _compound(self, value: Any) -> Described:
        if hasattr(type(value), "__adcompile_derivative__"):
            return "derivative", *map(self.value, value.described())
        kind = type(value)
        if isinstance(value, Opaque):
            return "opaque", kind.__name__, *map(self.value, value.described())
        if kind in (tuple, list):
            return kind.__name__, *map(self.value, value)
        if kind in (set, frozenset):
            return kind.__name__, *sorted((self.value(item) for item in value), key=repr)
        if kind is dict:
            return "dict", *((self.value(key), self.value(item)) for key, item in value.items())
        if isinstance(value, ModuleType):
            self._modules.append(value)
            return "module", value.__name__
        if isinstance(value, FunctionType):
            return self._function(value)
        if kind is partial:
            return "partial", *map(self.value, (value.func, value.args, value.keywords))
        if isinstance(getattr(value, "py_func", None), FunctionType) and kind.__module__.startswith("numba."):
            return "compiled", kind.__name__, self.value(value.py_func), self.value(value.targetoptions)
        if (elementwise := behind_ufunc(value)) is not None:
            return "ufunc", self.value(elementwise), tuple(value.types) if value._frozen else ()
        if isinstance(value, (np.ndarray, np.generic, np.dtype)):
            return _array(value)
        return self._of_library(value)

    # ------------------------------------------------------------------------------------ functions
    def _function(self, fn: FunctionType) -> Described:
        if str(fn.__module__).partition(".")[0] in NEVER_READ and _is_of_library(fn):
            return "library", fn.__module__, fn.__qualname__, self._code(fn.__code__)
        code = fn.__code__
        names, attributes = _names(code)
        self._attributes |= attributes
        own: Any = fn.__globals__.get("__builtins__", builtins)
        scopes: tuple[Mapping[str, Any], ...] = (fn.__globals__, vars(own) if isinstance(own, ModuleType) else own)
        return (
            "function", fn.__module__, fn.__name__, fn.__qualname__, _text(fn), self._code(code),
            self.value(fn.__defaults__), self.value(fn.__kwdefaults__), self.value(vars(fn)),
            [(name, self._in(scopes, name)) for name in sorted(names)],
            [(name, self._cell(cell)) for name, cell in zip(code.co_freevars, fn.__closure__ or (), strict=True)],
            [(name, self._module(name)) for name in sorted(_imported(code))],
        )  # fmt: skip

    def _in(self, scopes: Iterable[Mapping[str, Any]], name: str) -> Described:
        return next((self.value(scope[name]) for scope in scopes if name in scope), "missing")

    def _module(self, name: str) -> Described:
        """A module that a function imports: what is asked of it is among the attributes of modules."""
        try:
            return self.value(importlib.import_module(name))
        except ImportError:
            return "missing"

    def _cell(self, cell: types.CellType) -> Described:
        try:
            return self.value(cell.cell_contents)
        except ValueError:
            return "empty"

    def _code(self, code: CodeType) -> Described:
        constants = [self._code(c) if isinstance(c, CodeType) else self._constant(c) for c in code.co_consts]
        return (
            code.co_name, code.co_qualname, code.co_code, code.co_names, code.co_varnames, code.co_freevars,
            code.co_cellvars, code.co_flags, code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount,
            code.co_exceptiontable, constants,
        )  # fmt: skip

    def _constant(self, value: object) -> Described:
        if isinstance(value, (tuple, frozenset)):
            items = map(self._constant, value)
            return type(value).__name__, *(sorted(items, key=repr) if isinstance(value, frozenset) else items)
        return "..." if value is ... else self.value(value)

    def _of_library(self, value: Any) -> Described:
        if isinstance(value, np.ufunc):
            name = str(value.__name__)
            for module in ("numpy", "scipy.special"):
                if getattr(sys.modules.get(module), name, None) is value:
                    return "library", module, name
        elif _is_of_library(value):
            return "library", value.__module__, value.__qualname__
        raise _Indescribable


def _is_of_library(value: Any) -> bool:
    """Whether a library has this very object under its own name."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module.partition(".")[0] not in LIBRARIES:
        return False
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is value


def _array(value: Any) -> Described:
    """Numbers of NumPy, one or many, and their types."""
    of_numpy = type(value) is np.ndarray or type(value).__module__ in ("numpy", "numpy.dtypes")
    kind = value if isinstance(value, np.dtype) else value.dtype
    if not of_numpy or kind.kind not in "fiubc":
        raise _Indescribable
    if isinstance(value, np.dtype):
        return "dtype", value.str
    content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    return type(value).__name__, kind.str, value.shape, value.strides, content


def _names(code: CodeType) -> tuple[set[str], set[str]]:
    """The names that a code may look up outside of it, and those that it may ask of an object."""
    outside: set[str] = set()
    attributes: set[str] = set(code.co_names)
    for one in dis.get_instructions(code):
        if one.opcode in dis.hasname and not one.opname.endswith(("_ATTR", "_METHOD")):
            outside.add(str(one.argval))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = _names(constant)
            outside |= inner[0]
            attributes |= inner[1]
    return outside, attributes


def _imported(code: CodeType) -> set[str]:
    """The modules that a code imports, and the packages that these are in."""
    inner = [_imported(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    found: set[str] = set().union(*inner)
    for one in dis.get_instructions(code):
        if one.opname == "IMPORT_NAME" and one.argval:
            parts = str(one.argval).split(".")
            found |= {".".join(parts[: k + 1]) for k in range(len(parts))}
    return found


def _text(fn: FunctionType) -> str:
    """The text that is read for a function: for a lambda all of its file, in which it is looked for."""
    file, first = fn.__code__.co_filename, fn.__code__.co_firstlineno
    linecache.checkcache(file)
    lines = linecache.getlines(file, fn.__globals__)
    if len(lines) < first:
        raise _Indescribable
    if fn.__code__.co_name == "<lambda>":
        return "".join((str(first), *lines))
    try:
        return "".join(inspect.getblock(lines[max(first, 1) - 1 :]))
    except SyntaxError as error:
        raise _Indescribable from error
