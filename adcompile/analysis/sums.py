"""Whether a value that a loop carries is a sum: what it starts with, plus what each iteration adds and never reads.

Such a sum may be cut anywhere: parts of the loop sum from zero, and their sums are added up.

>>> from adcompile.ir.nodes import Const, For
>>> def loop(value):
...     carried = Carry("s", Const(0.0), Name("s.1"), "r")
...     return For("i", Const(0), Name("n"), Const(1), (Assign("s.1", value),), (carried,))
>>> plain, decayed = Call(np.add, (Name("s"), Name("e"))), Call(np.multiply, (Name("s"), Name("e")))
>>> [is_sum(each, each.carried[0]) for each in (loop(plain), loop(decayed))]
[True, False]
"""

from __future__ import annotations

import numpy as np

from adcompile.ir.nodes import Assign, Atom, Block, Call, Carry, Expr, For, If, Loop, Name, Stmt, While
from adcompile.ir.walk import atoms, blocks, expressions, names


def is_sum(loop: Loop, carry: Carry) -> bool:
    """Whether `carry` of `loop` is a sum."""
    running = {carry.inner}
    if not _follow(loop.body, running) or not _runs(carry.yielded, running):
        return False
    own = expressions(loop) if isinstance(loop, While) else ()
    others = (c.yielded for c in loop.carried if c is not carry)
    return not any(map(running.intersection, map(_named, own))) and not any(_runs(atom, running) for atom in others)


def _follow(block: Block, running: set[str]) -> bool:
    """Adds to `running` the names of the sum so far, in the order of a block; false where it is read."""
    return all(_statement(stmt, running) for stmt in block)


def _statement(stmt: Stmt, running: set[str]) -> bool:
    if isinstance(stmt, Assign):
        read = running.intersection(names(stmt.value))
        if read and _terms(stmt.value, running) != 1:
            return False
        if read:
            running.add(stmt.target)
        return True
    if any(running.intersection(names(expr)) for expr in expressions(stmt)):
        return False
    match stmt:
        case For() | While():
            return _loop(stmt, running)
        case If():
            return _branch(stmt, running)
    return not any(_runs(atom, running) for atom in atoms(stmt))


def _loop(loop: Loop, running: set[str]) -> bool:
    inside = set(running)
    through = [c for c in loop.carried if _runs(c.init, running)]
    if not all(is_sum(loop, c) for c in through):
        return False
    if not _follow(loop.body, inside) or inside != running:  # the sum from outside is read in the loop
        return False
    if any(_runs(c.yielded, running) for c in loop.carried):
        return False
    running.update(c.result for c in through)
    return True


def _branch(branch: If, running: set[str]) -> bool:
    sides = []
    for block in blocks(branch):
        inside = set(running)
        if not _follow(block, inside):
            return False
        sides.append(inside)
    for merge in branch.merges:
        ran = {_runs(merge.then, sides[0]), _runs(merge.orelse, sides[1])}
        if len(ran) > 1:
            return False
        if ran == {True}:
            running.add(merge.result)
    return True


def _terms(expr: Expr, running: set[str]) -> int:
    """How often the sum so far is a plain term of `expr`; 2, too many, where it stands elsewhere too."""
    match expr:
        case Name(name):
            return int(name in running)
        case Call(np.add, (left, right)):
            return _terms(left, running) + _terms(right, running)
        case Call(np.subtract, (left, right)):
            return _terms(left, running) + 2 * bool(running.intersection(names(right)))
    return 2 * bool(running.intersection(names(expr)))


def _named(expr: Expr) -> set[str]:
    return set(names(expr))


def _runs(atom: Atom, running: set[str]) -> bool:
    return isinstance(atom, Name) and atom.id in running
