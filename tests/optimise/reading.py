"""A small reader of the core dialect for tests: Python text of scalars and element accesses, parameters annotated.

Loops carry and branches merge every name that they assign and that stood before them.
"""

from __future__ import annotations

import ast
import textwrap
from typing import Any

import numpy as np

from adcompile.ir import ops
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Names,
    Return,
    Stmt,
    Store,
    Tuple,
    While,
)
from adcompile.ir.show import show
from adcompile.ir.types import BOOL, FLOAT, INT, Array, Scalar, Type
from adcompile.ir.verify import verify_core
from adcompile.runtime import grown

_BINARY: dict[type, Any] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: ops.power,
    ast.FloorDiv: np.floor_divide, ast.Mod: np.remainder, ast.Lt: np.less, ast.Gt: np.greater,
    ast.LtE: np.less_equal, ast.GtE: np.greater_equal, ast.Eq: np.equal, ast.And: ops.both, ast.Or: ops.either,
}  # fmt: skip
_KINDS: dict[str, Type] = {
    "float": FLOAT, "int": INT, "bool": BOOL, "vec": Array("float64", 1), "mat": Array("float64", 2),
}  # fmt: skip


def core(source: str) -> Function:
    """The function that a text says, verified."""
    (tree,) = ast.parse(textwrap.dedent(source)).body
    assert isinstance(tree, ast.FunctionDef)
    function = _Reader().function(tree)
    verify_core(function)
    return function


def text(function: Function) -> str:
    """How a function is compared: its raw text, verified."""
    verify_core(function)
    return show(function).strip()


def lines(source: str) -> str:
    """The text to compare with, freed of its indentation."""
    return textwrap.dedent(source).strip()


