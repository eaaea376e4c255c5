"""Variables that hold one of several texts, `None` or a number, as the run decides: a whole number says which.

Goal: `state = "idle"` before a loop that may make it `"busy"`, `best = None` before one that finds a number.  Such a
variable stands for `ops.coded(code, number)`: the code of a text or of `None`, or `NUMBER` and the number.
Comparisons and truths become comparisons of codes; where the number is used, it is checked that there is one.
Non-goals: arrays beside `None` (what follows stands on both sides of a branch, `branches`), texts made in the run.

    state = "idle"                          state = 1
    for k in range(n):                      for k in range(n):
        if state == "idle" and T > 1.0:         if state == 1 and T > 1.0:
            state = "busy"          becomes         state = 2
        if state == "busy":                     if state == 2:
            T -= 0.1                                T -= 0.1

>>> from adcompile.ir.nodes import Names
>>> codes = Codes(Builder({}, Names(), frozenset()))
>>> codes.of("idle"), codes.of(None), codes.of("idle")
(1, 2, 1)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from adcompile.analysis.types_of import joined
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Effect, Expr, If
from adcompile.ir.types import Scalar, Static, Type
from adcompile.normal.building import Builder, Typed, constant
from adcompile.normal.variables import converted_constant, zero

NUMBER = 0
"""The code of what is a number."""


@dataclass(frozen=True, slots=True)
class Coding:
    """What a variable may be that has a code: texts and `None`, and numbers of a type unless that is nothing."""

    number: Scalar | None

    def __repr__(self) -> str:
        return "None, a text or a number, as the run decides" if self.number else "one of several texts"


def coding(type_: Type) -> Coding | None:
    """How a value of this type is told from others by a code; nothing if it is not."""
    match type_:
        case Static(Coding() as found):
            return found
        case Static(None | str()):
            return Coding(None)
        case Scalar():
            return Coding(type_)
    return None


def joined_coding(left: Type, right: Type) -> Static | None:
    """The type of a variable that holds either, if one of them is a text, `None` or has a code."""
    sides = coding(left), coding(right)
    if sides[0] is None or sides[1] is None or not (isinstance(left, Static) or isinstance(right, Static)):
        return None
    numbers = [side.number for side in sides if side is not None and side.number is not None]
    if not numbers:
        return Static(Coding(None))
    both = joined(numbers[0], numbers[-1])
    return Static(Coding(both)) if isinstance(both, Scalar) else None


def decided(test: Expr, holds: bool) -> dict[Expr, bool]:
    """What is known where a test holds or does not."""
    match test:
        case Call(ops.negated, (inner,)):
            return decided(inner, not holds)
        case Call(ops.both | ops.either as fn, (left, right)) if holds is (fn is ops.both):
            return {**decided(left, holds), **decided(right, holds)}
        case Call(np.not_equal, (left, right)):
            return {test: holds, Call(np.equal, (left, right)): not holds}
        case Call(np.equal, (left, right)):
            return {test: holds, Call(np.not_equal, (left, right)): not holds}
    return {test: holds}


def coded(code: Expr, number: Expr) -> Call:
    """The value of a variable that has a code."""
    return Call(ops.coded, (code, number))


def is_coded(expr: object) -> bool:
    """Whether it is such a value."""
    return isinstance(expr, Call) and expr.fn is ops.coded


class Codes:
    """The codes of a function's texts, and what is asked of variables that have one."""

    def __init__(self, builder: Builder) -> None:
        self.b = builder
        self.facts: Mapping[Expr, bool] = {}  # tests that are decided where the walk stands
        self._of: dict[str | None, int] = {}

    def __len__(self) -> int:
        return len(self._of)

    @contextmanager
    def given(self, test: Expr, holds: bool) -> Iterator[None]:
        """Inside, a test is decided; of `a and b` that holds both are, and of `a or b` that does not."""
        outside = self.facts
        self.facts = {**outside, **decided(test, holds)}
        try:
            yield
        finally:
            self.facts = outside

    def of(self, value: Any) -> int:
        """The code of a text or of `None`."""
        return self._of.setdefault(value, len(self._of) + 1)

    def parts(self, x: Typed, wanted: Coding) -> tuple[Typed, Typed]:
        """The code of a value, and its number (or one that is never read)."""
        number = constant(None) if wanted.number is None else Typed(zero(wanted.number), wanted.number)
        if is_coded(x.expr):
            code, given = self.apart(x)
            return code, number if given.expr == Const(None) else given
        if isinstance(x.type, Static):
            assert isinstance(x.expr, Const)
            return constant(self.of(x.expr.value)), number
        if isinstance(x.expr, Const) and wanted.number is not None:
            x = Typed(converted_constant(x.expr, wanted.number), wanted.number)
        return constant(NUMBER), x

    def apart(self, x: Typed) -> tuple[Typed, Typed]:
        """The code and the number of such a value; `None` where it has no number."""
        assert isinstance(x.expr, Call) and isinstance(x.type, Static) and isinstance(x.type.value, Coding)
        code, number = x.expr.args
        return Typed(code, Scalar("int64")), Typed(number, x.type.value.number or Static(None))

    def number(self, x: Typed) -> Typed:
        """The number that a variable is, where it is one; it is checked unless that is known."""
        if not is_coded(x.expr):
            return x
        code, number = self.apart(x)
        if number.expr == Const(None):
            message = "a text or `None`, which the run decides, is used as a value"
            raise refuse("conflicting-types", message, hint="compare it: ==, !=, in, is")
        is_one = self.b.call(np.equal, code, constant(NUMBER))
        others = [self.b.call(np.equal, code, constant(other)) for other in self._of.values()]
        if is_one.expr == Const(True) or self.facts.get(is_one.expr) or not any(map(self._may_be, others)):
            return number
        test = self.b.call(np.not_equal, code, constant(NUMBER))
        self.fail(test, TypeError, "a value that is None, or a text, is used as a number")
        return number

    def _may_be(self, test: Typed) -> bool:
        return test.expr != Const(False) and self.facts.get(test.expr) is not False

    # -------------------------------------------------------------------------------------- questions
    def equal(self, left: Typed, right: Typed) -> Typed:
        """Whether two values are one, at least one of which has a code."""
        if not is_coded(left.expr):
            left, right = right, left
        code, number = self.apart(left)
        if is_coded(right.expr):
            other, its_number = self.apart(right)
            if Const(None) not in (number.expr, its_number.expr):
                message = "two variables are compared that may be texts, `None` or numbers"
                raise refuse("conflicting-types", message, hint="compare the numbers where both are numbers")
            return self.b.call(np.equal, code, other)
        if isinstance(right.type, Static):
            assert isinstance(right.expr, Const)
            if right.expr.value is not None and not isinstance(right.expr.value, str):
                return constant(False)
            return self.b.call(np.equal, code, constant(self.of(right.expr.value)))
        if number.expr == Const(None) or not isinstance(right.type, Scalar):
            return constant(False) if isinstance(right.type, Scalar) else self.b.call(np.equal, number, right)
        is_one = self.b.call(np.equal, code, constant(NUMBER))
        return self.b.call(ops.both, is_one, self.b.call(np.equal, number, right))

    def truth(self, x: Typed) -> Typed:
        """Whether it counts as true."""
        code, number = self.apart(x)
        empty = [self.b.call(np.not_equal, code, constant(self.of(value))) for value in (None, "")]
        if number.expr != Const(None):
            other = self.b.call(np.not_equal, code, constant(NUMBER))
            empty.append(self.b.call(ops.either, other, self.b.truth(number)))
        return self.b.folded(ops.both, empty)

    def selected(self, test: Typed, then: Typed, orelse: Typed) -> Typed | None:
        """A conditional whose sides are not of one kind, if codes tell them apart."""
        type_ = joined_coding(then.type, orelse.type)
        if type_ is None:
            return None
        assert isinstance(type_.value, Coding)
        sides = [self.parts(side, type_.value) for side in (then, orelse)]
        code, number = (
            one if one.expr == other.expr else self.b.call(ops.select, test, one, other)
            for one, other in zip(*sides, strict=True)
        )
        return Typed(coded(code.expr, number.expr), type_)

    def letter(self, x: Typed, place: int) -> Typed:
        """A letter of a text; where it has none there the run fails."""
        code, number = self.apart(x)
        if number.expr != Const(None):
            raise refuse("conflicting-types", "a letter of what may be a number, as the run decides")
        letters: list[tuple[Typed, int]] = []
        for text, of_text in list(self._of.items()):
            test = self.b.call(np.equal, code, constant(of_text))
            if letter := (text or "")[place : place + 1 or None]:
                letters.append((test, self.of(letter)))
            elif self._may_be(test):
                self.fail(test, IndexError, "string index out of range")
        result = constant(letters[-1][1]) if letters else constant(NUMBER)
        for test, of_letter in reversed(letters[:-1]):
            result = self.b.call(ops.select, test, constant(of_letter), result)
        return Typed(coded(result.expr, Const(None)), Static(Coding(None)))

    def fail(self, test: Typed, kind: type[Exception], text: str) -> None:
        """An exception in the run, where a test holds."""
        if self.b.is_lazy:
            what = "a variable that may be `None` takes statements, where it may not be evaluated"
            raise refuse("takes-statements", what, hint="give it a name in a statement of its own")
        failure = Effect(Call(ops.fail, (Const(kind), Const(None), Const(text))), span=self.b.span)
        self.b.out.append(If(test.expr, (failure,), (), span=self.b.span))

    def told(self, x: Typed) -> list[tuple[Expr, Expr]]:
        """What a value may be: tests, and what it is where they hold; the last one holds where no other does."""
        code, number = self.apart(x)
        found: list[tuple[Expr, Expr]] = [
            (self.b.call(np.equal, code, constant(c)).expr, Const(value)) for value, c in self._of.items()
        ]
        last = found.pop()[1] if number.expr == Const(None) else number.expr
        return [*found, (Const(True), last)]
