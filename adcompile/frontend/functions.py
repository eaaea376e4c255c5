"""Functions defined in functions: `def` and `lambda`.

Goal: each a function of the surface dialect that takes the variables of the function around as further arguments
(lambda lifting).  Python gives it their values as it is called; so that those are the values that they have where it is
defined, a variable that is assigned again after that is refused; one that calls itself defines itself again inside,
with the same variables.  Non-goals: `nonlocal`, functions that call one another before all are defined.

    k = 2.0                             k = 2.0
    def force(x): return -k * x         force = closure(<force(x, k)>, k=k)
    return force(a)                     return call(force, a)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import libcst as cst

from adcompile.frontend.names import local_names, target_names
from adcompile.frontend.resolve import State
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Const, Expr, Function, Name

Definition = cst.FunctionDef | cst.Lambda


@dataclass(frozen=True, eq=False)
class LocalFunction:
    """A function defined in a function; its signature ends with what it reads of that one, by keyword only."""

    function: Function
    signature: inspect.Signature

    captured: tuple[str, ...] = ()  # parameters that no caller names: what it read of the function around
    state: State = ()  # of globals, where it is defined

    @property
    def __name__(self) -> str:
        return self.function.name

    @property
    def __signature__(self) -> inspect.Signature:
        return self.signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(self.function.name)


def closure(
    function: Function, own: inspect.Signature, captured: list[str], state: State = (), again: bool = False
) -> Call:
    """The value of a definition, which stands inside the function `again` if that calls itself."""
    keywords = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in captured]
    signature = own.replace(parameters=[*own.parameters.values(), *keywords])
    local = LocalFunction(function, signature, state=state)
    made = Call(ops.closure, (Const(local),), tuple((n, Name(n)) for n in captured))
    if again:
        whole = replace(function, body=(Assign(function.name, made), *function.body))
        object.__setattr__(local, "function", whole)
    return made


def transform_of(fn: object) -> str:
    """The name of one of our functions that make derivatives, `grad` say; nothing for any other."""
    return str(getattr(fn, "__adcompile_transform__", ""))


def is_function_value(expr: Expr) -> bool:
    """Whether an expression is a function with what it has captured, or a derivative of one."""
    return isinstance(expr, Call) and (expr.fn is ops.closure or bool(transform_of(expr.fn)))


def parameters(node: Definition) -> list[cst.Param]:
    """The parameters of a definition that have names of their own."""
    given = node.params
    return [*given.posonly_params, *given.params, *given.kwonly_params]


def own_names(node: Definition) -> set[str]:
    """The names that a definition binds inside itself."""
    bound = local_names(node.body) if isinstance(node, cst.FunctionDef) else set()
    return bound | {param.name.value for param in parameters(node)}


def read_in(node: Definition) -> list[str]:
    """The names that a definition reads and does not bind, in the order of their first use."""
    finder = _Reads()
    node.body.visit(finder)
    return [name for name in dict.fromkeys(finder.found) if name not in own_names(node)]


def assigned_after(body: cst.CSTNode, node: cst.CSTNode) -> set[str]:
    """The names that a function assigns after a node in it; after a definition, with its own name."""
    finder = _After(node)
    body.visit(finder)
    return finder.found


def captured_in(body: cst.CSTNode, node: Definition, is_local: Callable[[str], bool]) -> tuple[list[str], set[str]]:
    """The variables of a function that a definition in it reads, and its own name if it calls itself."""
    again = _calls_itself(body, node)
    return [name for name in read_in(node) if is_local(name) and name not in again], again


def _calls_itself(body: cst.CSTNode, node: Definition) -> set[str]:
    """The name of a definition in a function that reads it, if nothing else gives that another value."""
    if not isinstance(node, cst.FunctionDef) or node.name.value not in read_in(node):
        return set()
    finder = _Bindings()
    body.visit(finder)
    return {node.name.value} if finder.found.count(node.name.value) == 1 else set()


class _Bindings(cst.CSTVisitor):
    def __init__(self) -> None:
        self.found: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        self.found += _bound(node)
        return not isinstance(node, (cst.FunctionDef, cst.Lambda))


class _Reads(cst.CSTVisitor):
    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Name(self, node: cst.Name) -> None:
        self.found.append(node.value)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        node.value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.found += read_in(node)
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        self.found += read_in(node)
        return False


class _After(cst.CSTVisitor):
    """Walks in the order of the text."""

    def __init__(self, node: cst.CSTNode) -> None:
        self._node = node
        self._seen = False
        self._around: cst.CSTNode = node
        self.found: set[str] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, (cst.BaseStatement, cst.BaseSmallStatement)):
            self._around = node
        if node is self._node:
            self._seen = True
            self.found.update(*(target_names(target.target) for target in getattr(self._around, "targets", ())))
        if self._seen:
            self.found.update(_bound(node))
        return not isinstance(node, (cst.FunctionDef, cst.Lambda)) or node is not self._node


def _bound(node: cst.CSTNode) -> Iterator[str]:
    match node:
        case cst.AssignTarget() | cst.AugAssign() | cst.AnnAssign() | cst.NamedExpr() | cst.For():
            yield from target_names(node.target)
        case cst.FunctionDef():
            yield node.name.value
