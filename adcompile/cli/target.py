"""What a command line names: a function, the types of its arguments, arguments themselves."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from adcompile.analysis.typing import static_or_typed
from adcompile.api.calling import TEXT
from adcompile.api.derivative import Derivative, Request
from adcompile.api.signatures import name_of, signature_of
from adcompile.errors import InvalidArgument
from adcompile.ir.types import Array, Scalar, Static, TupleType, Type

DTYPES = ("float64", "float32", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool")
_ONE = re.compile(r"(?P<dtype>\w+)\s*(?:\[(?P<axes>[:1,\s]*)\])?")


def function_named(target: str) -> Callable[..., Any]:
    """The function that `package.module:function` names, or `path/to/file.py:function`, or `module:Class.method`.

    Of a derivative it is the primal.  An `InvalidArgument` says what is not found."""
    where, colon, name = target.rpartition(":")
    if not colon or not where or not name:
        raise InvalidArgument(f"{target!r} names no function: write package.module:function, or file.py:function")
    found: Any = _module(where)
    for part in name.split("."):
        if not hasattr(found, part):
            raise InvalidArgument(f"{where} has no {name}; it has {', '.join(_own(found)[:12]) or 'no functions'}")
        found = getattr(found, part)
    found = getattr(found, "primal", found)
    if not callable(found):
        raise InvalidArgument(f"{target} is a {type(found).__name__}, not a function")
    function: Callable[..., Any] = found
    return function


def _own(of: Any) -> list[str]:
    """The names of what may be meant: what a module defines itself."""
    inside = getattr(of, "__name__", None) if isinstance(of, ModuleType) else of.__module__
    called = {name: value for name, value in vars(of).items() if callable(value) and not name.startswith("_")}
    return sorted(name for name, value in called.items() if getattr(value, "__module__", None) == inside)


def _module(where: str) -> ModuleType:
    if where.endswith(".py"):
        path = Path(where)
        if not path.is_file():
            raise InvalidArgument(f"there is no file {where}")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        sys.path.insert(0, str(path.parent.resolve()))
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise _failed(where, error) from error
        return module
    sys.path.insert(0, "")
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name is None or not where.startswith(error.name):
            raise _failed(where, error) from error
        raise InvalidArgument(f"there is no module {error.name}, of {where}") from None
    except Exception as error:
        raise _failed(where, error) from error


def _failed(where: str, error: Exception) -> InvalidArgument:
    """What is said of a module that does not parse, or raises when it is imported: the exception, and where."""
    if isinstance(error, SyntaxError):
        place = f"{error.filename}:{error.lineno}"
        told = f"{type(error).__name__}: {error.msg}"
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place, told = f"{last.filename}:{last.lineno}", f"{type(error).__name__}: {error}"
    return InvalidArgument(f"{where} cannot be imported: {told}\n  --> {place}")


# ------------------------------------------------------------------------------------------ types
def types_written(text: str) -> tuple[Type, ...]:
    """Types as Numba's users write them, with commas between: of each argument of a function.

    >>> types_written("float64[:, ::1], int64, (float64, float32[:]), None, 'fast'")[:2]
    (Array(dtype='float64', ndim=2), Scalar(dtype='int64'))
    """
    return tuple(_type(part) for part in _split(text))


def _type(text: str) -> Type:
    if text.startswith("(") and text.endswith(")"):
        return TupleType(types_written(text[1:-1]))
    if text == "None" or text[:1] in "'\"":
        return Static(ast.literal_eval(text))
    matched = _ONE.fullmatch(text)
    dtype = matched["dtype"] if matched else ""
    dtype = {"float": "float64", "int": "int64", "double": "float64", "f8": "float64", "i8": "int64"}.get(dtype, dtype)
    if matched is None or dtype not in DTYPES:
        raise InvalidArgument(f"{text!r} is no type: write float64, int64, float64[:], float64[:, :], (float64, int64)")
    if matched["axes"] is None:
        return Scalar(dtype)
    return Array(dtype, matched["axes"].count(",") + 1)


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "[(") - (character in ")]")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def types_for(function: Callable[..., Any], types: str | None, args: str | None) -> tuple[Type, ...]:
    """The types of a function's arguments: those of `args`, or as `types` has them; and for parameters that it leaves
    out, those of annotations and defaults."""
    parameters = list(signature_of(function, "primal").parameters.values())
    if args is not None:
        return Derivative(function, Request("primal", options=TEXT)).types_of(*given(function, args))
    written = types_written(types or "")
    if len(written) > len(parameters):
        names = ", ".join(p.name for p in parameters)
        raise InvalidArgument(f"--types has {len(written)} types, and {name_of(function)} takes {names}")
    known, unknown = list(written), []
    for parameter in parameters[len(written) :]:
        type_ = _guessed(parameter)
        if type_ is None:
            unknown.append(parameter.name)
        else:
            known.append(type_)
    if unknown:
        raise InvalidArgument(
            f"the type of {', '.join(unknown)} is not known: say --types 'float64[:], int64', or --args 'np.ones(3), 2'"
        )
    return tuple(known)


def _guessed(parameter: inspect.Parameter) -> Type | None:
    annotation = parameter.annotation
    text = annotation.__name__ if annotation in (float, int, bool) else annotation
    if isinstance(text, str):
        try:
            return _type(text)
        except InvalidArgument:
            pass  # an annotation that is written for others
    return None if parameter.default is parameter.empty else static_or_typed(parameter.default)


# ------------------------------------------------------------------------------------------ values
def evaluated(args: str) -> tuple[Any, ...]:
    """Python expressions with commas between, `np` being NumPy: the arguments of a call."""
    try:
        return tuple(eval(f"({args},)" if args.strip() else "()", {"np": np}))
    except Exception as error:
        raise InvalidArgument(f"--args {args!r} cannot be evaluated: {type(error).__name__}: {error}") from error


def given(function: Callable[..., Any], args: str) -> tuple[Any, ...]:
    """The arguments of a call that `args` says, one for each parameter without a default at least."""
    values, signature = evaluated(args), signature_of(function, "primal")
    try:
        bound = signature.bind(*values)
    except TypeError as error:
        raise InvalidArgument(f"--args {args!r}: {error}; {name_of(function)} takes {signature}") from None
    bound.apply_defaults()
    return bound.args


def random_value(type_: Type, size: int, generator: np.random.Generator) -> Any:
    """A value of a type: floats between 0.1 and 1, integers from 1 to 3, arrays of `size` along each axis."""
    match type_:
        case TupleType(items):
            return tuple(random_value(item, size, generator) for item in items)
        case Static(value):
            return value
        case Scalar(dtype):
            return _random(dtype, (), generator).item()
        case Array(dtype, ndim):
            return _random(dtype, (size,) * ndim, generator)
    raise AssertionError(type_)


def _random(dtype: str, shape: tuple[int, ...], generator: np.random.Generator) -> Any:
    kind = np.dtype(dtype).kind
    if kind == "b":
        return np.asarray(generator.integers(0, 2, shape)).astype(bool)
    if kind in "iu":
        return np.asarray(generator.integers(1, 4, shape)).astype(dtype)
    return np.asarray(0.1 + 0.9 * generator.random(shape)).astype(dtype)
