"""Where arrays lie: whether two may share memory, and whether one can be written to for a caller; and that the memory
of freed arrays stays at hand.

Goal: answers at the entry of generated code, in CPython and compiled, that are never falsely no.  Non-goal: the exact
answer where it would cost more than a copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, overload, register_jitable, type_callable


@cache
def keep_freed_memory() -> None:
    """Lets the C library keep what is freed, where it learns by what it frees (glibc, mallopt(3)).

    A derivative makes arrays at every call.  By default glibc gives all beyond 128 kB back to the system when they are
    freed, and each call waits for the system to hand out the pages again (six arrays of 800 kB: 51 ns an element for
    22).  Freeing one block of the greatest size that it learns from raises that limit to 64 MB.  The block is never
    touched, so it takes no memory; where nothing is learnt, nothing happens."""
    np.empty(_LEARNT, np.uint8)


_LEARNT = (32 << 20) - (64 << 10)  # bytes; glibc learns from blocks of up to 32 MB


def _span(array: Any) -> tuple[int, int, int]:
    """First byte, one past the last byte, and a number that all steps between elements are multiples of.

    That number is 0 for one element (no steps), and the smallest step or 1."""
    if 0 in array.shape:
        return 0, 0, 0
    first = last = int(array.ctypes.data)
    steps = [abs(step) for step, length in zip(array.strides, array.shape, strict=True) if length > 1 and step]
    for step, length in zip(array.strides, array.shape, strict=True):
        first += min(step * (length - 1), 0)
        last += max(step * (length - 1), 0)
    grain = min(steps, default=0)
    return first, last + array.itemsize, 1 if any(step % grain for step in steps) else grain


def overlap(a: Any, b: Any) -> bool:
    """Whether two arrays may share an element: never falsely no; no for disjoint rows, columns and strided parts."""
    result: bool = _meet(_span(a), a.itemsize, _span(b), b.itemsize)
    return result


@register_jitable  # type: ignore[untyped-decorator]
def _meet(a: tuple[int, int, int], a_size: int, b: tuple[int, int, int], b_size: int) -> bool:
    """`overlap` of arrays with these spans and elements of these sizes."""
    a_first, a_end, a_grain = a
    b_first, b_end, b_grain = b
    if a_end <= b_first or b_end <= a_first:
        return False
    grain = a_grain if a_grain != 0 and b_grain % a_grain == 0 else b_grain
    if grain == 0 or a_grain % grain != 0 or b_grain % grain != 0:
        return True
    # Every element of `a` starts at a_first modulo grain, every element of `b` at b_first modulo grain.
    offset = (b_first - a_first) % grain
    apart: bool = a_size <= offset <= grain - b_size
    return not apart


@overload(overlap)  # type: ignore[untyped-decorator]
def _overlap(a: Any, b: Any) -> Any:
    def compiled(a: Any, b: Any) -> Any:
        return _compiled_overlap(a, b)

    return compiled


@intrinsic  # type: ignore[untyped-decorator]
def _compiled_overlap(typing_context: Any, a: Any, b: Any) -> Any:
    """`overlap`, without a loop: written for Numba it takes five times as long to compile.

    Arrays that lie apart are told by four numbers, the others by divisions, which take ten times as long."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        arrays = [context.make_array(type_)(context, builder, arg) for type_, arg in zip((a, b), args, strict=True)]
        a_size, b_size = (array.itemsize for array in arrays)
        one, zero = a_size.type(1), a_size.type(0)
        (a_first, a_end), (b_first, b_end) = (_compiled_reach(builder, array) for array in arrays)
        result = cgutils.alloca_once_value(builder, ir.IntType(1)(0))

        def multiple(number: Any, of: Any) -> Any:
            return builder.icmp_signed("==", builder.srem(number, at_least_one(of)), zero)

        def at_least_one(number: Any) -> Any:
            return builder.select(builder.icmp_signed("==", number, zero), one, number)

        near = builder.and_(builder.icmp_signed("<", b_first, a_end), builder.icmp_signed("<", a_first, b_end))
        with builder.if_then(near, likely=False):
            a_grain, b_grain = (_compiled_grain(builder, array) for array in arrays)
            by_a = builder.and_(multiple(b_grain, a_grain), builder.icmp_signed("!=", a_grain, zero))
            grain = builder.select(by_a, a_grain, b_grain)
            told = builder.and_(builder.icmp_signed("!=", grain, zero), multiple(a_grain, grain))
            told = builder.and_(told, multiple(b_grain, grain))
            offset = builder.srem(builder.sub(b_first, a_first), at_least_one(grain))
            offset = builder.select(builder.icmp_signed("<", offset, zero), builder.add(offset, grain), offset)
            between = builder.and_(
                builder.icmp_signed(">=", offset, a_size), builder.icmp_signed(">=", builder.sub(grain, offset), b_size)
            )
            builder.store(builder.not_(builder.and_(told, between)), result)
        return builder.load(result)

    return types.boolean(a, b), generate


