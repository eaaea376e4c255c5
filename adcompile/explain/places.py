"""Where the lines of a derivative come from: each line of the function and its partners in the derivative.

Goal: the function (and those that it calls) as people wrote it, the derivative as it is printed, and for each line of
either the group that it belongs to: a statement of the function, by file and line.  A line without a place of its own
goes with the value that it keeps, or with the adjoint statement above it.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from adcompile.errors import Span
from adcompile.ir.nodes import Accum, Assign, Block, Call, For, Function, Name, Return, Stmt, Store, While
from adcompile.ir.walk import blocks, statements
from adcompile.pipeline import Outcome

if TYPE_CHECKING:
    from adcompile.explain.activity import Activities
    from adcompile.explain.tapes import Tape

Key = tuple[str, int]
"""A statement of the function: its file and the line on which it begins."""


@dataclass(frozen=True)
class Line:
    """One line of code: its number, its text, the group of lines that it lights up with, and what is said of it."""

    number: int
    text: str
    group: int | None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Code:
    """Some lines with a title; `active` are the variables in them that vary with what the derivative is by."""

    title: str
    lines: tuple[Line, ...]
    active: frozenset[str] = frozenset()


class Places:
    """The groups of lines that belong together."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.typed = outcome.stages.function("typed")
        self.texts = outcome.emitted.text.splitlines()
        self.written: dict[Stmt, str] = {}  # each statement of the derivative as it is printed
        for text, stmt in zip(self.texts, outcome.emitted.lines, strict=True):
            if stmt is not None and not text.lstrip().startswith("#"):
                self.written.setdefault(stmt, text.strip())
        known = [*statements(self.typed.body), *(stmt for stmt in outcome.emitted.lines if stmt is not None)]
        self.spans = list(dict.fromkeys(stmt.span for stmt in known if stmt.span is not None))
        self._groups: dict[Key, int] = {}
        for span in self.spans:
            self._groups.setdefault(key(span), len(self._groups))
        self._head = len(self._groups)  # the group of the line with `def`
        self._around = dict(_loops_around(_last(outcome).body, None))
        self._defined = {s.target: s.span for s in known if isinstance(s, Assign) and s.span is not None}
        loops = [stmt for stmt in known if isinstance(stmt, (For, While))]
        self._defined.update({c.inner: c.span for loop in loops for c in loop.carried if c.span is not None})

    def group(self, span: Span | None) -> int | None:
        """The group of a place."""
        return None if span is None else self._groups.get(key(span))

    def source(self, span: Span) -> str:
        """The first line of a place, as somebody wrote it."""
        return linecache.getline(span.file, span.line).strip()

    def text(self) -> str:
        """All that the function and those that it calls are written in."""
        around = dict.fromkeys(found for span in self.spans if (found := _definition(span)) is not None)
        return "".join(
            linecache.getline(file, number) for file, first, last in around for number in range(first, last + 1)
        )

    # ------------------------------------------------------------------------------------ the two sides
    def derivative(self, roles: Mapping[Stmt, str], tapes: Iterable[Tape]) -> Code:
        """The derivative, with what each line does in the margin."""
        lines: list[Line] = []
        made = {f"{tape.name} = {tape.made}": tape.group for tape in tapes}
        above: dict[int, int | None] = {}  # the group of the last adjoint statement, by indentation
        for number, (text, stmt) in enumerate(zip(self.texts, self.outcome.emitted.lines, strict=True), 1):
            depth = len(text) - len(text.lstrip())
            above = {d: group for d, group in above.items() if d <= depth}
            group = None if stmt is None else self.group(stmt.span or self.kept_at(stmt))
            if group is None and isinstance(stmt, (Assign, Store, Accum)) and roles.get(stmt) == "adjoint":
                group = above.get(depth)
            if group is None and stmt is not None:
                group = made.get(text.strip(), self.group(self._around.get(stmt)))
            if group is None and (number == 1 or isinstance(stmt, Return) or self._is_of_parameter(stmt)):
                group = self._head
            above[depth] = group if stmt is not None and stmt.origin else above.get(depth)
            comment = text.lstrip().startswith("#")
            mark = roles.get(stmt, "") if stmt is not None and not comment else ""
            lines.append(Line(number, text, group, (mark,) if mark else ()))
        return Code(self.texts[0].removeprefix("def ").partition("(")[0], tuple(lines))

    def _is_of_parameter(self, stmt: Stmt | None) -> bool:
        """Whether a statement makes the adjoint of a parameter."""
        match stmt:
            case Assign(_, Call(np.zeros_like | np.empty_like, (Name(name), *_))):
                return name in self.typed.params
        return False

    def kept_at(self, stmt: Stmt) -> Span | None:
        """Where the value that a statement stores was computed; for elements of arrays, the loop that copies them."""
        if isinstance(stmt, (Store, Accum)):
            value = self._defined.get(stmt.value.id) if isinstance(stmt.value, Name) else None
            return value or self._around.get(stmt)
        return None

    def primal(self, active: Activities, tapes: Iterable[Tape]) -> tuple[Code, ...]:
        """The function, then those that it calls, in the order in which it comes to them."""
        cover: dict[Key, Span] = {}
        for span in sorted(self.spans, key=lambda s: s.line - s.end_line):  # the longest first: the innermost stays
            cover.update({(span.file, line): span for line in range(span.line, span.end_line + 1)})
        taped = {tape.group for tape in tapes}
        found: dict[tuple[str, int, int], Code] = {}
        for span in self.spans:
            around = _definition(span)
            if around is None or around in found:
                continue
            file, first, last = around
            lines = []
            for number in range(first, last + 1):
                text = linecache.getline(file, number).rstrip("\n")
                group = self.group(cover.get((file, number)))
                if group is None and not found and text.lstrip().startswith("def "):
                    group = self._head
                marks = ("kept",) if group in taped and group is not None and (file, number) in self._groups else ()
                if (file, number) in active.lines:
                    marks = ("active", *marks)
                lines.append(Line(number, text, group, marks))
            names = frozenset(name for f, line, name in active.names if f == file and first <= line <= last)
            found[around] = Code(f"{file.rpartition('/')[2]}", _dedented(lines), names | active.parameters)
        return _without_parts(found)


