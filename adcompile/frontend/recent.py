"""What was found out about a function, for the next who asks while nothing that it depends on has changed.

Goal: `jvp(f)` after `grad(f)` finds the stages that both begin with.  A function is described anew for each question
(`frontend.fingerprint`), with its closure, its globals and the functions that it calls, so that an answer is never
older than what it is about; the last few answers are kept.  Non-goals: other processes, see `api.keeping`.

>>> def f(x):
...     return scale * x
>>> scale, recent = 2.0, Recent(most=2)
>>> recent.keep(recent.question(f, "doubled"), "an answer")
>>> recent.answer(recent.question(f, "doubled")), recent.answer(recent.question(f, "halved"))
('an answer', None)
>>> scale = 3.0
>>> recent.answer(recent.question(f, "doubled")) is None
True
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from adcompile.frontend.fingerprint import fingerprint
from adcompile.rules.registry import added, as_shipped

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Question:
    """A function, and the text of all that the answer depends on."""

    function: Callable[..., Any]
    described: str


class Recent(Generic[Answer]):
    """The last answers, the newest first; threads may lose each other's, and never see half of one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: tuple[tuple[Question, Answer], ...] = ()

    def question(self, function: Callable[..., Any], *about: object) -> Question | None:
        """What is asked; nothing if something that the function depends on cannot be described."""
        described = fingerprint(function, *about, *(() if as_shipped() else added()))
        return None if described is None else Question(function, described)

    def answer(self, question: Question | None) -> Answer | None:
        for asked, answer in self._kept:
            if question is not None and asked.function is question.function and asked.described == question.described:
                return answer
        return None

    def keep(self, question: Question | None, answer: Answer) -> None:
        if question is not None:
            self._kept = ((question, answer), *self._kept[: self._most - 1])
