"""Arguments as callers have them: what stands for an array becomes one, and what cannot be used says how it can."""

import dataclasses

import numpy as np
import pytest

from adcompile import check_grads, grad, hessian, jacobian, jvp, linearize, value_and_grad, vjp, vmap
from adcompile.errors import InvalidArgument
from adcompile.ir.given import plain


def squares(x):
    return np.sum(x**2)


def of_dict(p):
    return np.sum(p["w"] ** 2)


def of_tuple(p):
    return np.sum(p[0] ** 2)


def of_params(p):
    return np.sum(p.w**2)


def each(x):
    return x**2


class Labelled:
    """What a Series does for NumPy, without pandas."""

    __module__ = "pandas.core.series"

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


class Made(Labelled):
    """A class that somebody made from it."""

    __module__ = "elsewhere"


class Refusing(Labelled):
    """What a Dataset does."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("several arrays")


@dataclasses.dataclass
class Params:
    w: object


@pytest.mark.parametrize("kind", [Labelled, Made])
@pytest.mark.parametrize("jit", [False, True])
def test_labels_are_dropped(kind, jit):
    x = kind([1.0, 2.0])
    gradient = grad(squares, jit=jit)
    for _ in range(2):  # the second call finds everything made
        found = gradient(x)
        assert type(found) is np.ndarray
        assert found.tolist() == [2.0, 4.0]
    assert gradient.source_for(x) == gradient.source_for(np.ones(2))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: grad(of_dict, jit=False)({"w": x})["w"], [2.0, 4.0]),
        (lambda x: grad(of_params, jit=False)(Params(x)).w, [2.0, 4.0]),
        (lambda x: grad(of_tuple, jit=False)((x, 1.0))[0], [2.0, 4.0]),
        (lambda x: value_and_grad(squares, jit=False)(x)[1], [2.0, 4.0]),
        (lambda x: vjp(squares, jit=False)(x)[1](1.0), [2.0, 4.0]),
        (lambda x: vjp(each, jit=False)(x)[1](x), [2.0, 8.0]),
        (lambda x: jvp(squares, jit=False)((x,), (x,))[1], 10.0),
        (lambda x: linearize(squares, x, jit=False)[1](x), 10.0),
        (lambda x: hessian(squares, jit=False)(x), [[2.0, 0.0], [0.0, 2.0]]),
        (lambda x: jacobian(squares, jit=False)(x), [2.0, 4.0]),
        (lambda x: vmap(each, jit=False)(x), [1.0, 4.0]),
        (lambda x: check_grads(squares, (x,), jit=False) or 0.0, 0.0),
    ],
)
def test_every_transform_takes_them(call, expected):
    np.testing.assert_array_equal(call(Labelled([1.0, 2.0])), expected)


def test_what_has_no_axes_is_a_number():
    assert grad(lambda x: x**3, jit=False)(Labelled(2.0)) == 12.0


def test_subclasses_of_arrays_are_arrays():
    class Quantity(np.ndarray):
        def __mul__(self, other):
            raise AssertionError("the arithmetic is that of arrays")

    x = np.array([1.0, 2.0]).view(Quantity)
    found = grad(lambda x: np.sum(x * x), jit=False)(x)
    assert type(found) is np.ndarray
    assert found.tolist() == [2.0, 4.0]
    assert np.shares_memory(plain(x), x)
    assert plain((x, 1.0))[1] == 1.0
    same = (np.ones(2), (1.0, "text"))
    assert plain(same) is same


MASKED = np.ma.array([1.0, 2.0], mask=[False, True])
BIG = np.array([1.0, 2.0], ">f8")


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (MASKED, "x is a masked array: pass x.filled(0.0), or x.compressed(), which has no masked entries"),
        (BIG, "x is an array of float64 in the byte order of other machines: pass x.astype('float64')"),
        (np.array([1.0, None]), "x is an array of Python objects (columns of several types, or missing values): pass "),
        (np.ones(2, np.float16), "x is an array of float16, which Numba does not compile: pass x.astype(float)"),
        (np.float16(1.0), "x is a float16, which Numba does not compile: pass x.astype(float)"),
        (np.ones(2, np.longdouble), "x is an array of "),
        (np.array(["2020-01-01"], "M8[D]"), "x is an array of datetime64[D]: pass numbers, such as (x - x[0]) / "),
        (np.array(1.0), "x is an array of no axes: pass the number, x[()]"),
        (np.array(["a"]), "x is an array of 1 axes of <U1: real numbers, arrays and tuples of those"),
        (Refusing([1.0]), "x is a Refusing, which is several arrays: pass one of them"),
        (Labelled([1.0, "a"]), "x is an array of 1 axes of <U32: "),
        (Labelled([1.0, None]), "x is an array of Python objects"),
    ],
)
def test_what_cannot_be_used_says_how_it_can(value, said, jit):
    with pytest.raises(InvalidArgument, match=r"^grad of squares: ") as caught:
        grad(squares, jit=jit)(value)
    assert str(caught.value).startswith(f"grad of squares: {said}")


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("jit", [False, True])
def test_a_matrix_multiplies_otherwise_than_arrays(jit):
    with pytest.raises(InvalidArgument, match=r"x is a numpy.matrix, whose \* is another: pass np.asarray\(x\)"):
        grad(lambda x: np.sum(x * x), jit=jit)(np.matrix(np.eye(2)))


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda x: grad(of_dict, jit=False)({"w": x}), "p['w']"),
        (lambda x: grad(of_tuple, jit=False)((x, 1.0)), "p[0]"),
        (lambda x: jvp(squares, jit=False)((x,), (x,)), "primals[0]"),
        (lambda x: vjp(squares, jit=False)(x), "x"),
        (lambda x: hessian(squares, jit=False)(x), "x"),
        (lambda x: linearize(squares, x), "x"),
        (lambda x: check_grads(squares, (x,), jit=False), "x"),
        (lambda x: grad(squares).source_for(x), "x"),
        (lambda x: grad(squares, out=True)(np.ones(2), out=x), "out"),
    ],
)
def test_a_masked_array_is_told_wherever_it_stands(call, path):
    with pytest.raises(InvalidArgument) as caught:
        call(MASKED)
    assert f": {path} is a masked array: pass {path}.filled(0.0)" in str(caught.value)


def test_results_are_written_to_arrays_alone():
    with pytest.raises(InvalidArgument, match="out is Labelled: pass the arrays that the result is to be written to"):
        grad(squares, out=True, jit=False)(np.ones(2), out=Labelled([0.0, 0.0]))
    mapped = np.zeros(2).view(np.memmap)
    grad(squares, out=True, jit=False)(np.ones(2), out=mapped)
    assert mapped.tolist() == [2.0, 2.0]
