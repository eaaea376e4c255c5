"""Functions that generated code may call: each runs as it stands in CPython, and compiled inside Numba code."""

from __future__ import annotations

from contextlib import AbstractContextManager
from string import Formatter
from typing import Any

import numpy as np
from llvmlite import ir
from numba import get_num_threads, types
from numba import prange as prange  # which generated code names
from numba.core import cgutils
from numba.extending import lower_builtin, overload, register_jitable, type_callable
from numba.np.arrayobj import make_array, populate_array
from numba.np.ufunc.parallel import _launch_threads

from adcompile.blas import has_product, product
from adcompile.memory import overlap


@register_jitable  # type: ignore[untyped-decorator]
def grown(tape: Any, k: int) -> Any:
    """`tape` with room for `tape[k]`: itself, or a copy whose first axis is twice as long."""
    length = tape.shape[0]
    if k < length:
        return tape
    longer = np.empty((max(2 * length, k + 1), *tape.shape[1:]), tape.dtype)
    for i in range(tape.size):  # compiles in a tenth of the time that `longer[:length] = tape` takes
        longer.flat[i] = tape.flat[i]
    return longer


@register_jitable  # type: ignore[untyped-decorator]
def grown_rows(rows: Any, k: int, *row: int) -> Any:
    """`grown(rows, k)` for arrays of lengths `row`, which the first one decides.

    >>> grown_rows(np.empty((0, 0)), 2, 5).shape, grown_rows(np.empty((3, 5)), 3, 5).shape
    ((8, 5), (6, 5))
    """
    if rows.shape[1:] != row:
        if rows.shape[0]:
            raise ValueError("arrays of different shapes in one list")
        return np.empty((max(8, k + 1), *row), rows.dtype)
    return grown(rows, k)


GROWING = (grown, grown_rows)
"""What makes an array longer, which is itself or a copy of it with more room."""


def fields_of(template: str) -> int:
    """How many values a text takes.

    >>> fields_of("{} of {:.2f}, {{}}")
    2
    """
    return sum(field is not None for _, field, _, _ in Formatter().parse(template))


class formatted(Exception):
    """`raise formatted(ValueError, "{} is negative", x)` raises `ValueError("-1.0 is negative")`.

    Compiled code makes an exception out of a class and its arguments: it cannot put a number into a text by itself.
    Values beyond those of the text are arguments after it.

    >>> formatted(ValueError, "{} of {:.2f}", 3, 0.5)
    ValueError('3 of 0.50')
    >>> formatted(ValueError, "{} failed", 3, 0.5)
    ValueError('3 failed', 0.5)
    """

    def __new__(cls, kind: Any, template: str = "", *values: Any) -> Any:
        if isinstance(kind, BaseException):  # Python asks again when it raises what it was given
            return kind
        fields = fields_of(template)
        return kind(template.format(*values), *values[fields:])


def thread_count() -> int:
    """How many threads a `prange` runs on."""
    return get_num_threads()  # type: ignore[no-any-return]


@type_callable(thread_count)  # type: ignore[untyped-decorator]
def _type_of_thread_count(context: Any) -> Any:
    return lambda: types.int64


