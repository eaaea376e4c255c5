"""What finds the entries of a sparse matrix, as Python text around a derivative for several directions.

Goal: one function for each matrix, with nothing in it that the plan can say before (`patterns.Plan`): it fills the
seeds, finds as many products as go at once, writes them behind each other, and picks the entries from there in the
order in which SciPy keeps them.  If one sweep is not enough, each sweep puts its entries where they belong.
Non-goals: the plan; matrices of SciPy.
"""

from __future__ import annotations

from collections.abc import Collection
from inspect import Parameter, Signature

from adcompile.api.composed import Composed, Parts
from adcompile.api.dense import Leaf, fresh
from adcompile.api.derivative import Derivative
from adcompile.ir.show import shown_type
from adcompile.ir.types import Array, TupleType, Type, is_float
from adcompile.transform.into import Out


class Compressed(Composed):
    """The entries of a sparse matrix, in one array: a function of the arguments and of what is given of a plan."""

    def _signature(self, own: Signature) -> Signature:
        parameters = [p.replace(default=Parameter.empty, kind=p.POSITIONAL_OR_KEYWORD) for p in own.parameters.values()]
        given = [name for names in self._given(tuple(own.parameters)) for name in names]
        return Signature([*parameters, *(Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in given)])

    def _given(self, params: Collection[str]) -> tuple[list[str], list[str], list[str]]:
        """The parameters for what is given of a plan: how to sow, where to read, and where to store."""
        _, lanes, rank, once = self.request.details
        names = (
            ["seed"] * lanes if once else ["groups"],
            ["sources"] * rank,
            [] if once else ["starts", "places"],
        )
        numbered = ([f"{name}_{n}" if n and name in one[:n] else name for n, name in enumerate(one)] for one in names)
        seeds, sources, stored = ([fresh(name, params) for name in one] for one in numbered)
        return [fresh("shape", params), *seeds], sources, stored

    def _text(self, parts: Parts, params: tuple[str, ...], typed: dict[str, Type], arguments: tuple[Type, ...]) -> str:
        reverse, lanes, rank, once = self.request.details
        x, y = _input_and_output(self, parts, typed)
        if self.request.kind == "sparse_hessian":
            parts.function = parts.made("grad", parts.wrt)
        (shape, *seeds), sources, stored = self._given(params)
        taken = (*params, shape, *seeds, *sources, *stored)
        products, rows, data, e = (fresh(name, taken) for name in ("products", "rows", "data", "e"))
        of, by = (x, y) if reverse else (y, x)
        kind = "pullback" if reverse else "tangents"
        out = Out(TupleType((of.type,) * lanes) if lanes > 1 else of.type, False, repr(self), held=True)
        product = parts.add(f"{kind}_{x.text}", kind, parts.wrt, lanes=lanes, out=out)
        lengths = [f"{lanes} * {rows}" if lanes > 1 else rows, *(f"{shape}[{axis}]" for axis in range(1, rank))]
        made = f"({', '.join(lengths)})" if rank > 1 else lengths[0]
        lines = [
            f"def {parts.named(self)}({', '.join(taken)}):",
            f"    {rows} = max({shape}[0], 0)",  # no slice of so many is counted from the end
            f"    {products} = np.empty({made}{_dtype(of)})",
            f"    {data} = np.empty({sources[0]}.shape[0]{_dtype(y)})",
        ]
        lots = [f"{products}[{_times(n, rows)}:{_times(n + 1, rows)}]" for n in range(lanes)]
        result = f"({', '.join(lots)})" if lanes > 1 else products
        where = f"{products}[{', '.join(f'{axis}[{e}]' for axis in sources)}]"
        if once:
            lines.append(f"    {product}({', '.join((*params, *seeds, result))})")
            lines += [f"    for {e} in range({sources[0]}.shape[0]):", f"        {data}[{e}] = {where}"]
        else:
            (groups,), (starts, places) = seeds, stored
            sweep, first, group = (fresh(name, taken) for name in ("sweep", "first", "group"))
            seeds = [fresh(f"seed_{n}" if n else "seed", taken) for n in range(lanes)]
            lines += [f"    {seed} = np.empty({groups}.shape{_dtype(by)})" for seed in seeds]
            lines.append(f"    for {sweep} in range({starts}.shape[0] - 1):")
            lines.append(f"        {first} = {f'{lanes} * {sweep}' if lanes > 1 else sweep}")
            lines += [f"        {line}" for line in _sown(by, seeds, groups, group, first, taken)]
            lines.append(f"        {product}({', '.join((*params, *seeds, result))})")
            lines.append(f"        for {e} in range({starts}[{sweep}], {starts}[{sweep} + 1]):")
            lines.append(f"            {data}[{places}[{e}]] = {where}")
        return "\n".join((*lines, f"    return {data}")) + "\n"


def _dtype(of: Leaf) -> str:
    return "" if of.type.dtype == "float64" else f", np.{of.type.dtype}"


def _times(n: int, size: str) -> str:
    return f"{n} * {size}" if n > 1 else size if n else "0"


def _sown(by: Leaf, seeds: list[str], groups: str, group: str, first: str, taken: Collection[str]) -> list[str]:
    """The lines that fill the seeds: ones where the group, counted from `first` on, is that of the lane."""
    indices = [fresh(name, taken) for name in "ijklmn"[: by.rank]]
    lines = [f"{'    ' * n}for {i} in range({groups}.shape[{n}]):" for n, i in enumerate(indices)]
    indent, at = "    " * len(indices), ", ".join(indices)
    lines.append(f"{indent}{group} = {groups}[{at}] - {first}")
    return [*lines, *(f"{indent}{seed}[{at}] = 1.0 if {group} == {n} else 0.0" for n, seed in enumerate(seeds))]


def _input_and_output(of: Derivative, parts: Parts, typed: dict[str, Type]) -> tuple[Leaf, Leaf]:
    """The input and the output of a sparse matrix."""
    x = typed[parts.wrt[0]]
    y = x if of.request.kind == "sparse_hessian" else parts.run("primal", ()).result
    if not isinstance(x, Array):
        raise of.invalid(f"{parts.wrt[0]} is {shown_type(x)}: a sparse matrix is by an array of floats")
    if not isinstance(y, Array) or not is_float(y):
        raise of.invalid(f"the result of {of.__name__} is {shown_type(y)}, and not one array of floats")
    return Leaf(parts.wrt[0], x), Leaf("y", y)
