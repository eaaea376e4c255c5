"""Derivatives that a function calls, written where the types of their arguments are known.

Goal: a call of a derivative becomes what its generated text does, in names that are free here, as if that text were a
function that the user had written: the stages after this one differentiate it like the rest.  Non-goals: which
derivative it is, and of which function (`derived`).

    du = derived(grad(f), t, k)                  where the text of grad(f), for two floats, is
                                                     def f_grad(t, k):
    t_bar = 2.0 * k * t                                  t_bar = 2.0 * k * t
    du = t_bar                                           return t_bar
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adcompile.analysis.liveness import live_after, targets
from adcompile.errors import InvalidArgument, Span, Unsupported, refuse
from adcompile.frontend.read import read
from adcompile.ir.nodes import Assign, Block, Expr, Function, Name, Return, Stmt
from adcompile.ir.types import Type
from adcompile.ir.walk import blocks, with_blocks
from adcompile.normal.building import Typed
from adcompile.normal.fresh import Fresh, taken
from adcompile.normal.inline import inline
from adcompile.normal.lists import plain
from adcompile.normal.no_jumps import no_jumps
from adcompile.normal.renaming import renamed
from adcompile.normal.single_return import single_return
from adcompile.normal.specialise import specialised

if TYPE_CHECKING:
    from adcompile.normal.ssa import Walk

_being_written: list[tuple[Any, tuple[Type, ...]]] = []  # to tell a function that calls its own derivative


class Derivatives:
    """The calls of derivatives in one function, each written once for the same types."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.fresh: Fresh | None = None
        self.written: dict[tuple[Stmt, tuple[Type, ...]], Function] = {}

    def called(self, stmt: Assign, derivative: Any, args: Sequence[Expr]) -> Typed:
        """What a derivative does with these arguments: its statements are walked, its value is given."""
        walk = self.walk
        values = [walk.x.value(arg) for arg in args]
        types = tuple(plain(value.type) for value in values)
        if (stmt, types) not in self.written:
            self.written[stmt, types] = self.here(_text(derivative, types), stmt.span)
        function = self.written[stmt, types]
        for param, value in zip(function.params, values, strict=True):
            walk.env[param] = walk.kept(param, value)
        *body, last = function.body
        assert isinstance(last, Return)
        for inner in body:
            walk.statement(inner)
        walk.at(stmt)
        return walk.x.value(last.value)

    def here(self, function: Function, span: Span | None) -> Function:
        """A function in names that are free in the one around it; what it does is done at one place of that."""
        if self.fresh is None:
            self.fresh = Fresh(taken(self.walk.function))
        new = {name: Name(self.fresh.name(name)) for name in sorted(taken(function))}
        body = _at(renamed(function.body, new), span)
        self.walk.live.update(live_after(body))
        params = tuple(new[param].id for param in function.params)
        self.walk.order += [*params, *targets(body)]
        return replace(function, params=params, body=body)


def _at(block: Block, span: Span | None) -> Block:
    return tuple(replace(with_blocks(s, [_at(inner, span) for inner in blocks(s)]), span=span) for s in block)


def _text(derivative: Any, types: tuple[Type, ...]) -> Function:
    """The generated text of a derivative for these types, in the surface dialect without jumps or calls."""
    if (derivative.primal, types) in _being_written:
        message = f"`{derivative.__name__}` calls a derivative of itself"
        raise refuse("recursive-call", message, hint="write the recursion as a loop")
    _being_written.append((derivative.primal, types))
    try:
        text = derivative.function_for(types)
    except InvalidArgument as error:
        raise refuse("derivative-inside", str(error)) from error
    except Unsupported as error:
        raise Unsupported(replace(r, function=r.function or derivative.__name__) for r in error.refusals) from None
    finally:
        _being_written.pop()
    surface = read(text, lenient=True).function
    return inline(single_return(no_jumps(specialised(surface, {}))))
