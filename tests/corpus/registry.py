"""The register of the corpus: plain functions, each with the arguments at which its derivatives are tested.

Nothing here knows of the compiler.  `@case(args...)` registers the function below it; it may stand there several times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A function and where to differentiate it: `fresh()` gives the arguments, new arrays at every call."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    wrt: tuple[str, ...]
    jit: bool
    analytic: bool
    twice: bool

    @property
    def name(self) -> str:
        module = self.function.__module__.rpartition(".")[2]
        return f"{module}-{self.function.__name__}"

    def fresh(self) -> tuple[Any, ...]:
        return tuple(map(fresh, self.args))


CASES: list[Case] = []


def case(
    *args: Any, wrt: tuple[str, ...] | None = None, jit: bool = False, analytic: bool = True, twice: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function with these arguments.

    `wrt` is by default all that are floats.  `jit` says that the case is also run through Numba, which is slow to
    compile.  `analytic=False` keeps complex numbers away from functions that take them and give something else, and
    `twice=False` keeps second derivatives out where the function has none at these arguments."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        floats = tuple(name for name, value in zip(names, args, strict=False) if is_float(value))
        CASES.append(Case(function, args, floats if wrt is None else wrt, jit, analytic, twice))
        return function

    return register


def fresh(value: Any) -> Any:
    """A copy that shares no memory; an array keeps its order."""
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    return tuple(map(fresh, value)) if isinstance(value, tuple) else value


def is_float(value: Any) -> bool:
    """Whether one can differentiate by it."""
    if isinstance(value, tuple):
        return bool(value) and all(map(is_float, value))
    return isinstance(value, (float, complex)) or getattr(getattr(value, "dtype", None), "kind", "") in ("f", "c")


def vector(*shape: int, shift: float = 0.0, dtype: Any = float) -> np.ndarray:
    """Numbers between -1 and 1 with nothing special about them."""
    count = int(np.prod(shape))
    return (np.sin(1.7 * np.arange(1, count + 1) ** 1.3 + shift)).reshape(shape).astype(dtype)


def complex_vector(*shape: int, shift: float = 0.0, dtype: Any = complex) -> np.ndarray:
    """Complex numbers with parts between -1 and 1."""
    return (vector(*shape, shift=shift) + 1j * vector(*shape, shift=shift + 0.7)).astype(dtype)


def positive(*shape: int, shift: float = 0.0, dtype: Any = float) -> np.ndarray:
    """Numbers between 0.5 and 2.5."""
    return 1.5 + vector(*shape, shift=shift, dtype=dtype)
