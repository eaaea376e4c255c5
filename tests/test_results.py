"""Results as users of JAX expect them: shapes, types, structures, zeros; and an error of its own for what has none.

The values that are written out are those that JAX gives for the same calls, with x64 enabled.
"""

import numpy as np
import pytest

from adcompile import InvalidArgument, Unsupported, grad, hessian, hvp, jacfwd, jacrev, jvp, value_and_grad, vjp

X = np.arange(1.0, 7.0).reshape(2, 3)


def columns(x):
    return np.sum(x * x, axis=0)


def total(x):
    return np.sum(x * x)


def steps(x):
    return 3.0 + np.sum(np.floor(x))


def product(x, n):
    return np.sum(x) * n


@pytest.mark.parametrize("kind", [jacfwd, jacrev])
def test_a_jacobian_has_the_shape_of_the_value_and_then_of_the_input(kind):
    found = kind(columns, jit=False)(X)
    assert found.shape == (3, 2, 3)
    np.testing.assert_array_equal(found[1], [[0.0, 4.0, 0.0], [0.0, 10.0, 0.0]])
    assert hessian(total, jit=False)(X).shape == (2, 3, 2, 3)
    assert kind(total, jit=False)(X).shape == (2, 3)


def test_single_precision_stays():
    x = X.astype(np.float32)
    for found in (grad(total, jit=False)(x), jacrev(columns, jit=False)(x), hessian(total, jit=False)(x),
                  hvp(total, jit=False)(x, x), jvp(columns, jit=False)((x,), (x,))[1]):  # fmt: skip
        assert found.dtype == np.float32
    np.testing.assert_array_equal(grad(total, jit=False)(x), 2.0 * x)


def test_a_number_gives_a_number():
    value, slope = value_and_grad(lambda t: t**3, jit=False)(2.0)
    assert np.shape(value) == np.shape(slope) == ()
    assert (value, slope) == (8.0, 12.0)


def test_the_structure_is_that_of_the_argument():
    def loss(p):
        return p["w"][0] * p["b"] + np.sum(p["w"][1])

    found = grad(loss, jit=False)({"w": (2.0, np.ones(2)), "b": 3.0})
    assert list(found) == ["w", "b"]
    assert (found["w"][0], found["b"]) == (3.0, 2.0)
    np.testing.assert_array_equal(found["w"][1], [1.0, 1.0])


def test_what_the_result_cannot_depend_on_has_zeros():
    np.testing.assert_array_equal(grad(steps, jit=False)(X), np.zeros((2, 3)))
    np.testing.assert_array_equal(grad(lambda x, y: total(y), jit=False)(X, X), np.zeros((2, 3)))
    np.testing.assert_array_equal(jacfwd(lambda x, y: columns(y), jit=False)(X, X), np.zeros((3, 2, 3)))


def test_complex_values():
    def modulus(z):
        return z.real * z.real + z.imag * z.imag

    value, pull = vjp(lambda z: z * z, jit=False)(1.0 + 2.0j)
    assert value == -3.0 + 4.0j
    assert pull(1.0 + 0.0j) == 2.0 + 4.0j
    assert jvp(lambda z: z * z, jit=False)((1.0 + 2.0j,), (1.0j,))[1] == -4.0 + 2.0j
    assert grad(modulus, jit=False)(1.0 + 2.0j) == 2.0 - 4.0j


ERRORS = {
    "no number under grad": (lambda: grad(columns, jit=False)(X), "not one float"),
    "an integer": (lambda: grad(total, jit=False)(3), "int"),
    "integers": (lambda: grad(total, jit=False)(np.arange(3)), "int"),
    "a tangent of another shape": (lambda: jvp(columns, jit=False)((X,), (X[0],)), "tangent"),
    "a tangent of another type": (lambda: jvp(columns, jit=False)((X,), (X.astype(np.float32),)), "tangent"),
    "a cotangent of another shape": (lambda: vjp(columns, jit=False)(X)[1](np.ones(2)), "seed"),
    "a cotangent of another type": (lambda: vjp(columns, jit=False)(X)[1](np.ones(3, np.complex128)), "seed"),
    "too many tangents": (lambda: jvp(columns, jit=False)((X,), (X, X)), "tangent"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    call, words = ERRORS[case]
    with pytest.raises((InvalidArgument, Unsupported, ValueError, TypeError), match=words):
        call()
