"""The source text of a Python function: found, parsed, and with every node's place in the user's file.

Goal: a `Located` function definition for plain functions, `@njit` dispatchers (through `py_func`) and lambdas.
Non-goals: guessing; a function whose source cannot be found, or told from another on its line, is refused.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from adcompile.errors import Span, refuse


@dataclass(frozen=True)
class Located:
    """A parsed function: its node, its text, and how to find any node of it in the user's file."""

    fn: FunctionType
    node: cst.FunctionDef | cst.Lambda
    module: cst.Module
    text: str
    file: str
    first_line: int
    column: int
    _ranges: Mapping[cst.CSTNode, CodeRange]

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands in the user's file; lines and columns from 1."""
        at = self._ranges[node]
        first, last = at.start, at.end

        def column(line: int, offset: int) -> int:
            return offset + 1 + (self.column if line == 1 else 0)

        return Span(
            self.file,
            self.first_line + first.line - 1,
            column(first.line, first.column),
            self.first_line + last.line - 1,
            column(last.line, last.column),
        )

    def code(self, node: cst.CSTNode) -> str:
        """A node's text on one line."""
        return " ".join(self.module.code_for_node(node).split())


def python_function(fn: Any) -> FunctionType:
    """The plain Python function behind a callable (a dispatcher's `py_func`); refused if there is none."""
    while not isinstance(fn, FunctionType):
        inner = getattr(fn, "py_func", None)
        if inner is None:
            name = getattr(fn, "__name__", type(fn).__name__)
            raise refuse(
                "no-source",
                f"`{name}` is no Python function: its source cannot be read",
                hint="give a function defined with `def` or `lambda`, or register a rule for this one",
            )
        fn = inner
    return fn


def located(fn: Any) -> Located:
    """Finds and parses the source of a function."""
    function = python_function(fn)
    if function.__name__ == "<lambda>":
        return _lambda(function)
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError, IndentationError, SyntaxError):
        raise _no_source(function) from None
    text = "".join(lines)
    if lines and lines[0][:1].isspace():
        text, first = f"if True:\n{text}", first - 1
    node, module, ranges = _parsed(text, function, first)
    return Located(function, node, module, text, _file(function), max(first, 0), 0, ranges)


def _parsed(text: str, function: FunctionType, first: int) -> tuple[Any, cst.Module, Mapping[cst.CSTNode, CodeRange]]:
    try:
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    except cst.ParserSyntaxError as error:
        span = Span(_file(function), first + error.raw_line - 1, error.raw_column + 1, 0, 0)
        raise refuse("no-source", "this source cannot be parsed", span) from None
    ranges = wrapper.resolve(PositionProvider)
    module = wrapper.module
    body: Any = module.body
    while isinstance(body[0], cst.If):
        body = body[0].body.body
    found = next((s for s in body if isinstance(s, cst.FunctionDef)), None)
    if found is None:
        raise _no_source(function)
    return found, module, ranges


def _lambda(function: FunctionType) -> Located:
    file, code = _file(function), function.__code__
    whole = "".join(linecache.getlines(file))
    try:
        tree = ast.parse(textwrap.dedent(whole))
    except SyntaxError:
        raise _no_source(function) from None
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno and _same(node, code)
    ]
    texts = {ast.get_source_segment(whole, node) for node in found}
    if len(texts) != 1:
        raise _no_source(function)
    text = texts.pop()
    assert text is not None
    wrapper = MetadataWrapper(cst.parse_module(f"({text})"), unsafe_skip_copy=True)
    ranges = wrapper.resolve(PositionProvider)
    line = wrapper.module.body[0]
    assert isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Expr)
    node = line.body[0].value
    assert isinstance(node, cst.Lambda)
    return Located(function, node, wrapper.module, text, file, found[0].lineno, found[0].col_offset - 1, ranges)


def _same(node: ast.Lambda, code: CodeType) -> bool:
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    if names != list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]):
        return False
    compiled = compile(ast.Expression(node), "<lambda>", "eval")
    inner = next(c for c in compiled.co_consts if isinstance(c, CodeType))
    return inner.co_consts == code.co_consts and set(inner.co_names) <= {*code.co_names, *code.co_freevars}


def _file(function: FunctionType) -> str:
    return function.__code__.co_filename


def _no_source(function: FunctionType) -> Exception:
    return refuse(
        "no-source",
        f"the source of `{function.__name__}` cannot be found",
        hint="define it with `def` in a file, a notebook cell or the interpreter's own editor",
    )
