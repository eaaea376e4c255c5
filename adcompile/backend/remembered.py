"""A call of given types is typed once in a function, and not for each statement and each round of inference.

Goal: less time in Numba's inference and lowering.  Both ask for the signature of every call, inference again in each
round, and each time all signatures that a function has are tried; code of numbers asks the same few questions hundreds
of times.
Legal for functions of which Numba's tables say the signatures: the answer follows from the types of the arguments.
Non-goals: calls of compiled functions and of methods, keywords; what is refused, which is asked again.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from numba import types
from numba.core import ir, typed_passes
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower


class Remembering:
    """A typing context, which remembers how calls are typed."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._known: dict[tuple[Any, ...], Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_function_type(self, function: Any, args: Any, keywords: Any) -> Any:
        """The signature of a call, as the context has it."""
        if keywords or not isinstance(function, types.Function):
            return self._context.resolve_function_type(function, args, keywords)
        asked = (function, *args)
        if asked not in self._known:
            signature = self._context.resolve_function_type(function, args, keywords)
            if signature is None:
                return None
            self._known[asked] = signature
        return self._known[asked]

    def resolve_static_getitem(self, value: Any, index: Any) -> Any:
        """The signature of a subscript that stands in the text; of arrays only names of fields have one."""
        if type(value) is types.Array and not isinstance(index, str):
            return None
        return self._context.resolve_static_getitem(value, index)


@register_pass(mutates_CFG=True, analysis_only=False)
class RememberedInference(typed_passes.NopythonTypeInference):  # type: ignore[misc]
    """Numba's own, with a context that remembers."""

    _name = "adcompile_type_inference"

    def run_pass(self, state: Any) -> bool:
        context = state.typingctx
        state.typingctx = Remembering(context)
        try:
            return bool(super().run_pass(state))
        finally:
            state.typingctx = context


class Remembered(Lower):  # type: ignore[misc]
    """Numba's own, with what computes an operation of two values found once for their types."""

    @cached_property
    def _computed_by(self) -> dict[tuple[Any, ...], Any]:
        return {}

    def lower_binop(self, resty: Any, expr: Any, op: Any) -> Any:
        if expr.static_lhs is not ir.UNDEFINED or expr.static_rhs is not ir.UNDEFINED:
            return super().lower_binop(resty, expr, op)
        signature = self.fndesc.calltypes[expr]
        asked = (op, *signature.args)
        if asked not in self._computed_by:
            function = self.context.typing_context.resolve_value_type(op)
            known = function.get_call_type(self.context.typing_context, signature.args, {})
            self._computed_by[asked] = self.context.get_function(function, known)
        given = [
            self.context.cast(self.builder, self.loadvar(side.name), self.typeof(side.name), wanted)
            for side, wanted in zip((expr.lhs, expr.rhs), signature.args, strict=True)
        ]
        result = self._computed_by[asked](self.builder, given)
        return self.context.cast(self.builder, result, signature.return_type, resty)
