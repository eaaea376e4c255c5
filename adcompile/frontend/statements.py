"""Statements, from libcst to the surface dialect.

Goal: each statement with its place and its text; what is not of the language is refused, and reading goes on.
Non-goals: types, jumps, single assignment; the stages after this one.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import logging
import warnings
from collections.abc import Callable
from typing import Any

import libcst as cst
import numpy as np

from adcompile.frontend.attempts import attempted, suppressed
from adcompile.frontend.contexts import NotTold, inside
from adcompile.frontend.floating import raising
from adcompile.frontend.functions import (
    Definition,
    assigned_after,
    captured_in,
    closure,
    own_names,
    parameters,
    read_in,
)
from adcompile.frontend.grammar import LOGGED, SAID, STATEMENTS
from adcompile.frontend.list_names import changed_lists, made_within
from adcompile.frontend.lists import Lists
from adcompile.frontend.names import breaks_its_loop, local_names, outliving
from adcompile.frontend.no_grad import constant, refusals
from adcompile.frontend.raises import asserted, raised
from adcompile.frontend.resolve import MISSING, attribute, same_value
from adcompile.frontend.source import Located
from adcompile.frontend.texts import text_of
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Const,
    Continue,
    Effect,
    Expr,
    Function,
    If,
    Name,
    Return,
    While,
)
from adcompile.ir.walk import nodes
from adcompile.runtime import no_grad

_STATEMENT = "unsupported-statement"
_SILENT: tuple[Any, ...] = (np.errstate, warnings.catch_warnings, contextlib.nullcontext)


class Statements(Lists):
    """Reads the statements of one function; `refused` is all of it that is not of the language."""

    def __init__(self, source: Located, definition: Definition, local: set[str], outliving: frozenset[str]) -> None:
        super().__init__(source, definition, local, outliving)
        self.caught: list[tuple[Any, ...]] = []  # what each `try` around catches
        self.flags: list[ops.Flags] = []  # floating-point errors that each `with` around makes exceptions
        self.broken: list[str] = []  # of each loop around, the flag that a `break` sets; empty where none is needed

    def body(self) -> Block:
        """The statements of the whole function."""
        node = self.definition
        if isinstance(node, cst.FunctionDef):
            return self.block(node.body)
        self.span, self.origin = self.source.span(node.body), f"return {self.source.code(node.body)}"
        outer, self.out = self.out, []
        value = self.read(node.body)
        made, self.out = self.out, outer
        found, self.refusals = self.refusals, []
        self.refused += found
        why = [Effect(Call(ops.refused, (Const(tuple(found)),)), span=self.span)] if found else []
        return (*why, *made, Return(value, span=self.span, origin=self.origin))

    def block(self, body: cst.BaseSuite, first: Callable[[], None] = lambda: None) -> Block:
        """The statements of a body, after those that `first` makes."""
        outer, self.out = self.out, []
        self.suites.append(body)
        first()
        for node in body.body:
            for part in node.body if isinstance(node, cst.SimpleStatementLine) else (node,):
                self.statement(part)
        self.suites.pop()
        made, self.out = self.out, outer
        return tuple(made)

    def statement(self, node: cst.CSTNode) -> None:
        """One statement; what is refused in it stands before it."""
        before, self.refusals = self.refusals, []
        place = len(self.out)
        self.one(node)
        found, self.refusals = self.refusals, before
        if found:
            self.refused += found
            self.out.insert(place, Effect(Call(ops.refused, (Const(tuple(found)),)), span=self.source.span(node)))

    def one(self, node: cst.CSTNode) -> None:
        """One statement."""
        self.read_names, self.acted = set(), False
        self.span = span = self.source.span(node)
        self.origin = origin = "" if isinstance(node, cst.BaseCompoundStatement) else self.source.code(node)
        match node:
            case cst.Assign():
                self.assign(node)
            case cst.AnnAssign():
                if node.value is not None:
                    self.target(node.target, self.read(node.value))
            case cst.AugAssign():
                self.update(node)
            case cst.For():
                self.around(node, lambda: self.loop(node))
            case cst.While():
                self.around(node, lambda: self.repeat(node))
            case cst.If():
                self.branch(node)
            case cst.Return():
                value = Const(None) if node.value is None else self.read(node.value)
                self.out.append(Return(value, span=span, origin=origin))
            case cst.Break():
                if self.broken and self.broken[-1]:
                    self.give(self.broken[-1], Const(True))
                self.out.append(Break(span=span))
            case cst.Continue():
                self.out.append(Continue(span=span))
            case cst.Pass():
                pass
            case cst.Raise():
                self.out.append(Effect(raised(self, node), span=span, origin=origin))
            case cst.Assert():
                failure = Effect(asserted(self, node), span=span, origin=origin)
                self.out.append(If(Call(ops.negated, (self.read(node.test),)), (failure,), (), span=span))
            case cst.Expr():
                self.effect(node)
            case cst.Try():
                attempted(self, node)
            case cst.With():
                self.inside(node)
            case cst.Import() | cst.ImportFrom():
                self.imported(node)
            case cst.FunctionDef():
                self.out.append(Assign(node.name.value, self.local_function(node), span=span))
            case cst.Global():
                self.read_only(node)
            case cst.Del() if isinstance(node.target, cst.Name):
                pass  # nothing reads the name after this, or Python would raise an error
            case _:
                self.refuse_statement(node)

    # ------------------------------------------------------------------------------------ loops and branches
    def around(self, node: cst.For | cst.While, loop: Callable[[], None]) -> None:
        """A loop, and its `else`: what follows it where nothing breaks out of it."""
        span, flag = self.span, ""
        if node.orelse is not None and breaks_its_loop(node.body):
            flag = self.named("broken", Const(False)).id
        appended = self.appended.intersection(changed_lists(node)[0])
        if isinstance(node, cst.For) and appended & self.names_in(node.iter):
            self.refuse(node.iter, "a list is appended to in a loop over it", "loop over a copy", _STATEMENT)
        if self.branches and appended - made_within(self.definition, self.suites[-1], node):
            hint = "make the list in the branch and use it there alone, or before it with all its items"
            self.refuse(node, "a list is appended to in a loop in a branch", hint, _STATEMENT)
        outside, self.branches = self.branches, 0
        self.loops += 1
        self.broken.append(flag)
        loop()
        self.broken.pop()
        self.loops -= 1
        self.branches = outside
        if node.orelse is None:
            return
        rest = self.block(node.orelse.body)
        self.out += (If(Call(ops.negated, (Name(flag),)), rest, (), span=span),) if flag else rest

    def repeat(self, node: cst.While) -> None:
        """A `while`; a test that assigns is made at the start of each trip."""
        where, outer = self.source.span(node.test), self.out
        self.out = []
        test = self.read(node.test)
        first, self.out = self.out, outer
        if first:
            leave = If(Call(ops.negated, (test,)), (Break(span=where),), (), span=where)

            def start() -> None:
                self.make_room(node.body)
                self.out += [*first, leave]

            self.out.append(While(Const(True), self.block(node.body, start), span=where))
        else:
            body = self.block(node.body, lambda: self.make_room(node.body))
            self.out.append(While(test, body, span=where))

    def branch(self, node: cst.If) -> None:
        """`if`, with `elif` as an `if` in its `else`."""
        span, test = self.source.span(node.test), self.read(node.test)
        if not self.branches and not self.loops:
            self.make_room(node)
        self.branches += 1
        then = self.block(node.body)
        outer, self.out = self.out, []
        if isinstance(node.orelse, cst.If):
            self.span = self.source.span(node.orelse)
            self.branch(node.orelse)
        elif node.orelse is not None:
            self.out += self.block(node.orelse.body)
        orelse, self.out = self.out, outer
        self.branches -= 1
        self.out.append(If(test, then, tuple(orelse), span=span))

    # ------------------------------------------------------------------------------------ other statements
    def effect(self, node: cst.Expr) -> None:
        """An expression on a line of its own: a call is made for what it does, text and values do nothing."""
        if self.appends(node.value) or self.only_says(node.value):
            return
        value = self.read(node.value)
        if isinstance(value, Call):
            self.out.append(Effect(value, span=self.span, origin=self.origin))
        elif any(isinstance(part, Call) for part in nodes(value)):
            hint = "put every call on a line of its own"
            self.refuse(node, "values that are not used", hint, _STATEMENT)

    def only_says(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a warning or a message to a log; a warning that is made an error is refused."""
        if not isinstance(node, cst.Call):
            return False
        fn = self.known(node.func)
        if any(fn is one for one in SAID):
            if self.flags or ("error" in self.source.code(node) and fn is not warnings.warn):
                self.refuse(node, "warnings are made errors", "check the numbers instead", _STATEMENT)
            return True
        owner = getattr(fn, "__self__", None)
        of_log = isinstance(owner, logging.Logger) or getattr(fn, "__module__", None) == "logging"
        return of_log and getattr(fn, "__name__", "") in LOGGED

    def inside(self, node: cst.With) -> None:
        """`with` something that changes what is said, and no number; or `no_grad`."""
        match node.items:
            case [cst.WithItem(cst.Call(func, []), None)] if self.known(func) is no_grad:
                body = self.block(node.body)
                self.refusals += refusals(body)
                self.out += constant(body)
                return
            case [cst.WithItem(cst.Call(func) as suppress, None)] if self.known(func) is contextlib.suppress:
                suppressed(self, node, suppress)
                return
        if raising(self, node):
            return
        before = self.resolver.state
        for item in node.items:
            call = item.item
            if not isinstance(call, cst.Call) or item.asname is not None or not self.enters(call):
                self.resolver.state = before
                self.refuse_statement(node)
                return
        self.out += self.block(node.body)
        self.resolver.state = before

    def enters(self, call: cst.Call) -> bool:
        """Whether a context changes no number, or globals alone: then these are others from here on."""
        manager = self.known(call.func)
        if any(manager is one for one in _SILENT):
            return "raise" not in self.source.code(call)
        args = [self.read(arg.value) for arg in call.args]
        if manager is MISSING or any(arg.star for arg in call.args) or not all(isinstance(a, Const) for a in args):
            return False
        values = [arg.value for arg in args if isinstance(arg, Const)]
        pairs = list(zip(call.args, values, strict=True))
        named = {arg.keyword.value: value for arg, value in pairs if arg.keyword is not None}
        plain = tuple(value for arg, value in pairs if arg.keyword is None)
        try:
            state = inside(manager, plain, named, self.resolver.state)
        except NotTold:
            return False
        if any(not same_value(self.resolver.seen(of, name), value) for of, name, value in state):
            self.resolver.state = state
        return True

    def imported(self, node: cst.Import | cst.ImportFrom) -> None:
        """`import` in a function: its names stand for what they would outside."""
        found = _imported(node)
        again = assigned_after(self.definition.body, node) | {p.name.value for p in parameters(self.definition)}
        if found is None and any(issubclass(ImportError, kind) for kinds in self.caught for kind in kinds):
            self.out.append(Effect(Call(ops.fail, (Const(ImportError), Const(None))), span=self.span))
            return
        if found is None or again & found.keys():
            self.refuse_statement(node)
            return
        for name, value in found.items():
            self.resolver.bind(name, value)

    def read_only(self, node: cst.Global) -> None:
        """`global`, of names that the function only reads."""
        written = [item.name for item in node.names if self.resolver.is_local(item.name.value)]
        if written:
            hint = "pass the value as an argument, and return the new one"
            self.refuse(written[0], "a global is assigned", hint, _STATEMENT)

    def refuse_statement(self, node: cst.CSTNode) -> None:
        """Refuses a statement that is not of the language, pointing at what names it."""
        kind = type(node).__name__
        what, hint = STATEMENTS.get(kind, (f"this ({kind})", ""))
        where: cst.CSTNode = node
        match node:
            case cst.ClassDef():
                where = node.name
            case cst.With():
                where = node.items[0]
            case cst.Match():
                where = node.subject
        nothing = self.refuse(where, f"{what} is not supported", hint, _STATEMENT)
        self.out += [Assign(name, nothing) for name in sorted(local_names(node))]

    def made_text(self, node: cst.FormattedString | cst.ConcatenatedString) -> Expr:
        """An f-string: exceptions may say it, and nothing else."""
        text = text_of(self, node)
        return self.unsupported(node) if text is None else Call(ops.text, (Const(text.template), *text.values))

    # ------------------------------------------------------------------------------------ functions
    def local_function(self, node: Definition) -> Call:
        """A function defined in this one."""
        own = self.own_signature(node)
        if own is None or (isinstance(node, cst.FunctionDef) and (node.asynchronous or node.decorators)):
            message = "a function with such parameters or decorators inside another is not supported"
            return self.refuse(node, message, "define the function at module level", _STATEMENT)
        captured, again = captured_in(self.definition.body, node, self.resolver.is_local)
        if self.aliases.keys() & {*read_in(node)}:
            hint = "write the loop out"
            return self.refuse(node, "a function reads the variable of a comprehension around it", hint, _STATEMENT)
        changed = assigned_after(self.definition.body, node) & {*captured}
        if self.appended & {*captured}:
            message = "a function reads a list that is appended to"
            return self.refuse(node, message, "pass the list as an argument", _STATEMENT)
        if changed:
            message = f"a function reads `{min(changed)}`, which is assigned after it is defined"
            hint = "define it after the last assignment, or pass the value as an argument"
            return self.refuse(node, message, hint, _STATEMENT)
        name = node.name.value if isinstance(node, cst.FunctionDef) else "lambda_"
        body = [node.body] if isinstance(node, cst.FunctionDef) else []
        params = (*own.parameters, *captured)
        inner = Statements(self.source, node, {*params, *own_names(node), *again}, outliving(body, params))
        inner.resolver = self.resolver.inside({*params, *own_names(node), *again})
        inner.function = name
        function = Function(name, params, inner.body())
        self.refused += inner.refused
        return closure(function, own, captured, self.resolver.state, bool(again))

    def own_signature(self, node: Definition) -> inspect.Signature | None:
        """The parameters of a definition, if their defaults are known before the run."""
        given = node.params
        if isinstance(given.star_arg, cst.Param) or given.star_kwarg is not None:
            return None
        found: list[inspect.Parameter] = []
        for param in parameters(node):
            default: Any = inspect.Parameter.empty
            if param.default is not None:
                value = self.read(param.default)
                if not isinstance(value, Const):
                    return None
                default = value.value
            kind = inspect.Parameter.KEYWORD_ONLY if param in given.kwonly_params else _EITHER
            found.append(inspect.Parameter(param.name.value, kind, default=default))
        return inspect.Signature(found)


_EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD


def _imported(node: cst.Import | cst.ImportFrom) -> dict[str, Any] | None:
    """What the names of an import stand for; nothing if it fails."""
    found: dict[str, Any] = {}
    try:
        if isinstance(node, cst.Import):
            for alias in node.names:
                module = importlib.import_module(alias.evaluated_name)
                top = importlib.import_module(alias.evaluated_name.partition(".")[0])
                found[alias.evaluated_alias or top.__name__] = module if alias.evaluated_alias else top
            return found
        if node.module is None or node.relative or isinstance(node.names, cst.ImportStar):
            return None
        path = cst.Module([]).code_for_node(node.module)
        module = importlib.import_module(path)
        for alias in node.names:
            value = attribute(module, alias.evaluated_name)
            if value is MISSING:
                value = importlib.import_module(f"{path}.{alias.evaluated_name}")
            found[alias.evaluated_alias or alias.evaluated_name] = value
    except ImportError:
        return None
    return found
