"""A function as a PyTensor operation: its gradient is adcompile's, for PyMC's samplers and everything else of PyTensor.

Goal: `to_pytensor(f)` takes and gives symbolic variables; gradients of any order are operations of the same kind.
Non-goals: PyTensor's own compilation of what is inside; broadcasting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph import Apply, Op

from adcompile.api import vjp
from adcompile.api.derivative import Derivative, Request
from adcompile.api.signatures import name_of
from adcompile.backend.compile import Options
from adcompile.interop.structure import Shape, filled, leaves, shape_of
from adcompile.ir.types import Array, Scalar, TupleType, Type, is_float
from adcompile.ir.types import leaves as types_in

__all__ = ["to_pytensor"]


def to_pytensor(function: Callable[..., Any], *, jit: bool = True, **options: Any) -> Callable[..., Any]:
    """A function of PyTensor variables (tensors of floats and of integers), with gradients.

    A variable of no axes stands for a number, any other for an array.  Tuples of results are a list of
    variables.
    `options` are those of `adcompile.vjp`.

    >>> import pytensor
    >>> x = pt.dvector("x")
    >>> y = to_pytensor(lambda x: np.sum(x**3), jit=False)(x)
    >>> pytensor.function([x], pt.grad(y, x), mode="FAST_COMPILE")([1.0, 2.0])
    array([ 3., 12.])
    """
    operation = Operation(function, {"jit": jit, **options})
    operation.name = name_of(function)

    def called(*args: Any, **kwargs: Any) -> Any:
        bound = operation.primal.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        return operation(*bound.args)

    called.__name__ = called.__qualname__ = operation.name
    called.__doc__ = function.__doc__
    return called


class Operation(Op):  # type: ignore[misc,unused-ignore]
    """What PyTensor calls: its inputs and outputs are the leaves of what the function takes and gives.

    `structure` says which tuples the inputs stand in, where there are any: the seeds of several results do."""

    __props__ = ("function", "described", "structure")

    def __init__(self, function: Callable[..., Any], options: dict[str, Any], structure: Shape = None) -> None:
        self.function = function
        self.options = options
        self.described = repr(sorted(options.items()))
        self.primal = Derivative(function, Request("primal", options=Options(**options)))
        self.structure = structure or (None,) * len(self.primal.arguments)

    def make_node(self, *args: Any) -> Apply:
        inputs = [pt.as_tensor_variable(arg) for arg in args]
        return Apply(
            self, inputs, [_variable(type_) for type_ in types_in(self.primal.result_type(self._types(inputs)))]
        )

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        value = self.primal(*filled(self.structure, map(_given, inputs)))
        for output, one, variable in zip(outputs, leaves(value), node.outputs, strict=True):
            output[0] = np.asarray(one, variable.dtype)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        types = self._types(inputs)
        wrt = tuple(name for name, type_ in zip(self.primal.arguments, types, strict=True) if _moves(type_))
        seeds = [
            variable.zeros_like() if isinstance(seed.type, DisconnectedType) else seed
            for seed, variable in zip(cotangents, outputs, strict=True)
        ]
        structure = (*self.structure, shape_of(self.primal.result_type(types)))
        seeded = vjp(self.function, wrt=wrt, **self.options).seeded
        gradients = iter(Operation(seeded, self.options, structure)(*inputs, *seeds, return_list=True))
        return [next(gradients) if _moves(type_) else disconnected_type() for type_ in types for _ in types_in(type_)]

    if not hasattr(Op, "pullback"):  # PyTensor before 3, which PyMC 5 asks for
        L_op = pullback

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        types = self._types(node.inputs)
        return [[_moves(type_)] * len(node.outputs) for type_ in types for _ in types_in(type_)]

    def _types(self, inputs: Any) -> tuple[Type, ...]:
        return tuple(map(_type, filled(self.structure, iter(inputs))))


def _moves(type_: Type) -> bool:
    return all(map(is_float, types_in(type_)))


def _type(variable: Any) -> Type:
    """The type of what the function is given."""
    if isinstance(variable, tuple):
        return TupleType(tuple(map(_type, variable)))
    return Array(variable.dtype, variable.ndim) if variable.ndim else Scalar(variable.dtype)


def _given(array: Any) -> Any:
    own = np.asarray(array)
    return own if own.ndim else own.item() if own.dtype in (np.float64, np.int64, np.bool_) else own[()]


def _variable(type_: Type) -> Any:
    assert isinstance(type_, Scalar | Array)
    return pt.tensor(dtype=type_.dtype, shape=(None,) * (type_.ndim if isinstance(type_, Array) else 0))
