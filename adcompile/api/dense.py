"""Dense Jacobians and Hessians, and traces of these, as Python text around generated derivatives.

Goal: the loops over columns or rows that a person would write, for the ranks at hand; the stages inline the derivative
that they call, so that what comes out is one function, which is compiled, read and differentiated like any other.
Columns go several at once (`LANES`): tangents that share what does not depend on the direction (Griewank & Walther,
*Evaluating Derivatives*, section 3.1, vector mode).  Non-goals: sparsity; a Hessian's symmetry is not used.

>>> from adcompile.ir.types import Array
>>> x = Leaf("x", Array("float64", 1))
>>> print(Dense("f_hessian", ("x",), (x,), (x,), False).by_columns(lanes=2))
def f_hessian(x):
    jac = np.empty((x.shape[0], x.shape[0]), x.dtype)
    size = x.shape[0]
    seed = np.zeros_like(x)
    seed_1 = np.zeros_like(x)
    for first in range(0, size, 2):
        at = first
        seed[at] = 1.0
        at_1 = min(first + 1, size - 1)
        seed_1[at_1] = 1.0
        dot, dot_1 = tangents_x(x, seed, seed_1)
        jac[:, at] = dot
        seed[at] = 0.0
        jac[:, at_1] = dot_1
        seed_1[at_1] = 0.0
    return jac
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from adcompile.ir.types import Array, Scalar

LANES = 4


def fresh(name: str, params: Collection[str]) -> str:
    """A name that is no parameter's."""
    while name in params:
        name += "_"
    return name


@dataclass(frozen=True)
class Leaf:
    """A float or an array of floats: how it is spelled, and its type."""

    text: str
    type: Scalar | Array

    @property
    def rank(self) -> int:
        return self.type.ndim if isinstance(self.type, Array) else 0

    @property
    def shape(self) -> list[str]:
        return [f"{self.text}.shape[{axis}]" for axis in range(self.rank)]

    @property
    def size(self) -> str:
        return " * ".join(self.shape) or "1"

    def index(self, flat: str) -> list[str]:
        """The subscripts of the element with this number, counted as in C."""
        if self.rank == 1:
            return [flat]
        parts = []
        for axis in range(self.rank):
            inner = " * ".join(self.shape[axis + 1 :])
            part = f"{flat} // ({inner})" if inner else flat
            parts.append(f"({part}) % {self.shape[axis]}" if axis else part)
        return parts

    @property
    def one(self) -> str:
        return "1.0" if self.type.dtype == "float64" else f"np.{self.type.dtype}(1.0)"


