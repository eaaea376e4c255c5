"""`vmap`: a function applied to every item of a batch, as a derivative is made: a loop that is written and compiled.

Goal: the loop that a person would write, by the calling convention of `jax.vmap`, for the ranks at hand; it is read,
differentiated and called from compiled code like any other function.  Non-goals: other orders of the loops; results
that are the same for every item.

>>> from adcompile.api import vmap
>>> import numpy as np
>>> scaled = vmap(lambda row, k: k * np.sum(row), in_axes=(1, None), jit=False)
>>> scaled(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 2.0)
array([10., 14., 18.])
>>> print(scaled.source.partition("def ")[2])
lambda__vmap(row, k):
    size = row.shape[1]
    out = np.empty(size)
    for b in range(size):
        s = 0.0
        for i in range(row.shape[0]):
            s += row[i, b]
        out[b] = k * s
    return out
<BLANKLINE>
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Unpack, overload

import numpy as np

from adcompile import pipeline, runtime
from adcompile.api.calling import TEXT
from adcompile.api.choices import Choices, made
from adcompile.api.composed import Composed, composed_of
from adcompile.api.dense import fresh
from adcompile.backend.compile import compiled
from adcompile.backend.naming import printed_params
from adcompile.ir.show import shown_type
from adcompile.ir.structure import Leaf, Part, Structure, contents, is_structure
from adcompile.ir.types import Array, Scalar, Static, TupleType, Type

Axes = int | None | tuple[Any, ...]


class Batched(Composed):
    """A function of batches, compiled for each combination of argument types when it is first called with it."""

    def _job(self, arguments: tuple[Type, ...]) -> pipeline.Job:
        in_axes, out_axes = self.request.details
        names = tuple(name for name in self._own.parameters if name not in self.captured)
        if isinstance(in_axes, tuple) and len(in_axes) != len(names):
            raise self.invalid(
                f"in_axes={in_axes!r} has {len(in_axes)} items for the {len(names)} parameters {', '.join(names)}"
            )
        given = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(names)
        of = dict(zip(names, given, strict=True))  # what a local function has captured is no batch
        named = zip(self._own.parameters, arguments, strict=True)
        axes = [self._axes(name, type_, of.get(name)) for name, type_ in named]
        items = tuple(_item_type(type_, axis) for type_, axis in zip(arguments, axes, strict=True))
        function, _ = self._primal_for(items, ())
        outcome = pipeline.run(pipeline.Job(function, items, "primal", (), parallel=self.request.options.parallel))
        if outcome.structure is not None:
            self._results[arguments] = outcome.structure
        value = compiled(outcome.name, outcome.undivided, TEXT).python
        params = tuple(printed_params(tuple(inspect.signature(value).parameters)).values())
        text = _Text(self, params, axes)
        lines = text.lines(arguments, outcome.result, out_axes)
        return composed_of(self, text.name, "\n".join(lines) + "\n", {**text.imports, text.value: value}, arguments)

    def details_of(self, names: Mapping[str, list[str]], parts: tuple[Part, ...]) -> tuple[Any, ...]:
        in_axes, out_axes = self.request.details
        each = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(parts)
        if len(each) != len(parts):
            raise self.invalid(f"in_axes={in_axes!r} has {len(each)} items for the {len(parts)} parameters")
        axes: list[Axes] = []
        for name, part, axis in zip(names, parts, each, strict=True):
            self._spread(name, part, axis, axes)
        return tuple(axes), out_axes

    def _spread(self, path: str, part: Part, axis: Any, axes: list[Axes]) -> None:
        """The axis of each number and array of an argument: one for all, or in a structure like it."""
        if isinstance(part, Structure):
            inner = contents(axis) if is_structure(axis) or isinstance(axis, tuple) else None
            if inner is not None and (set(inner[1]) != set(part.keys) or len(inner[1]) != len(part.keys)):
                items = ", ".join(map(str, part.keys))
                raise self.invalid(f"in_axes of {path} is {axis!r}, and has to have the items {items}")
            of = dict(zip(inner[1], inner[2], strict=True)) if inner is not None else dict.fromkeys(part.keys, axis)
            for key, item in zip(part.keys, part.items, strict=True):
                self._spread(f"{path}[{key!r}]", item, of[key], axes)
        elif isinstance(part, Leaf):
            axes.append(axis)

    def _axes(self, name: str, type_: Type, axis: Axes) -> Axes:
        """The axis of each array in an argument, counted from the left; nothing for what all items share."""
        if axis is None or isinstance(type_, Static):
            return None
        if isinstance(type_, TupleType):
            if isinstance(axis, tuple) and len(axis) != len(type_.items):
                raise self.invalid(f"in_axes of {name} is {axis!r}, and {name} has {len(type_.items)} items")
            each = axis if isinstance(axis, tuple) else (axis,) * len(type_.items)
            parts = zip(type_.items, each, strict=True)
            return tuple(self._axes(f"{name}[{k}]", item, one) for k, (item, one) in enumerate(parts))
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise self.invalid(f"in_axes of {name} is {axis!r}: an axis is an integer, or None for what is no batch")
        if not isinstance(type_, Array):
            raise self.invalid(f"{name} is {shown_type(type_)}, which has no axis {axis}: say None for it in in_axes")
        return self.counted(f"in_axes of {name}", axis, type_.ndim)

    def counted(self, what: str, axis: int, rank: int) -> int:
        """An axis counted from the left."""
        if not -rank <= axis < rank:
            raise self.invalid(f"{what} is {axis}, and there are {rank} axes")
        return axis % rank


def _item_type(type_: Type, axis: Axes) -> Type:
    if isinstance(type_, TupleType) and isinstance(axis, tuple):
        return TupleType(tuple(map(_item_type, type_.items, axis)))
    if isinstance(type_, Array) and axis is not None:
        return Array(type_.dtype, type_.ndim - 1) if type_.ndim > 1 else Scalar(type_.dtype)
    return type_


class _Text:
    """The text of one batch loop."""

    def __init__(self, of: Batched, params: tuple[str, ...], axes: list[Axes]) -> None:
        self.of = of
        self.params = params
        self.axes = axes
        self.name = f"{of.__name__ if of.__name__.isidentifier() else 'lambda_'}_vmap"
        self.value = fresh(self.name.removesuffix("_vmap"), params)
        self.size, self.b, self.y, self.out = (self.fresh(name) for name in ("size", "b", "y", "out"))
        self.imports: dict[str, Any] = {}

    def fresh(self, name: str) -> str:
        return fresh(name, (*self.params, self.value))

    def lines(self, arguments: tuple[Type, ...], result: Type, out_axes: Axes) -> list[str]:
        """The whole function."""
        batches = [b for p, t, a in zip(self.params, arguments, self.axes, strict=True) for b in _batches(p, t, a)]
        if not batches:
            raise self.of.invalid("no argument has an axis in in_axes: there is nothing to go over")
        (first, axis), *others = batches
        body = [f"{self.size} = {first}.shape[{axis}]"]
        for other, of_other in others:
            message = f"axis {of_other} of {other} and axis {axis} of {first} differ in length"
            body.append(f"if {other}.shape[{of_other}] != {self.size}:")
            body.append(f'    raise ValueError("vmap of {self.of.__name__}: {message}")')
        leaves = list(self.leaves(self.y, result, out_axes))
        if any(rank for _, _, rank, _ in leaves):
            message = "the batch is empty, and only an item tells the shape of the result"
            body.append(f"if {self.size} == 0:")
            body.append(f'    raise ValueError("vmap of {self.of.__name__}: {message}")')
            body.append(f"{self.y} = {self.call(arguments, '0')}")
        names = {path: self.fresh("out" + _suffix(path.removeprefix(self.y))) for path, *_ in leaves}
        for path, dtype, rank, place in leaves:
            shape = [f"{path}.shape[{k}]" for k in range(rank)]
            shape.insert(place, self.size)
            self.imports["np"] = np
            dtype = "" if dtype == "float64" else f", np.{'bool_' if dtype == 'bool' else dtype}"
            body.append(f"{names[path]} = np.empty({_shape(shape)}{dtype})")
        loop = "range"
        if self.of.request.options.parallel:
            loop = self.fresh("prange")
            self.imports[loop] = runtime.prange
        body.append(f"for {self.b} in {loop}({self.size}):")
        if isinstance(result, TupleType):
            body.append(f"    {self.y} = {self.call(arguments, self.b)}")
        for path, _, rank, place in leaves:
            index = [":"] * rank
            index.insert(place, self.b)
            value = path if isinstance(result, TupleType) else self.call(arguments, self.b)
            body.append(f"    {names[path]}[{', '.join(index)}] = {value}")
        body.append(f"return {_returned(self.y, result, names)}")
        return [f"def {self.name}({', '.join(self.params)}):", *(f"    {line}" for line in body)]

    def call(self, arguments: tuple[Type, ...], at: str) -> str:
        items = [_item(p, t, a, at) for p, t, a in zip(self.params, arguments, self.axes, strict=True)]
        return f"{self.value}({', '.join(items)})"

    def leaves(self, path: str, type_: Type, axis: Axes) -> Iterator[tuple[str, str, int, int]]:
        """The numbers and arrays of the result: where, the type of number, the rank, and the axis of the batch."""
        if isinstance(type_, TupleType):
            if isinstance(axis, tuple) and len(axis) != len(type_.items):
                raise self.of.invalid(f"out_axes={axis!r} for a result of {len(type_.items)} items")
            each = axis if isinstance(axis, tuple) else (axis,) * len(type_.items)
            for k, (item, one) in enumerate(zip(type_.items, each, strict=True)):
                yield from self.leaves(f"{path}[{k}]", item, one)
            return
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise self.of.invalid(f"out_axes has {axis!r}: every result is a batch, and has an integer for its axis")
        if not isinstance(type_, (Scalar, Array)):
            raise self.of.invalid(f"the result holds {shown_type(type_)}: numbers, arrays and tuples make batches")
        rank = type_.ndim if isinstance(type_, Array) else 0
        yield path, type_.dtype, rank, self.of.counted("out_axes", axis, rank + 1)


def _batches(path: str, type_: Type, axis: Axes) -> Iterator[tuple[str, int]]:
    if isinstance(type_, TupleType) and isinstance(axis, tuple):
        for k, (item, one) in enumerate(zip(type_.items, axis, strict=True)):
            yield from _batches(f"{path}[{k}]", item, one)
    elif isinstance(axis, int):
        yield path, axis


def _item(path: str, type_: Type, axis: Axes, at: str) -> str:
    """One item of an argument."""
    if isinstance(type_, TupleType) and isinstance(axis, tuple):
        parts = zip(type_.items, axis, strict=True)
        items = [_item(f"{path}[{k}]", item, one, at) for k, (item, one) in enumerate(parts)]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    return f"{path}[{', '.join([*[':'] * axis, at])}]" if isinstance(axis, int) else path


def _returned(path: str, type_: Type, names: dict[str, str]) -> str:
    if not isinstance(type_, TupleType):
        return names[path]
    items = [_returned(f"{path}[{k}]", item, names) for k, item in enumerate(type_.items)]
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _suffix(path: str) -> str:
    return path.replace("[", "_").replace("]", "")


def _shape(lengths: list[str]) -> str:
    return lengths[0] if len(lengths) == 1 else f"({', '.join(lengths)})"


@overload
def vmap(
    function: Callable[..., Any], *, in_axes: Axes = ..., out_axes: Axes = ..., **options: Unpack[Choices]
) -> Batched: ...
@overload
def vmap(
    *, in_axes: Axes = ..., out_axes: Axes = ..., **options: Unpack[Choices]
) -> Callable[[Callable[..., Any]], Batched]: ...
def vmap(
    function: Callable[..., Any] | None = None, *, in_axes: Axes = 0, out_axes: Axes = 0, **options: Unpack[Choices]
) -> Any:
    """The function applied to every item of a batch: `vmap(f)(xs)[i]` is `f(xs[i])`, in one compiled loop.

    `in_axes` is the axis of each argument over which its items lie, `None` for an argument that all share: one for all
    arguments or a tuple with one for each; for an argument that is a tuple, a tuple again.  `out_axes` is the axis of
    the batch in each result.  Negative axes count from the right.  Axes of different lengths raise a `ValueError`, as
    does an empty batch where the results are arrays.  `parallel=True` runs the loop on all threads.

    >>> import numpy as np
    >>> from adcompile import jacobian
    >>> vmap(jacobian(lambda x: np.array([x[0] * x[1], x[1]])), jit=False)(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[[2., 1.],
            [0., 1.]],
    <BLANKLINE>
           [[4., 3.],
            [0., 1.]]])
    """
    given: tuple[Any, ...] = (in_axes, out_axes)
    axes = tuple(tuple(one) if isinstance(one, list) else one for one in given)
    return made(Batched, "vmap", function, None, options, details=axes)
