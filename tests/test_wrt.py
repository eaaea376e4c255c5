"""What a derivative is by: variables inside of a function, parts of dicts, lists and objects, and what a method has."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
from numba import njit

from adcompile import (
    AdcompileError,
    InvalidArgument,
    Unsupported,
    WrongDerivative,
    check_grads,
    custom_vjp,
    grad,
    hessian,
    hvp,
    jacobian,
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

X = np.array([0.3, -0.5, 0.7])
V = np.array([1.0, 0.2, -0.4])


def close(found, expected):
    if isinstance(expected, tuple):
        assert isinstance(found, tuple) and len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            close(*pair)
    else:
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


# ------------------------------------------------------------------------------------------ variables inside
# Each function beside its two halves: what gives z, and what is made of x and z.
def scaled(x):
    z = np.sin(x) * 2.0
    return np.sum(z**3) * x[0]


def scaled_z(x):
    return np.sin(x) * 2.0


def scaled_rest(x, z):
    return np.sum(z**3) * x[0]


def filled_z(x):
    return x[:-1] * x[1:]


def filled_by_name(x):
    z = np.zeros(x.shape[0] - 1)
    for i in range(z.shape[0]):
        z[i] = x[i] * x[i + 1]
    w = z
    return np.sum(np.cos(z)) + w[0] * z[-1]


def filled_rest(x, z):
    return np.sum(np.cos(z)) + z[0] * z[-1]


def summed(x):
    """A number that a loop adds up, and a branch changes."""
    z = 1.0
    for v in x:
        z += v * v
    if z > 1.5:
        z = np.sqrt(z)
    return np.log(z) * x[1]


def summed_z(x):
    s = 1.0 + np.sum(x * x)
    return np.sqrt(s) if s > 1.5 else s


def summed_rest(x, z):
    return np.log(z) * x[1]


def viewed(x):
    """A view, and its base is read beside it."""
    z = x[1:]
    return np.sum(z * z * x[0]) + x[2]


def viewed_z(x):
    return x[1:]


def viewed_rest(x, z):
    return np.sum(z * z * x[0]) + x[2]


def several_times(x):
    """The value after the last of several assignments, one of them as one of two targets."""
    z = x * 2.0
    z = z * z + x
    k, z = 3.0, np.outer(x, z)
    return np.sum(z @ x) * k


def several_times_z(x):
    return np.outer(x, 4.0 * x * x + x)


def several_times_rest(x, z):
    return 3.0 * np.sum(z @ x)


def with_a_function_inside(x):
    z = x * x
    scale = lambda t: t * z[0]  # noqa: E731
    return scale(x[1]) + scale(x[2]) * z[1]


def with_a_function_inside_z(x):
    return x * x


def with_a_function_inside_rest(x, z):
    return z[0] * x[1] + z[0] * x[2] * z[1]


HALVES = [
    (scaled, scaled_z, scaled_rest),
    (filled_by_name, filled_z, filled_rest),
    (summed, summed_z, summed_rest),
    (viewed, viewed_z, viewed_rest),
    (several_times, several_times_z, several_times_rest),
    (with_a_function_inside, with_a_function_inside_z, with_a_function_inside_rest),
]


@pytest.mark.parametrize(("whole", "inside", "rest"), HALVES, ids=lambda f: f.__name__)
def test_by_a_variable_inside(whole, inside, rest):
    z = inside(X)
    by_z = grad(rest, wrt="z", jit=False)(X, z)
    by_x = grad(whole, jit=False)(X)
    value, found = value_and_grad(whole, wrt=("z", "x"), jit=False)(X)
    assert value == pytest.approx(whole(X), rel=1e-14)
    close(found, (by_z, by_x))
    close(grad(whole, wrt="z", jit=False)(X), by_z)
    w = np.cos(np.arange(np.size(z), dtype=float)).reshape(np.shape(z))
    w = w if np.ndim(z) else 0.7
    _, tangent = jvp(whole, wrt=("x", "z"), jit=False)((X,), (V, w))
    assert tangent == pytest.approx(np.sum(by_z * w) + by_x @ V, rel=1e-12)
    close(vjp(whole, wrt="z", jit=False)(X)[1](2.0), 2.0 * by_z)


def test_second_derivatives_by_a_variable_inside():
    z = scaled_z(X)
    close(hessian(scaled, wrt="z", jit=False)(X), hessian(scaled_rest, wrt="z", jit=False)(X, z))
    close(jacobian(scaled, wrt="z", jit=False)(X), grad(scaled_rest, wrt="z", jit=False)(X, z))
    laplace = laplacian(scaled_rest, wrt="z", jit=False)(X, z)
    assert laplacian(scaled, wrt="z", jit=False)(X) == pytest.approx(laplace, rel=1e-12)

    def explicit(x, d):
        return scaled_rest(x, scaled_z(x) + d)

    zero, both = np.zeros(3), (V, 2.0 * V)
    expected = hvp(explicit, wrt=("x", "d"), jit=False)(X, zero, both)
    close(hvp(scaled, wrt=("x", "z"), jit=False)(X, both), expected)
    close(vhp(scaled, wrt=("x", "z"), jit=False)(X, both), expected)
    close(
        taylor(scaled, 3, wrt=("x", "z"), jit=False)(X, both),
        taylor(explicit, 3, wrt=("x", "d"), jit=False)(X, zero, both),
    )
    by_x_of_by_z = grad(lambda x: np.sum(grad(scaled, wrt="z")(x)), jit=False)(X)
    close(by_x_of_by_z, grad(lambda x: np.sum(6.0 * 2.0 * np.sin(x) ** 2 * x[0]), jit=False)(X))
    close(vmap(grad(scaled, wrt="z"), jit=False)(np.array([X, V]))[1], grad(scaled, wrt="z", jit=False)(V))


def with_aux(x, k=2.0, *, n=3):
    z = k * x**n
    return np.sum(z * z), z


@njit
def user(x):
    return compiled(x, 2.0, 3)


compiled = grad(with_aux, wrt=("z", "x"), has_aux=True)


def test_a_variable_inside_compiled_with_aux_and_out():
    z = 2.0 * X**3
    expected = (2.0 * z, 24.0 * X**5)
    found, aux = compiled(X)
    close(found, expected)
    close(aux, z)
    close(user(X)[0], expected)
    out = (np.ones(3), np.ones(3))
    grad(scaled, wrt=("z", "x"), accumulate=True, jit=False)(X, out)
    by_z, by_x = grad(scaled, wrt=("z", "x"), jit=False)(X)
    close(out, (1.0 + by_z, 1.0 + by_x))


def test_a_variable_inside_of_a_function_of_a_dict():
    def loss(p, x):
        z = p["w"] * x
        return np.sum(np.tanh(z) ** 2) + p["b"]

    params = {"w": V, "b": 2.0}
    by_p, by_z = grad(loss, wrt=("p", "z"), jit=False)(params, X)
    expected = 2.0 * np.tanh(V * X) * (1.0 - np.tanh(V * X) ** 2)
    close(by_z, expected)
    close(by_p["w"], expected * X)
    by_z, by_b = grad(loss, wrt=("z", "p['b']"), jit=False)(params, X)
    close(by_z, expected)
    assert by_b == 1.0


def test_of_single_precision_and_of_complex_numbers():
    def narrow(x):
        z = x.astype(np.float32)
        return np.sum(z * z)

    def turned(x):
        z = np.exp(1j * x)
        return np.sum(np.abs(z) ** 2 * x)

    found = grad(narrow, wrt="z", jit=False)(X)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 2.0 * X, rtol=1e-6)
    close(grad(turned, wrt="z", jit=False)(X), 2.0 * X * np.exp(-1j * X))


def test_a_variable_inside_is_printed_once():
    assert "z_added" not in grad(summed, wrt="z", jit=False).source_for(X).replace("z_added_bar", "")


def overwritten_later(x):
    z = x[:]
    x[0] = 3.0
    return np.sum(z * z)


def filled_by_another(x):
    z = np.empty(3)
    fill(z, x)
    return np.sum(z)


def fill(z, x):
    for i in range(3):
        z[i] = x[i] ** 2


def another_name(x):
    z = np.zeros(3)
    w = z
    z[0] = x[0]
    return np.sum(z) * w[0]


@pytest.mark.parametrize("function", [overwritten_later, filled_by_another, another_name])
def test_what_is_no_array_of_its_own_is_refused(function):
    with pytest.raises(Unsupported, match=r"may write into the memory of `z`|are one array"):
        grad(function, wrt="z", jit=False)(X)


def with_a_wrong_rule(x):
    z = np.sin(x)
    return np.sum(wrong_square(z) * x)


@custom_vjp
def wrong_square(z):
    return z * z


wrong_square.defvjp(lambda z: (z * z, z), lambda z, y_bar: (3.0 * z * y_bar,))


@pytest.mark.parametrize("function", [scaled, filled_by_name, summed, viewed, several_times])
def test_check_grads_by_variables_inside(function):
    check_grads(function, (X,), wrt=("x", "z"), jit=False)
    check_grads(function, (X,), wrt="z", order=1, modes=("fwd",), jit=function is summed)


def test_a_report_of_check_grads_names_the_variable():
    with pytest.raises(WrongDerivative, match=r"by z\[2\]: reverse mode gives"):
        check_grads(with_a_wrong_rule, (X,), wrt="z", modes=("rev",), jit=False)


def columns(x, k):
    z = np.sin(x) * k
    return z**3 * x


@pytest.mark.parametrize("jit", [False, True])
def test_linearize_by_variables_inside(jit):
    z, z_dot = np.sin(X) * 2.0, np.array([0.4, -1.0, 0.3])
    value, linear = linearize(columns, X, 2.0, wrt=("x", "z"), jit=jit)
    close(value, z**3 * X)
    close(linear(V, z_dot), z**3 * V + 3.0 * z**2 * X * (z_dot + 2.0 * np.cos(X) * V))
    with pytest.raises(InvalidArgument, match="1 tangent for x, z"):
        linear(V)
    with pytest.raises(InvalidArgument, match="the tangent of z must be"):
        linear(V, V[:2])
    _, by_z, aux = linearize(with_aux, X, wrt="z", has_aux=True, jit=jit)
    close((by_z(V), aux), (np.sum(V * X), (X * X, 3)))


def with_aux(x):
    z = x * x
    return np.sum(z * x), (z, 3)


@pytest.mark.parametrize("jit", [False, True])
def test_sparse_matrices_by_variables_inside(jit):
    z = np.sin(X) * 2.0
    matrix = sparse_jacobian(columns, wrt="z", jit=jit)
    close(matrix(X, 2.0).toarray(), np.diag(3.0 * z**2 * X))
    close(matrix(X[:2], 2.0).toarray(), np.diag(3.0 * z[:2] ** 2 * X[:2]))
    assert matrix.products(X, 2.0) == 1 and matrix.pattern(X, 2.0).nnz == 3 and "z_added" in matrix.source
    close(sparse_hessian(scaled, wrt="z", jit=jit)(X).toarray(), np.diag(6.0 * z * X[0]))
    with pytest.raises(InvalidArgument, match="is by an array of floats"):
        sparse_hessian(summed, wrt="z", jit=jit)(X)


def test_inside_of_differentiated_code_by_variables_inside():
    def along(x):
        _, linear = linearize(columns, x, 2.0, wrt="z")
        return np.sum(linear(x)) + np.sum(sparse_jacobian(columns, wrt="z")(x, 2.0) @ x)

    def by_hand(x):
        return 2.0 * np.sum(3.0 * (np.sin(x) * 2.0) ** 2 * x * x)

    close(grad(along, jit=False)(X), grad(by_hand, jit=False)(X))


def test_what_is_no_variable():
    with pytest.raises(InvalidArgument, match="none of the parameters x"):
        sparse_hessian(scaled, wrt="y")
    with pytest.raises(InvalidArgument, match="none of the parameters x"):
        grad(scaled, wrt="y")


# ------------------------------------------------------------------------------------------ parts of structures
class Line(NamedTuple):
    slope: float
    offset: np.ndarray


def network(params, x):
    y = np.tanh(params["w"] * x) * params["layers"][0]["k"]
    return np.sum(y * y) + params["line"].slope ** 2 * params["line"].offset[0]


PARAMS = {"w": V, "layers": [{"k": 3.0}, {"k": 4.0}], "line": Line(2.0, X), "n": 3}
PARTS = {
    "params['w']": lambda by: by["w"],
    "params['layers'][0]['k']": lambda by: by["layers"][0]["k"],
    "params['layers'][-1]['k']": lambda by: by["layers"][1]["k"],
    "params['line'].slope": lambda by: by["line"].slope,
    "params['line'][1]": lambda by: by["line"].offset,
    'params["line"].offset': lambda by: by["line"].offset,
}


@pytest.mark.parametrize("part", PARTS)
def test_by_a_part(part):
    whole = grad(network, jit=False)(PARAMS, X)
    close(grad(network, wrt=part, jit=False)(PARAMS, X), PARTS[part](whole))


@pytest.mark.parametrize("jit", [False, True])
def test_by_parts_in_the_order_that_is_asked_for(jit):
    whole, by_x = grad(network, wrt=("params", "x"), jit=jit)(PARAMS, X)
    wrt = ("params['line']", "x", "params['w']")
    line, again, w = grad(network, wrt=wrt, jit=jit)(PARAMS, X)
    assert type(line) is Line
    close(tuple(line), tuple(whole["line"]))
    close((again, w), (by_x, whole["w"]))
    again, other = grad(network, wrt=("x", "params"), jit=jit)(PARAMS, X)
    close((again, other["w"]), (by_x, whole["w"]))


def test_other_transforms_by_parts():
    wrt = ("params['line'].slope", "params['w']")
    by_slope, by_w = grad(network, wrt=wrt, jit=False)(PARAMS, X)
    _, tangent = jvp(network, wrt=wrt, jit=False)((PARAMS, X), (0.5, V))
    assert tangent == pytest.approx(0.5 * by_slope + V @ by_w, rel=1e-12)
    close(vjp(network, wrt=wrt, jit=False)(PARAMS, X)[1](1.0), (by_slope, by_w))
    assert linearize(network, PARAMS, X, wrt=wrt, jit=False)[1](0.5, V) == pytest.approx(tangent, rel=1e-12)
    whole = hessian(network, jit=False)(PARAMS, X)
    blocks = hessian(network, wrt=wrt, jit=False)(PARAMS, X)
    close(blocks[1][1], whole["w"]["w"])
    assert blocks[0][0] == pytest.approx(2.0 * X[0])
    close(hvp(network, wrt=wrt[1], jit=False)(PARAMS, X, V), whole["w"]["w"] @ V)
    close(jacobian(network, wrt=wrt[1], jit=False)(PARAMS, X), by_w)
    slope_and_k = grad(grad(network, wrt=wrt[0], jit=False), wrt="params['line'].slope", jit=False)(PARAMS, X)
    assert slope_and_k == pytest.approx(2.0 * X[0])
    check_grads(network, (PARAMS, X), wrt=wrt, jit=False)


def by_second(pair):
    return pair[0] * pair[1] ** 2


def test_by_an_item_of_a_tuple():
    assert grad(by_second, wrt="pair[1]", jit=False)((2.0, 3.0)) == 12.0


# ------------------------------------------------------------------------------------------ what a method has
class Spring:
    gravity = 9.81

    def __init__(self, k, rest):
        self.k = k
        self.rest = rest
        self.power = 2
        self.name = "steel"
        self.table = {1.5: 3}

    def force(self, x):
        return self.k * (x - self.rest) ** self.power

    def energy(self, x, scale=1.0):
        if self.name == "steel":
            return np.sum(self.force(x) * scale) * self.gravity
        return 0.0


@dataclass
class Plain:
    k: float
    rest: np.ndarray

    def energy(self, x):
        return self.k * np.sum((x - self.rest) ** 2)


@pytest.mark.parametrize("jit", [False, True])
def test_by_what_a_method_has(jit):
    spring = Spring(2.0, V)
    by_k, by_rest, by_x = grad(spring.energy, wrt=("self.k", "self.rest", "x"), jit=jit)(X)
    assert by_k == pytest.approx(9.81 * np.sum((X - V) ** 2), rel=1e-13)
    close(by_x, 2.0 * 9.81 * 2.0 * (X - V))
    close(by_rest, -by_x)


def test_the_object_is_as_it_is_at_the_call():
    spring = Spring(2.0, V)
    gradient = grad(spring.energy, wrt=("x", "self.k"), jit=False)
    first, _ = gradient(X)
    spring.k = 4.0
    close(gradient(X)[0], 2.0 * first)
    close(gradient(X, scale=3.0)[0], 6.0 * first)
    assert grad(spring.energy, wrt="self", jit=False)(X).k == gradient(X)[1]


def test_other_transforms_by_what_a_method_has():
    spring, plain = Spring(2.0, V), Plain(2.0, V)
    assert hessian(spring.energy, wrt="self.k", jit=False)(X) == 0.0
    mixed = grad(grad(plain.energy, wrt="self.k", jit=False), wrt="self.k", jit=False)(X)
    assert mixed == 0.0
    _, tangent = jvp(plain.energy, wrt=("self.k", "x"), jit=False)((X,), (1.0, V))
    assert tangent == pytest.approx(np.sum((X - V) ** 2) + 4.0 * (X - V) @ V, rel=1e-13)
    assert vjp(plain.energy, wrt="self.k", jit=False)(X)[1](1.0) == pytest.approx(np.sum((X - V) ** 2))
    check_grads(plain.energy, (X,), wrt=("self.rest", "x"), jit=False)


def test_what_a_method_has_is_refused_where_it_cannot_be():
    spring = Spring(2.0, V)
    with pytest.raises(InvalidArgument, match=r"and no self\.q"):
        grad(spring.energy, wrt="self.q", jit=False)(X)
    with pytest.raises(InvalidArgument, match=r"self\.power holds no float"):
        grad(spring.energy, wrt="self.power", jit=False)(X)
    with pytest.raises(AdcompileError, match="from Python alone"):
        grad(lambda x: np.sum(by_k(x) * x), jit=False)(X)


by_k = grad(Spring(2.0, V).energy, wrt="self.k")


class Bound:
    """An object with attributes that lead back to it, and with one that does not."""

    def __init__(self):
        self.k = 2.0
        self.rule = self.square
        self.shape = lambda x: self.k * x
        self.free = np.sin

    def square(self, x):
        return self.k * x * x

    def by_rule(self, x):
        return np.sum(self.rule(x))

    def by_square(self, x):
        return np.sum(self.square(x)) * self.k

    def by_closure(self, x):
        return np.sum(self.shape(x))

    def by_what_is_free(self, x):
        return np.sum(self.free(self.k * x))


def test_attributes_that_lead_back_to_the_object_are_not_constants():
    bound = Bound()
    for method in (bound.by_rule, bound.by_closure):
        with pytest.raises(Unsupported, match="of an object made of values of the run cannot be called"):
            grad(method, wrt="self.k", jit=False)(X)
    bound.free = lambda x: 3.0 * x
    assert grad(bound.by_what_is_free, wrt="self.k", jit=False)(X) == pytest.approx(3.0 * np.sum(X))
    bound.free = np.sin
    assert grad(bound.by_what_is_free, wrt="self.k", jit=False)(X) == pytest.approx(np.sum(X * np.cos(2.0 * X)))
    bound.square = bound.by_rule
    with pytest.raises(InvalidArgument, match=r"self\.square is method"):
        grad(bound.by_what_is_free, wrt="self.k", jit=False)(X)
    bound.square = lambda x: x
    assert grad(bound.by_square, wrt="self.k", jit=False)(X) == pytest.approx(np.sum(X))