@dataclass(frozen=True)
class Dense:
    """What is written: the derivative of `results` by `inputs`, of a function with these parameters.

    `several` says whether the results are items of a tuple."""

    name: str
    params: tuple[str, ...]
    inputs: tuple[Leaf, ...]
    results: tuple[Leaf, ...]
    several: bool
    packed: bool = False  # whether one input still gives a tuple
    has_aux: bool = False  # whether `value` gives `(result, aux)`; the matrix then comes with `aux`

    # ------------------------------------------------------------------------------------ whole functions
    def by_columns(self, value: bool = False, lanes: int = LANES) -> str:
        """Forward mode.  `value` says that the shapes of the results are those of a call of `value`."""
        return self._function([*self._made(value), *self._columns(lanes)])

    def by_rows(self) -> str:
        """Reverse mode, of one result."""
        return self._function([*self._made(bool(self.results[0].rank)), *self._rows()])

    def by_fewer(self, lanes: int = LANES) -> str:
        """Reverse mode where the result is smaller than the inputs together, forward mode where it is not."""
        total = " + ".join(leaf.size for leaf in self.inputs)
        choice = [f"if {self.results[0].size} < {total}:", *_indented(self._rows()), "else:"]
        return self._function([*self._made(True), *choice, *_indented(self._columns(lanes))])

    def _function(self, lines: list[str]) -> str:
        blocks = [[self._block(y, x) for x in range(len(self.inputs))] for y in range(len(self.results))]
        parts = [_tuple(row) if len(row) > 1 or self.packed else row[0] for row in blocks]
        result = _tuple(parts) if self.several else parts[0]
        result = f"{result}, {self.fresh('aux')}" if self.has_aux else result
        header = f"def {self.name}({', '.join(self.params)}):"
        return "\n".join([header, *_indented([*lines, f"return {result}"])]) + "\n"

    # ------------------------------------------------------------------------------------ pieces
    def fresh(self, name: str) -> str:
        """A name that is no parameter's."""
        return fresh(name, self.params)

    def _tangents(self, leaf: Leaf) -> str:
        """The function that gives the tangents by an input."""
        return self.fresh(f"tangents_{leaf.text}")

    def _block(self, result: int, of: int) -> str:
        suffix = "" if len(self.results) == len(self.inputs) == 1 else f"_{result}_{of}"
        return self.fresh(f"jac{suffix}")

    def _each(self) -> Iterator[tuple[int, Leaf, int, Leaf]]:
        for y, result in enumerate(self.results):
            for x, leaf in enumerate(self.inputs):
                yield y, result, x, leaf

    def _made(self, value: bool) -> list[str]:
        """The arrays that are filled."""
        call = f"{self.fresh('value')}({', '.join(self.params)})"
        lines = [f"{self.fresh('y')} = {call}"] if value else []
        if self.has_aux:
            lines = [f"{self.fresh('y')}, {self.fresh('aux')} = {call}"]
        for y, result, x, leaf in self._each():
            if shape := [*result.shape, *leaf.shape]:
                dtype = f"{result.text}.dtype" if result.rank else f"np.{result.type.dtype}"
                lines.append(f"{self._block(y, x)} = np.empty({_tuple(shape)}, {dtype})")
        return lines

    def _columns(self, lanes: int) -> list[str]:
        lines: list[str] = []
        for x, leaf in enumerate(self.inputs):
            lines += self._columns_by(x, leaf, lanes) if leaf.rank else self._column_by(x, leaf)
        return lines

    def _column_by(self, x: int, leaf: Leaf) -> list[str]:
        dot = self.fresh("dot")
        call = f"{dot} = {self._tangents(leaf)}({', '.join((*self.params, leaf.one))})"
        return [call, *self._used(x, 0, [], dot)]

    def _columns_by(self, x: int, leaf: Leaf, lanes: int) -> list[str]:
        first, size = self.fresh("first"), self.fresh("size")
        ats, seeds, dots = ([self.fresh(f"{b}_{n}" if n else b) for n in range(lanes)] for b in ("at", "seed", "dot"))
        body, after = [], []
        for n, (at, seed, dot) in enumerate(zip(ats, seeds, dots, strict=True)):
            body.append(f"{at} = min({first} + {n}, {size} - 1)" if n else f"{at} = {first}")
            place = leaf.index(at)
            body.append(f"{seed}[{', '.join(place)}] = 1.0")
            after += self._used(x, n, place, dot)
            after.append(f"{seed}[{', '.join(place)}] = 0.0")
        body.append(f"{', '.join(dots)} = {self._tangents(leaf)}({', '.join((*self.params, *seeds))})")
        made = [f"{seed} = np.zeros_like({leaf.text})" for seed in seeds]
        loop = f"for {first} in range(0, {size}, {lanes}):"
        return [f"{size} = {leaf.size}", *made, loop, *_indented([*body, *after])]

    def _used(self, x: int, lane: int, place: list[str], dot: str) -> list[str]:
        """What becomes of one tangent.  Lanes beyond the last column have that column again."""
        return [self._filled(y, result, x, place, dot) for y, result in enumerate(self.results)]

    def _filled(self, y: int, result: Leaf, x: int, place: list[str], value: str) -> str:
        """One column of a block, or the block."""
        value = f"{value}[{y}]" if self.several else value
        index = [":"] * result.rank + place
        return f"{self._block(y, x)}[{', '.join(index)}] = {value}" if index else f"{self._block(y, x)} = {value}"

    def _rows(self) -> list[str]:
        (result,) = self.results
        rows, at, seed = self.fresh("rows"), self.fresh("row"), self.fresh("seed_of_row")
        place = result.index(at) if result.rank else []
        call = f"{rows} = {self.fresh('pullback')}({', '.join((*self.params, seed if result.rank else result.one))})"
        stores = []
        for x, leaf in enumerate(self.inputs):
            index = ", ".join(place + [":"] * leaf.rank)
            block = self._block(0, x)
            stores.append(f"{block}[{index}] = {rows}[{x}]" if index else f"{block} = {rows}[{x}]")
        if not result.rank:
            return [call, *stores]
        put, back = (f"{seed}[{', '.join(place)}] = {value}" for value in ("1.0", "0.0"))
        loop = [f"{seed} = np.zeros_like({result.text})", f"for {at} in range({result.size}):"]
        return [*loop, *_indented([put, call, *stores, back])]


@dataclass(frozen=True)
class Trace(Dense):
    """The sum of the diagonal of a Hessian: each input's tangents are those of the gradient by that input alone."""

    def _function(self, lines: list[str]) -> str:
        header = f"def {self.name}({', '.join(self.params)}):"
        return "\n".join([header, *_indented([*lines, f"return {self.fresh('total')}"])]) + "\n"

    def _made(self, value: bool) -> list[str]:
        dtype = np.result_type(*(leaf.type.dtype for leaf in self.inputs))
        return [f"{self.fresh('total')} = {'0.0' if dtype == np.float64 else f'np.{dtype}(0.0)'}"]

    def _used(self, x: int, lane: int, place: list[str], dot: str) -> list[str]:
        added = f"{self.fresh('total')} += {dot}[{', '.join(place)}]" if place else f"{self.fresh('total')} += {dot}"
        if not lane:
            return [added]
        return [f"if {self.fresh('first')} + {lane} < {self.fresh('size')}:", *_indented([added])]


def _tuple(items: list[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
