"""Functions that call themselves, as functions of their own in the text of a derivative.

Goal: a recursive function stays a call through all derivatives, and so does each of its derivatives, which is made from
its own text: the tangent function of a function that calls itself calls itself, and so does its pullback.  In the end
the texts of all that are called stand above the text that calls them (`backend.together`).  The forward sweep keeps
nothing of a call: where the pullback needs the value of a call inside, it is computed again, so that reverse mode may
take as many times the function's time as the recursion is deep.  Non-goals: which functions these are
(`normal.recursion`).

    def power(x, n):                            def power_pullback(x, n, seed):
        if n == 0:                                  x_bar = 0.0
            return 1.0                              if n != 0:
        return x * power(x, n - 1)                      x_bar += seed * power(x, n - 1)
                                                        x_bar += power_pullback(x, n - 1, x * seed)
                                                    return x_bar
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from adcompile import pipeline
from adcompile.api.calling import TEXT
from adcompile.api.kept import Known, active_positions, known
from adcompile.backend.compile import compiled
from adcompile.errors import refuse
from adcompile.frontend.source import python_function
from adcompile.ir.nodes import Call, Expr, Function
from adcompile.ir.opaque import Opaque, Reverse
from adcompile.ir.types import Array, TupleType, Type, leaves
from adcompile.normal.recursion import Lifted, made_by

_ROUNDS = 6  # in which the type of a result has to settle
_DEEPEST = 12  # types that one function is asked of while it is asked of others


class Recursive(Opaque):
    """A function that calls itself, or a derivative of one."""

    inlined = None
    recursive = True

    def __init__(self, name: str, function: Callable[..., Any] | None = None) -> None:
        self.__name__ = name
        self.written = self
        self.function = function
        self.gives_back = False  # whether what it gives may be a part of what it is given
        self.unknown = False  # whether it is not known yet what it gives
        self._known: dict[tuple[Type, ...], Known] = {}
        self._guessed: dict[tuple[Type, ...], Known] = {}
        self._derived: dict[tuple[str, tuple[Type, ...], tuple[int, ...]], Recursive] = {}
        self._cores: dict[tuple[tuple[Type, ...], bool], Function] = {}

    @property
    def signature(self) -> inspect.Signature:  # type: ignore[override]
        if isinstance(self.function, Lifted):
            return self.function.signature
        return inspect.signature(python_function(self.function))

    # -------------------------------------------------------------------------------------- what it gives
    def result(self, arguments: tuple[Type, ...]) -> Type:
        return self.known(arguments).result

    def shares(self, arguments: tuple[Type, ...]) -> bool:
        known = self.known(arguments)
        return known.shares or (self.gives_back and any(isinstance(leaf, Array) for leaf in leaves(known.result)))

    def known(self, arguments: tuple[Type, ...]) -> Known:
        """What is known of it for these types: first what it gives where it does not call itself, then, with that for
        its calls of itself, what it gives in all."""
        if arguments in self._known:
            return self._known[arguments]
        if (guess := self._guessed.get(arguments)) is not None:
            _guesses.add(self)
            return guess
        if len(self._guessed) == _DEEPEST:
            raise self._endless()
        assert self.function is not None
        unknown, self.unknown = self.unknown, True
        _unknown.append(self)
        try:
            guess = known(self.function, arguments)
        finally:
            self.unknown = unknown
            _unknown.remove(self)
        return self._settled(arguments, guess)

    def _settled(self, arguments: tuple[Type, ...], guess: Known) -> Known:
        assert self.function is not None
        others = {other for other in _guesses if other is not self}
        try:
            for _ in range(_ROUNDS):
                self._guessed[arguments] = guess
                _guesses.clear()
                found = known(self.function, arguments)
                if found == guess:
                    break
                guess = found
            else:
                raise self._endless()
        finally:
            del self._guessed[arguments]
            used = {other for other in _guesses if other is not self or self._guessed}
            _guesses.clear()
            _guesses.update(others | used)
        if not used and not _unknown:
            self._known[arguments] = guess
        return guess

    def _endless(self) -> Exception:
        message = f"`{self.__name__}` calls itself with ever other types, or gives others each time"
        return refuse("recursive-call", message, hint="let it return one type on each path: 1.0, not 1")

    # -------------------------------------------------------------------------------------- its derivatives
    def tangent(self, args: Sequence[Expr], tangents: Sequence[Expr], arguments: tuple[Type, ...],
                active: Sequence[bool]) -> Call:  # fmt: skip
        by = active_positions(active)
        return Call(self.derived("dual", arguments, by), (*args, *(tangents[number] for number in by)))

    def reverse(self, arguments: tuple[Type, ...], active: Sequence[bool]) -> Reverse:
        by = active_positions(active)
        pullback = self.derived("pullback", arguments, by)

        def call(args: Sequence[Expr], residual: Expr, seed: Expr) -> Call:
            return Call(pullback, (*args, seed))

        return Reverse(call, by)

    def derived(self, kind: str, arguments: tuple[Type, ...], by: tuple[int, ...]) -> Recursive:
        """The function that gives value and tangent, or that gives the adjoints of the arguments numbered `by`."""
        key = kind, arguments, by
        if key in self._derived:
            return self._derived[key]
        value = self.result(arguments)
        moved = tuple(arguments[number] for number in by)
        own = self._derived[key] = _Derived(f"{self.__name__}_{_NAMES[kind]}")
        own.told = TupleType((value, value) if kind == "dual" else moved)
        params = list(self.signature.parameters)
        assert self.function is not None
        job = pipeline.Job(self.function, arguments, kind, tuple(params[number] for number in by), kind == "pullback")
        try:
            for _ in range(_ROUNDS):
                outcome = pipeline.run(job)
                made = outcome.stages.function("packed")
                if (found := pipeline.returned_type(made)) == own.told:
                    break
                own.told = found  # the adjoint of a number in single precision is in double precision
            else:
                raise self._endless()
        except BaseException:
            del self._derived[key]
            raise
        given = tuple(made.types[param] for param in made.params)
        own.settle(compiled(outcome.name, outcome.undivided, TEXT).python, given)
        return own

    def no_such(self, what: str, way_out: str) -> Exception:
        return refuse("recursive-call", f"`{self.__name__}` calls itself: its {what} is not known", hint=way_out)

    # -------------------------------------------------------------------------------------- its text
    def core(self, arguments: tuple[Type, ...], reorder: bool) -> Function:
        key = arguments, reorder
        if key not in self._cores:
            assert self.function is not None
            job = pipeline.Job(self.function, arguments, "primal", (), last=True, reorder=reorder)
            stages = pipeline.run(job).stages
            self._cores[key] = stages.function(pipeline.STAGES[-1].name)
        return self._cores[key]


class _Derived(Recursive):
    """A derivative of a recursive function: what types it gives is told before it is written."""

    told: Type

    def settle(self, function: Callable[..., Any], arguments: tuple[Type, ...]) -> None:
        """Takes its text, which was made for these types."""
        self.function = function
        self._known[arguments] = Known(self.told, False)

    def known(self, arguments: tuple[Type, ...]) -> Known:
        if self.function is None:
            return Known(self.told, False)
        if arguments not in self._known and arguments not in self._guessed:
            return self._settled(arguments, Known(self.told, False))
        return super().known(arguments)


_NAMES = {"dual": "tangent", "pullback": "pullback"}
_guesses: set[Recursive] = set()  # of which a guess was used since the last look
_unknown: list[Recursive] = []  # of which nothing is known yet: what is found meanwhile is not the whole

made_by(lambda lifted: Recursive(lifted.function.name, lifted))
