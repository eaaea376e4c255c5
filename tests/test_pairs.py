"""Every transform over every other, against exact differences of the inner one.

The function is a polynomial of degree four, of which central differences over five points are exact but for rounding.
"""

from __future__ import annotations

import numpy as np
import pytest

import adcompile
from adcompile import (
    checkpoint,
    custom_jvp,
    custom_vjp,
    grad,
    hessian,
    hvp,
    implicit,
    jacfwd,
    jacrev,
    jvp,
    laplacian,
    linearize,
    sparse_hessian,
    sparse_jacobian,
    taylor,
    value_and_grad,
    vhp,
    vjp,
    vmap,
)

X, V, W = np.array([0.5, -0.75]), np.array([1.0, 0.25]), np.array([0.5, 2.0])


def f(x):
    return x[0] ** 3 * x[1]


def summed(made):
    """A transform's result as one number, by a function that calls the transform inside."""
    return lambda x: np.sum(made(x))


def of_first(number):
    """A function of `X[0]` alone: dense second derivatives by a number are much shorter texts than by an array."""
    return lambda t: number(np.array([t, -0.75]))


def of_two(x):
    return x[0] ** 2 * x[1]


# What each gives at x, as an array or a number.
def kept(x):
    z = x * x[0]
    return np.sum(z * z * x)


@custom_jvp
def cubed(x):
    return x**3


@cubed.defjvp
def cubed_rule(primals, tangents):
    return cubed(primals[0]), 3.0 * primals[0] ** 2 * tangents[0]


@custom_vjp
def cubed_in_reverse(x):
    return x**3


def cubed_forward(x):
    return cubed_in_reverse(x), x


def cubed_backward(x, y_bar):
    return (3.0 * x**2 * y_bar,)


cubed_in_reverse.defvjp(cubed_forward, cubed_backward)


@checkpoint
def replayed(x):
    return x * x * x[1]


def quotient(a):
    return a[0] * a[1]


def less_quotient(y, a):
    return y - a[0] * a[1]


solved = implicit(quotient, less_quotient)


INNER = {
    "grad": grad(f, jit=False),
    "value_and_grad": lambda x: value_and_grad(f)(x)[0] * x + value_and_grad(f)(x)[1],
    "jvp": lambda x: jvp(f)((x,), (V,))[1],
    "vjp": lambda x: vjp(f).seeded(x, 2.0),
    "jacfwd": lambda x: jacfwd(lambda t: t**3 * x[1])(x[0]),
    "jacrev": lambda x: jacrev(lambda t: t**3 * x[1])(x[0]) * x,
    "hessian": lambda x: hessian(lambda t: t**4 * x[1])(x[0]),
    "hvp": lambda x: hvp(lambda t: t**3 * x[1])(x[0], 1.5) * x,
    "vhp": lambda x: vhp(lambda t: t**3 * x[1])(x[0], 1.5) * x,
    "laplacian": lambda x: laplacian(lambda t: t**3 * x[1])(x[0]),
    "vmap": lambda x: vmap(lambda a, b: a * a * b, in_axes=(0, None))(x, x[0]),
    "taylor": lambda x: taylor(lambda t: t**3 * x[1], 2)(x[0], 1.5),
    "by a variable inside": grad(kept, wrt="z", jit=False),
    "linearize": lambda x: linearize(lambda t: t**3 * x[1], x[0])[1](1.5) * x,
    "sparse_jacobian": lambda x: sparse_jacobian(lambda t: t * t, mode="reverse")(x) @ x,
    "sparse_hessian": sparse_hessian(of_two, jit=False),
    "custom_jvp": lambda x: cubed(x) * x,
    "custom_vjp": lambda x: cubed_in_reverse(x) * x,
    "checkpoint": lambda x: replayed(x) * x,
    "implicit": lambda x: solved(x) * x[0],
}


