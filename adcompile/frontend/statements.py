"""Statements, from libcst to the surface dialect: assignments of every shape, loops over ranges and arrays."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
import numpy as np

from adcompile.errors import Span
from adcompile.frontend.expressions import BINARY, Expressions
from adcompile.frontend.names import target_names
from adcompile.frontend.source import Located
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Break,
    Call,
    Const,
    Continue,
    Effect,
    Expr,
    For,
    If,
    Index,
    Name,
    Return,
    Stmt,
    Store,
    Tuple,
    Update,
    While,
)
from adcompile.ir.walk import nodes

WAYS_OUT_OF_STATEMENTS = {
    "Raise": "check arguments outside the function",
    "Assert": "check arguments outside the function",
    "Try": "do the work that may fail outside the function",
    "With": "do this outside the function",
    "Del": "leave the name alone",
    "Global": "pass the value as an argument",
    "Nonlocal": "pass the value as an argument",
    "Import": "import at module level",
    "ImportFrom": "import at module level",
    "FunctionDef": "define the function at module level",
    "ClassDef": "define the class at module level",
    "Match": "write it with if and elif",
}


class Statements(Expressions):
    """Reads the statements of one function."""

    def __init__(self, source: Located, local: set[str], outliving: frozenset[str]) -> None:
        super().__init__(source, local)
        self.taken = set(local)
        self.outliving = outliving

    # ------------------------------------------------------------------------------------ blocks
    def block(self, body: cst.BaseSuite) -> Block:
        out: list[Stmt] = []
        for position, node in enumerate(body.body):
            parts = node.body if isinstance(node, cst.SimpleStatementLine) else (node,)
            for part in parts:
                docstring = position == 0 and isinstance(part, cst.Expr) and isinstance(part.value, cst.SimpleString)
                if not docstring:
                    self.statement(part, out)
        return tuple(out)

    def statement(self, node: cst.CSTNode, out: list[Stmt]) -> None:
        span = self.source.span(node)
        match node:
            case cst.Assign():
                self.assign(node, out, span)
            case cst.AnnAssign():
                if node.value is not None:
                    self.target(node.target, self.read(node.value), out, span, self.source.code(node))
            case cst.AugAssign():
                self.update(node, out, span)
            case cst.For():
                self.loop(node, out, span)
            case cst.While():
                if node.orelse is not None:
                    self.refuse(node.orelse, "a loop with `else` is not supported", "use a flag")
                out.append(While(self.read(node.test), self.block(node.body), span=self.source.span(node.test)))
            case cst.If():
                out.append(self.branch(node))
            case cst.Return():
                value = Const(None) if node.value is None else self.read(node.value)
                out.append(Return(value, span=span, origin=self.source.code(node)))
            case cst.Break():
                out.append(Break(span=span))
            case cst.Continue():
                out.append(Continue(span=span))
            case cst.Pass():
                pass
            case cst.Expr():
                self.effect(node, out, span)
            case _:
                kind = type(node).__name__
                self.refuse(
                    node if not isinstance(node, (cst.Try, cst.With, cst.FunctionDef, cst.ClassDef)) else _head(node),
                    f"`{self.source.code(node).split()[0].rstrip(':')}` is not supported",
                    WAYS_OUT_OF_STATEMENTS.get(kind, ""),
                    "unsupported-statement",
                )

    def effect(self, node: cst.Expr, out: list[Stmt], span: Span) -> None:
        value = self.read(node.value)
        if isinstance(value, Call):
            out.append(Effect(value, span=span, origin=self.source.code(node)))

    def branch(self, node: cst.If) -> If:
        orelse: Block = ()
        if isinstance(node.orelse, cst.If):
            orelse = (self.branch(node.orelse),)
        elif node.orelse is not None:
            orelse = self.block(node.orelse.body)
        return If(self.read(node.test), self.block(node.body), orelse, span=self.source.span(node.test))

    # ------------------------------------------------------------------------------------ assignments
    def fresh(self, base: str) -> str:
        """A readable name that the function does not use."""
        name, number = base, 1
        while name in self.taken:
            number += 1
            name = f"{base}{number}"
        self.taken.add(name)
        return name

    def assign(self, node: cst.Assign, out: list[Stmt], span: Span) -> None:
        value, code = self.read(node.value), self.source.code(node)
        targets = [t.target for t in node.targets]
        if len(targets) > 1 and not isinstance(value, (Name, Const)):
            first = next((t.value for t in targets if isinstance(t, cst.Name)), "value")
            name = self.fresh(f"{first}_value")
            out.append(Assign(name, value, span=span, origin=code))
            value = Name(name)
        for target in targets:
            self.target(target, value, out, span, code)

    def target(self, node: cst.BaseExpression, value: Expr, out: list[Stmt], span: Span, code: str) -> None:
        """`node = value`."""
        match node:
            case cst.Name():
                out.append(Assign(node.value, value, span=span, origin=code))
            case cst.Tuple() | cst.List():
                self.unpack(node, value, out, span, code)
            case cst.Subscript():
                array, index = self.place(node, out, span)
                out.append(Store(array, index, value, span=span, origin=code))
            case cst.Attribute():
                self.refuse(node, "an attribute is assigned", "return the value instead", "unsupported-statement")
            case _:
                self.unsupported(node)

    def unpack(self, node: cst.Tuple | cst.List, value: Expr, out: list[Stmt], span: Span, code: str) -> None:
        if any(isinstance(item, cst.StarredElement) for item in node.elements):
            self.refuse(node, "a starred target is not supported", "name every item", "unsupported-statement")
            return
        targets = [item.value for item in node.elements]
        if isinstance(value, Tuple) and len(value.items) == len(targets):
            items: list[Expr] = []
            for target, item in zip(targets, value.items, strict=True):
                if isinstance(item, Const):
                    items.append(item)
                    continue
                like = target.value if isinstance(target, cst.Name) else "item"
                name = self.fresh(f"{like}_new")
                out.append(Assign(name, item, span=span, origin=code))
                items.append(Name(name))
        else:
            if not isinstance(value, Name):
                name = self.fresh("_".join(target_names(node)) or "items")
                out.append(Assign(name, value, span=span, origin=code))
                value = Name(name)
            items = [Index(value, (Const(number),)) for number in range(len(targets))]
        for target, item in zip(targets, items, strict=True):
            self.target(target, item, out, span, code)

    def place(self, node: cst.Subscript, out: list[Stmt], span: Span) -> tuple[str, tuple[Expr, ...]]:
        """The array and the index that a subscript assigns to."""
        array = self.read(node.value)
        index = self.index(node)
        if not isinstance(array, Name):
            base = next((part.id for part in nodes(array) if isinstance(part, Name)), "array")
            name = self.fresh(f"{base}_part")
            out.append(Assign(name, array, span=span))
            array = Name(name)
        return array.id, index

    def update(self, node: cst.AugAssign, out: list[Stmt], span: Span) -> None:
        fn, value, code = BINARY[type(node.operator)], self.read(node.value), self.source.code(node)
        match node.target:
            case cst.Name(name):
                out.append(Update(name, fn, value, span=span, origin=code))
            case cst.Subscript():
                array, index = self.place(node.target, out, span)
                if fn in (np.add, np.subtract):
                    amount = value if fn is np.add else Call(np.negative, (value,))
                    out.append(Accum(array, index, amount, span=span, origin=code))
                    return
                if any(isinstance(part, Call) and _computes(part) for item in index for part in nodes(item)):
                    index = tuple(self.named(item, out, span) for item in index)
                old = Index(Name(array), index)
                out.append(Store(array, index, Call(fn, (old, value)), span=span, origin=code))
            case _:
                self.refuse(node.target, "this cannot be assigned", code="unsupported-statement")

    def named(self, expr: Expr, out: list[Stmt], span: Span) -> Expr:
        if not isinstance(expr, Call):
            return expr
        name = self.fresh("index")
        out.append(Assign(name, expr, span=span))
        return Name(name)

    # ------------------------------------------------------------------------------------ loops
    def loop(self, node: cst.For, out: list[Stmt], span: Span) -> None:
        if node.orelse is not None:
            self.refuse(node.orelse, "a loop with `else` is not supported", "use a flag")
        header = Span(span.file, span.line, span.column, span.line, self.source.span(node.iter).end_column)
        if isinstance(node.iter, (cst.Tuple, cst.List)) and not _leaves_early(node.body):
            for item in node.iter.elements:
                self.target(node.target, self.element(item), out, header, "")
                out += self.block(node.body)
            return
        space = self.range_space(node.iter)
        if space is not None:
            bounds = space
            if isinstance(node.target, cst.Name) and node.target.value not in self.outliving:
                out.append(For(node.target.value, *bounds, self.block(node.body), span=header))
                return
            index = self.fresh("_".join(target_names(node.target)) + "_index")
            first: list[Stmt] = []
            self.target(node.target, Name(index), first, header, "")
            out.append(For(index, *bounds, (*first, *self.block(node.body)), span=header))
            return
        index = self.fresh("_".join(target_names(node.target)) + "_index")
        lengths: list[Expr] = []
        item = self.item(node.iter, Name(index), lengths, out, header)
        if not lengths:
            return
        stop = lengths[0]
        for other in lengths[1:]:
            stop = Call(min, (stop, other))
        first = []
        self.target(node.target, item, first, header, "")
        out.append(For(index, Const(0), stop, Const(1), (*first, *self.block(node.body)), span=header))

    def range_space(self, node: cst.BaseExpression) -> tuple[Expr, Expr, Expr] | None:
        """The bounds of `range(...)`, and of `reversed(range(...))` with steps of one; `None` for anything else."""
        if not isinstance(node, cst.Call):
            return None
        fn = self.known(node.func)
        if fn is range:
            return self.range_of(node)
        if fn is reversed and len(node.args) == 1:
            inner = self.range_space(node.args[0].value)
            if inner is not None:
                start, stop, step = inner
                if step == Const(1):
                    return _before(stop), _before(start), Const(-1)
                self.refuse(node, "a range with a step, reversed", "write the range that counts down")
                return inner
        return None

    def range_of(self, node: cst.Call) -> tuple[Expr, Expr, Expr]:
        args = [self.read(arg.value) for arg in node.args]
        if any(arg.keyword is not None or arg.star for arg in node.args) or not 1 <= len(args) <= 3:
            self.refuse(node, "this is no range", "give range one to three numbers")
            return Const(0), Const(0), Const(1)
        if len(args) == 1:
            return Const(0), args[0], Const(1)
        return args[0], args[1], args[2] if len(args) == 3 else Const(1)

    def item(self, node: cst.BaseExpression, at: Expr, lengths: list[Expr], out: list[Stmt], span: Span) -> Expr:
        """The item number `at` of what a loop runs over; `lengths` collects how many there are."""
        fn = self.known(node.func) if isinstance(node, cst.Call) else None
        args = [arg.value for arg in node.args] if isinstance(node, cst.Call) else []
        if fn is enumerate and len(args) in (1, 2):
            start = self.read(args[1]) if len(args) == 2 else Const(0)
            number = at if start == Const(0) else Call(np.add, (at, start))
            return Tuple((number, self.item(args[0], at, lengths, out, span)))
        if fn is zip and args:
            return Tuple(tuple(self.item(arg, at, lengths, out, span) for arg in args))
        if fn is range:
            assert isinstance(node, cst.Call)
            start, stop, step = self.range_of(node)
            if step != Const(1):
                self.refuse(node, "a range with a step inside zip or enumerate", "loop over the range itself")
            lengths.append(stop if start == Const(0) else Call(np.subtract, (stop, start)))
            return at if start == Const(0) else Call(np.add, (at, start))
        if fn is reversed and len(args) == 1:
            inner: list[Expr] = []
            value = self.array(args[0], out, span)
            inner.append(Call(len, (value,)))
            lengths += inner
            last = Call(np.subtract, (Call(np.subtract, (inner[0], Const(1))), at))
            return Index(value, (last,))
        if isinstance(fn, type) or fn in (map, filter, sorted):
            self.refuse(node, "a loop over this is not supported", "loop over a range, an array, enumerate or zip")
            return Const(0.0)
        value = self.array(node, out, span)
        lengths.append(Call(len, (value,)))
        return Index(value, (at,))

    def array(self, node: cst.BaseExpression, out: list[Stmt], span: Span) -> Expr:
        """What a loop runs over, under a name."""
        value = self.read(node)
        if not isinstance(value, Name):
            name = self.fresh("items")
            out.append(Assign(name, value, span=span))
            value = Name(name)
        return value


def _computes(call: Call) -> bool:
    return call.fn not in (np.add, np.subtract, np.multiply, np.negative, ops.attribute)


def _before(expr: Expr) -> Expr:
    return Const(expr.value - 1) if isinstance(expr, Const) else Call(np.subtract, (expr, Const(1)))


class _Jumps(cst.CSTVisitor):
    """Whether a loop's body leaves or continues that loop."""

    def __init__(self) -> None:
        self.found = False

    def visit_Break(self, node: cst.Break) -> None:
        self.found = True

    def visit_Continue(self, node: cst.Continue) -> None:
        self.found = True


def _leaves_early(body: cst.BaseSuite) -> bool:
    jumps = _Jumps()
    body.visit(jumps)
    return jumps.found


def _head(node: cst.CSTNode) -> cst.CSTNode:
    """The part of a compound statement that its refusal points at."""
    for part in _parts(node):
        return part
    return node


def _parts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        yield node.name
    if isinstance(node, cst.With):
        yield from node.items
