"""`taylor`: the coefficients of a function's series along a line, as a function that is written and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

from adcompile.api.choices import Choices, made
from adcompile.api.composed import Composed, Parts
from adcompile.api.dense import fresh
from adcompile.api.signatures import Wrt
from adcompile.errors import InvalidArgument
from adcompile.ir.show import shown_type
from adcompile.ir.types import Array, Scalar, TupleType, Type, is_float

HIGHEST = 64


class Series(Composed):
    """The coefficients of a series, compiled for each combination of argument types when it is first called with it."""

    def _text(self, parts: Parts, params: tuple[str, ...], typed: dict[str, Type], arguments: tuple[Type, ...]) -> str:
        (order,) = self.request.details
        lines, directions = self._along(parts, params, typed, arguments)
        outcome = parts.run("primal", ())
        result = outcome.result
        if outcome.structure is not None:
            self._results[arguments] = outcome.structure
        taken = (*params, *directions)
        y, c = fresh("y", taken), fresh("c", taken)
        function = parts.add("coefficients", "series", parts.wrt, lanes=order)
        names = [c if not k else f"{c}_{k}" for k in range(order + 1)]
        body = [f"{names[0] if order == 0 else ', '.join(names)} = {function}({', '.join((*params, *directions))})"]
        if order == 0:
            body = [f"{names[0]} = {function}({', '.join((*params, *directions))})[0]"]
        text = self._packed(y, "", result, names, body)
        return "\n".join([*lines, *(f"    {line}" for line in (*body, f"return {text}"))]) + "\n"

    def _packed(self, y: str, path: str, type_: Type, names: list[str], body: list[str]) -> str:
        """The coefficients of one number or array of the result, as one array."""
        if isinstance(type_, TupleType):
            items = [self._packed(f"{y}_{k}", f"{path}[{k}]", t, names, body) for k, t in enumerate(type_.items)]
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        if not isinstance(type_, (Scalar, Array)) or not is_float(type_):
            raise self.invalid(f"the result of {self.__name__} holds {shown_type(type_)}: a series has floats")
        rank = type_.ndim if isinstance(type_, Array) else 0
        shape = ", ".join([str(len(names)), *(f"{names[0]}{path}.shape[{axis}]" for axis in range(rank))])
        dtype = "" if type_.dtype == "float64" else f", np.{type_.dtype}"
        body.append(f"{y} = np.empty({f'({shape})' if rank else shape}{dtype})")
        body += [f"{y}[{', '.join([str(k), *[':'] * rank])}] = {name}{path}" for k, name in enumerate(names)]
        return y


def taylor(function: Callable[..., Any], order: int, *, wrt: Wrt | None = None, **options: Unpack[Choices]) -> Series:
    """The series of a function along a line, in one sweep: `taylor(f, order)(*args, v)`.

    Of `f(x + t * v)` as a power series in `t`, it gives the coefficients of orders 0 to `order`, in an array of the
    shape `(order + 1,) + value.shape`; the `k`-th times `k!` is the `k`-th derivative along `v`.  `v` has the type and
    the shape of what the series is by, the first parameter or `wrt`; a tuple in `wrt` takes a tuple `v`.  A function
    that returns a tuple gives a tuple of such arrays.  The time grows with the square of the order, for some functions
    with its cube.  At a kink it is the series of the branch that is taken.

    >>> import numpy as np
    >>> taylor(lambda x: np.exp(2.0 * x), 4, jit=False)(0.0, 1.0)
    array([1.        , 2.        , 2.        , 1.33333333, 0.66666667])
    """
    if type(order) is not int or not 0 <= order <= HIGHEST:
        raise InvalidArgument(f"taylor: order={order!r} is no integer from 0 to {HIGHEST}")
    series: Series = made(Series, "taylor", function, wrt, options, details=(order,))
    return series