def _last(outcome: Outcome) -> Function:
    return outcome.stages.function(tuple(outcome.stages)[-1])


def _loops_around(block: Block, around: Span | None) -> Iterator[tuple[Stmt, Span | None]]:
    """For each statement the place of the innermost loop around it that has one."""
    for stmt in block:
        yield stmt, around
        inner = stmt.span or around if isinstance(stmt, (For, While)) else around
        for each in blocks(stmt):
            yield from _loops_around(each, inner)


def key(span: Span) -> Key:
    """The statement at a place."""
    return span.file, span.line


def _definition(span: Span) -> tuple[str, int, int] | None:
    """The lines of the function around a place; of the statement at the top of the file, where that is a lambda's."""
    lines = linecache.getlines(span.file)
    if not lines:
        return None
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:  # a cell of a notebook with a command in it
        return span.file, span.line, span.end_line
    best: ast.stmt | None = None
    for node in ast.walk(tree):
        inside = isinstance(node, ast.stmt) and node.lineno <= span.line <= (node.end_lineno or node.lineno)
        if inside and (isinstance(node, ast.FunctionDef) or (best is None and node in tree.body)):
            assert isinstance(node, ast.stmt)
            if best is None or not isinstance(best, ast.FunctionDef) or node.lineno > best.lineno:
                best = node
    return None if best is None else (span.file, best.lineno, best.end_lineno or best.lineno)


def _without_parts(found: Mapping[tuple[str, int, int], Code]) -> tuple[Code, ...]:
    """Without the functions that stand inside of others that are shown."""
    return tuple(
        code
        for (file, first, last), code in found.items()
        if not any(f == file and a <= first and last <= b and (a, b) != (first, last) for f, a, b in found)
    )


def _dedented(lines: list[Line]) -> tuple[Line, ...]:
    margin = min((len(line.text) - len(line.text.lstrip()) for line in lines if line.text.strip()), default=0)
    return tuple(replace(line, text=line.text[margin:]) for line in lines)