def _steps(builder: Any, array: Any) -> list[tuple[Any, Any]]:
    """For each axis of an array, the bytes between two elements, and the number of elements."""
    parts = (cgutils.unpack_tuple(builder, each) for each in (array.strides, array.shape))
    return list(zip(*parts, strict=True))


def _compiled_reach(builder: Any, array: Any) -> tuple[Any, Any]:
    """First byte, and one past the last."""
    number = array.itemsize.type
    zero, one = number(0), number(1)
    first = last = builder.ptrtoint(array.data, number)
    empty = ir.IntType(1)(0)
    for step, length in _steps(builder, array):
        reach = builder.mul(step, builder.sub(length, one))
        backward = builder.icmp_signed("<", step, zero)
        first = builder.add(first, builder.select(backward, reach, zero))
        last = builder.add(last, builder.select(backward, zero, reach))
        empty = builder.or_(empty, builder.icmp_signed("==", length, zero))
    end = builder.add(last, array.itemsize)
    return builder.select(empty, zero, first), builder.select(empty, zero, end)


def _compiled_grain(builder: Any, array: Any) -> Any:
    """What all steps between elements are multiples of."""
    number = array.itemsize.type
    zero, one = number(0), number(1)
    grain, empty, uneven = zero, ir.IntType(1)(0), ir.IntType(1)(0)
    steps = []
    for step, length in _steps(builder, array):
        empty = builder.or_(empty, builder.icmp_signed("==", length, zero))
        size = builder.select(builder.icmp_signed("<", step, zero), builder.neg(step), step)
        size = builder.select(builder.icmp_signed(">", length, one), size, zero)
        smaller = builder.icmp_unsigned("<", builder.sub(size, one), builder.sub(grain, one))  # 0 is the largest
        grain = builder.select(smaller, size, grain)
        steps.append(size)
    divisor = builder.select(builder.icmp_signed("==", grain, zero), one, grain)
    for size in steps:
        uneven = builder.or_(uneven, builder.icmp_signed("!=", builder.srem(size, divisor), zero))
    return builder.select(empty, zero, builder.select(uneven, one, grain))


@intrinsic  # type: ignore[untyped-decorator]
def _compiled_span_of(typing_context: Any, array: Any) -> Any:
    """`_span`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        made = context.make_array(array)(context, builder, args[0])
        span = (*_compiled_reach(builder, made), _compiled_grain(builder, made))
        return context.make_tuple(builder, signature.return_type, span)

    return types.UniTuple(types.intp, 3)(array), generate


@intrinsic  # type: ignore[untyped-decorator]
def _compiled_reach_of(typing_context: Any, array: Any) -> Any:
    """First byte of an array, and one past the last."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        reach = _compiled_reach(builder, context.make_array(array)(context, builder, args[0]))
        return context.make_tuple(builder, signature.return_type, reach)

    return types.UniTuple(types.intp, 2)(array), generate


# What a caller gives for a result: refused before anything is written to it.
_OTHER_SHAPE = "has another shape than the result that is to be written to it"
_SHARED = "shares memory with another array of the call: pass an array of its own"
_FOLDED = "has elements that share memory with each other"


def check_out(out: Any, shape: Any, inputs: Any) -> None:
    """Refuses arrays to write to that have not this shape (an array's, or a tuple), or lie where another array does.

    `out` and `shape` have one structure, with `None` where there is nothing to check; `inputs` may hold anything.

    >>> check_out((np.ones(3), None), (np.ones(3), None), (np.ones(3), 2.0))
    """
    arrays = list(_arrays_in(out, "out"))
    for path, array in arrays:
        expected = _at(shape, path)
        if array.shape != (expected if isinstance(expected, tuple) else expected.shape):
            raise ValueError(f"{path} {_OTHER_SHAPE}")
    others = [array for _, array in _arrays_in(inputs, "")]
    for path, array in arrays:
        if _folded(array):
            raise ValueError(f"{path} {_FOLDED}")
        if any(overlap(array, other) for other in others):
            raise ValueError(f"{path} {_SHARED}")
        others.append(array)


