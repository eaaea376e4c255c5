"""Arguments from pandas and xarray: arrays to derivatives, which give plain arrays."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from adcompile import check_grads, grad, hessian, jvp, value_and_grad, vjp
from adcompile.errors import InvalidArgument

pytestmark = pytest.mark.interop


def misfit(theta, x, y):
    total = 0.0
    for i in range(x.shape[0]):
        total += (y[i] - np.exp(theta[0] + theta[1] * x[i])) ** 2
    return total


def trace(a):
    return np.sum(a * a) + a[0, 1]


X = np.array([0.1, 0.4, 0.9])
Y = np.array([1.2, 1.5, 2.0])
THETA = np.array([0.3, 0.2])
EXPECTED = grad(misfit, jit=False)(THETA, X, Y)
FRAME = pd.DataFrame({"x": X, "y": Y})
A = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    "arguments",
    [
        (pd.Series(THETA, index=["a", "b"]), FRAME["x"], FRAME.y),
        (THETA, FRAME["x"].to_numpy(), FRAME["y"]),
        (THETA, pd.Index(X), pd.array(Y)),
        (THETA, FRAME["x"].astype("Float64"), FRAME["y"]),
        (xr.DataArray(THETA, dims="of"), xr.DataArray(X, dims="t", coords={"t": [1, 2, 3]}), xr.Variable("t", Y)),
        (THETA, FRAME.x[::-1][::-1], xr.Dataset(FRAME)["y"]),
    ],
    ids=["series", "some", "index", "nullable", "xarray", "views"],
)
def test_series_and_data_arrays(arguments, jit):
    gradient = grad(misfit, jit=jit)
    for _ in range(2):
        found = gradient(*arguments)
        assert type(found) is np.ndarray
        np.testing.assert_allclose(found, EXPECTED, rtol=1e-14)


@pytest.mark.parametrize("of", [pd.DataFrame, xr.DataArray])
@pytest.mark.parametrize("jit", [False, True])
def test_tables(of, jit):
    value, gradient = value_and_grad(trace, jit=jit)(of(A))
    assert value == trace(A)
    assert type(gradient) is np.ndarray
    assert gradient.tolist() == [[2.0, 5.0], [6.0, 8.0]]
    np.testing.assert_array_equal(jvp(trace, jit=False)((of(A),), (of(A),))[1], np.sum(gradient * A))
    np.testing.assert_array_equal(vjp(trace, jit=False)(of(A))[1](1.0), gradient)
    np.testing.assert_array_equal(hessian(trace, jit=False)(of(A)).reshape(4, 4), 2.0 * np.eye(4))
    check_grads(trace, (of(A),), jit=False)


def test_a_number_of_xarray_is_a_number():
    assert grad(lambda x: x**2, jit=False)(xr.DataArray(X).sum()) == pytest.approx(2.0 * X.sum())


def test_in_a_dict_and_left_as_they_were():
    frame = FRAME.copy()

    def written(p):
        x = p["x"]
        x[0] = 2.0 * x[1]
        return np.sum(x * x)

    found = grad(written, jit=False)({"x": frame["x"]})
    assert found["x"].tolist() == pytest.approx([0.0, 10.0 * X[1], 2.0 * X[2]])
    pd.testing.assert_frame_equal(frame, FRAME)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (pd.DataFrame({"a": [1.0], "b": ["x"]}), "a is an array of Python objects (columns of several types"),
        (pd.Series([1.0, None], dtype="Float64").astype(object), "a is an array of Python objects"),
        (pd.Series([1.0, "x"]), "a is an array of Python objects"),
        (pd.to_datetime(pd.Series(["2020-01-01"])), "a is an array of datetime64["),
        (xr.Dataset({"a": ("t", X)}), "a is a Dataset, which is several arrays: pass one of them"),
        (pd.Series(X.astype(">f8")), "a is an array of float64 in the byte order of other machines"),
    ],
    ids=["mixed", "missing", "texts", "dates", "dataset", "bytes"],
)
def test_what_holds_no_numbers_is_told(value, said):
    with pytest.raises(InvalidArgument) as caught:
        grad(trace, jit=False)(value)
    assert str(caught.value).startswith(f"grad of trace: {said}")
