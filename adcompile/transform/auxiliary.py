"""A result and what is carried beside it: functions that return `(result, aux)`.

Goal: only the result is differentiated; `aux` (numbers, arrays, tuples of those) comes out as the function gave it,
without a second run of the function, and although the reverse sweep may put memory back.  Non-goals: deciding where
`aux` stands beside a derivative; that is the mode's.

    loss(x) -> (total, path)    becomes, in reverse mode, with a copy where the sweep takes `path` apart again,

    total, path = ...           # the forward sweep
    path_kept = path.copy()
    ...                         # the reverse sweep, which undoes what the function stored into `path`
    return x_bar, path_kept
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from adcompile.analysis.aliasing import Roots
from adcompile.analysis.effects import written_roots
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Expr, Function, Name, Return, Stmt, Tuple, base_of
from adcompile.ir.types import Array, Type


def result_and_aux(function: Function) -> tuple[Expr, Expr]:
    """The two items of what a function returns; another result than a pair is refused."""
    last = function.body[-1]
    assert isinstance(last, Return)
    match last.value:
        case Tuple((result, aux)):
            return result, aux
    raise refuse(
        "not-a-pair",
        "the result is not `result, aux`, as has_aux=True says",
        last.span,
        "return two values, the second a number, an array or a tuple of those, or leave has_aux=True out",
        function.name,
    )


def kept(
    aux: Expr, sweep: Iterable[Stmt], roots: Roots, types: dict[str, Type], fresh: Callable[[str, Type], str]
) -> tuple[list[Stmt], Expr]:
    """`aux` with copies of the arrays that a sweep after it writes, and the statements that make them."""
    written = written_roots(sweep, roots)
    copies: list[Stmt] = []

    def keep(expr: Expr) -> Expr:
        if isinstance(expr, Tuple):
            return Tuple(tuple(map(keep, expr.items)))
        if not isinstance(expr, Name) or not isinstance(types[expr.id], Array) or roots.find(expr.id) not in written:
            return expr
        name = fresh(f"{base_of(expr.id)}_kept", types[expr.id])
        copies.append(Assign(name, Call(ops.copy, (expr,))))
        return Name(name)

    return copies, keep(aux)
