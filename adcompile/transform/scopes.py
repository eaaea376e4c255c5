"""Where reverse mode stands: the blocks it is reversing, and what it adds to the forward sweep for them.

A *region* is a block named by its owner: `(None, 0)` is the function's body, `(loop, 0)` a loop's, `(branch, 0)` and
`(branch, 1)` the two sides of an `If`.  A *scope* is a region whose forward values are all alive while it is reversed:
the function's body, or a loop body or branch that is replayed just before it is reversed.  A *frame* is a region
being reversed now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from adcompile.ir.nodes import Assign, Atom, Block, Carry, Effect, For, Function, If, Merge, Stmt, While
from adcompile.ir.walk import binds, blocks, defines

Region: TypeAlias = tuple[Stmt | None, int]
TOP: Region = (None, 0)


@dataclass(frozen=True)
class Definition:
    """Where a name is defined: its region, the position of its statement there, the statement, and its role."""

    region: Region
    position: int
    stmt: Stmt | None
    role: str  # "param", "assign", "result" of a compound statement, "inner" of a carry, "index" of a loop


def regions(stmt: Stmt) -> Iterator[tuple[Region, Block]]:
    """The regions that a compound statement owns."""
    for side, block in enumerate(blocks(stmt)):
        yield (stmt, side), block


def definitions(function: Function) -> dict[str, Definition]:
    """Where every name is defined."""
    found = {param: Definition(TOP, -1, None, "param") for param in function.params}

    def visit(region: Region, block: Block) -> None:
        for position, stmt in enumerate(block):
            role = "assign" if isinstance(stmt, Assign) else "result"
            for name in defines(stmt):
                found[name] = Definition(region, position, stmt, role)
            for inner, body in regions(stmt):
                for name in binds(stmt):
                    index = isinstance(stmt, For) and name == stmt.index
                    found[name] = Definition(inner, -1, stmt, "index" if index else "inner")
                visit(inner, body)

    visit(TOP, function.body)
    return found


@dataclass(eq=False)
class Scope:
    """What the forward sweep of one region must do besides: the statements to add, by where they go."""

    region: Region
    before: dict[Stmt, list[Stmt]] = field(default_factory=lambda: defaultdict(list))
    after: dict[Stmt, list[Stmt]] = field(default_factory=lambda: defaultdict(list))
    growth: dict[Stmt, list[Stmt]] = field(default_factory=lambda: defaultdict(list))
    start: dict[Region, list[Stmt]] = field(default_factory=lambda: defaultdict(list))
    end: dict[Stmt, list[Stmt]] = field(default_factory=lambda: defaultdict(list))
    carried: dict[Stmt, list[Carry]] = field(default_factory=lambda: defaultdict(list))
    merges: dict[Stmt, list[Merge]] = field(default_factory=lambda: defaultdict(list))
    counters: dict[Stmt, Carry] = field(default_factory=dict)

    def rebuilt(self, block: Block, region: Region, effects: bool = True) -> Block:
        """The forward sweep: `block` with all that was asked for added."""
        out: list[Stmt] = list(self.start.get(region, ()))
        for stmt in block:
            out += self.before.get(stmt, ())
            if isinstance(stmt, Effect) and not effects:
                continue
            new = replace(stmt, origin="") if stmt.origin else stmt  # comments belong to the reverse sweep
            bodies = [self.rebuilt(inner, owned, effects) for owned, inner in regions(stmt)]
            if isinstance(new, (For, While)):
                body = (*self.growth.get(stmt, ()), *bodies[0], *self.end.get(stmt, ()))
                new = replace(new, body=body, carried=(*new.carried, *self.carried.get(stmt, ())))
            elif isinstance(new, If):
                new = replace(new, then=bodies[0], orelse=bodies[1], merges=(*new.merges, *self.merges.get(stmt, ())))
            out.append(new)
            out += self.after.get(stmt, ())
        return tuple(out)


@dataclass(eq=False)
class Frame:
    """A region being reversed: what is emitted for it, and the forward values already at hand there."""

    region: Region
    block: Block
    out: list[Stmt]
    scope: Scope
    index: Atom | None = None  # of the reversed loop, where the region is a loop body that is not a scope
    position: int = 0
    at_hand: dict[str, Atom] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.position = len(self.block)
        owner = self.region[0]
        if isinstance(owner, For) and self.index is not None and not self.is_scope:
            self.at_hand[owner.index] = self.index

    @property
    def is_scope(self) -> bool:
        return self.region == self.scope.region

    @property
    def loop(self) -> For | While | None:
        owner = self.region[0]
        return owner if isinstance(owner, (For, While)) else None

    @property
    def current(self) -> Stmt:
        return self.block[self.position]
