"""Which names of a core function are alive at the same time, and so cannot be one variable of the printed text.

Carries and merges mean parallel copies: `inner = init` before a loop, `inner = yielded` at the end of its body,
`result = inner` after it, `result = then` and `result = orelse` at the ends of the branches.  A copy into a name that
nothing reads is left out.  Two names interfere if one is written while the other is alive and holds something else;
a copy's two sides do not interfere by that copy alone (Chaitin's rule), which is what lets them share a name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from adcompile.ir import walk
from adcompile.ir.nodes import Assign, Atom, Block, For, Function, If, Loop, Name, Stmt, While

Copies = Sequence[tuple[str, Atom]]


def entry_copies(loop: Loop) -> Copies:
    """What is copied before a loop."""
    return [(c.inner, c.init) for c in loop.carried]


def back_copies(loop: Loop) -> Copies:
    """What is copied at the end of a loop's body."""
    return [(c.inner, c.yielded) for c in loop.carried]


def exit_copies(loop: Loop) -> Copies:
    """What is copied after a loop."""
    return [(c.result, Name(c.inner)) for c in loop.carried]


def branch_copies(branch: If) -> tuple[Copies, Copies]:
    """What is copied at the end of either branch."""
    return [(m.result, m.then) for m in branch.merges], [(m.result, m.orelse) for m in branch.merges]


class Interference:
    """The names of a function that cannot share a variable, and the joined names that something reads."""

    def __init__(self, function: Function) -> None:
        self.needed: set[str] = set()
        self.indices: set[str] = set()
        self._edges: dict[str, set[str]] = defaultdict(set)
        alive = self._block(function.body, frozenset())
        for position, param in enumerate(function.params):
            self._writes(param, alive.union(function.params[:position]))

    def between(self, name: str, others: Iterable[str]) -> bool:
        """Whether `name` interferes with one of `others`."""
        return not self._edges[name].isdisjoint(others)

    def _writes(self, target: str, alive: Iterable[str]) -> None:
        for other in alive:
            if other != target:
                self._edges[target].add(other)
                self._edges[other].add(target)

    def _copies(self, copies: Copies, alive: frozenset[str]) -> frozenset[str]:
        """The names alive before parallel copies, from those alive after."""
        made = [(target, source) for target, source in copies if target in alive]
        targets = frozenset(target for target, _ in made)
        self.needed |= targets
        sources: set[str] = set()
        for target, source in made:
            same: set[str] = set()
            if isinstance(source, Name):
                sources.add(source.id)
                same = {source.id} - targets
            self._writes(target, alive - same)
        return (alive - targets) | sources

    def _block(self, block: Block, alive: frozenset[str]) -> frozenset[str]:
        for stmt in reversed(block):
            alive = self._stmt(stmt, alive)
        return alive

    def _stmt(self, stmt: Stmt, alive: frozenset[str]) -> frozenset[str]:
        match stmt:
            case For() | While():
                return self._loop(stmt, alive)
            case If():
                copies = branch_copies(stmt)
                outside = alive - {m.result for m in stmt.merges}
                then = self._block(stmt.then, self._copies(copies[0], alive))
                orelse = self._block(stmt.orelse, self._copies(copies[1], alive))
                return outside | then | orelse | set(walk.names(stmt.test))
            case Assign(target, value):
                same = {value.id} if isinstance(value, Name) else set()
                self._writes(target, alive - same)
                alive = alive - {target}
        return alive | set(walk.uses(stmt))

    def _loop(self, loop: Loop, alive: frozenset[str]) -> frozenset[str]:
        after = self._copies(exit_copies(loop), alive)
        head = _read_from_before(loop, after)
        within = self._block(loop.body, self._copies(back_copies(loop), head))
        entered = head
        if isinstance(loop, For):
            # The index is Python's own variable: nothing in the body may assign it.
            self.indices.add(loop.index)
            self._writes(loop.index, within | _made(loop))
            entered = head.union(*map(walk.names, walk.expressions(loop)))
        return self._copies(entry_copies(loop), entered)


def _made(loop: Loop) -> set[str]:
    """The names written in a loop's body, its inner names included."""
    inside = {name for stmt in walk.statements(loop.body) for name in (*walk.defines(stmt), *walk.binds(stmt))}
    return inside | {c.inner for c in loop.carried}


def _read_from_before(loop: Loop, after: frozenset[str]) -> frozenset[str]:
    """The names that an iteration finds alive at its start: `after` the loop, read in it but made outside its body,
    and what is yielded to a carry that is read itself."""
    read = {name for stmt in walk.statements(loop.body) for name in walk.uses(stmt)}
    if isinstance(loop, While):
        read.update(walk.names(loop.test))
    head = after | read
    while more := {c.yielded.id for c in loop.carried if c.inner in head and isinstance(c.yielded, Name)} - head:
        head |= more
    inners = {c.inner for c in loop.carried}
    made = _made(loop) | ({loop.index} if isinstance(loop, For) else set())
    return head - (made - inners)
