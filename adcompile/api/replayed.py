"""`checkpoint`: calls of which the reverse sweep keeps the arguments alone.

Goal: what a call computes on its way is computed again when the reverse sweep comes to it, and its tape lives no longer
than that.  Non-goals: which iterations of a loop to keep; `checkpoint=` of a derivative says that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adcompile import pipeline
from adcompile.api.calling import TEXT, calling
from adcompile.api.custom import Custom, Python
from adcompile.api.kept import Kept, active_positions
from adcompile.api.through import all_floats
from adcompile.backend.compile import compiled
from adcompile.ir.nodes import Call, Expr, Tuple
from adcompile.ir.opaque import Opaque, Reverse
from adcompile.ir.types import Type


class checkpoint(Custom):
    """`f`, of which the reverse sweep of a function that calls it keeps the arguments and nothing else.

    The derivative is that of `f`, in both modes and all orders.  Reverse mode runs `f` a second time when it comes to
    the call, so that the memory of a chain of calls is that of one of them, and of the values between.  Arguments that
    are written after the call are saved.  `f` may not write to its arguments.

    >>> import numpy as np
    >>> @checkpoint
    ... def layer(x, w):
    ...     return np.tanh(w * x)
    >>> from adcompile import grad
    >>> grad(lambda x, w: layer(layer(x, w), w), jit=False)(0.5, 0.0).item()
    0.0
    """

    kind = "checkpoint"

    def __init__(self, function: Python) -> None:
        super().__init__(function)
        self._made: dict[object, Kept] = {}

    def described(self) -> tuple[object, ...]:
        return (self.primal,)

    def derivative(self, kind: str, arguments: tuple[Type, ...], by: tuple[int, ...]) -> Kept:
        """A derivative of the function by some of its arguments, as a function with source."""
        key = kind, arguments, by
        if key not in self._made:
            function: Callable[..., Any] = self.primal
            if isinstance(function, Opaque):
                function = calling(function, function.signature)
            params = list(self.signature.parameters)
            wrt = tuple(params[number] for number in by)
            outcome = pipeline.run(pipeline.Job(function, arguments, kind, wrt, packed=kind == "pullback"))
            self._made[key] = Kept(compiled(outcome.name, outcome.undivided, TEXT).python)
        return self._made[key]

    def forward(self, args: Sequence[Expr], tangents: Sequence[Expr], arguments: tuple[Type, ...]) -> Call:
        by = tuple(number for number, type_ in enumerate(arguments) if all_floats(type_))
        dots = Tuple(tuple(tangents[number] for number in by))
        return self.derivative("jvp", arguments, by).call(Tuple(tuple(args)), dots)

    def rule_called(
        self, params: Sequence[str], tangents: Sequence[str], arguments: tuple[Type, ...]
    ) -> tuple[Python, str]:
        by = tuple(number for number, type_ in enumerate(arguments) if all_floats(type_))
        dots = "".join(f"{tangents[number]}, " for number in by)
        return self.derivative("jvp", arguments, by).written, f"({', '.join(params)},), ({dots})"

    def reverse(self, arguments: tuple[Type, ...], active: Sequence[bool]) -> Reverse:
        by = active_positions(active)
        pullback = self.derivative("pullback", arguments, by)

        def call(args: Sequence[Expr], residual: Expr, seed: Expr) -> Call:
            return pullback.call(*args, seed)

        return Reverse(call, by)