@lower_builtin(thread_count)  # type: ignore[untyped-decorator]
def _compiled_thread_count(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """As a `prange` asks itself.  (Numba's function for it holds an address, and cannot be kept on disk.)"""
    _launch_threads()
    asked = ir.FunctionType(ir.IntType(64), [])
    return builder.call(cgutils.get_or_insert_function(builder.module, asked, "get_num_threads"), [])


def share(length: int, threads: int, thread: int) -> int:
    """Where the share of a thread begins, of so many iterations divided evenly; it ends where the next begins.

    >>> [share(10, 4, thread) for thread in range(5)]
    [0, 2, 5, 7, 10]
    """
    return max(length, 0) * thread // threads


@type_callable(share)  # type: ignore[untyped-decorator]
def _type_of_share(context: Any) -> Any:
    return lambda length, threads, thread: types.int64


@lower_builtin(share, types.Number, types.Number, types.Number)  # type: ignore[untyped-decorator]
def _compiled_share(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """`share`, where it is called and such that it is seen not to be negative: an index that starts there needs no test
    for counting from the end.  (Numba gives the index of a `prange` types of its own.)"""
    length, threads, thread = (
        context.cast(builder, arg, given, types.int64) for arg, given in zip(args, signature.args, strict=True)
    )
    zero = length.type(0)
    trips = builder.select(builder.icmp_signed(">", length, zero), length, zero)
    return builder.and_(builder.sdiv(builder.mul(trips, thread), threads), length.type(2**62 - 1))


def scratch(length: int, dtype: Any) -> Any:
    """An array of literal length with nothing in it, which is read before the function returns."""
    return np.empty(length, dtype)


@type_callable(scratch)  # type: ignore[untyped-decorator]
def _type_of_scratch(context: Any) -> Any:
    def typed(length: Any, dtype: Any) -> Any:
        if isinstance(length, types.IntegerLiteral):
            return types.Array(dtype.dtype, 1, "C")
        return None

    return typed


@lower_builtin(scratch, types.IntegerLiteral, types.Any)  # type: ignore[untyped-decorator]
def _compiled_scratch(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """On the stack, where LLVM knows that nothing else reads or writes it."""
    array = signature.return_type
    item, word = context.get_data_type(array.dtype), ir.IntType(64)
    size = context.get_abi_sizeof(item)
    with builder.goto_entry_block():
        memory = builder.alloca(ir.ArrayType(item, signature.args[0].literal_value))
        memory.align = 64
    made = make_array(array)(context, builder)
    length, step = word(signature.args[0].literal_value), word(size)
    data = builder.bitcast(memory, item.as_pointer())
    populate_array(made, data=data, shape=[length], strides=[step], itemsize=step, meminfo=None)
    return made._getvalue()


@register_jitable  # type: ignore[untyped-decorator]
def multiply_no_nan(x: Any, y: Any) -> Any:
    """`x * y`, and 0 where `y` is 0, even if `x` is infinite or NaN.

    >>> multiply_no_nan(np.inf, 0.0), multiply_no_nan(3.0, 2.0)
    (0.0, 6.0)
    """
    return y if y == 0 else x * y


def stop_gradient(x: Any) -> Any:
    """`x`, as a constant: whatever depends on `x` through this has the derivative zero, in every mode and order.

    A number gives itself, an array of any rank and dtype a new array of the same, a tuple a tuple of these.  It may
    stand in differentiated code, in functions called there, in compiled code and in plain Python; anything else than
    numbers, arrays and tuples of them is a `TypeError`.

    >>> from adcompile import grad
    >>> grad(lambda x: x * stop_gradient(x), jit=False)(3.0)
    3.0
    """
    if isinstance(x, tuple):
        return tuple(map(stop_gradient, x))
    if isinstance(x, np.ndarray):
        return x.copy(order="K")
    if not isinstance(x, (bool, int, float, complex, np.number, np.bool_)):
        raise TypeError(f"stop_gradient takes numbers, arrays and tuples of them, not {type(x).__name__}")
    return x


class no_grad(AbstractContextManager[None]):
    """`with no_grad():` in differentiated code: what is assigned inside is constant, in every mode and order.

    Names and elements that the body assigns, and what it returns, have the derivative zero; so has what is computed
    from them.  In plain Python it does nothing; compiled code has no such statement.

    >>> from adcompile import grad
    >>> def f(x):
    ...     with no_grad():
    ...         z = x * x
    ...     return z * x
    >>> f(3.0), grad(f, jit=False)(3.0)
    (27.0, 9.0)
    """

    def __exit__(self, *error: object) -> None:
        pass


def detached(x: Any) -> Any:
    """`stop_gradient(x)`, of a value that is assigned under `no_grad`: Python makes no copy of an array there."""
    return stop_gradient(x)


@overload(detached)  # type: ignore[untyped-decorator]
@overload(stop_gradient)  # type: ignore[untyped-decorator]
def _stop_gradient(x: Any) -> Any:
    def number(x: Any) -> Any:
        return x

    def array(x: Any) -> Any:
        return x.copy()

    def items(x: Any) -> Any:
        return (stop_gradient(x[0]), *stop_gradient(x[1:]))

    if isinstance(x, (types.Number, types.Boolean)) or x == types.Tuple(()):
        return number
    return array if isinstance(x, types.Array) else items if isinstance(x, types.BaseTuple) else None


# Products of matrices, and how each one's operands are transposed.  A small one is a loop: a call of BLAS takes longer.
SMALL_PRODUCT = 4096  # multiplications


def matmul(a: Any, b: Any) -> Any:
    """`a @ b`."""
    return np.dot(a, b)


def matmul_tn(a: Any, b: Any) -> Any:
    """`a.T @ b`."""
    return np.dot(a.T, b)


def matmul_nt(a: Any, b: Any) -> Any:
    """`a @ b.T`."""
    return np.dot(a, b.T)


@overload(matmul)  # type: ignore[untyped-decorator]
def _matmul(a: Any, b: Any) -> Any:
    def loops(a: Any, b: Any) -> Any:
        c = np.zeros((a.shape[0], b.shape[1]), a.dtype)
        for i in range(a.shape[0]):
            for k in range(a.shape[1]):
                for j in range(b.shape[1]):
                    c[i, j] += a[i, k] * b[k, j]
        return c

    loop = register_jitable(loops)

    def blas(a: Any, b: Any) -> Any:
        if a.size * b.shape[1] <= SMALL_PRODUCT:
            return loop(a, b)
        return product(a, b)

    return blas if has_product(a, b) else loops


@overload(matmul_tn)  # type: ignore[untyped-decorator]
def _matmul_tn(a: Any, b: Any) -> Any:
    def loops(a: Any, b: Any) -> Any:
        c = np.zeros((a.shape[1], b.shape[1]), a.dtype)
        for k in range(a.shape[0]):
            for i in range(a.shape[1]):
                for j in range(b.shape[1]):
                    c[i, j] += a[k, i] * b[k, j]
        return c

    loop = register_jitable(loops)

    def blas(a: Any, b: Any) -> Any:
        if a.size * b.shape[1] <= SMALL_PRODUCT:
            return loop(a, b)
        return product(a.T, b)

    return blas if has_product(a, b) else loops


@overload(matmul_nt)  # type: ignore[untyped-decorator]
def _matmul_nt(a: Any, b: Any) -> Any:
    def loops(a: Any, b: Any) -> Any:
        c = np.empty((a.shape[0], b.shape[0]), a.dtype)
        for i in range(a.shape[0]):
            for j in range(b.shape[0]):
                s = c.dtype.type(0)
                for k in range(a.shape[1]):
                    s += a[i, k] * b[j, k]
                c[i, j] = s
        return c

    loop = register_jitable(loops)

    def blas(a: Any, b: Any) -> Any:
        if a.size * b.shape[0] <= SMALL_PRODUCT:
            return loop(a, b)
        return product(a, b.T)

    return blas if has_product(a, b) else loops


PRODUCTS = {matmul: (0, 1), matmul_tn: (1, 1), matmul_nt: (0, 0)}
"""Each with the axis of its first operand that its rows have the length of, and that of its second for its columns."""


@register_jitable  # type: ignore[untyped-decorator]
def check_overlap(a: Any, b: Any) -> None:
    """Refuses a call in which an array that the function writes may share memory with another of its arguments."""
    if overlap(a, b):
        raise ValueError("an array argument that the function writes shares memory with another argument: pass a copy")


@register_jitable  # type: ignore[untyped-decorator]
def check_same_shape(a: Any, b: Any) -> None:
    """Refuses two arrays of as many axes whose shapes differ."""
    if a.shape != b.shape:
        raise ValueError("two arrays that must have the same shape differ: a tangent or a seed has its value's shape")


@register_jitable  # type: ignore[untyped-decorator]
def slice_bound(i: int, n: int) -> int:
    """Where the bound `i` of a slice lies in an axis of `n`: negative ones count from the end, and none is outside."""
    if i < 0:
        return max(i + n, 0)
    return min(i, n)


@register_jitable  # type: ignore[untyped-decorator]
def broadcast_length(m: int, n: int) -> int:
    """The length of two axes broadcast together, as NumPy has it."""
    if m == n or n == 1:
        return m
    if m != 1:
        raise ValueError("operands could not be broadcast together")
    return n


@register_jitable  # type: ignore[untyped-decorator]
def check_length(n: int, m: int) -> None:
    """Refuses to fit `m` values into an axis of `n`; one value fits every axis."""
    if m != n and m != 1:
        raise ValueError("could not broadcast the values into the shape they are assigned to")


@register_jitable  # type: ignore[untyped-decorator]
def check_equal(n: int, m: int) -> None:
    """Refuses two lengths that must agree and differ."""
    if m != n:
        raise ValueError("lengths that must agree differ")


@register_jitable  # type: ignore[untyped-decorator]
def check_nonempty(n: int) -> None:
    """Refuses the greatest or smallest of nothing."""
    if n <= 0:
        raise ValueError("zero-size array to reduction operation which has no identity")


@register_jitable  # type: ignore[untyped-decorator]
def check_shorter(n: int, room: int) -> None:
    """Refuses an axis that has become longer than it was before the loop."""
    if n > room:
        raise ValueError(
            "a loop binds a name to arrays of other lengths, longer than the first: make the longest first"
        )


@register_jitable  # type: ignore[untyped-decorator]
def check_rebound(old: Any, new: Any) -> None:
    """Refuses to rebind a name in a loop to an array of another shape."""
    if old.shape != new.shape:
        raise ValueError("a name is bound to an array of another shape in a loop: its derivative needs one shape")
