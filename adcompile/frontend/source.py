"""The source text of a Python function: found, parsed, and with every node's place in the user's file.

Goal: a `Located` definition for plain functions, `@njit` dispatchers (through `py_func`) and lambdas, in files,
notebook cells, or wherever `linecache` has the text; decorators above a `def` do not matter.  Non-goals: guessing; a
function whose source cannot be found, or is not what runs, is refused.

>>> from adcompile.errors import Unsupported
>>> def f(x):
...     return x * x
>>> source = located(f)
>>> source.code(source.node.body), source.span(source.node).line
('return x * x', 1)
>>> try:
...     located(len)
... except Unsupported as error:
...     print(error)
no-source: `len` is no Python function: its source cannot be read
  help: give a function defined with `def` or `lambda`, or register a rule for this one
"""

from __future__ import annotations

import ast
import inspect
import linecache
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from types import CodeType, FunctionType, MethodType
from typing import Any

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from adcompile.errors import Span, Unsupported, refuse
from adcompile.frontend.compiled import is_compiled_from

_HOW_TO_DEFINE = "define it with `def` in a file, a notebook cell or the interpreter's own editor"


@dataclass(frozen=True)
class Located:
    """A parsed function: its node, its text, and how to find any node of it in the user's file."""

    fn: FunctionType
    node: cst.FunctionDef | cst.Lambda
    module: cst.Module
    text: str
    file: str
    first_line: int
    tree: ast.AST  # the same definition as Python's own compiler reads it
    _ranges: Mapping[cst.CSTNode, CodeRange]
    bound: Mapping[str, object] = field(default_factory=dict)  # arguments that a method or a partial brings along
    originals: Mapping[cst.CSTNode, cst.CSTNode] = field(default_factory=dict)  # of nodes that were changed
    _lines_before: int = 0  # lines of the parsed module above the text
    _column: int = 0  # where the first line of the text starts in its line of the file

    def original(self, node: cst.CSTNode) -> cst.CSTNode:
        """A node as it stands in the text."""
        while node in self.originals:
            node = self.originals[node]
        return node

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands in the user's file; lines and columns from 1."""
        at = self._ranges[self.original(node)]
        ends = []
        for place in (at.start, at.end):
            column = place.column + 1 + (self._column if place.line == 1 else 0)
            ends.append((self.first_line + place.line - 1 - self._lines_before, column))
        (line, column), (end_line, end_column) = ends
        return Span(self.file, line, column, end_line, end_column)

    def code(self, node: cst.CSTNode) -> str:
        """A node's text on one line, in the usual spacing and without comments."""
        text = self.module.code_for_node(self.original(node)).strip().rstrip(";").strip()
        try:
            return " ".join(ast.unparse(ast.parse(text)).split())
        except SyntaxError:  # a part of a statement, or one that only its surroundings allow (`return`)
            return " ".join(text.split())

    def member(self, name: str) -> str:
        """An attribute's name as Python has it: `x.__k` in the text of a class `C` is `x._C__k`."""
        owner = [part for part in self.fn.__code__.co_qualname.split(".")[-2:-1] if part.isidentifier()]
        private = name.startswith("__") and not name.endswith("__")
        return f"_{owner[0].lstrip('_')}{name}" if owner and private else name

    def is_what_runs(self) -> bool:
        """Whether the text is what the function was compiled from."""
        return is_compiled_from(self.fn.__code__, self.tree, self.fn.__code__.co_qualname)


def python_function(fn: Any) -> FunctionType:
    """The plain Python function behind a callable (a dispatcher's `py_func`); refused if there is none."""
    while isinstance(fn, (MethodType, partial)):
        fn = fn.__func__ if isinstance(fn, MethodType) else fn.func
    found = fn if isinstance(fn, FunctionType) else getattr(fn, "py_func", None)
    if isinstance(found, FunctionType):
        return found
    name = getattr(fn, "__name__", type(fn).__name__)
    raise refuse(
        "no-source",
        f"`{name}` is no Python function: its source cannot be read",
        hint="give a function defined with `def` or `lambda`, or register a rule for this one",
    )


def behind_ufunc(fn: Any) -> FunctionType | None:
    """The Python function of numbers that Numba has made a universal function of, with `@vectorize`."""
    if type(fn).__module__ != "numba.np.ufunc.dufunc":
        return None
    python = getattr(fn, "__wrapped__", None)
    return python if isinstance(python, FunctionType) else None


