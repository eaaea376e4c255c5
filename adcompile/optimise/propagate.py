"""Copies and constants go where they are used, and what follows from that at once.

Goal: no name for what has one; no carried value that a loop never changes; no branch on a known condition; no loop
that never runs; no `+= 0.0`.  Non-goals: numbers that a person has named and uses more than once keep their name
(`g = 9.81`), except zeros, ones and integers.

    a = 0.0                        for i in range(n):
    b = x                              y[i] += x
    for i in range(n):      ->
        y[i] += a * 1.0
        y[i] += b
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from adcompile.ir import ops
from adcompile.ir.affine import difference
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.fold import folded
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    Function,
    If,
    Name,
    Stmt,
    While,
)
from adcompile.ir.types import Scalar, Type
from adcompile.ir.walk import replaced, statements
from adcompile.optimise.rewriting import each_block, each_expression, use_counts, with_body

_NO_NAME_NEEDED = (0.0, 1.0, -1.0)


def propagate(function: Function) -> Function:
    """`function` with copies, constants and unchanged carries replaced by what they stand for."""
    values = _Values(function).found
    body = replaced(function.body, values)
    body = _without_results(body, values)
    if values:
        body = each_expression(body, lambda expr: folded(expr, function.types))
    return with_body(function, each_block(body, lambda block: _straightened(block, function.types)))


class _Values:
    """The names that stand for another atom, each mapped to the last of the chain."""

    def __init__(self, function: Function) -> None:
        self.types = function.types
        self.uses = use_counts(function.body)
        self.atoms: dict[str, Atom] = {}
        count = -1
        while count < len(self.atoms):
            count = len(self.atoms)
            for stmt in statements(function.body):
                self.statement(stmt)
        self.found: Mapping[str, Expr] = {name: self.last(atom) for name, atom in self.atoms.items()}

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case Assign(target, Const() | Name() as value):
                self.add((target,), value)
            case For() | While():
                self.unchanged(stmt.carried)
            case If():
                for merge in stmt.merges:
                    if self.last(merge.then) == self.last(merge.orelse):
                        self.add((merge.result,), merge.then)

    def last(self, atom: Atom) -> Atom:
        while isinstance(atom, Name) and atom.id in self.atoms:
            atom = self.atoms[atom.id]
        return atom

    def unchanged(self, carried: Iterable[Carry]) -> None:
        for carry in carried:
            init = self.last(carry.init)
            if self.last(carry.yielded) in (Name(carry.inner), init):
                self.add((carry.inner, carry.result), init)

    def add(self, names: tuple[str, ...], atom: Atom) -> None:
        """Let names of one type stand for `atom`, if it is of that type and needs no name of its own."""
        atom = self.last(atom)
        if isinstance(atom, Name) and atom.id in names:
            return
        type_ = self.types.get(names[0])
        if isinstance(atom, Name):
            if self.types.get(atom.id) == type_:
                self.atoms.update(dict.fromkeys(names, atom))
            return
        constant = _typed(atom, type_)
        if constant is not None and (self._plain(constant.value) or sum(self.uses[name] for name in names) <= 1):
            self.atoms.update(dict.fromkeys(names, constant))

    @staticmethod
    def _plain(value: object) -> bool:
        return not isinstance(value, float) or value in _NO_NAME_NEEDED


def _typed(constant: Const, type_: Type | None) -> Const | None:
    """A constant as a literal of a name's type, if there is one."""
    if not isinstance(type_, Scalar):
        return None
    dtype = dtype_of(constant, {})
    if dtype == type_.dtype:
        return constant
    if dtype == "int64" and type_.dtype == "float64" and abs(constant.value) < 2**53:
        return Const(float(constant.value))
    return None


# ------------------------------------------------------------------------------------------ what follows
def _without_results(block: Block, values: Mapping[str, Expr]) -> Block:
    """The block without the definitions of names that are replaced everywhere."""

    def one(stmt: Stmt) -> Stmt | None:
        match stmt:
            case Assign():
                return None if stmt.target in values else stmt
            case For() | While():
                carried = tuple(c for c in stmt.carried if not (c.inner in values and c.result in values))
                return stmt if len(carried) == len(stmt.carried) else replace(stmt, carried=carried)
            case If():
                merges = tuple(m for m in stmt.merges if m.result not in values)
                return stmt if len(merges) == len(stmt.merges) else replace(stmt, merges=merges)
        return stmt

    return each_block(block, lambda b: tuple(s for s in map(one, b) if s is not None)) if values else block


def _straightened(block: Block, types: Mapping[str, Type]) -> Block:
    result: list[Stmt] = []
    for stmt in block:
        match stmt:
            case If(test=Const(value)):
                result.extend(stmt.then if value else stmt.orelse)
                result.extend(Assign(m.result, m.then if value else m.orelse) for m in stmt.merges)
            case If(then=()) if stmt.orelse and not stmt.merges:
                test = folded(Call(ops.negated, (stmt.test,)), types)
                result.append(replace(stmt, test=test, then=stmt.orelse, orelse=()))
            case For() if _never_runs(stmt, types):
                result.extend(Assign(c.result, c.init) for c in stmt.carried)
            case Accum(value=Const(value)) if value == 0:
                pass
            case _:
                result.append(stmt)
    return tuple(result)


def _never_runs(loop: For, types: Mapping[str, Type]) -> bool:
    assert isinstance(loop.step, Const)
    trips = difference(loop.stop, loop.start, types)
    return trips is not None and trips * loop.step.value <= 0
