"""Statements, from libcst to the surface dialect.

Goal: each statement with its place and its text; what is not of the language is refused, and reading goes on.
Non-goals: types, jumps, single assignment; the stages after this one.
"""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from adcompile.frontend.decided import decided
from adcompile.frontend.grammar import STATEMENTS
from adcompile.frontend.loops import Loops
from adcompile.ir.nodes import Block, Break, Call, Const, Continue, Effect, If, Return, Stmt, While
from adcompile.ir.walk import nodes


class Statements(Loops):
    """Reads the statements of one function."""

    def block(self, body: cst.BaseSuite, first: Callable[[], None] = lambda: None) -> Block:
        """The statements of a body, after those that `first` makes."""
        outer, self.out = self.out, []
        first()
        for node in body.body:
            for part in node.body if isinstance(node, cst.SimpleStatementLine) else (node,):
                self.statement(part)
        made, self.out = self.out, outer
        return tuple(made)

    def statement(self, node: cst.CSTNode) -> None:
        """One statement."""
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
                self.loop(node)
            case cst.While():
                where = self.source.span(node.test)
                self.out.append(While(self.read(node.test), self.block(node.body), span=where))
                self.otherwise(node)
            case cst.If():
                self.out += self.branch(node)
            case cst.Return():
                value = Const(None) if node.value is None else self.read(node.value)
                self.out.append(Return(value, span=span, origin=origin))
            case cst.Break():
                self.out.append(Break(span=span))
            case cst.Continue():
                self.out.append(Continue(span=span))
            case cst.Pass():
                pass
            case cst.Expr():
                self.effect(node)
            case _:
                self.refuse_statement(node)

    def branch(self, node: cst.If) -> Block:
        """`if`, with `elif` as an `if` in its `else`; where the test is known, the branch that is taken alone."""
        span, test = self.source.span(node.test), self.read(node.test)
        holds = decided(test)
        then = self.block(node.body) if holds is not False else ()
        orelse: tuple[Stmt, ...] = ()
        if holds is True:
            return then
        if isinstance(node.orelse, cst.If):
            orelse = self.branch(node.orelse)
        elif node.orelse is not None:
            orelse = self.block(node.orelse.body)
        return (If(test, then, orelse, span=span),) if holds is None else orelse

    def effect(self, node: cst.Expr) -> None:
        """An expression on a line of its own: a call is made for what it does, text and values do nothing."""
        value = self.read(node.value)
        if isinstance(value, Call):
            self.out.append(Effect(value, span=self.span, origin=self.origin))
        elif any(isinstance(part, Call) for part in nodes(value)):
            hint = "put every call on a line of its own"
            self.refuse(node, "values that are not used", hint, "unsupported-statement")

    def refuse_statement(self, node: cst.CSTNode) -> None:
        """Refuses a statement that is not of the language, pointing at what names it."""
        kind = type(node).__name__
        what, hint = STATEMENTS.get(kind, (f"this ({kind})", ""))
        where: cst.CSTNode = node
        match node:
            case cst.FunctionDef() | cst.ClassDef():
                where = node.name
            case cst.With():
                where = node.items[0]
            case cst.Match():
                where = node.subject
        self.refuse(where, f"{what} is not supported", hint, "unsupported-statement")
