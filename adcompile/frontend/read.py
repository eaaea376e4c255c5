"""The front end: a Python function into the surface dialect.

Goal: every statement of the accepted language, with its place in the user's file; names of outside resolved; all
refusals of a function raised at once.  Non-goals: types, single assignment, inlining; the stages after this one.

>>> from adcompile.ir.show import show
>>> def energy(x, k=2.0):
...     total = 0.0
...     for v in x:
...         total += k * v**2
...     return total
>>> print(show(read(energy).function).strip())
def energy(x, k):
    total = 0.0
    for v_index in range(len(x)):
        v = x[v_index]
        total += k * v ** 2
    return total
"""

from __future__ import annotations

import ast
import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import libcst as cst

from adcompile.errors import Refusal, Unsupported, refuse
from adcompile.frontend.functions import LocalFunction
from adcompile.frontend.names import local_names, outliving
from adcompile.frontend.resolve import State, literal
from adcompile.frontend.separated import separated
from adcompile.frontend.source import Located, located
from adcompile.frontend.statements import Statements
from adcompile.ir import ops
from adcompile.ir.nodes import Accum, Assign, Block, Call, Const, Effect, Function, Return, Store, Update
from adcompile.ir.walk import statements

_PYTEST = "pytest rewrites the `assert`s of test files: define the function in a module"


@dataclass(frozen=True)
class Source:
    """A function as it was read, and all of outside that it depends on."""

    function: Function
    signature: inspect.Signature
    file: str
    first_line: int
    source_text: str
    resolved: Mapping[str, object]


def read(fn: Any, *, value: bool = False, lenient: bool = False, state: State = ()) -> Source:
    """Reads a Python function, an `@njit` dispatcher or a lambda; with `value` one that returns nothing is refused.

    Raises `Unsupported` with every construct that is not of the language, each with file, line, caret and a way out;
    if it is `lenient`, they stay in the function as calls of `ops.refused`, which may turn out to be in dead branches.
    `state` is what globals are where it runs, if that is not what they are now.
    """
    if isinstance(fn, LocalFunction):  # read already, with the function around it
        return Source(fn.function, fn.signature, "", 0, "", {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python has given its warnings about the text when it was imported
        source = separated(located(fn))
        try:
            return _read(source, value, lenient, state)
        except (cst.CSTValidationError, RecursionError) as error:
            message = f"`{source.fn.__name__}` cannot be read: {str(error) or type(error).__name__}"
            raise refuse("no-source", message, hint="write its longest expressions in several statements") from None


def _read(source: Located, value: bool, lenient: bool, state: State) -> Source:
    node, code = source.node, source.fn.__code__
    name = node.name.value if isinstance(node, cst.FunctionDef) else "lambda_"
    several = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    params = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + several]
    body = [node.body] if isinstance(node, cst.FunctionDef) else []
    params = tuple(param for param in params if param not in source.bound)
    reader = Statements(source, node, {*params, *local_names(*body)}, outliving(body, params))
    reader.resolver.state = state
    if isinstance(node, cst.FunctionDef) and node.asynchronous is not None:
        reader.refuse(node.name, "an async function is not supported", code="unsupported-statement")
    of_signature, reader.refusals = reader.refusals, []
    assigned = sorted(local_names(*body) & source.bound.keys())  # of what a method or a partial brings along
    made = (*(Assign(brought, literal(source.bound[brought])) for brought in assigned), *reader.body())
    if of_signature:
        made = (Effect(Call(ops.refused, (Const(tuple(of_signature)),))), *made)
    if (found := [*of_signature, *reader.refused]) and not lenient:
        raise Unsupported(sorted(dict.fromkeys(found), key=_place))
    _check(source, made, name, value)
    signature = inspect.signature(source.fn, follow_wrapped=False)
    if source.bound:
        own = signature.parameters.values()
        signature = signature.replace(parameters=[p for p in own if p.name not in source.bound])
    function = Function(name, params, made)
    return Source(function, signature, source.file, source.first_line, source.text, dict(reader.resolver.used))


def _place(refusal: Refusal) -> tuple[int, int]:
    return (refusal.span.line, refusal.span.column) if refusal.span else (0, 0)


def _check(source: Located, made: Block, name: str, value: bool) -> None:
    """Refuses a text that is not what runs, and a function that returns nothing where a value is wanted."""
    where = source.span(source.node)
    if not source.is_what_runs():
        by_pytest = "@pytest_ar" in source.fn.__globals__ and any(
            isinstance(part, ast.Assert) for part in ast.walk(source.tree)
        )
        raise refuse(
            "source-changed",
            f"the text of `{name}` is not what runs: its file has changed since it was imported, or a tool rewrote it",
            where,
            _PYTEST if by_pytest else "import the module again",
            name,
        )
    returned = (stmt for stmt in statements(made) if isinstance(stmt, Return))
    acts = any(isinstance(stmt, (Store, Accum, Update, Effect)) for stmt in statements(made))
    if value and not acts and all(stmt.value == Const(None) for stmt in returned):
        raise refuse("missing-return", f"`{name}` returns nothing", where, "return the value to differentiate", name)
