"""Random programs as trees of lines, so that they can be shrunk by leaving lines out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from tests.texts import defined

HELPERS = '''
def mix(p, q, c=0.5):
    return c * np.sin(p) + (1.0 - c) * q

def pick(p, q):
    if p > q:
        return np.cos(p)
    r = p * q
    return np.sin(r)

def advance(u, h):
    v = np.empty_like(u)
    for j in range(u.shape[0]):
        v[j] = np.sin(u[j] - h * u[j - 1])
    return v

def relax(u, h):
    for j in range(1, u.shape[0]):
        u[j] = 0.5 * u[j] + h * u[j - 1] * u[j]

def search(u, limit):
    s = 0.0
    for j in range(u.shape[0]):
        s += u[j] * u[j]
        if s > limit:
            return np.sin(s)
    return s
'''
_files = count()


@dataclass(frozen=True)
class Line:
    """One line; with a body, the head of a block; `kept` lines are never left out."""

    text: str
    body: tuple[Line, ...] = ()
    kept: bool = False

    def lines(self, tab: str) -> Iterator[str]:
        yield tab + self.text
        for inner in self.body:
            yield from inner.lines(tab + "    ")
        if self.text.endswith(":") and not self.body:
            yield tab + "    pass"


@dataclass(frozen=True)
class Program:
    """A function as text, and the arguments to call it with."""

    head: str
    body: tuple[Line, ...]
    args: tuple[Any, ...]
    wrt: tuple[str, ...]
    seed: int = 0

    @property
    def text(self) -> str:
        lines = [line for top in self.body for line in top.lines("    ")]
        return "\n".join([self.head, *lines]) + "\n"

    @property
    def size(self) -> int:
        return self.text.count("\n")

    def function(self) -> Callable[..., Any]:
        """The program as a Python function whose source can be read."""
        text = HELPERS + "\n" + self.text if any(f"{name}(" in self.text for name in _HELPER_NAMES) else self.text
        file = f"<program {self.seed}.{next(_files)}>"
        function: Callable[..., Any] = defined(text, file, {"np": np, "math": math})["f"]
        return function

    def without_a_line(self) -> Iterator[Program]:
        """All programs with one line, block or block's head less, the largest pieces first."""
        smaller = [replace(self, body=body) for body in _reduced(self.body)]
        yield from sorted(smaller, key=lambda program: program.size)


_HELPER_NAMES = tuple(line[4 : line.index("(")] for line in HELPERS.splitlines() if line.startswith("def "))


def _reduced(lines: Sequence[Line]) -> Iterator[tuple[Line, ...]]:
    for at, line in enumerate(lines):
        before, after = tuple(lines[:at]), tuple(lines[at + 1 :])
        branch = line.text.startswith(("elif", "else", "except"))
        headless = after and after[0].text.startswith(("elif", "else", "except"))
        if not line.kept and not (headless and not branch):
            yield before + after
        if line.body and not branch and not headless:
            yield before + line.body + after
        for body in _reduced(line.body):
            yield (*before, replace(line, body=body), *after)


def shrunk(program: Program, still: Callable[[Program], bool]) -> Program:
    """The smallest program that leaving out lines leads to and for which `still` holds."""
    found = True
    while found:
        found = False
        for smaller in program.without_a_line():
            if runs(smaller) and still(smaller):
                program, found = smaller, True
                break
    return program


def runs(program: Program) -> bool:
    """Whether the plain program runs, and gives a number that is tame, also a little beside its arguments."""
    rng = np.random.default_rng(0)
    try:
        function = program.function()
        with np.errstate(all="raise"):
            for shift in (0.0, 1e-3):
                args = (_shifted(value, shift, rng) for value in program.args)
                value = function(*args)
                if not (np.ndim(value) == 0 and isinstance(value, (float, np.floating)) and abs(value) < 1e3):
                    return False
    except (ArithmeticError, IndexError, NameError, SyntaxError, TypeError, ValueError):
        return False
    return True


def _shifted(value: Any, shift: float, rng: np.random.Generator) -> Any:
    if isinstance(value, np.ndarray):
        return value + (shift * rng.normal(size=value.shape)).astype(value.dtype)
    return value + shift if isinstance(value, (float, complex)) else value
