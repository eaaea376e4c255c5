"""Many parameters as few: tangents in one tuple, seeds in one value.

Goal: the function that forward or reverse mode wrote, with the parameters that its callers are told of:
`(primals, tangents)` for a tangent, `(*primals, seed)` for a pullback, where the seed has the structure of the result.
The new parameters are taken apart in the first lines.  Arrays that have to be of one shape are checked there.

    def f_jvp(x, y, x_dot):     becomes     def f_jvp(primals, tangents):
        return y * x_dot                        y = primals[1]
                                                x_dot = tangents[0]
                                                return y * x_dot
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from adcompile import runtime
from adcompile.ir.nodes import Assign, Call, Const, Effect, Expr, Function, Index, Name, Names, Stmt, Tuple
from adcompile.ir.types import Array, TupleType, Type
from adcompile.ir.walk import core_names, statements, uses


def primals_and_tangents(function: Function, pairs: Mapping[str, str]) -> Function:
    """A tangent function with two parameters, `primals` and `tangents`; `pairs` says which tangent is whose."""
    tangents = list(pairs.values())
    primals = [param for param in function.params if param not in tangents]
    packs = [("primals", _Pack.of(primals)), ("tangents", _Pack.of(tangents))]
    checks = [
        Effect(Call(runtime.check_same_shape, arrays))
        for x, x_dot in pairs.items()
        for arrays in _arrays(function.types[x], Name(x), Name(x_dot))
    ]
    return _packed(function, packs, checks)


def _arrays(type_: Type, primal: Expr, tangent: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Every array of a value, with its tangent."""
    if isinstance(type_, Array):
        yield primal, tangent
    if isinstance(type_, TupleType):
        for number, item in enumerate(type_.items):
            index = (Const(number),)
            yield from _arrays(item, Index(primal, index), Index(tangent, index))


def one_seed(function: Function, primals: Sequence[str], result: Expr) -> Function:
    """A pullback whose parameters after the primals are one, `seed`, with the structure of the primal's result."""
    seeds = iter(function.params[len(primals) :])

    def structured(expr: Expr) -> _Pack:
        return _Pack(next(seeds)) if not isinstance(expr, Tuple) else _Pack(items=tuple(map(structured, expr.items)))

    pack = structured(result)
    return _packed(function, [*((p, _Pack(p)) for p in primals), ("seed", pack)], [])


class _Pack:
    """One parameter, or a tuple of packs."""

    def __init__(self, param: str = "", items: tuple[_Pack, ...] = ()) -> None:
        self.param = param
        self.items = items

    @classmethod
    def of(cls, params: Sequence[str]) -> _Pack:
        return cls(items=tuple(map(cls, params)))

    def type(self, types: Mapping[str, Type]) -> Type:
        return types[self.param] if self.param else TupleType(tuple(item.type(types) for item in self.items))

    def parts(self, whole: Expr) -> Iterator[tuple[str, Expr]]:
        """Each parameter with the place where it stands in `whole`."""
        if self.param:
            yield self.param, whole
        for number, item in enumerate(self.items):
            yield from item.parts(Index(whole, (Const(number),)))


def _packed(function: Function, packs: Sequence[tuple[str, _Pack]], checks: Sequence[Stmt]) -> Function:
    used = {name for stmt in (*checks, *statements(function.body)) for name in uses(stmt)}
    names = Names(core_names(function))
    types = dict(function.types)
    params: list[str] = []
    entry: list[Stmt] = []
    for like, pack in packs:
        if pack.param:
            params.append(pack.param)
            continue
        whole = _unused(like, names)
        params.append(whole)
        types[whole] = pack.type(types)
        entry += [Assign(param, place) for param, place in pack.parts(Name(whole)) if param in used]
    return replace(function, params=tuple(params), body=(*entry, *checks, *function.body), types=types)


def _unused(like: str, names: Names) -> str:
    """A parameter's name, which has no versions."""
    name = like
    while "." in names.fresh(name):
        name += "_"
    return name
