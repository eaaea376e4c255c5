"""Scratch arrays are made once, before the loops that use them.

Goal: an array made without contents in every iteration is made before the loop instead, where its shape is known there
and making it cannot fail.  Nothing passes from one iteration to the next: no iteration may read what it has not stored.

Non-goals: arrays of zeros or copies, which every iteration needs fresh; arrays that have other names (tapes that
grow, arrays that leave their iteration); arrays of parallel loops, of which each thread needs its own.

    for i in range(n):                     t = np.empty(8)
        t = np.empty(8)            ->      for i in range(n):
        ...                                    ...
"""

from __future__ import annotations

import numpy as np

from adcompile.analysis.aliasing import roots
from adcompile.analysis.least import Least
from adcompile.ir.nodes import Assign, Block, Call, Expr, For, Function, Stmt, Tuple, While
from adcompile.ir.walk import binds, defines, names, statements, with_blocks
from adcompile.optimise.rewriting import each_block, with_body


def hoist(function: Function) -> Function:
    """`function` with scratch arrays made before the loops around them."""
    hoister = _Hoister(function)
    return with_body(function, each_block(function.body, hoister.block))


class _Hoister:
    def __init__(self, function: Function) -> None:
        found = roots(function)
        self.least = Least(function)
        others = (name for name in function.types if found.find(name) != name)
        self.joined = {alias for name in others for alias in (name, found.find(name))}

    def block(self, block: Block) -> Block:
        result: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, (For, While)) and not (isinstance(stmt, For) and stmt.parallel):
                inside = self.defined(stmt)
                out: list[Stmt] = []
                for inner in stmt.body:
                    if isinstance(inner, Assign) and self.leaves(inner, inside):
                        inside.discard(inner.target)
                        out.append(inner)
                if out:
                    result.extend(out)
                    stmt = with_blocks(stmt, (tuple(s for s in stmt.body if s not in out),))
            result.append(stmt)
        return tuple(result)

    def defined(self, loop: For | While) -> set[str]:
        """Every name that a loop gives its body or its body gives itself."""
        inside = statements((loop,))
        return {name for stmt in inside for name in (*binds(stmt), *(defines(stmt) if stmt is not loop else ()))}

    def leaves(self, stmt: Assign, inside: set[str]) -> bool:
        value = stmt.value
        if not isinstance(value, Call) or value.fn not in (np.empty, np.empty_like) or inside & set(names(value)):
            return False
        shape = value.args[0]
        parts = shape.items if isinstance(shape, Tuple) else (shape,)
        if value.fn is np.empty and not all(map(self.never_negative, parts)):
            return False
        return stmt.target not in self.joined

    def never_negative(self, expr: Expr) -> bool:
        """Whether a length is surely one, so that an array of it can be made though the loop may never run."""
        low = self.least(expr)
        return low is not None and low >= 0
