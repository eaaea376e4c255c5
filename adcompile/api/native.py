"""Functions of arrays that stay calls to the end, with the rules that `adcompile.rules` was given for them.

Goal: functions of compiled libraries, or too large to be read, in differentiated code: they are called as they are, and
Numba says what types they give.  Non-goals: functions that Numba does not know; `custom_vjp` is for those that can be
read.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from adcompile.analysis.typing import infer
from adcompile.api.calling import TEXT
from adcompile.api.custom import Tangent
from adcompile.api.kept import Kept
from adcompile.api.signatures import identifier, name_of
from adcompile.backend.compile import compiled
from adcompile.backend.emit import Emitted
from adcompile.errors import refuse
from adcompile.ir.nodes import Assign, Call, Function, Name, Return
from adcompile.ir.opaque import Reverse
from adcompile.ir.types import Type
from adcompile.rules.registry import Bodies, made_by


class Native(Tangent):
    """A function that is called as it is."""

    kind = "rule"

    def __init__(self, function: Any, bodies: Bodies) -> None:
        super().__init__(function)
        self.written, self.inlined = function, None
        self.bodies = bodies
        self._types: dict[tuple[Type, ...], Type] = {}
        self._rules: dict[int, Kept] = {}

    @property
    def signature(self) -> inspect.Signature:  # type: ignore[override]
        try:
            return inspect.signature(self.primal)
        except (TypeError, ValueError):
            message = f"`{self.__name__}` does not say what its parameters are"
            raise refuse("no-rule", message, hint="register the rule for a function that calls it") from None

    def result(self, arguments: tuple[Type, ...]) -> Type:
        if arguments not in self._types:
            params = tuple(f"x{number}" for number in range(len(arguments)))
            call = Assign("result", Call(self.primal, tuple(map(Name, params))))
            types = dict(zip(params, arguments, strict=True))
            body = (call, Return(Name("result")))
            self._types[arguments] = infer(Function(self.__name__, params, body, types))["result"]
        return self._types[arguments]

    def shares(self, arguments: tuple[Type, ...]) -> bool:
        return True  # nobody has looked into it

    def rule_for(self, arguments: tuple[Type, ...]) -> Kept:
        if self.bodies.pushforward is not None:
            return self.kept(self.bodies.pushforward)
        if self.bodies.transpose is None:
            raise self.missing("forward mode", "pushforward")
        if len(arguments) not in self._rules:
            name = identifier(self.__name__)
            given = ", ".join(f"primals[{number}]" for number in range(len(arguments)))
            dots = given.replace("primals", "tangents")
            text = f"def {name}_jvp(primals, tangents):\n    return function({given}), function({dots})\n"
            emitted = Emitted(text, {"function": self.primal})
            self._rules[len(arguments)] = Kept(compiled(f"{name}_jvp", emitted, TEXT).python)
        return self._rules[len(arguments)]

    def reverse(self, arguments: tuple[Type, ...], active: Sequence[bool]) -> Reverse:
        pullback, transpose = self.bodies.pullback, self.bodies.transpose
        by = tuple(range(len(arguments)))
        if pullback is not None:
            rule = self.kept(pullback)
            return Reverse(lambda args, value, seed: rule.call(*args, value, seed), by, of_value=True)
        if transpose is not None:
            own = self.kept(transpose)
            return Reverse(lambda args, value, seed: own.call(*args, seed), by)
        return super().reverse(arguments, active)

    def kept(self, body: Any) -> Kept:
        """A rule, as what the text of a derivative calls."""
        key = id(body)
        if key not in self._rules:
            self._rules[key] = Kept(body)
        return self._rules[key]

    def missing(self, mode: str, word: str) -> Exception:
        hint = f"register one with adcompile.rules.{word}"
        return refuse("no-rule", f"`{name_of(self.primal)}` has no rule for {mode}", hint=hint)

    def described(self) -> tuple[object, ...]:
        return self.primal, self.bodies.pushforward, self.bodies.pullback, self.bodies.transpose


made_by(Native)
