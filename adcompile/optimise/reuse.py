"""A value that a name has already is not computed again.

Goal: an expression whose value is in a name in sight, with no store since to what it loads, becomes that name; a second
name for the same value goes.  Non-goals: naming anything (that is `optimise.cse`); cheap operations.

    s = np.sin(x) * y              s = np.sin(x) * y
    for i in range(n):      ->     for i in range(n):
        a[i] = np.sin(x) * y           a[i] = s
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from adcompile.analysis.aliasing import Roots, is_allocation, roots
from adcompile.analysis.effects import is_pure, loaded_roots, written_roots
from adcompile.ir import ops
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.nodes import Assign, Block, Call, Expr, For, Function, Index, Name, Stmt, While, base_of
from adcompile.ir.types import Scalar
from adcompile.ir.walk import blocks, children, expressions, rebuilt, replaced, with_blocks, with_expressions
from adcompile.optimise.cost import WORTH_A_NAME, cost
from adcompile.optimise.rewriting import same, with_body


def reused(function: Function) -> Function:
    """Expressions that are the value of a name in sight, by that name."""
    finder = _Reuse(function)
    body = finder.block(function.body)
    return with_body(function, replaced(body, finder.copies))


class _Known:
    """Which name has the value of an expression; what is learned or forgotten inside a block ends with it."""

    def __init__(self, roots_: Roots) -> None:
        self._roots = roots_
        self._names: dict[Expr, str] = {}
        self._loading: dict[str, set[Expr]] = {}  # what is forgotten when a root is stored to
        self._undo: list[tuple[Expr, str | None]] = []

    def __len__(self) -> int:
        return len(self._names)

    def get(self, expr: Expr) -> str | None:
        return self._names.get(expr)

    def learn(self, expr: Expr, name: str) -> None:
        self._undo.append((expr, self._names.get(expr)))
        self._put(expr, name)

    def forget(self, written: Iterable[str]) -> None:
        for expr in {expr for root in written for expr in self._loading.pop(root, ())}:
            if expr in self._names:
                self._undo.append((expr, self._names.pop(expr)))

    def inside(self, change: Callable[[], Block]) -> Block:
        """What `change` gives; afterwards all is known that was known before it, and no more."""
        before = len(self._undo)
        block = change()
        while len(self._undo) > before:
            expr, name = self._undo.pop()
            if name is None:
                self._names.pop(expr, None)
            else:
                self._put(expr, name)
        return block

    def _put(self, expr: Expr, name: str) -> None:
        self._names[expr] = name
        for root in loaded_roots(expr, self._roots):
            self._loading.setdefault(root, set()).add(expr)


class _Reuse:
    def __init__(self, function: Function) -> None:
        self.types = function.types
        self.roots = roots(function)
        self.copies: dict[str, Expr] = {}
        self._known = _Known(self.roots)
        self._resolved: dict[Expr, Expr] = {}

    def block(self, block: Block) -> Block:
        """The block with what is known used; more is known after it, but what is stored to is forgotten."""
        result: list[Stmt] = []
        for stmt in block:
            new = stmt
            if not isinstance(stmt, While):
                new = with_expressions(stmt, [self.expression(e) for e in expressions(stmt)])
            if isinstance(new, Assign) and self.learns(new):
                again = self.learn(new)
                if again is not None:
                    self.copies[new.target] = again
                    continue
            written = written_roots((new,), self.roots)
            if isinstance(new, (For, While)):
                self._known.forget(written)
            inner = [self._known.inside(partial(self.block, b)) for b in blocks(new)]
            self._known.forget(written)
            result.append(with_blocks(new, inner))
        return block if same(result, block) else tuple(result)

    def learns(self, stmt: Assign) -> bool:
        value = stmt.value
        return (
            isinstance(self.types.get(stmt.target), Scalar)
            and isinstance(value, (Call, Index))
            and not is_allocation(value)
            and is_pure(value)
            and value != Call(ops.undefined, ())
        )

    def learn(self, stmt: Assign) -> Name | None:
        """Remember a value under its name, or say which name has it already."""
        value = self.resolved(stmt.value)
        held = self._known.get(value)
        if (
            held is not None
            and self.types.get(held) == self.types.get(stmt.target)
            and (cost(value) > 0 or base_of(held) == base_of(stmt.target))
        ):
            return Name(held)
        self._known.learn(value, stmt.target)
        return None

    def resolved(self, expr: Expr) -> Expr:
        """An expression without the names that are copies (which are so when something reads them)."""
        found = self._resolved.get(expr)
        if found is None:
            if isinstance(expr, Name):
                found = self.copies.get(expr.id, expr)
            else:
                parts = children(expr)
                new = [self.resolved(part) for part in parts]
                found = expr if same(new, parts) else rebuilt(expr, new)
            self._resolved[expr] = found
        return found

    def expression(self, expr: Expr) -> Expr:
        """Parts of an expression that are known and dear, by their names; the whole value of an `Assign` is not."""
        if not self._known or cost(expr) < WORTH_A_NAME:
            return expr
        held = self._known.get(self.resolved(expr))
        if held is not None and self.of_name_type(expr, held):
            return Name(held)
        parts = children(expr)
        new = [self.expression(part) for part in parts]
        return expr if same(new, parts) else rebuilt(expr, new)

    def of_name_type(self, expr: Expr, name: str) -> bool:
        return Scalar(dtype_of(expr, self.types)) == self.types.get(name)
