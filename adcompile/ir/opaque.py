"""Functions that stay calls until all derivatives are taken: their derivative is what somebody said it is.

Goal: what the stages ask of such a function: the type of its result, and the calls that forward and reverse mode put in
the place of its call.  The stages between see one assignment, `y = f(x)`, of a number, of a fresh array, or of a tuple,
whose items are taken out by `ops.item`; arguments are names, literals and tuples of those.  The text of a derivative
says `f(x)` too, so that the next derivative finds the function again; what is compiled in the end has it inlined.
Non-goals: what is said of a derivative by a formula of numbers (`rules.registry`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Expr, Function, Name
from adcompile.ir.types import Type
from adcompile.ir.walk import nodes, statements


@dataclass(frozen=True)
class Reverse:
    """How a call is reversed.

    `call(args, residual, seed)` is the call of what gives the tuple of the adjoints of the arguments numbered `by`.
    With `augmented` the forward sweep calls that in the function's place: it gives `(value, residual)`, and `args` are
    not read again; without it the residual is nothing, and the arguments are read as they were."""

    call: Callable[[Sequence[Expr], Expr, Expr], Call]
    by: tuple[int, ...]
    augmented: Opaque | None = None
    of_value: bool = False  # whether the residual is the value itself


class Opaque:
    """A function that is not looked into by derivatives; `ir.opaque` says how it is used."""

    __name__: str
    written: Any  # what stands in a text that calls it
    inlined: Any = None  # what is inlined where no derivative is to be taken any more; nothing if the call stays
    signature: inspect.Signature
    recursive = False  # whether its text is written above that of what calls it
    writes: tuple[int, ...] = ()  # which arguments its caller writes into after the call, by what it gives

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def result(self, arguments: tuple[Type, ...]) -> Type:
        """The type of the value for arguments of these types."""
        raise NotImplementedError

    def shares(self, arguments: tuple[Type, ...]) -> bool:
        """Whether an array of the result may be an argument, or two of them one array."""
        raise NotImplementedError

    def forward(self, args: Sequence[Expr], tangents: Sequence[Expr], arguments: tuple[Type, ...]) -> Call:
        """The call that gives `(value, tangent of the value)`; zeros are the tangents of what does not vary."""
        raise NotImplementedError

    def tangent(self, args: Sequence[Expr], tangents: Sequence[Expr], arguments: tuple[Type, ...],
                active: Sequence[bool]) -> Call:  # fmt: skip
        """As `forward`, of a function that may be told which arguments vary."""
        return self.forward(args, tangents, arguments)

    def reverse(self, arguments: tuple[Type, ...], active: Sequence[bool]) -> Reverse:
        """How it is reversed, where some of the arguments vary."""
        raise NotImplementedError

    def sets(self, arguments: tuple[Type, ...], by: tuple[int, ...]) -> Opaque:
        """What the value depends on: a function of the arguments and of the sets of those numbered `by`."""
        raise self.no_such("pattern", "say where entries may be: pattern=")

    def series(self, arguments: tuple[Type, ...], by: tuple[int, ...], order: int) -> Opaque:
        """The coefficients of the value, itself first, along a curve: a function of the arguments and, of each of those
        numbered `by`, of its coefficients from the first."""
        raise self.no_such("series", "nest jvp instead")

    def core(self, arguments: tuple[Type, ...], reorder: bool) -> Function:
        """What it does for these types, of a `recursive` one."""
        raise NotImplementedError

    def no_such(self, what: str, way_out: str) -> Exception:
        return refuse("no-rule", f"`{self.__name__}` has a derivative of its own, which gives no {what}", hint=way_out)

    def described(self) -> tuple[object, ...]:
        """All that its derivatives depend on, in values that can be described (`frontend.fingerprint`)."""
        raise NotImplementedError


def is_opaque(expr: Expr) -> bool:
    """Whether an expression is the call of such a function, or takes an item out of what one gave."""
    return isinstance(expr, Call) and (isinstance(expr.fn, Opaque) or expr.fn in (ops.item, ops.residual))


def has_opaque(block: Block, recursive: bool = False) -> bool:
    """Whether a block calls a function that is yet to be inlined, or a recursive one if these count too."""
    calls = (s.value for s in statements(block) if isinstance(s, Assign) and isinstance(s.value, Call))
    opaque = [call.fn for call in calls if isinstance(call.fn, Opaque)]
    return any(fn.inlined is not None or (recursive and fn.recursive) for fn in opaque)


def passed(call: Call) -> list[str]:
    """The names that a call is given, those in tuples too."""
    return [node.id for arg in call.args for node in nodes(arg) if isinstance(node, Name)]
