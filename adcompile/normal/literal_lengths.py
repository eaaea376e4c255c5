"""Lengths of axes that an array's form tells before the run.

Goal: of each axis of an array expression its length where that is a literal, `None` where the run decides.  Non-goals:
lengths that variables hold; proofs that two lengths agree.

>>> from adcompile.ir.types import Array
>>> everything = Slice(Const(None), Const(None), Const(None))
>>> literal_lengths(Index(Name("x"), (everything, Const(None))), 2, {"x": Array("float64", 1)}, {})
(None, 1)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from adcompile.analysis.types_of import type_of
from adcompile.errors import Unsupported
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Index, Name, Slice, Tuple
from adcompile.ir.types import Type, ndim

Lengths = tuple[int | None, ...]

_MADE = (np.zeros, np.ones, np.empty, np.full)


def literal_lengths(expr: Expr, rank: int, types: Mapping[str, Type], known: Mapping[str, Lengths]) -> Lengths:
    """The lengths of the axes of an array of this rank, where `known` tells those of variables."""
    try:
        found = _lengths(expr, types, known)
    except Unsupported:  # a part has no type by itself
        found = ()
    return found if len(found) == rank else (None,) * rank


def _lengths(expr: Expr, types: Mapping[str, Type], known: Mapping[str, Lengths]) -> Lengths:
    """Those of an expression: none for a number."""
    rank = ndim(type_of(expr, types))
    unknown: Lengths = (None,) * rank
    match expr:
        case Name(name):
            return known.get(name, unknown)
        case Call(np.array, (Tuple((first, *rest)),)) if rank:
            first = Call(np.array, (first,)) if isinstance(first, Tuple) else first
            inner = _lengths(first, types, known)
            return (1 + len(rest), *inner) if len(inner) == rank - 1 else unknown
        case Call(fn, (shape, *_)) if any(fn is one for one in (*_MADE, np.reshape)):
            shape = expr.args[1] if fn is np.reshape else shape
            given = shape.items if isinstance(shape, Tuple) else (shape,)
            return tuple(_length(item, known) for item in given) if len(given) == rank else unknown
        case Call(np.concatenate, (Tuple(parts),), (("axis", Const(int(axis))),)) if 0 <= axis < rank:
            return _one_after_another([_lengths(part, types, known) for part in parts], axis, unknown)
        case Call(type() as kind, (like,)) if issubclass(kind, np.generic):
            return _lengths(like, types, known)
        case Call(ops.copy | np.zeros_like | np.ones_like | np.empty_like, (like, *_)):
            return _lengths(like, types, known)
        case Index(owner, index) if (taken := _taken(_lengths(owner, types, known), index)) is not None:
            return taken if len(taken) == rank else unknown
        case Call(np.sum | np.max | np.min, (of,), (("axis", Const(int(axis))),)):
            inner = _lengths(of, types, known)
            return inner[:axis] + inner[axis:][1:] if 0 <= axis < len(inner) else unknown
        case Call(np.transpose, (of,)):
            return _lengths(of, types, known)[::-1]
        case Call(fn, args) if (isinstance(fn, np.ufunc) and fn.signature is None) or fn in (ops.power, np.where):
            return broadcast([_lengths(arg, types, known) for arg in args], rank)
    return unknown


def broadcast(operands: Sequence[Lengths], rank: int) -> Lengths:
    """The lengths of what operands broadcast to.

    >>> broadcast([(1, 1), (None,), (1,)], 2), broadcast([(1,), (3,), ()], 1)
    ((1, None), (3,))
    """
    found: list[int | None] = []
    for axis in range(rank):
        each = [one[axis - rank] for one in operands if rank - axis <= len(one)]
        longer = [length for length in each if length is not None and length != 1]
        found.append(longer[0] if longer else 1 if each and all(length == 1 for length in each) else None)
    return tuple(found)


def _one_after_another(parts: Sequence[Lengths], axis: int, unknown: Lengths) -> Lengths:
    """The lengths of what is joined along an axis: those of the other axes are the same in all."""
    if any(len(part) != len(unknown) for part in parts):
        return unknown
    along = [part[axis] for part in parts]
    told = [next((part[k] for part in parts if part[k] is not None), None) for k in range(len(unknown))]
    told[axis] = None if None in along else sum(length or 0 for length in along)
    return tuple(told)


def _length(item: Expr, known: Mapping[str, Lengths]) -> int | None:
    match item:
        case Call(ops.dim, (Name(name), Const(int(axis)))) if axis < len(known.get(name, ())):
            return known[name][axis]
    whole = isinstance(item, Const) and type(item.value) is int and item.value >= 0
    return item.value if whole and isinstance(item, Const) else None


def _taken(lengths: Lengths, index: Sequence[Expr]) -> Lengths | None:
    """The lengths of what an index of full slices, `None` and numbers gives."""
    found: list[int | None] = []
    rest: Iterator[int | None] = iter(lengths)
    for item in index:
        match item:
            case Const(None):
                found.append(1)
            case Slice(Const(None), Const(None), Const(None | 1 | -1)):
                found.append(next(rest, None))
            case Slice():
                next(rest, None)
                found.append(None)
            case Const(int()):
                next(rest, None)
            case _:
                return None
    return tuple(found)
