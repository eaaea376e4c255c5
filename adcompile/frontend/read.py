"""The front end: a Python function into the surface dialect.

Goal: every statement of the accepted language, with its place in the user's file; names of outside resolved; all
refusals of a function raised at once.  Non-goals: types, single assignment, inlining; the stages after this one.

>>> from adcompile.errors import Span
>>> from adcompile.ir.show import show
>>> print(show(read(Span.__eq__).function))
Traceback (most recent call last):
...
adcompile.errors.Unsupported: no-source: the source of `__eq__` cannot be found
  help: define it with `def` in a file, a notebook cell or the interpreter's own editor
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import libcst as cst

from adcompile.errors import AdcompileError, Unsupported, refuse
from adcompile.frontend.names import assigned_names, outlives_its_loops
from adcompile.frontend.source import Located, located
from adcompile.frontend.statements import Statements
from adcompile.ir import walk
from adcompile.ir.nodes import Const, Function, Return


@dataclass(frozen=True)
class Source:
    """A function as it was read, and all of outside that it depends on."""

    function: Function
    signature: inspect.Signature
    file: str
    first_line: int
    source_text: str
    resolved: Mapping[str, object]


def read(fn: Any, *, value: bool = False) -> Source:
    """Reads a Python function, an `@njit` dispatcher or a lambda; with `value` one that returns nothing is refused.

    Raises `Unsupported` with every construct that is not of the language, each with file, line, caret and a way out.
    """
    source = located(fn)
    try:
        return _read(source, value)
    except AdcompileError:
        raise
    except cst.CSTValidationError as error:
        raise refuse("no-source", f"`{source.fn.__name__}` cannot be read: {error}") from None


def _read(source: Located, value: bool) -> Source:
    signature = inspect.signature(source.fn)
    node = source.node
    params = tuple(signature.parameters)
    body = assigned_names(node.body) if isinstance(node, cst.FunctionDef) else {}
    reader = Statements(source, {*params, *body}, outlives_its_loops(node.body, body))
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            reader.refuse(node.params, f"`*{parameter.name}` is not supported", "give every parameter a name")
    if isinstance(node, cst.FunctionDef):
        if node.asynchronous is not None:
            reader.refuse(node, "an async function is not supported")
        statements = reader.block(node.body)
        name = node.name.value
    else:
        result = reader.read(node.body)
        statements = (Return(result, span=source.span(node.body), origin=f"return {source.code(node.body)}"),)
        name = "lambda_"
    if reader.refusals:
        raise Unsupported(reader.refusals)
    returned = [s for s in walk.statements(statements) if isinstance(s, Return) and s.value != Const(None)]
    if value and not returned:
        raise refuse(
            "missing-return", f"`{name}` returns nothing", source.span(node), "return the value to differentiate", name
        )
    function = Function(name, params, statements)
    return Source(function, signature, source.file, source.first_line, source.text, dict(reader.resolver.used))
