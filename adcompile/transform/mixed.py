"""Both modes in one function: tangents for numbers, adjoints for arrays.

Goal: no tape where the numbers alone ask for one.  A step that is linear in its state is reversed without that state,
but for the adjoint of a number that multiplies it.  The derivative by such a number is had by its tangent, which goes
along with the forward sweep; what stands there then is reversed by the arrays alone.

Chosen where the reverse sweep by all parameters keeps arrays for each iteration of a loop, the one by the arrays keeps
nothing, and the numbers are few.  Non-goals: results that are not one number; opaque functions.

    for t in range(n):                      for t in range(n):
        for i in range(m):                      for i in range(m):
            u[i] = k * u[i]         ->              u_dot[i] = k * u_dot[i] + u[i]
                                                    u[i] = k * u[i]
                                            ...
                                            for t in range(n - 1, -1, -1):
                                                for i in range(m):
                                                    u_bar[i] = k * u_bar[i]

Method: Griewank & Walther, *Evaluating Derivatives* (2nd ed.), sections 3.1 and 3.2, of which each parameter takes the
one that is cheaper for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adcompile.chain import ONE
from adcompile.errors import Unsupported
from adcompile.ir.nodes import Expr, Function, Return, Tuple, base_of
from adcompile.ir.opaque import has_opaque
from adcompile.ir.types import FLOAT, Array
from adcompile.ir.walk import replaced
from adcompile.transform.forward import forward
from adcompile.transform.reverse import reverse_and_ways
from adcompile.transform.ways import Reversal

_MOST = 2  # numbers whose tangents go along


def mixed(
    function: Function, wrt: Sequence[str], written: Function, value: bool, packed: bool
) -> tuple[Function, list[Reversal]] | None:
    """The derivative of `function` by `wrt` with tangents for the numbers, and how each loop was reversed, where that
    spares the tapes of `written`, which is its derivative in reverse mode; otherwise nothing."""
    numbers = [param for param in wrt if function.types[param] == FLOAT]
    arrays = [param for param in wrt if param not in numbers]
    if not arrays or not 1 <= len(numbers) <= _MOST or has_opaque(function.body):
        return None
    if any(not isinstance(function.types[param], Array) for param in arrays):
        return None
    if max(_tapes(written, function), default=0) < 2:
        return None
    along = function
    try:
        for count, number in enumerate(numbers):
            along = _with_tangent(along, number, count > 0)
        found, ways = reverse_and_ways(along, arrays, seeded=False, value=value, packed=True, checkpoint=None, aux=True)
    except Unsupported:  # what one mode has is not always what both together have
        return None
    return None if _tapes(found, function) else (_in_order(found, wrt, numbers, value, packed), ways)


def _tapes(written: Function, function: Function) -> list[int]:
    """How many axes each tape of a derivative has."""
    tapes = (name for name in written.types if base_of(name).endswith("_tape") and name not in function.types)
    return [type_.ndim for name in tapes if isinstance(type_ := written.types[name], Array)]


def _with_tangent(function: Function, number: str, further: bool) -> Function:
    """A function that returns `(result, tangents)`: the tangents that it returns already, and the one by a number."""
    new = forward(function, (number,), value=True, aux=further, reversed_after=True)
    seed, last = new.params[-1], new.body[-1]
    assert isinstance(last, Return) and isinstance(last.value, Tuple)
    result, tangent, *others = last.value.items
    before = others[0].items if others and isinstance(others[0], Tuple) else ()
    body = (*new.body[:-1], replace(last, value=Tuple((result, Tuple((*before, tangent))))))
    return replace(new, name=function.name, params=function.params, body=replaced(body, {seed: ONE}))


def _in_order(found: Function, wrt: Sequence[str], numbers: Sequence[str], value: bool, packed: bool) -> Function:
    """A derivative that returns what one in reverse mode does."""
    last = found.body[-1]
    assert isinstance(last, Return) and isinstance(last.value, Tuple)
    first, second = last.value.items
    shown, adjoints = (first, second) if value else (second, first)
    assert isinstance(shown, Tuple) and isinstance(adjoints, Tuple)
    result, tangents = shown.items if value else (None, shown)
    assert isinstance(tangents, Tuple)
    by: dict[str, Expr] = dict(zip(numbers, tangents.items, strict=True))
    rest = iter(adjoints.items)
    every = Tuple(tuple(by[param] if param in by else next(rest) for param in wrt))
    gradient: Expr = every if packed or len(every.items) > 1 else every.items[0]
    return replace(found, body=(*found.body[:-1], Return(gradient if result is None else Tuple((result, gradient)))))
