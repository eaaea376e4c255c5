"""Canonical forms of functions of several arrays: products by subscripts, grids, parts and blocks.

`np.einsum` of static subscripts is a loop nest over its letters, with a sum into the result; what is a product of two
matrices is said so.
"""

from __future__ import annotations

import builtins
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.analysis.types_of import described, name_of
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Return,
    Slice,
    Stmt,
    Tuple,
    Update,
)
from adcompile.ir.types import Array, Scalar, Static, element
from adcompile.normal.array_calls import FORMS, array_of, canonical, dtype_constant, one_axis
from adcompile.normal.array_shapes import permuted
from adcompile.normal.building import EVERYTHING, Builder, Typed, constant, require_integer, tuple_of, value_of
from adcompile.normal.linear_algebra import inv
from adcompile.normal.places import places_in
from adcompile.normal.rearranged import atleast_2d, atleast_3d

_ALL = Typed(EVERYTHING, Static(slice))
_NEW_AXIS = constant(None)
_PRODUCTS = {"ab,bc->ac": (False, False), "ba,bc->ac": (True, False), "ab,cb->ac": (False, True)}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


# ------------------------------------------------------------------------------------------ products by subscripts
def _einsum(b: Builder, fn: Any, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    if extra := kwargs.keys() - {"optimize"}:
        raise refuse("unsupported-argument", f"the argument `{min(extra)}` of `np.einsum` is not supported")
    pattern = value_of(args[0], "the subscripts of einsum") if args else None
    if not isinstance(pattern, str):
        raise refuse("unsupported-argument", "`np.einsum` needs subscripts in letters")
    return summed_product(b, pattern, [array_of(b, x, fn) if not _is_number(x) else x for x in args[1:]])


def _is_number(x: Typed) -> bool:
    return isinstance(x.type, Scalar)


def summed_product(b: Builder, pattern: str, arrays: Sequence[Typed]) -> Typed:
    """`np.einsum(pattern, *arrays)`."""
    inputs, output = _subscripts(pattern, [x.ndim for x in arrays])
    turned = _PRODUCTS.get(_renamed(inputs, output))
    if turned is not None and len(arrays) == 2:
        left, right = (permuted(b, x, (1, 0)) if turn else x for x, turn in zip(arrays, turned, strict=True))
        return b.call(np.matmul, left, right)
    dtypes = [np.dtype(x.type.dtype) for x in arrays if isinstance(x.type, (Array, Scalar))]
    return b.written(_nest(inputs, output, np.result_type(*dtypes).name), *arrays)


def _renamed(inputs: Sequence[str], output: str) -> str:
    """Subscripts with `a` and `c` for the axes of a matrix that results, `b` for the one axis that is summed."""
    summed = "".join(dict.fromkeys(c for part in inputs for c in part if c not in output))
    if len(output) != 2 or len(summed) != 1:
        return ""
    names = {output[0]: "a", output[1]: "c", summed: "b"}
    return ",".join("".join(names[c] for c in part) for part in inputs) + "->ac"


def _subscripts(pattern: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of each operand and of the result; an ellipsis stands for letters of its own."""
    left, arrow, output = pattern.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != len(ranks):
        raise refuse("no-type", f"einsum {pattern!r} does not fit its {len(ranks)} operands")
    hidden = [rank - len(part.replace("...", "")) for part, rank in zip(inputs, ranks, strict=True)]
    spare = [letter for letter in _LETTERS if letter not in pattern]
    widest = max([n for n, part in zip(hidden, inputs, strict=True) if "..." in part], default=0)
    full = []
    for part, n in zip(inputs, hidden, strict=True):
        if n < 0 or (n > 0 and "..." not in part):
            raise refuse("no-type", f"einsum {pattern!r} does not fit its {len(ranks)} operands")
        full.append(part.replace("...", "".join(spare[widest - n : widest])))
    if arrow:
        output = output.replace("...", "".join(spare[:widest]))
    else:
        letters = "".join(full)
        once = sorted(letter for letter in set(letters) if letters.count(letter) == 1 and letter not in spare[:widest])
        output = "".join(spare[:widest]) + "".join(once)
    unknown = [letter for letter in output if letter not in "".join(full)]
    if unknown or len(set(output)) != len(output) or not "".join([*full, output, "a"]).isalpha():
        raise refuse("no-type", f"einsum {pattern!r} is not understood")
    return full, output


def _nest(inputs: Sequence[str], output: str, dtype: str) -> Function:
    """A surface function that sums products over all letters."""
    params = tuple(f"part_{k}" for k in range(len(inputs)))
    lengths: dict[str, Expr] = {}
    body: list[Stmt] = []
    for param, letters in zip(params, inputs, strict=True):
        for axis, letter in enumerate(letters):
            length = Call(ops.dim, (Name(param), Const(axis)))
            if letter in lengths and length != lengths[letter]:
                text = "operands could not be broadcast together in einsum"
                fails = Effect(Call(ops.fail, (Const(ValueError), Const(None), Const(text))))
                body.append(If(Call(np.not_equal, (length, lengths[letter])), (fails,), ()))
            lengths.setdefault(letter, length)
    factors = [
        Index(Name(param), tuple(Name(f"at_{c}") for c in letters)) if letters else Name(param)
        for param, letters in zip(params, inputs, strict=True)
    ]
    product: Expr = factors[0]
    for factor in factors[1:]:
        product = Call(np.multiply, (product, factor))
    if output:
        shape = tuple(lengths[c] for c in output)
        made = Call(np.zeros, (shape[0] if len(shape) == 1 else Tuple(shape), dtype_constant(dtype)))
        body.append(Assign("summed", made))
        inner: Stmt = Accum("summed", tuple(Name(f"at_{c}") for c in output), product)
    else:
        body.append(Assign("summed", Const(0.0 if np.dtype(dtype).kind == "f" else 0)))
        inner = Update("summed", np.add, product)
    for letter in reversed([*output, *(c for c in lengths if c not in output)]):
        inner = For(f"at_{letter}", Const(0), lengths[letter], Const(1), (inner,))
    return Function("einsum", params, (*body, inner, Return(Name("summed"))))


@canonical(np.tensordot, takes="a b axes")
def _tensordot(b: Builder, fn: Any, left: Typed, right: Typed, axes: Typed | None) -> Typed:
    left, right = array_of(b, left, fn), array_of(b, right, fn)
    given = 2 if axes is None else value_of(axes, "axes")
    if isinstance(given, int):
        pairs = [(left.ndim - given + k, k) for k in range(given)]
    else:
        sides = [side if isinstance(side, tuple) else (side,) for side in given]
        pairs = [(i % left.ndim, j % right.ndim) for i, j in zip(*sides, strict=True)]
    first, second = list("abcdefgh"[: left.ndim]), list("ijklmnop"[: right.ndim])
    for i, j in pairs:
        second[j] = first[i]
    summed = {first[i] for i, _ in pairs}
    output = "".join(c for c in [*first, *second] if c not in summed)
    return summed_product(b, f"{''.join(first)},{''.join(second)}->{output}", [left, right])


@canonical(np.linalg.multi_dot, takes="arrays | out")
def _multi_dot(b: Builder, fn: Any, arrays: Typed) -> Typed:
    if not arrays.is_tuple or len(arrays.items) < 2:
        raise refuse("unsupported-call", f"`{name_of(fn)}` needs a literal tuple of two arrays or more")
    return b.folded(np.dot, arrays.items)


@canonical(np.linalg.matrix_power, takes="a n")
def _matrix_power(b: Builder, fn: Any, a: Typed, n: Typed) -> Typed:
    exponent = value_of(n, "the exponent of np.linalg.matrix_power")
    a = b.shared(array_of(b, a, fn))
    if exponent < 0:
        a, exponent = b.shared(b.written(inv, a)), -exponent
    if exponent == 0:
        return b.call(np.eye, b.dim(a, 0), b.dim(a, 0))
    result: Typed | None = None
    while exponent:
        if exponent & 1:
            result = a if result is None else b.shared(b.call(np.matmul, result, a))
        exponent >>= 1
        if exponent:
            a = b.shared(b.call(np.matmul, a, a))
    assert result is not None
    return b.call(ops.copy, result) if result is a else result


# ------------------------------------------------------------------------------------------ shapes together
def _common_shape(b: Builder, shapes: Sequence[Sequence[Typed]]) -> list[Typed]:
    """The lengths that shapes have when they are broadcast together."""
    rank = max(map(len, shapes), default=0)
    result: list[Typed] = []
    for axis in range(-rank, 0):
        lengths = [shape[axis] for shape in shapes if -axis <= len(shape)]
        length = lengths[0]
        for other in lengths[1:]:
            if other.expr != length.expr:
                one = [x for x in (length, other) if x.expr != Const(1)]
                length = one[0] if len(one) == 1 else b.call(runtime.broadcast_length, length, other)
        result.append(length)
    return result


def _shapes(b: Builder, arrays: Sequence[Typed]) -> list[Sequence[Typed]]:
    return [b.dims(x) if x.is_array else () for x in arrays]


def _broadcast_arrays(b: Builder, fn: Any, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    if kwargs:
        raise refuse("unsupported-argument", "keyword arguments of `np.broadcast_arrays` are not supported")
    arrays = [b.shared(b.call(np.array, x) if x.is_tuple else x) for x in args]
    shape = tuple_of(_common_shape(b, _shapes(b, arrays)))
    if not shape.items:
        return tuple_of(arrays)
    return tuple_of([b.shared(_stretched(b, x, shape), "wide") for x in arrays])


def _stretched(b: Builder, x: Typed, shape: Typed) -> Typed:
    if x.is_array:
        return b.call(np.broadcast_to, x, shape)
    assert isinstance(x.type, Scalar)
    lengths = shape.items[0] if len(shape.items) == 1 else shape
    return b.call(np.full, lengths, x)


def _broadcast_shapes(b: Builder, fn: Any, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    return tuple_of(_common_shape(b, [x.items if x.is_tuple else (x,) for x in args]))


def _meshgrid(b: Builder, fn: Any, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    options = {key: value_of(x, key) for key, x in kwargs.items()}
    if options.keys() - {"indexing"}:
        raise refuse("unsupported-argument", "`np.meshgrid` takes `indexing` alone")
    vectors = [b.shared(array_of(b, x, fn)) for x in args]
    order = list(range(len(vectors)))
    if options.get("indexing", "xy") == "xy" and len(order) > 1:
        order[:2] = [1, 0]
    lengths = tuple_of([b.size(vectors[k]) for k in order])
    grids = []
    for k, x in enumerate(vectors):
        index = [_ALL if axis == order.index(k) else _NEW_AXIS for axis in range(len(order))]
        grids.append(b.shared(b.call(np.broadcast_to, b.index(x, index), lengths), "grid"))
    return tuple_of(grids)


def _ix(b: Builder, fn: Any, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    """`np.ix_(rows, columns)`: the vectors, each along an axis of its own; of a mask the places where it holds."""
    vectors = []
    for axis, given in enumerate(args):
        x = array_of(b, given, fn)
        if x.ndim != 1:
            raise refuse("no-type", f"`np.ix_` of {described(x.type)}", hint="give vectors")
        if element(x.type).dtype == "bool":
            x = b.written(places_in, b.shared(x, "mask"), b.dims(x)[0])
        elif element(x.type).dtype not in ("int64", "int32", "uint64"):
            hint = "make it of integers: np.array(..., dtype=int)"
            raise refuse("no-type", f"`np.ix_` of {described(x.type)}", hint=hint)
        index = [_ALL if k == axis else _NEW_AXIS for k in range(len(args))]
        vectors.append(b.shared(b.index(b.shared(x, "places"), index), "places"))
    return tuple_of(vectors)


FORMS |= {np.einsum: _einsum, np.broadcast_arrays: _broadcast_arrays, np.broadcast_shapes: _broadcast_shapes,
          np.meshgrid: _meshgrid, np.ix_: _ix}  # fmt: skip


@canonical(np.unravel_index, takes="indices shape | order")
def _unravel_index(b: Builder, fn: Any, indices: Typed, shape: Typed) -> Typed:
    """The place of a flat index, as a tuple."""
    if not isinstance(indices.type, Scalar):
        raise refuse("unsupported-call", "`np.unravel_index` of an array", hint="use // and %")
    lengths = shape.items if shape.is_tuple else (shape,)
    rest, place = b.shared(indices, "flat"), []
    for length in reversed(lengths[1:]):
        place.append(b.call(np.remainder, rest, length))
        rest = b.call(np.floor_divide, rest, length)
    return tuple_of([rest, *reversed(place)])


@canonical(math.prod, takes="iterable start")
def _prod(b: Builder, fn: Any, iterable: Typed, start: Typed | None) -> Typed:
    if iterable.is_tuple:
        return b.folded(np.multiply, [start or constant(1), *iterable.items])
    total = b.call(np.prod, array_of(b, iterable, fn))
    return total if start is None else b.call(np.multiply, start, total)


@canonical(np.divmod, builtins.divmod, takes="x1 x2")
def _divmod(b: Builder, fn: Any, x1: Typed, x2: Typed) -> Typed:
    x1, x2 = b.shared(x1), b.shared(x2)
    return tuple_of([b.shared(b.call(one, x1, x2)) for one in (np.floor_divide, np.remainder)])


# ------------------------------------------------------------------------------------------ parts
_AXES = {np.hsplit: 1, np.vsplit: 0, np.dsplit: 2}


@canonical(np.split, np.array_split, takes="ary indices_or_sections axis")
def _split(b: Builder, fn: Any, ary: Typed, sections: Typed, axis: Typed | None) -> Typed:
    ary = b.shared(array_of(b, ary, fn))
    return _parts(b, ary, sections, one_axis(axis, ary.ndim, 0), fn is np.split)


@canonical(np.hsplit, np.vsplit, np.dsplit, takes="ary indices_or_sections")
def _split_along(b: Builder, fn: Any, ary: Typed, sections: Typed) -> Typed:
    ary = b.shared(array_of(b, ary, fn))
    axis = 0 if fn is np.hsplit and ary.ndim == 1 else _AXES[fn]
    if axis >= ary.ndim:
        raise refuse("no-type", f"`{name_of(fn)}` of a {described(ary.type)}")
    return _parts(b, ary, sections, axis, True)


def _parts(b: Builder, ary: Typed, sections: Typed, axis: int, even: bool) -> Typed:
    length = b.dim(ary, axis)
    if sections.is_tuple:
        bounds = [constant(0), *sections.items, length]
    else:
        count = value_of(sections, "the number of parts")
        if not isinstance(count, int) or count < 1:
            raise refuse("no-type", f"an array is split into {count} parts")
        size, rest = (b.shared(x, "size") for x in b.written(_even if even else _uneven, length, sections).items)
        bounds = []
        for k in range(count + 1):
            extra = constant(0) if even else b.call(builtins.min, constant(k), rest)
            bounds.append(b.shared(b.call(np.add, b.call(np.multiply, constant(k), size), extra), "bound"))
    parts = []
    for start, stop in itertools.pairwise(bounds):
        index = [_ALL] * ary.ndim
        index[axis] = Typed(Slice(start.expr, stop.expr, Const(None)), Static(slice))
        parts.append(b.index(ary, index))
    return tuple_of(parts)


def _even(n: int, count: int) -> Any:
    if n % count != 0:
        raise ValueError("array split does not result in an equal division")
    return n // count, 0


def _uneven(n: int, count: int) -> Any:
    return n // count, n % count


# ------------------------------------------------------------------------------------------ joined
@canonical(np.dstack, takes="tup | dtype casting")
def _dstack(b: Builder, fn: Any, tup: Typed) -> Typed:
    return _joined(b, [b.written(atleast_3d, part) for part in _items(tup, fn)], 2)


def _items(x: Typed, fn: Any) -> Sequence[Typed]:
    if not x.is_tuple or not x.items:
        raise refuse("unsupported-call", f"`{name_of(fn)}` needs a literal tuple of arrays")
    return x.items


def _joined(b: Builder, parts: Sequence[Typed], axis: int) -> Typed:
    return b.call(np.concatenate, tuple_of(parts), axis=Const(axis))


@canonical(np.block, takes="arrays")
def _block(b: Builder, fn: Any, arrays: Typed) -> Typed:
    """Rows of blocks; one list of vectors or numbers is a vector."""
    rows = _items(arrays, fn)
    if not any(row.is_tuple for row in rows):
        if any(row.ndim > 1 for row in rows):
            return _joined(b, [b.written(atleast_2d, row) for row in rows], 1)
        return _joined(b, [b.call(np.array, tuple_of([row])) if not row.is_array else row for row in rows], 0)
    lines = [_joined(b, [b.written(atleast_2d, part) for part in _items(row, fn)], 1) for row in rows]
    return _joined(b, [b.shared(line, "row") for line in lines], 0)


@canonical(np.indices, takes="dimensions | dtype sparse")
def _indices(b: Builder, fn: Any, dimensions: Typed) -> Typed:
    lengths = [require_integer(x, "a length") for x in _items(dimensions, fn)]
    grids = _meshgrid(
        b, fn, [b.call(np.arange, constant(0), n, constant(1)) for n in lengths], {"indexing": constant("ij")}
    )
    index = [_NEW_AXIS, *[_ALL] * len(lengths)]
    return _joined(b, [b.index(grid, index) for grid in grids.items], 0)
