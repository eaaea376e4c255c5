"""One `return`, the last statement.

Goal: a function's value has one place.  What follows an early `return` moves into the branch that does not return; a
function without a value gets `return None`, a path without a value in a function that has one elsewhere an exception.
Not its task: `return` inside loops (`no_jumps`, which runs before).

>>> from adcompile.frontend.read import read
>>> from adcompile.ir.show import show
>>> def size(x):
...     if x < 0.0:
...         return -x
...     return x
>>> print(show(single_return(read(size).function)).strip())
def size(x):
    if x < 0.0:
        result = -x
    else:
        result = x
    return result
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adcompile.errors import InternalError
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Effect, For, Function, If, Name, Return, Stmt, While
from adcompile.ir.walk import statements
from adcompile.normal.flow import Names, fails, falls, live, returns, surely, tries
from adcompile.normal.fresh import Fresh
from adcompile.normal.jumps import Region, Rewriter, branch

_NONE = Const(None)


def single_return(function: Function, fresh: Fresh | None = None) -> Function:
    """A surface function with one `return`, its last statement; the function has no `return` inside loops.

    A function with `try` keeps its `return`s until that is gone (`inline`).
    """
    if tries(function.body):
        return function
    found = [stmt for stmt in statements(function.body) if isinstance(stmt, Return)]
    if any(isinstance(stmt, (For, While)) and returns(stmt.body) for stmt in statements(function.body)):
        raise InternalError(f"{function.name} still returns from inside a loop")
    if len(found) == 1 and function.body[-1] is found[0]:
        return function
    if all(stmt.value == _NONE for stmt in found):
        body = _Ending(function, "", fresh).block(function.body, frozenset(function.params))
        return replace(function, body=(*body, Return(_NONE, span=found[-1].span if found else None)))
    ending = _Ending(function, "result", fresh)
    body = ending.block(function.body, frozenset(function.params))
    last = found[-1]
    return replace(function, body=(*body, Return(Name(ending.result), span=last.span, origin=last.origin)))


class _Ending:
    """Ends every path of a block by giving the result its value (or by nothing, for a function without a value)."""

    def __init__(self, function: Function, result: str, fresh: Fresh | None = None) -> None:
        self.function = function
        self.rewriter = Rewriter(function, fresh)
        self.result = self.rewriter.fresh.name(result) if result else ""

    def block(self, block: Sequence[Stmt], assigned: Names) -> Block:
        done: list[Stmt] = []
        for position, stmt in enumerate(block):
            rest = tuple(block[position + 1 :])
            if isinstance(stmt, Return):
                return (*done, *self._value(stmt))
            if fails((stmt,)):
                return (*done, stmt)
            if isinstance(stmt, If) and returns((stmt,)):
                return (*done, *self._branches(stmt, rest, assigned))
            done.append(stmt)
            after = surely((stmt,), assigned)
            if after is None:
                return tuple(done)
            assigned = after
        if self.result:  # Python returns `None` here, which has no derivative
            where = next((s.span for s in reversed(tuple(block) or self.function.body) if s.span), None)
            text = f"a path through {self.function.name} ends without a return: there is no value to differentiate"
            done.append(Effect(Call(ops.fail, (Const(TypeError), Const(None), Const(text))), span=where))
        return tuple(done)

    def _value(self, stmt: Return) -> Block:
        if not self.result:
            return ()
        return (Assign(self.result, stmt.value, span=stmt.span, origin=stmt.origin),)

    def _branches(self, stmt: If, rest: Block, assigned: Names) -> Block:
        """The rest goes into the branch that does not return; into both if it is short; under a flag otherwise."""
        both = falls(stmt.then) and falls(stmt.orelse)
        if not both or all(isinstance(s, Return) for s in rest):
            then = self.block(stmt.then + (rest if falls(stmt.then) else ()), assigned)
            orelse = self.block(stmt.orelse + (rest if falls(stmt.orelse) else ()), assigned)
            return self._one_of(stmt, then, orelse)
        region = Region()
        read = live(rest, frozenset())
        new = self.rewriter.block((stmt,), assigned, read, region)
        assert new.assigned is not None
        ending = self.block(rest, new.assigned & (assigned | read))
        for flag, leave in reversed(region.leaving.values()):
            ending = self._one_of(If(Name(flag), (), (), span=leave.span), self._value(leave), ending)
        return (*region.before(assigned), *new.block, *ending)

    def _one_of(self, stmt: If, then: Block, orelse: Block) -> Block:
        """`stmt` with these branches; a plain test between equal values is no question."""
        match then, orelse:
            case (Assign(_, one),), (Assign(_, two),) if one == two and isinstance(stmt.test, Name):
                return orelse
        return branch(stmt, then, orelse)
