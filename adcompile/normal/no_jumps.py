"""No `break`, no `continue`, no `return` inside a loop.

Goal: what comes after knows a loop's end from its test alone.  A `break` is a flag in the test, a `for` that is left
early counts in a `while`, the rest of a body after a `continue` stands in an `else`, and a `return` inside a loop is a
flag, with the returned expression evaluated after the loop.
Not its task: early returns outside loops (`single_return`).

>>> from adcompile.frontend.read import read
>>> from adcompile.ir.show import show
>>> def newton(x):
...     while True:
...         step = x / 2.0
...         x = x - step
...         if step < 1e-9:
...             break
...     return x
>>> print(show(no_jumps(read(newton).function)).strip())
def newton(x):
    done = False
    while not done:
        step = x / 2.0
        x = x - step
        done = step < 1e-09
    return x
"""

from __future__ import annotations

from dataclasses import replace

from adcompile.ir.nodes import Function
from adcompile.normal.flow import tries
from adcompile.normal.fresh import Fresh
from adcompile.normal.jumps import Rewriter
from adcompile.normal.unbound import checked


def no_jumps(function: Function, fresh: Fresh | None = None) -> Function:
    """A surface function without jumps out of or within loops; a name without a value raises an error in the run.

    A function with `try` keeps its jumps until that is gone (`inline`).
    """
    function = checked(function, fresh)
    if tries(function.body):
        return function
    rewritten = Rewriter(function, fresh).block(function.body, frozenset(function.params), frozenset(), None)
    return replace(function, body=rewritten.block)
