"""A function as a PyTorch function: its derivatives are adcompile's.

Goal: `to_torch(f)` takes and gives tensors; `backward` runs the pullback, and `create_graph=True` differentiates that
in turn, to any order.  Tensors on the CPU share their memory with the arrays that `f` is given.  Non-goals: other
devices, which are refused rather than copied in silence; forward-mode automatic differentiation of PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch

from adcompile.api import vjp
from adcompile.api.derivative import Derivative, Request
from adcompile.api.signatures import name_of
from adcompile.backend.compile import Options
from adcompile.errors import InvalidArgument
from adcompile.interop.structure import Shape, filled, leaves, shape
from adcompile.ir.types import Array, Scalar, Type
from adcompile.ir.types import leaves as types_in

__all__ = ["to_torch"]


def to_torch(function: Callable[..., Any], *, jit: bool = True, **options: Any) -> Callable[..., Any]:
    """A function of tensors, numbers and anything else that `function` takes, which PyTorch can differentiate.

    A tensor of no axes stands for a number, any other for an array of its shape and dtype (float64, float32, integers,
    truth values), with which it shares its memory.  Results are tensors: of no axes for a number, tuples for tuples.
    Gradients are asked for by `requires_grad`, as everywhere in PyTorch, of first and of higher order.  `options` are
    those of `adcompile.vjp`.  A tensor that is not on the CPU is an `InvalidArgument`.

    >>> import torch
    >>> f = to_torch(lambda x: np.sum(x**3), jit=False)
    >>> x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    >>> (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    >>> gradient.detach()
    tensor([ 3., 12.], dtype=torch.float64)
    >>> torch.autograd.grad(gradient.sum(), x)
    (tensor([ 6., 12.], dtype=torch.float64),)
    """
    primal = Derivative(function, Request("primal", options=Options(jit=jit, **options)))
    parameters = primal.arguments

    @cache
    def pullback(wrt: tuple[str, ...]) -> Callable[..., Any]:
        return to_torch(vjp(function, wrt=wrt, jit=jit, **options).seeded, jit=jit, **options)

    class Function(torch.autograd.Function):  # type: ignore[misc,unused-ignore]
        """PyTorch sees the leaves of arguments and results, and not the tuples that they stand in."""

        @staticmethod
        def forward(ctx: Any, call: _Call, *given: Any) -> Any:
            names = [name for part, name in zip(call.arguments, parameters, strict=True) for _ in leaves(part)]
            arrays = iter([_array(leaf, name) for leaf, name in zip(given, names, strict=True)])
            args = filled(call.arguments, arrays)
            value = primal(*args)
            types = types_in(primal.result_type(primal.types_of(*args)))
            results = [_tensor(leaf, type_) for leaf, type_ in zip(leaves(value), types, strict=True)]
            call.result = shape(value)
            ctx.call, ctx.names = call, names
            ctx.others = [None if isinstance(leaf, torch.Tensor) else leaf for leaf in given]
            ctx.save_for_backward(*(leaf if isinstance(leaf, torch.Tensor) else None for leaf in given))
            ctx.mark_non_differentiable(*(leaf for leaf in results if not leaf.is_floating_point()))
            return results[0] if call.result is None else tuple(results)

        @staticmethod
        def backward(ctx: Any, *seeds: Any) -> Any:
            saved = zip(ctx.saved_tensors, ctx.others, strict=True)
            whole = [other if tensor is None else tensor for tensor, other in saved]
            needed = ctx.needs_input_grad[1:]
            wrt = tuple(dict.fromkeys(name for name, need in zip(ctx.names, needed, strict=True) if need))
            found = pullback(wrt)(*filled(ctx.call.arguments, iter(whole)), filled(ctx.call.result, iter(seeds)))
            by = dict(zip(wrt, found, strict=True))
            parts = zip(ctx.call.arguments, parameters, strict=True)
            gradients = [leaf for part, name in parts for leaf in leaves(by.get(name, part))]
            return None, *(each if need else None for each, need in zip(gradients, needed, strict=True))

    def called(*args: Any, **kwargs: Any) -> Any:
        bound = primal.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        call = _Call(shape(bound.args))
        flat = Function.apply(call, *leaves(bound.args))
        return flat if call.result is None else filled(call.result, iter(flat))

    called.__name__ = called.__qualname__ = name_of(function)
    called.__doc__ = function.__doc__
    return called


@dataclass
class _Call:
    """The structure of what is given, and of what comes out once it is known."""

    arguments: Shape
    result: Shape = None


def _array(leaf: Any, name: str) -> Any:
    """What the function is given for a leaf of an argument: the array or the number that a tensor holds."""
    if not isinstance(leaf, torch.Tensor):
        return leaf
    if leaf.device.type != "cpu":
        raise InvalidArgument(f"{name} is on {leaf.device}, and adcompile runs on the CPU: pass {name}.cpu()")
    array = leaf.detach().numpy()
    return array if array.ndim else array[()] if array.dtype == np.float32 else array.item()


def _tensor(leaf: Any, type_: Type) -> Any:
    """A result as a tensor; a number comes from compiled code without its precision."""
    assert isinstance(type_, Scalar | Array)
    return torch.from_numpy(np.asarray(leaf, type_.dtype))
