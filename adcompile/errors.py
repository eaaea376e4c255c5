"""One family of errors and one renderer: what is refused, where, why, and the way out."""

from __future__ import annotations

import linecache
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a source file: lines and columns count from 1, the end is exclusive in its column."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that cannot be differentiated: a short code, the reason, where, and the way out."""

    code: str
    message: str
    span: Span | None = None
    hint: str = ""
    function: str = ""

    def render(self) -> str:
        """The reason, `--> file:line:column`, the source line with carets, and the way out."""
        lines = [f"{self.code}: {self.message}"]
        if self.span is not None:
            span = self.span
            inside = f" in {self.function}" if self.function else ""
            lines.append(f"  --> {span.file}:{span.line}:{span.column}{inside}")
            text = linecache.getline(span.file, span.line).rstrip("\n")
            if text:
                last = span.end_column if span.end_line == span.line else len(text) + 1
                gutter = " " * len(str(span.line))
                lines.append(f" {span.line} | {text}")
                lines.append(f" {gutter} | {' ' * (span.column - 1)}{'^' * max(last - span.column, 1)}")
        if self.hint:
            lines.append(f"  help: {self.hint}")
        return "\n".join(lines)


class AdcompileError(Exception):
    """Base of every error that this package raises on purpose."""


class Unsupported(AdcompileError, NotImplementedError):
    """A function uses something that cannot be differentiated; `refusals` holds every reason found."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("\n\n".join(("", *(r.render() for r in self.refusals))).strip("\n"))

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return (type(self), (self.refusals,))


class InvalidArgument(AdcompileError, TypeError):
    """A call of ours with an argument that cannot be used: names the argument and the way out."""


class InternalError(AdcompileError, AssertionError):
    """A stage broke its own promise: our bug, never the user's."""


def refuse(code: str, message: str, span: Span | None = None, hint: str = "", function: str = "") -> Unsupported:
    """An `Unsupported` with one refusal, ready to raise."""
    return Unsupported([Refusal(code, message, span, hint, function)])
