"""Compiled functions and derivatives where SciPy calls C.

Goal: `low_level(f)` for `scipy.integrate.quad`, `scipy.ndimage` and the like, which call it without Python in between.
Non-goal: functions that SciPy calls from Python (`minimize(..., jac=True)`, `least_squares(..., jac=jacobian(f))`,
`root`, `solve_ivp(..., jac=jacobian(f, wrt="y"))`): these take a derivative as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numba
from numba import types
from scipy import LowLevelCallable

from adcompile.errors import InvalidArgument

__all__ = ["low_level"]


def low_level(function: Callable[..., Any]) -> LowLevelCallable:
    """A `scipy.LowLevelCallable` of a derivative, of an `@njit` function, or of a Python function that Numba compiles.

    Of one parameter, its C signature is `double (double)`; of several, which are all floats, it is
    `double (int, double *)`: what `scipy.integrate.quad` calls with the variable first and then `args`.  The result
    is a float.  An `InvalidArgument` says that the function has no parameters.

    >>> from scipy.integrate import quad
    >>> from adcompile import grad
    >>> slope = grad(lambda x, k: x**3 * k)
    >>> round(quad(low_level(slope), 0.0, 2.0, args=(0.5,))[0], 12)
    4.0
    """
    parameters = list(inspect.signature(function).parameters)
    if not parameters:
        raise InvalidArgument(f"{function!r} has no parameters, and SciPy passes one at least")
    called = function if hasattr(function, "get_call_template") else numba.njit(function)
    if len(parameters) == 1:
        own = types.float64(types.float64)
        text = "def wrapper(x):\n    return called(x)\n"
    else:
        own = types.float64(types.intc, types.CPointer(types.float64))
        text = f"def wrapper(n, x):\n    return called({', '.join(f'x[{k}]' for k in range(len(parameters)))})\n"
    namespace: dict[str, Any] = {"called": called}
    exec(text, namespace)
    compiled = numba.cfunc(own)(namespace["wrapper"])
    return LowLevelCallable(compiled.ctypes)
