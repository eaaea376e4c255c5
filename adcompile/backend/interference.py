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
    """The names of a function that cannot share a variable, and the joined names that something reads.

    A set of names is an integer with a bit for each, so that a long function, where many are alive, takes no long."""

    def __init__(self, function: Function) -> None:
        self.needed: set[str] = set()
        self.indices: set[str] = set()
        self._places: dict[str, int] = {}
        self._against: dict[str, int] = defaultdict(int)  # what is alive where a name is written
        alive = self._block(function.body, 0)
        for position, param in enumerate(function.params):
            self._writes(param, alive | self._set(function.params[:position]))

    def between(self, name: str, others: Iterable[str]) -> bool:
        """Whether `name` interferes with one of `others`."""
        written, itself = self._against.get(name, 0), self._set((name,))
        return any(
            self._against.get(other, 0) & itself or written >> self._places.get(other, 0) & 1
            for other in others
            if other in self._places
        )

    def _set(self, names: Iterable[str]) -> int:
        result = 0
        for name in names:
            result |= 1 << self._places.setdefault(name, len(self._places))
        return result

    def _writes(self, target: str, alive: int) -> None:
        self._against[target] |= alive & ~self._set((target,))

    def _copies(self, copies: Copies, alive: int) -> int:
        """The names alive before parallel copies, from those alive after."""
        made = [(target, source) for target, source in copies if alive & self._set((target,))]
        self.needed.update(target for target, _ in made)
        targets = self._set(target for target, _ in made)
        sources = 0
        for target, source in made:
            same = self._set((source.id,)) if isinstance(source, Name) else 0
            sources |= same
            self._writes(target, alive & ~(same & ~targets))
        return alive & ~targets | sources

    def _block(self, block: Block, alive: int) -> int:
        for stmt in reversed(block):
            alive = self._stmt(stmt, alive)
        return alive

    def _stmt(self, stmt: Stmt, alive: int) -> int:
        match stmt:
            case For() | While():
                return self._loop(stmt, alive)
            case If():
                copies = branch_copies(stmt)
                outside = alive & ~self._set(m.result for m in stmt.merges)
                then = self._block(stmt.then, self._copies(copies[0], alive))
                orelse = self._block(stmt.orelse, self._copies(copies[1], alive))
                return outside | then | orelse | self._set(walk.names(stmt.test))
            case Assign(target, value):
                same = self._set((value.id,)) if isinstance(value, Name) else 0
                self._writes(target, alive & ~same)
                alive &= ~self._set((target,))
        return alive | self._set(walk.uses(stmt))

    def _loop(self, loop: Loop, alive: int) -> int:
        after = self._copies(exit_copies(loop), alive)
        head = self._read_from_before(loop, after)
        within = self._block(loop.body, self._copies(back_copies(loop), head))
        entered = head
        if isinstance(loop, For):
            # The index is Python's own variable: nothing in the body may assign it.
            self.indices.add(loop.index)
            self._writes(loop.index, within | self._set(_made(loop)))
            entered |= self._set(name for expr in walk.expressions(loop) for name in walk.names(expr))
        return self._copies(entry_copies(loop), entered)

    def _read_from_before(self, loop: Loop, after: int) -> int:
        """The names that an iteration finds alive at its start: `after` the loop, read in it but made outside its body,
        and what is yielded to a carry that is read itself."""
        head = after | self._set(name for stmt in walk.statements(loop.body) for name in walk.uses(stmt))
        if isinstance(loop, While):
            head |= self._set(walk.names(loop.test))
        yields = [
            (self._set((c.inner,)), self._set((c.yielded.id,))) for c in loop.carried if isinstance(c.yielded, Name)
        ]
        more = True
        while more:
            more = False
            for inner, yielded in yields:
                if head & inner and not head & yielded:
                    head, more = head | yielded, True
        inners = self._set(c.inner for c in loop.carried)
        made = self._set(_made(loop)) | (self._set((loop.index,)) if isinstance(loop, For) else 0)
        return head & ~(made & ~inners)


def _made(loop: Loop) -> set[str]:
    """The names written in a loop's body, its inner names included."""
    inside = {name for stmt in walk.statements(loop.body) for name in (*walk.defines(stmt), *walk.binds(stmt))}
    return inside | {c.inner for c in loop.carried}
