"""A call replaced by the body of a function of ours, where the types of its arguments are known.

Goal: what NumPy does in C is said once in Python (`written_out`), and its ranks, flags and defaults decide branches as
it is read, so that one function serves numbers, vectors and matrices.  Its statements count as the user's statement
that holds the call.  Non-goals: users' functions (`inline`); calls that may not be evaluated ahead, which are refused
here and which `inline` gives a statement of their own where it can.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from adcompile.analysis.liveness import live_after, targets
from adcompile.errors import refuse
from adcompile.frontend.read import read
from adcompile.ir.nodes import Function, Name, Return, Stmt
from adcompile.ir.types import Scalar
from adcompile.ir.walk import blocks, with_blocks
from adcompile.normal.building import Typed, constant
from adcompile.normal.fresh import Fresh, taken
from adcompile.normal.inline import inline
from adcompile.normal.no_jumps import no_jumps
from adcompile.normal.number_classes import NUMBER, NumberClasses
from adcompile.normal.renaming import renamed
from adcompile.normal.single_return import single_return

if TYPE_CHECKING:
    from adcompile.normal.ssa import Walk

_ARRAYS = frozenset(("a", "b", "x", "y", "v", "xp", "fp", "A", "arr", "ar", "ar1", "ar2", "m", "values", "vals"))
"""What NumPy and SciPy call the parameters for which a tuple of numbers is an array."""


def expanded(
    walk: Walk, fn: Callable[..., Any] | Function, args: Sequence[Typed], kwargs: Mapping[str, Typed]
) -> Typed:
    """What a function of ours, or one made of statements, gives for these arguments; its statements go before."""
    b, name = walk.b, fn.name if isinstance(fn, Function) else fn.__name__.strip("_")
    if b.is_lazy:
        message = f"`{name}` takes statements, where it may not be evaluated"
        raise refuse("takes-statements", message, hint="give it a name in a statement of its own")
    function = fn if isinstance(fn, Function) else _ready(fn)
    names = Fresh(taken(walk.function))
    renamings = {old: Name(names.name(old)) for old in sorted(taken(function))}
    *body, last = (_of(walk, stmt) for stmt in renamed(function.body, renamings))
    assert isinstance(last, Return), function.name
    if isinstance(fn, Function):
        given = dict(zip(fn.params, args, strict=True))
    else:
        bound = _bound(fn, name, args, kwargs)
        given = {key: b.call(np.array, x) if key in _ARRAYS and _holds_numbers(x) else x for key, x in bound.items()}
    outer, order, classes = walk.env, walk.order, walk.x.classes
    local = {renamings[key].id: x for key, x in given.items()}
    walk.env, walk.x.classes = {}, NumberClasses(dict.fromkeys(local, NUMBER), walk.x.is_array)
    walk.order = [*order, *local, *targets(body)]
    walk.live.update(live_after((*body, last)))
    try:
        walk.env.update({key: walk.kept(key, x) for key, x in local.items()})
        for stmt in body:
            walk.statement(stmt)
        walk.at(last)
        return walk.x.value(last.value)
    finally:
        walk.env, walk.order, walk.x.classes = outer, order, classes


def _holds_numbers(x: Typed) -> bool:
    """Whether it is a tuple, or a tuple of tuples, of numbers."""
    return x.is_tuple and all(isinstance(item.type, Scalar) or _holds_numbers(item) for item in x.items)


@functools.cache
def _ready(fn: Callable[..., Any]) -> Function:
    """A function of ours, with one `return`, no jumps, and what it calls of ours inside."""
    return inline(single_return(no_jumps(read(fn).function)))


def _of(walk: Walk, stmt: Stmt) -> Stmt:
    """A statement of ours as part of the user's statement at hand."""
    stmt = replace(stmt, span=walk.b.span, origin=walk.b.origin)
    return with_blocks(stmt, [tuple(_of(walk, inner) for inner in block) for block in blocks(stmt)])


def _bound(fn: Callable[..., Any], name: str, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> dict[str, Typed]:
    """The argument of each parameter, defaults included."""
    signature = inspect.signature(fn)
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        raise refuse("unsupported-argument", f"`{name}`: {error}") from error
    return {
        key: given[key] if key in given else constant(parameter.default)
        for key, parameter in signature.parameters.items()
    }