class _Reader:
    def __init__(self) -> None:
        self.names = Names()
        self.types: dict[str, Type] = {}
        self.env: dict[str, str] = {}

    def function(self, tree: ast.FunctionDef) -> Function:
        params = []
        for arg in tree.args.args:
            kind = arg.annotation.id if isinstance(arg.annotation, ast.Name) else "float"
            params.append(self.new(arg.arg, _KINDS[kind]))
        return Function(tree.name, tuple(params), self.block(tree.body), self.types)

    def new(self, base: str, type_: Type) -> str:
        name = self.names.fresh(base)
        self.types[name] = type_
        self.env[base] = name
        return name

    # ------------------------------------------------------------------ expressions
    def expr(self, node: ast.expr) -> Expr:
        match node:
            case ast.Constant(value):
                return Const(value)
            case ast.Name(name):
                return Name(self.env[name])
            case ast.UnaryOp(ast.USub(), ast.Constant(value)):
                return Const(-value)
            case ast.UnaryOp(op, part):
                return Call(np.negative if isinstance(op, ast.USub) else ops.negated, (self.expr(part),))
            case ast.BinOp(left, op, right):
                return Call(_BINARY[type(op)], (self.expr(left), self.expr(right)))
            case ast.BoolOp(op, [left, right]):
                return Call(_BINARY[type(op)], (self.expr(left), self.expr(right)))
            case ast.Compare(left, [op], [right]):
                return Call(_BINARY[type(op)], (self.expr(left), self.expr(right)))
            case ast.IfExp(test, then, orelse):
                return Call(ops.select, tuple(map(self.expr, (test, then, orelse))))
            case ast.Tuple(items):
                return Tuple(tuple(map(self.expr, items)))
            case ast.Subscript(ast.Attribute(array, "shape"), axis):
                return Call(ops.dim, (self.expr(array), self.expr(axis)))
            case ast.Subscript(array, index):
                return Index(self.expr(array), self.index(index))
            case ast.Call(ast.Attribute(ast.Name("np"), name), args):
                return Call(getattr(np, name), tuple(map(self.expr, args)))
            case ast.Call(ast.Attribute(ast.Attribute(ast.Name("np"), "random"), name), args):
                return Call(getattr(np.random, name), tuple(map(self.expr, args)))
            case ast.Call(ast.Attribute(array, "copy"), []):
                return Call(ops.copy, (self.expr(array),))
            case ast.Call(ast.Name("grown"), args):
                return Call(grown, tuple(map(self.expr, args)))
            case ast.Call(ast.Name(name), args):
                known = {"abs": abs, "min": min, "max": max, "float": float, "int": int}
                return Call(known[name], tuple(map(self.expr, args)))
        raise NotImplementedError(ast.dump(node))

    def index(self, node: ast.expr) -> tuple[Expr, ...]:
        return tuple(map(self.expr, node.elts)) if isinstance(node, ast.Tuple) else (self.expr(node),)

    def type(self, expr: Expr) -> Type:
        if isinstance(expr, Call) and expr.fn in (np.empty, np.zeros):
            return _KINDS["mat" if isinstance(expr.args[0], Tuple) else "vec"]
        if isinstance(expr, Call) and expr.fn in (np.empty_like, np.zeros_like, ops.copy, grown):
            assert isinstance(expr.args[0], Name)
            return self.types[expr.args[0].id]
        return Scalar(dtype_of(expr, self.types) or "float64")

    # ------------------------------------------------------------------ statements
    def block(self, body: list[ast.stmt]) -> Block:
        return tuple(s for s in map(self.statement, body) if s is not None)

    def statement(self, node: ast.stmt) -> Stmt | None:
        origin = ast.unparse(node) if isinstance(node, (ast.Assign, ast.AugAssign)) else ""
        match node:
            case ast.Assign([ast.Name(name)], value):
                made = self.expr(value)
                return Assign(self.new(name, self.type(made)), made, origin=origin)
            case ast.AugAssign(ast.Name(name), op, value):
                made = Call(_BINARY[type(op)], (Name(self.env[name]), self.expr(value)))
                return Assign(self.new(name, self.type(made)), made, origin=origin)
            case ast.Assign([ast.Subscript(ast.Name(array), index)], value):
                return Store(self.env[array], self.index(index), self.expr(value), origin=origin)
            case ast.AugAssign(ast.Subscript(ast.Name(array), index), op, value):
                made = self.expr(value) if isinstance(op, ast.Add) else Call(np.negative, (self.expr(value),))
                return Accum(self.env[array], self.index(index), made, origin=origin)
            case ast.For(ast.Name(index), ast.Call(_, args), body):
                bounds = [self.expr(a) for a in args]
                start, stop, step = [Const(0), *bounds, Const(1)] if len(bounds) == 1 else [*bounds, Const(1)][:3]
                return self.loop(body, lambda: (self.new(index, INT), start, stop, step))
            case ast.While(test, body):
                return self.loop(body, lambda: (self.expr(test),))
            case ast.If(test, then, orelse):
                return self.branch(self.expr(test), then, orelse)
            case ast.Return(value):
                return Return(self.expr(value) if value is not None else Const(None))
            case ast.Pass():
                return None
        raise NotImplementedError(ast.dump(node))

    def assigned(self, body: list[ast.stmt]) -> list[str]:
        found = [n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        return [name for name in dict.fromkeys(found) if name in self.env]

    def loop(self, body: list[ast.stmt], head: Any) -> Stmt:
        names = self.assigned(body)
        inits = [self.env[n] for n in names]
        inners = [self.new(n, self.types[i]) for n, i in zip(names, inits, strict=True)]
        parts = head()
        block = self.block(body)
        yields = [self.env[n] for n in names]
        results = [self.new(n, self.types[i]) for n, i in zip(names, inits, strict=True)]
        carried = tuple(
            Carry(a, Name(b), Name(c), d) for a, b, c, d in zip(inners, inits, yields, results, strict=True)
        )
        return For(*parts, block, carried) if len(parts) == 4 else While(*parts, block, carried)

    def branch(self, test: Expr, then: list[ast.stmt], orelse: list[ast.stmt]) -> Stmt:
        names = self.assigned([*then, *orelse])
        before = dict(self.env)
        blocks, ends = [], []
        for side in (then, orelse):
            self.env = dict(before)
            blocks.append(self.block(side))
            ends.append([self.env[n] for n in names])
        self.env = before
        merges = tuple(
            Merge(self.new(n, self.types[a]), Name(a), Name(b)) for n, a, b in zip(names, *ends, strict=True)
        )
        return If(test, *blocks, merges)