def _arrays_in(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The arrays of a value, or their types of its type, each with the text that takes it out of the value."""
    if isinstance(value, (np.ndarray, types.Array)):
        yield path, value
    elif isinstance(value, (tuple, types.BaseTuple)):
        for number, item in enumerate(value):
            yield from _arrays_in(item, f"{path}[{number}]")


def _at(value: Any, path: str) -> Any:
    for number in path.split("[")[1:]:
        value = value[int(number[:-1])]
    return value


@register_jitable  # type: ignore[untyped-decorator]
def _folded(array: Any) -> bool:
    """Whether two elements of an array may share memory: never falsely no."""
    if array.size == 0:
        return False
    for axis in range(array.ndim):
        step = abs(array.strides[axis])
        reach = array.itemsize  # of what the axes of smaller steps run through
        for other in range(array.ndim):
            inner = abs(array.strides[other])
            if other != axis and (inner < step or (inner == step and other < axis)):
                reach += inner * (array.shape[other] - 1)
        if array.shape[axis] > 1 and step < reach:
            return True
    return False


@type_callable(check_out)  # type: ignore[untyped-decorator]
def _type_of_check_out(context: Any) -> Any:
    def typed(out: Any, shape: Any, inputs: Any) -> Any:
        return types.none

    return typed


@lower_builtin(check_out, types.Any, types.Any, types.Any)  # type: ignore[untyped-decorator]
def _compiled_check_out(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """The whole check stands in a function that stays one, and is called where anything may be wrong: other shapes,
    arrays with gaps, arrays that lie near others.  More in sight of LLVM would keep it from seeing which counts of
    references cancel out (a fifth of the time of a small Jacobian)."""
    suspect = _suspect(context, builder, signature.args, args)
    with builder.if_then(suspect, likely=False):
        whole = context.compile_subroutine(builder, _whole_check(*signature.args), signature)
        status, _ = context.call_internal_no_propagate(builder, whole.fndesc, signature, args)
        call = next(one for one in reversed(builder.block.instructions) if isinstance(one, ir.CallInstr))
        call.attributes.add("noinline")
        with builder.if_then(status.is_error, likely=False):
            context.call_conv.return_status_propagate(builder, status)
    return context.get_dummy_value()


def _suspect(context: Any, builder: Any, given: Any, args: Any) -> Any:
    """Whether `check_out` has anything to look into."""

    def at(number: int, path: str) -> tuple[Any, Any]:
        """An item of an argument, and its type."""
        value, type_ = args[number], given[number]
        for step in path.split("[")[1:]:
            value, type_ = builder.extract_value(value, int(step[:-1])), type_[int(step[:-1])]
        return value, type_

    def array_at(number: int, path: str) -> Any:
        value, type_ = at(number, path)
        return context.make_array(type_)(context, builder, value)

    out, _, inputs = given
    found = ir.IntType(1)(0)
    reaches = [_compiled_reach(builder, array_at(2, path)) for path, _ in _arrays_in(inputs, "inputs")]
    for path, type_ in _arrays_in(out, "out"):
        array = array_at(0, path)
        expected, like = at(1, path)
        shape = array_at(1, path).shape if isinstance(like, types.Array) else expected
        for one, other in zip(*(cgutils.unpack_tuple(builder, each) for each in (array.shape, shape)), strict=True):
            found = builder.or_(found, builder.icmp_signed("!=", one, other))
        first, end = _compiled_reach(builder, array)
        for start, stop in reaches:
            near = builder.and_(builder.icmp_signed("<", first, stop), builder.icmp_signed("<", start, end))
            found = builder.or_(found, near)
        if type_.layout == "A":
            found = ir.IntType(1)(1)
        reaches.append((first, end))
    return found


def _whole_check(out: Any, shape: Any, inputs: Any) -> Any:
    """`check_out` for these types, with the structures taken apart."""
    arrays, others = dict(_arrays_in(out, "out")), dict(_arrays_in(inputs, "inputs"))
    lines = ["def compiled(out, shape, inputs):"]
    for path in arrays:
        expected = path.replace("out", "shape", 1)
        expected += ".shape" if isinstance(_at(shape, path), types.Array) else ""
        lines += [f"    if {path}.shape != {expected}:", f"        raise ValueError('{path} {_OTHER_SHAPE}')"]
    spans = [f"(span({path}), {path}.itemsize)," for path in (*others, *arrays)]
    lines.append(f"    spans = ({' '.join(spans)})")
    for number, (path, array) in enumerate(arrays.items(), len(others)):
        if array.layout == "A":
            lines += [f"    if folded({path}):", f"        raise ValueError('{path} {_FOLDED}')"]
        lines += [
            f"    for k in range({number}):",
            f"        if meet(spans[{number}][0], spans[{number}][1], spans[k][0], spans[k][1]):",
            f"            raise ValueError('{path} {_SHARED}')",
        ]
    namespace: dict[str, Any] = {"span": _compiled_span_of, "meet": _meet, "folded": _folded}
    exec("\n".join(lines), namespace)
    return namespace["compiled"]
