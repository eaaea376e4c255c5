"""What is computed twice is computed once.

Goal: an expression whose value is at hand already (in a name, with no store since to what it loads) is replaced by
that name; one that stands more than once where it costs something gets a name.  Works on whole functions: a name given
before a loop serves inside it.

Non-goals: moving work out of loops or branches that might not run; expressions equal only after algebra; single cheap
operations (`x[i] - 1` twice is what a person writes too).

    s = np.sin(x) * y              t = np.sin(x)
    u = np.sin(x) + z      ->      s = t * y
                                   u = t + z
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from adcompile.analysis.aliasing import Roots, is_allocation, roots
from adcompile.analysis.effects import is_pure, loaded_roots, written_roots
from adcompile.ir import ops
from adcompile.ir.dtypes import COMPARISONS, dtype_of
from adcompile.ir.nodes import (
    Assign,
    Block,
    Call,
    Expr,
    For,
    Function,
    Index,
    Name,
    Names,
    Return,
    Stmt,
    While,
    base_of,
)
from adcompile.ir.types import Scalar, Type
from adcompile.ir.walk import (
    all_names,
    blocks,
    children,
    expressions,
    mapped,
    rebuilt,
    replaced,
    statements,
    with_blocks,
    with_expressions,
)
from adcompile.optimise.rewriting import same, size, with_body
from adcompile.runtime import multiply_no_nan

_CHEAP = frozenset(
    (np.add, np.subtract, np.multiply, np.negative, np.positive, np.divide, abs, min, max, np.absolute, np.minimum,
     np.maximum, np.sign, float, int, bool, np.float64, ops.select, ops.both, ops.either, ops.negated, np.sqrt,
     np.square, math.sqrt, math.fabs, multiply_no_nan)
) | COMPARISONS  # fmt: skip
_LAZY = (ops.select, ops.both, ops.either)
_WORTH_A_NAME = 2


@lru_cache(maxsize=1 << 14)
def cost(expr: Expr) -> int:
    """Roughly what computing an expression costs; loads and index arithmetic are free, a dear call is two."""
    match expr:
        case Index():
            return 0
        case Call(ops.dim):
            return 0
        case Call(fn, args):
            cheap = fn in _CHEAP or (fn is ops.power and getattr(args[1], "value", None) in (2, 3, -1))
            return (1 if cheap else 2) + sum(map(cost, args))
    return 0


def cse(function: Function) -> Function:
    """`function` with repeated expressions computed once."""
    function = _reused(function)
    return _named(function)


# ------------------------------------------------------------------------------------------ values at hand
def _reused(function: Function) -> Function:
    """Expressions that are the value of a name in sight, by that name."""
    finder = _Reuse(function)
    body = finder.block(function.body, {})
    return with_body(function, replaced(body, finder.copies))


class _Reuse:
    def __init__(self, function: Function) -> None:
        self.types = function.types
        self.roots = roots(function)
        self.copies: dict[str, Expr] = {}

    def block(self, block: Block, known: dict[Expr, str]) -> Block:
        """The block with what is `known` used; `known` grows, and forgets what is stored to."""
        result: list[Stmt] = []
        for stmt in block:
            new = stmt
            if not isinstance(stmt, While):
                new = with_expressions(stmt, [self.expression(e, known) for e in expressions(stmt)])
            if isinstance(new, Assign) and self.learns(new):
                again = self.learn(new, known)
                if again is not None:
                    self.copies[new.target] = again
                    continue
            written = written_roots((new,), self.roots)
            if isinstance(new, (For, While)):
                _forget(known, written, self.roots)
            inner = [self.block(b, dict(known)) for b in blocks(new)]
            _forget(known, written, self.roots)
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

    def learn(self, stmt: Assign, known: dict[Expr, str]) -> Name | None:
        """Remember a value under its name, or say which name has it already."""
        value = self.resolved(stmt.value)
        held = known.get(value)
        if (
            held is not None
            and self.types.get(held) == self.types.get(stmt.target)
            and (cost(value) > 0 or base_of(held) == base_of(stmt.target))
        ):
            return Name(held)
        known[value] = stmt.target
        return None

    def resolved(self, expr: Expr) -> Expr:
        return mapped(expr, lambda e: self.copies.get(e.id, e) if isinstance(e, Name) else e)

    def expression(self, expr: Expr, known: dict[Expr, str]) -> Expr:
        """Parts of an expression that are known and dear, by their names; the whole value of an `Assign` is not."""
        if not known or cost(expr) < _WORTH_A_NAME:
            return expr
        held = known.get(self.resolved(expr))
        if held is not None and self.of_name_type(expr, held):
            return Name(held)
        parts = children(expr)
        new = [self.expression(part, known) for part in parts]
        return expr if same(new, parts) else rebuilt(expr, new)

    def of_name_type(self, expr: Expr, name: str) -> bool:
        return Scalar(dtype_of(expr, self.types)) == self.types.get(name)


def _forget(known: dict[Expr, str], written: set[str], roots_: Roots) -> None:
    if written:
        for expr in [e for e in known if loaded_roots(e, roots_) & written]:
            del known[expr]


# ------------------------------------------------------------------------------------------ names for repeats
def _named(function: Function) -> Function:
    """Dear expressions that stand more than once get a name before the first."""
    names = Names(tuple(all_names(function)))
    types = dict(function.types)
    roots_ = roots(function)
    temporaries = {s.target for s in statements(function.body) if isinstance(s, Assign) and not s.origin}
    has_t = any(base_of(name) == "t" for name in {*all_names(function)} - temporaries)

    def block(old: Block) -> Block:
        repeats = _Repeats(old, roots_, types)
        while found := repeats.best():
            expr, line = found
            target = names.fresh(_readable_name(expr) or ("tmp" if has_t else "t"))
            types[target] = Scalar(dtype_of(expr, types))
            repeats.named(expr, line, Assign(target, expr, span=line.span))
        inside = tuple(with_blocks(s, [block(b) for b in blocks(s)]) for s in repeats.lines)
        return old if same(inside, old) else inside

    return with_body(function, block(function.body), types)


def _readable_name(expr: Expr) -> str:
    """`sin_x` for `np.sin(x)`; otherwise nothing: the name is `t`, or `tmp` where the function has a `t` of its own."""
    if isinstance(expr, Call) and len(expr.args) == 1 and isinstance(expr.args[0], Name):
        return f"{expr.fn.__name__.lstrip('_')}_{base_of(expr.args[0].id)}"
    return ""


def _evaluated(expr: Expr) -> Iterator[Expr]:
    """The parts of an expression that are computed whenever it is; largest first within each."""
    if isinstance(expr, Call) and expr.fn in _LAZY:
        yield expr
        yield from _evaluated(expr.args[0])
        return
    yield expr
    for part in children(expr):
        yield from _evaluated(part)


class _Repeats:
    """What the lines of one block compute for certain and they or the blocks inside compute again.

    A name given to an expression changes only the lines that hold it, so that only what stands in those is looked at
    again."""

    def __init__(self, block: Block, roots_: Roots, types: dict[str, Type]) -> None:
        self.lines = list(block)
        self.roots = roots_
        self.types = types
        self._holding: dict[Expr, set[Stmt]] = {}  # the lines with a call, in their blocks too
        self._writing: dict[str, set[Stmt]] = {}  # the lines that store to a root
        self._repeated: dict[Expr, tuple[tuple[bool, int], Stmt, int]] = {}  # its worth, and where it is first computed
        for line in block:
            self._enter(line)
        self._places = {line: position for position, line in enumerate(block)}
        self._weigh(self._holding)

    def best(self) -> tuple[Expr, Stmt] | None:
        """The expression most worth a name, and the line that first computes it.

        Dear calls first, the innermost of them; then whatever is longest.
        """
        if not self._repeated:
            return None

        def key(expr: Expr) -> tuple[tuple[bool, int], int, int]:
            worth, line, number = self._repeated[expr]
            return worth, -self._places[line], -number

        expr = max(self._repeated, key=key)
        return expr, self._repeated[expr][1]

    def named(self, expr: Expr, first: Stmt, assign: Assign) -> None:
        """Puts `assign` before the first line, and its name into all lines that it is good for."""
        old = self._reach(expr, first)
        new = _Replacing(expr, assign.target, self.roots).block(tuple(old))[0]
        changed = {before: after for before, after in zip(old, new, strict=True) if before is not after}
        affected = {expr}.union(*map(_calls_inside, changed), *map(_calls_inside, changed.values()))
        for line in changed:
            self._leave(line)
        for line in (assign, *changed.values()):
            self._enter(line)
        place = self._places[first]
        self.lines = [changed.get(line, line) for line in self.lines]
        self.lines.insert(place, assign)
        self._places = {line: position for position, line in enumerate(self.lines)}
        self._repeated = {
            e: (worth, changed.get(line, line), number) for e, (worth, line, number) in self._repeated.items()
        }
        self._weigh(affected)

    def _enter(self, line: Stmt) -> None:
        for call in _calls_inside(line):
            self._holding.setdefault(call, set()).add(line)
        for root in written_roots((line,), self.roots):
            self._writing.setdefault(root, set()).add(line)

    def _leave(self, line: Stmt) -> None:
        for call in _calls_inside(line):
            self._holding[call].discard(line)
        for root in written_roots((line,), self.roots):
            self._writing[root].discard(line)

    def _weigh(self, affected: Iterable[Expr]) -> None:
        """Looks again at whether some expressions are worth a name."""
        for expr in affected:
            self._repeated.pop(expr, None)
            if not self._worth(expr):
                continue
            found = self._first(expr)
            if found is not None and _Replacing(expr, "", self.roots).block(tuple(self._reach(expr, found[0])))[1] > 1:
                dear = cost(expr) - sum(map(cost, children(expr))) >= _WORTH_A_NAME
                self._repeated[expr] = ((dear, -size(expr) if dear else size(expr)), *found)

    def _first(self, expr: Expr) -> tuple[Stmt, int] | None:
        """The first line that computes an expression for certain, as a part of it, and which of its parts that is."""
        for line in sorted(self._holding.get(expr, ()), key=self._places.__getitem__):
            if isinstance(line, (While, Return)) or (isinstance(line, Assign) and line.value == expr):
                continue
            for number, part in enumerate(part for whole in expressions(line) for part in _evaluated(whole)):
                if part == expr:
                    return line, number
        return None

    def _reach(self, expr: Expr, first: Stmt) -> list[Stmt]:
        """The lines from the first on with the expression in them, to one that stores to what it loads."""
        place = self._places[first]
        spoiling = (line for root in loaded_roots(expr, self.roots) for line in self._writing.get(root, ()))
        last = min((at for line in spoiling if (at := self._places[line]) >= place), default=len(self.lines))
        found = {at: line for line in self._holding[expr] if place <= (at := self._places[line]) <= last}
        if last < len(self.lines):
            found[last] = self.lines[last]
        return [found[at] for at in sorted(found)]

    def _worth(self, expr: Expr) -> bool:
        return (
            isinstance(expr, Call)
            and not is_allocation(expr)
            and cost(expr) >= _WORTH_A_NAME
            and is_pure(expr)
            and bool(dtype_of(expr, self.types))
        )


@lru_cache(maxsize=1 << 16)
def _calls(expr: Expr) -> frozenset[Expr]:
    """Every call in an expression."""
    own = frozenset((expr,)) if isinstance(expr, Call) else frozenset[Expr]()
    return own.union(*map(_calls, children(expr)))


@lru_cache(maxsize=1 << 16)
def _calls_inside(stmt: Stmt) -> frozenset[Expr]:
    """Every call of a statement, and of those in its blocks."""
    own = frozenset[Expr]().union(*map(_calls, expressions(stmt)))
    return own.union(*(_calls_inside(inner) for block in blocks(stmt) for inner in block))


class _Replacing:
    """Puts a name for an expression from the first statement of a block on, until what it loads is stored to."""

    def __init__(self, expr: Expr, name: str, roots_: Roots) -> None:
        self.expr = expr
        self.name = Name(name)
        self.roots = roots_
        self.loads = loaded_roots(expr, roots_)
        self.done = 0

    def block(self, block: Block) -> tuple[Block, int]:
        return self._block(block)[0], self.done

    def _block(self, block: Block) -> tuple[Block, bool]:
        """The block with replacements, and whether the value is still good after it."""
        result: list[Stmt] = []
        for position, stmt in enumerate(block):
            spoilt = bool(self.loads & written_roots((stmt,), self.roots))
            if isinstance(stmt, (For, While)) and spoilt:
                if isinstance(stmt, For):
                    stmt = self._line(stmt)
                return (*result, stmt, *block[position + 1 :]), False
            new = stmt
            if self.expr in _calls_inside(stmt):
                new = self._line(stmt)
                new = with_blocks(new, [self._block(b)[0] for b in blocks(new)])
            result.append(new)
            if spoilt:
                return (*result, *block[position + 1 :]), False
        return (block if same(result, block) else tuple(result)), True

    def _line(self, stmt: Stmt) -> Stmt:
        return with_expressions(stmt, [self._expression(e) for e in expressions(stmt)])

    def _expression(self, expr: Expr) -> Expr:
        if self.expr not in _calls(expr):
            return expr
        if expr == self.expr:
            self.done += 1
            return self.name
        parts = children(expr)
        new = [self._expression(part) for part in parts]
        return expr if same(new, parts) else rebuilt(expr, new)
