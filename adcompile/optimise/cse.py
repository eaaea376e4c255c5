"""What is computed twice is computed once.

Goal: an expression that stands more than once where it costs something gets a name (if none has its value already:
`optimise.reuse`).  Works on whole functions: a name given before a loop serves inside it.

Non-goals: moving work out of loops or branches that might not run; expressions equal only after algebra; single cheap
operations (`x[i] - 1` twice is what a person writes too).

    s = np.sin(x) * y              t = np.sin(x)
    u = np.sin(x) + z      ->      s = t * y
                                   u = t + z
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from adcompile.analysis.aliasing import Roots, is_allocation, roots
from adcompile.analysis.effects import is_pure, loaded_roots, written_roots
from adcompile.ir import ops
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.nodes import (
    Assign,
    Block,
    Call,
    Expr,
    For,
    Function,
    Name,
    Names,
    Return,
    Stmt,
    While,
    base_of,
)
from adcompile.ir.types import Scalar, Type
from adcompile.ir.walk import (
    asked_once,
    blocks,
    children,
    core_names,
    expressions,
    nodes,
    rebuilt,
    statements,
    with_blocks,
    with_expressions,
)
from adcompile.optimise.cost import WORTH_A_NAME, cost
from adcompile.optimise.reuse import reused
from adcompile.optimise.rewriting import same, size, with_body

_LAZY = (ops.select, ops.both, ops.either)


def cse(function: Function) -> Function:
    """`function` with repeated expressions computed once."""
    function = reused(function)
    return _named(function)


# ------------------------------------------------------------------------------------------ names for repeats
def _named(function: Function) -> Function:
    """Dear expressions that stand more than once get a name before the first."""
    names = Names(core_names(function))
    types = dict(function.types)
    roots_ = roots(function)
    temporaries = {s.target for s in statements(function.body) if isinstance(s, Assign) and not s.origin}
    has_t = any(base_of(name) == "t" for name in {*core_names(function)} - temporaries)

    def block(old: Block) -> Block:
        repeats = _Repeats(old, roots_, types)
        while found := repeats.best():
            expr, line = found
            target = names.fresh(_readable_name(expr) or ("tmp" if has_t else "t"))
            types[target] = Scalar(dtype_of(expr, types))
            repeats.named(expr, Assign(target, expr, span=line.span))
        inside = tuple(with_blocks(s, [block(b) for b in blocks(s)]) for s in repeats.lines())
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


_Place = tuple[float, ...]  # of a line in its block: the order of the tuples is that of the lines


class _Repeats:
    """What the lines of one block compute for certain and they or the blocks inside compute again.

    A name given to an expression changes only the lines that hold it, so that only what stands there more or less often
    than before is looked at again."""

    def __init__(self, block: Block, roots_: Roots, types: dict[str, Type]) -> None:
        self.roots = roots_
        self.types = types
        self._lines: dict[_Place, Stmt] = {(at, math.inf): line for at, line in enumerate(block)}
        self._holding: dict[Expr, dict[_Place, int]] = {}  # how often the lines have a call, in their blocks too
        self._writing: dict[str, list[_Place]] = {}  # the lines that store to a root
        self._repeated: dict[Expr, tuple[tuple[bool, int], _Place]] = {}  # its worth, and where it is first computed
        for place, line in self._lines.items():
            for call, times in _calls_inside(line).items():
                self._holding.setdefault(call, {})[place] = times
            for root in written_roots((line,), self.roots):
                self._writing.setdefault(root, []).append(place)
        self._weigh(self._holding)

    def lines(self) -> list[Stmt]:
        """The block's lines in order."""
        return [line for _, line in sorted(self._lines.items(), key=lambda item: item[0])]

    def best(self) -> tuple[Expr, Stmt] | None:
        """The expression most worth a name, and the line that first computes it.

        Dear calls first, the innermost of them; then whatever is longest; of equals the first.
        """
        if not self._repeated:
            return None
        worth = max(worth for worth, _ in self._repeated.values())
        first = min(place for its, place in self._repeated.values() if its == worth)
        equal = {expr for expr, found in self._repeated.items() if found == (worth, first)}
        line = self._lines[first]
        expr = next(part for part in _certain(line) if part in equal)
        return expr, line

    def named(self, expr: Expr, assign: Assign) -> None:
        """Puts `assign` before the first line with its value, and its name into all lines that it is good for."""
        first = self._repeated[expr][1]
        reach = self._reach(expr, first)[0]
        old = tuple(self._lines[place] for place in reach)
        new = _Replacing(expr, assign.target, self.roots).block(old)[0]
        place = (*first[:-1], len(self._lines), math.inf)
        self._lines[place] = assign
        affected = {expr}
        for call, times in _calls_inside(assign).items():
            self._holding.setdefault(call, {})[place] = times
            affected.add(call)
        for place, before, after in zip(reach, old, new, strict=True):
            if before is not after:
                self._lines[place] = after
                now = _calls_inside(after)
                for call, _ in _calls_inside(before).items() ^ now.items():
                    affected.add(call)
                    holding = self._holding.setdefault(call, {})
                    if call in now:
                        holding[place] = now[call]
                    else:
                        holding.pop(place, None)
        self._weigh(affected)

    def _weigh(self, affected: Iterable[Expr]) -> None:
        """Looks again at whether some expressions are worth a name."""
        for expr in affected:
            self._repeated.pop(expr, None)
            if sum(self._holding[expr].values()) < 2 or not self._worth(expr):
                continue
            first = self._first(expr)
            if first is not None and self._times(expr, first) > 1:
                dear = cost(expr) - sum(map(cost, children(expr))) >= WORTH_A_NAME
                self._repeated[expr] = ((dear, -size(expr) if dear else size(expr)), first)

    def _first(self, expr: Expr) -> _Place | None:
        """The first line that computes an expression for certain, as a part of it."""
        for place in sorted(self._holding[expr]):
            line = self._lines[place]
            if isinstance(line, (While, Return)) or (isinstance(line, Assign) and line.value == expr):
                continue
            if expr in _certain(line):
                return place
        return None

    def _times(self, expr: Expr, first: _Place) -> int:
        """How often a name given at a line could stand for an expression."""
        reach, spoilt = self._reach(expr, first)
        times = sum(self._holding[expr].get(place, 0) for place in reach)
        if spoilt and times > 1:
            return _Replacing(expr, "", self.roots).block(tuple(self._lines[place] for place in reach))[1]
        return times

    def _reach(self, expr: Expr, first: _Place) -> tuple[list[_Place], bool]:
        """The lines from the first on with the expression in them, to one that stores to what it loads, if one does."""
        spoiling = (place for root in loaded_roots(expr, self.roots) for place in self._writing.get(root, ()))
        last = min((place for place in spoiling if place >= first), default=None)
        found = {place for place in self._holding[expr] if place >= first and (last is None or place <= last)}
        if last is not None:
            found.add(last)
        return sorted(found), last is not None

    def _worth(self, expr: Expr) -> bool:
        return (
            isinstance(expr, Call)
            and not is_allocation(expr)
            and cost(expr) >= WORTH_A_NAME
            and is_pure(expr)
            and bool(dtype_of(expr, self.types))
        )


@asked_once
def _certain(line: Stmt) -> Mapping[Expr, None]:
    """What a line computes whenever it is reached, in order."""
    return dict.fromkeys(part for whole in expressions(line) for part in _evaluated(whole))


@asked_once
def _calls_inside(stmt: Stmt) -> Mapping[Expr, int]:
    """How often a statement, with its blocks, has each call."""
    result: Counter[Expr] = Counter(
        part for whole in expressions(stmt) for part in nodes(whole) if isinstance(part, Call)
    )
    for block in blocks(stmt):
        for inner in block:
            result.update(_calls_inside(inner))
    return result


class _Replacing:
    """Puts a name for an expression from the first statement of a block on, until what it loads is stored to."""

    def __init__(self, expr: Expr, name: str, roots_: Roots) -> None:
        self.expr = expr
        self.name = Name(name)
        self.roots = roots_
        self.loads = loaded_roots(expr, roots_)
        self._hash = hash(expr)
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
        if isinstance(expr, Call) and hash(expr) == self._hash and expr == self.expr:
            self.done += 1
            return self.name
        parts = children(expr)
        if not parts:
            return expr
        new = [self._expression(part) for part in parts]
        return expr if same(new, parts) else rebuilt(expr, new)
