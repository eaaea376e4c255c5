"""The promises of the core dialect, checked between stages: a failure here is a stage's bug, never the user's."""

from __future__ import annotations

from collections.abc import Callable

from adcompile.errors import InternalError
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Break,
    Call,
    Const,
    Continue,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Return,
    Slice,
    Stmt,
    Store,
    Try,
    Tuple,
    Update,
    While,
)
from adcompile.ir.opaque import is_opaque
from adcompile.ir.types import Array, TupleType, Type, ndim
from adcompile.ir.walk import atoms, binds, blocks, children, defines, expressions, names, statements


def verify_surface(function: Function) -> None:
    """Nothing is carried or merged, and every statement is one of the surface dialect."""
    for stmt in statements(function.body):
        if any(True for _ in atoms(stmt)):
            _fail(function, stmt, "carries or merges in the surface dialect")


def verify_plain(function: Function) -> None:
    """Surface without jumps: no `Break` or `Continue`, and one `Return`, last; all of it after `try` is gone."""
    verify_surface(function)
    if any(isinstance(stmt, Try) for stmt in statements(function.body)):
        return
    for stmt in statements(function.body):
        if isinstance(stmt, (Break, Continue)):
            _fail(function, stmt, "a jump is left")
        if isinstance(stmt, Return) and stmt is not function.body[-1]:
            _fail(function, stmt, "a return that is not the last statement")


def verify_ssa(function: Function) -> None:
    """Each name assigned once, before its uses and in their sight, and typed; one `Return`, last."""
    _Scope(function).check(lambda stmt: None)


def verify_core(function: Function) -> None:
    """`verify_ssa`, and arrays are memory: elements by full-rank scalar indices, allocations, nothing else."""
    types = function.types

    def scalar(expr: Expr, stmt: Stmt) -> None:
        match expr:
            case Slice() | Tuple():
                _fail(function, stmt, f"{type(expr).__name__} inside a scalar expression")
            case Index(Name(id), index):
                type_ = types.get(id)
                if isinstance(type_, Array) and len(index) != type_.ndim:
                    _fail(function, stmt, f"partial index of {id}")
                for part in index:
                    scalar(part, stmt)
                return
            case Index(inner, _):
                if not isinstance(types.get(_root(inner)), TupleType):
                    _fail(function, stmt, "an index of an expression")
            case Name(id) if isinstance(types.get(id), Array):
                _fail(function, stmt, f"array {id} as a value")
            case Call(fn) if getattr(fn, "__name__", "") == "dim":
                return
        for part in children(expr):
            scalar(part, stmt)

    def passed(expr: Expr, stmt: Stmt) -> None:
        """The arguments of an opaque call: names, scalar expressions, and tuples of those."""
        for part in children(expr):
            if isinstance(part, Tuple):
                passed(part, stmt)
            elif not isinstance(part, Name):
                scalar(part, stmt)

    def check(stmt: Stmt) -> None:
        match stmt:
            case Update():
                _fail(function, stmt, "an update is left")
            case Assign(target, value):
                if is_opaque(value):
                    passed(value, stmt)
                elif not isinstance(types[target], (Array, TupleType)):
                    scalar(value, stmt)
            case Store(array, index, value) | Accum(array, index, value):
                if len(index) != ndim(types[array]):
                    _fail(function, stmt, f"partial index of {array}")
                for part in (*index, value):
                    scalar(part, stmt)
            case For() | While() | If():
                for part in expressions(stmt):
                    scalar(part, stmt)
                if isinstance(stmt, For) and not (isinstance(stmt.step, Const) and stmt.step.value):
                    _fail(function, stmt, "a step that is not a nonzero constant")

    _Scope(function).check(check)


def _fail(function: Function, stmt: Stmt | None, message: str) -> None:
    place = f" at {stmt.span.file}:{stmt.span.line}" if stmt is not None and stmt.span else ""
    kind = f" in {type(stmt).__name__}" if stmt is not None else ""
    raise InternalError(f"{function.name}{place}: {message}{kind}")


def _root(expr: Expr) -> str:
    """The name at the bottom of indices of indices; empty if it is none."""
    while isinstance(expr, Index):
        expr = expr.array
    return expr.id if isinstance(expr, Name) else ""


class _Scope:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.seen: set[str] = set()

    def check(self, each: Callable[[Stmt], None]) -> None:
        body = self.function.body
        if not body or not isinstance(body[-1], Return):
            _fail(self.function, None, "no return at the end")
        for param in self.function.params:
            self.define(param, None)
        self.block(body, set(self.function.params), each)

    def define(self, name: str, stmt: Stmt | None) -> None:
        if name in self.seen:
            _fail(self.function, stmt, f"{name} assigned twice")
        self.seen.add(name)
        type_: Type | None = self.function.types.get(name)
        if type_ is None:
            _fail(self.function, stmt, f"{name} has no type")

    def block(self, block: Block, visible: set[str], each: Callable[[Stmt], None]) -> set[str]:
        visible = set(visible)
        for stmt in block:
            self.statement(stmt, visible, each)
            for name in defines(stmt):
                self.define(name, stmt)
                visible.add(name)
        return visible

    def statement(self, stmt: Stmt, visible: set[str], each: Callable[[Stmt], None]) -> None:
        each(stmt)
        if isinstance(stmt, (Break, Continue)):
            _fail(self.function, stmt, "a jump is left")
        if isinstance(stmt, Return) and stmt is not self.function.body[-1]:
            _fail(self.function, stmt, "a return that is not the last statement")
        if isinstance(stmt, (Store, Accum)):
            self.see((Name(stmt.array),), visible, stmt)
        inner = set(visible)
        for name in binds(stmt):
            self.define(name, stmt)
            inner.add(name)
        self.see(expressions(stmt), inner if isinstance(stmt, While) else visible, stmt)
        ends = [self.block(block, inner, each) for block in blocks(stmt)]
        if isinstance(stmt, (For, While)):
            for carry in stmt.carried:
                self.atom(carry.init, visible, stmt)
                self.atom(carry.yielded, ends[0], stmt)
        if isinstance(stmt, If):
            for merge in stmt.merges:
                self.atom(merge.then, ends[0], stmt)
                self.atom(merge.orelse, ends[1], stmt)

    def see(self, exprs: tuple[Expr, ...], visible: set[str], stmt: Stmt) -> None:
        for expr in exprs:
            for name in names(expr):
                if name not in visible:
                    _fail(self.function, stmt, f"{name} used where it is not defined")

    def atom(self, atom: Expr, visible: set[str], stmt: Stmt) -> None:
        if not isinstance(atom, (Const, Name)):
            _fail(self.function, stmt, f"{atom} is not an atom")
        self.see((atom,), visible, stmt)