def located(fn: Any) -> Located:
    """Finds and parses the source of a function."""
    function = python_function(fn)
    try:
        found = _lambda(function) if function.__code__.co_name == "<lambda>" else _definition(function)
        return replace(found, bound=brought_along(fn))
    except (OSError, TypeError, ValueError, SyntaxError, tokenize.TokenError, cst.ParserSyntaxError, RecursionError):
        raise _no_source(function) from None


def brought_along(fn: Any) -> Mapping[str, object]:
    """The arguments that a method or a `functools.partial` brings along, by the names of their parameters."""
    function = python_function(fn)
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    while isinstance(fn, (MethodType, partial)):
        if isinstance(fn, partial):
            args, kwargs, fn = (*fn.args, *args), {**fn.keywords, **kwargs}, fn.func
        else:
            args, fn = (fn.__self__, *args), fn.__func__
    signature = inspect.signature(function, follow_wrapped=False)
    given = signature.bind_partial(*args, **kwargs).arguments
    stars = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if any(signature.parameters[name].kind in stars for name in given):
        raise _no_source(function, "give what is bound a parameter of its own")
    return given


def _definition(function: FunctionType) -> Located:
    first = max(function.__code__.co_firstlineno, 1)
    text = "".join(inspect.getblock(_file_lines(function)[first - 1 :]))
    if not text:
        raise _no_source(function)
    above = int(text[:1].isspace())
    parsed, tree, ranges = _parsed("if True:\n" * above + text)
    node: Any = parsed.body[0]
    if above:
        tree, node = tree.body[0], node.body.body[0]
    if not isinstance(node, cst.FunctionDef):
        raise _no_source(function)
    return Located(function, node, parsed, text, _file(function), first, tree, ranges, _lines_before=above)


@lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[cst.Module, Any, Mapping[cst.CSTNode, CodeRange]]:
    """One statement's module, the statement as Python's own compiler reads it, and where the nodes are in the text."""
    tree = ast.parse(text).body[0]
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    return wrapper.module, tree, wrapper.resolve(PositionProvider)


def _file_lines(function: FunctionType) -> list[str]:
    """The lines of the function's file as it is now, wherever its module comes from."""
    linecache.checkcache(_file(function))
    return linecache.getlines(_file(function), function.__globals__)


def _lambda(function: FunctionType) -> Located:
    file, code = _file(function), function.__code__
    whole = "".join(_file_lines(function))
    tree = _the_one(
        [
            node
            for node in ast.walk(ast.parse(whole))
            if isinstance(node, ast.Lambda)
            and node.lineno == code.co_firstlineno
            and is_compiled_from(code, node, code.co_qualname)
        ],
        code,
    )
    text = ast.get_source_segment(whole, tree) if tree is not None else None
    if tree is None or text is None:
        raise _no_source(function, "give it a line of its own, or a name with `def`")
    before = whole.splitlines()[tree.lineno - 1].encode()[: tree.col_offset].decode()
    parsed, _, ranges = _parsed(f"({text})")
    line: Any = parsed.body[0]
    node = line.body[0].value
    assert isinstance(node, cst.Lambda), node
    return Located(function, node, parsed, text, file, tree.lineno, tree, ranges, _column=len(before) - 1)


def _the_one(found: list[ast.Lambda], code: CodeType) -> ast.Lambda | None:
    """The lambda that the code is of: where several of a line compile to it, places in the line decide."""
    if len(found) > 1:
        places = [place for place in code.co_positions() if None not in place and place[2:] != (0, 0)]
        found = [node for node in found if places and all(_within(place, node.body) for place in places)]
    return found[0] if len(found) == 1 else None


def _within(place: tuple[int | None, ...], node: ast.expr) -> bool:
    """Whether a place, of an instruction, is in an expression."""
    line, end_line, column, end_column = place
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    return start <= (line, column) and (end_line, end_column) <= end


def _file(function: FunctionType) -> str:
    return function.__code__.co_filename


def _no_source(function: FunctionType, hint: str = _HOW_TO_DEFINE) -> Unsupported:
    return refuse("no-source", f"the source of `{function.__name__}` cannot be found", hint=hint)
