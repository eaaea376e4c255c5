"""Function to function, meaning kept: each pass is one idea, and all run until nothing changes."""

from __future__ import annotations

from collections.abc import Callable

from adcompile.ir.nodes import Function, Stmt
from adcompile.ir.walk import uses
from adcompile.optimise.cse import cse
from adcompile.optimise.dce import dce
from adcompile.optimise.dead_stores import dead_stores
from adcompile.optimise.fold import fold_expressions
from adcompile.optimise.fuse import fuse
from adcompile.optimise.gather import gather
from adcompile.optimise.hoist import hoist
from adcompile.optimise.lengths import one_length
from adcompile.optimise.merge import merge
from adcompile.optimise.propagate import propagate
from adcompile.optimise.scalarise import scalarise
from adcompile.optimise.settled import settled
from adcompile.optimise.sink import sink
from adcompile.optimise.upward import upward
from adcompile.optimise.zeros import zeros

PASSES: tuple[Callable[[Function], Function], ...] = (
    settled,
    fold_expressions,
    propagate,
    dce,
    dead_stores,
    upward,
    fuse,
    gather,
    zeros,
    scalarise,
    cse,
    merge,
    sink,
)
"""In the order they run in a round."""

_ROUNDS = 12


def optimised(function: Function, seeded: bool = False, added: bool = False) -> Function:
    """`function` after rounds of every pass, until none changes anything (or enough is enough).

    `seeded` says that it calls derivatives with literal seeds, whose zeros are exact; `added` that the arrays returned
    will start from what a caller has in them instead of from zeros.

    Scratch arrays are still in the loops that they serve, where more is known about them: see `placed`.
    """

    def once(change: Callable[[Function], Function]) -> Function:
        if change is fold_expressions:
            return fold_expressions(function, seeded, folded)
        if change is zeros and added:
            return zeros(function, set(uses(function.body[-1])))
        return change(function)

    unchanged = 0
    folded: dict[int, Stmt] = {}
    for change in PASSES * _ROUNDS:
        before, function = function, once(change)
        unchanged = unchanged + 1 if function is before else 0
        if unchanged == len(PASSES):
            break
    return function


def placed(function: Function) -> Function:
    """`function` with scratch arrays before their loops.  Lengths are asked of copies last: they compare best where all
    go back to the parameters."""
    return one_length(hoist(function))