def value_of(made):
    """What an inner transform gives, called from Python."""
    compiled = jvp(made, jit=False) if not hasattr(made, "request") else None
    if compiled is not None:
        return lambda x: compiled((x,), (np.zeros(2),))[0]
    return (lambda x: made(x).toarray()) if hasattr(made, "pattern") else made


def derivative(function, x, h=0.5):
    """The Jacobian by differences that are exact for polynomials of degree four."""
    columns = []
    for e in h * np.eye(2):
        near, far = (np.asarray(function(x + k * e)) - np.asarray(function(x - k * e)) for k in (1.0, 2.0))
        columns.append((8.0 * near - far) / (12.0 * h))
    return np.moveaxis(np.array(columns), 0, -1)


def second(function, x):
    return derivative(lambda y: derivative(function, y), x)


NUMBERS = {  # of one number: how it is called, and what it has to give
    "grad": (lambda g: grad(g, jit=False)(X), lambda g: derivative(g, X)),
    "value_and_grad": (lambda g: value_and_grad(g, jit=False)(X)[1], lambda g: derivative(g, X)),
    "hessian": (lambda g: hessian(of_first(g), jit=False)(0.5), lambda g: second(g, X)[0, 0]),
    "hvp": (lambda g: hvp(g, jit=False)(X, W), lambda g: second(g, X) @ W),
    "vhp": (lambda g: vhp(g, jit=False)(X, W), lambda g: second(g, X) @ W),
    "laplacian": (lambda g: laplacian(of_first(g), jit=False)(0.5), lambda g: second(g, X)[0, 0]),
    "sparse_hessian": (lambda g: sparse_hessian(g, jit=False)(X).toarray(), lambda g: second(g, X)),
}  # fmt: skip
ANY = {  # of numbers and arrays
    "jvp": (lambda g: jvp(g, jit=False)((X,), (W,))[1], lambda g: derivative(g, X) @ W),
    "linearize": (lambda g: linearize(g, X, jit=False)[1](W), lambda g: derivative(g, X) @ W),
    "jacfwd": (lambda g: jacfwd(g, jit=False)(X), lambda g: derivative(g, X)),
    "jacrev": (lambda g: jacrev(g, jit=False)(X), lambda g: derivative(g, X)),
    "vmap": (lambda g: vmap(g, jit=False)(np.array([X, W])), lambda g: np.array([g(X), g(W)])),
    "taylor": (lambda g: taylor(g, 1, jit=False)(X, W), lambda g: np.array([g(X), derivative(g, X) @ W])),
}


def test_all_transforms_are_here():
    ours = {name for name in vars(adcompile) if hasattr(getattr(adcompile, name), "__adcompile_transform__")}
    outer = {*NUMBERS, *ANY, "vjp", "sparse_jacobian"}
    assert ours - {"jacobian"} <= {*INNER}  # jacobian is jacfwd or jacrev
    assert ours - {"jacobian"} == outer


@pytest.mark.parametrize("inner", INNER)
def test_over(inner):
    made = INNER[inner]
    value = value_of(made)
    number = summed(made)
    for outer, (call, exact) in NUMBERS.items():
        np.testing.assert_allclose(call(number), exact(lambda x: np.sum(value(x))), 1e-10, 1e-10, err_msg=outer)
    for outer, (call, exact) in ANY.items():
        np.testing.assert_allclose(call(made), exact(value), 1e-10, 1e-10, err_msg=outer)
    result = np.asarray(value(X))
    seed = np.arange(1.0, 1.0 + result.size).reshape(result.shape) if result.shape else 1.0
    product = vjp(made, jit=False)(X)[1](seed)
    np.testing.assert_allclose(product, np.tensordot(seed, derivative(value, X), result.ndim), rtol=1e-10, atol=1e-10)
    if result.ndim:
        entries = sparse_jacobian(made, jit=False)(X).toarray()
        np.testing.assert_allclose(entries, derivative(value, X).reshape(-1, 2), rtol=1e-10, atol=1e-10)
