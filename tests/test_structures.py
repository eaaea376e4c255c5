"""Dicts, lists, named tuples and dataclasses as arguments and results: derivatives have their structure."""

from typing import NamedTuple

import numpy as np
import pytest
import scipy.linalg

from adcompile import (
    InvalidArgument,
    Unsupported,
    check_grads,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    value_and_grad,
    vjp,
    vmap,
)


class Pair(NamedTuple):
    a: float
    b: np.ndarray


RNG = np.random.default_rng(0)
PARAMS = {
    "layers": [
        {"w": RNG.normal(size=(3, 2)), "b": RNG.normal(size=3)},
        {"w": RNG.normal(size=(1, 3)), "b": np.zeros(1)},
    ],
    "steps": 2,
    "scale": 0.7,
    "penalty": "l2",
}
X = RNG.normal(size=2)


def network(params, x):
    h = np.tanh(params["layers"][0]["w"] @ x + params["layers"][0]["b"])
    y = params["layers"][1]["w"] @ h + params["layers"][1]["b"]
    total = 0.0
    for _ in range(params["steps"]):
        total += np.sum(y**2) * params["scale"]
    if params["penalty"] == "l2":
        total += np.sum(params["layers"][0]["w"] ** 2)
    return total


def of_list(p):
    total = p[0] * p[-1]
    for i, v in enumerate(p):
        total += i * v**2
    return total + sum(p) * len(p) + max(p)


def squares(p):
    return p["x"] ** 2 * np.sum(p["y"] ** 2)


def results(p):
    return {"u": p["x"] * 2.0, "v": (p["x"] * p["y"], "text"), "pair": Pair(p["y"], p["y"] ** 2)}


POINT = {"x": 2.0, "y": np.array([1.0, 3.0])}
NUMBERS = {"x": 2.0, "y": 3.0}


def test_a_list_of_floats():
    p = [2.0, 3.0, 4.0]
    expected = [3 + 4, 3 + 6, 3 + 2 + 16 + 1]
    found = grad(of_list, jit=False)(p)
    assert type(found) is list
    assert found == [7.0, 9.0, 22.0] == expected
    value, tangent = jvp(of_list, jit=False)((p,), ([1.0, 0.0, 2.0],))
    assert (value, tangent) == (of_list(p), 7.0 + 44.0)
    assert p == [2.0, 3.0, 4.0]


def test_a_structure_may_change_from_call_to_call():
    gradient = grad(of_list, jit=False)
    assert gradient([2.0, 3.0]) == [2 + 3, 2 + 2 + 6 + 1]
    assert gradient([2.0, 3.0, 4.0]) == [7.0, 9.0, 22.0]
    np.testing.assert_array_equal(gradient(np.array([2.0, 3.0, 4.0])), [7.0, 9.0, 22.0])
    by_penalty = grad(network, jit=False)
    without = by_penalty({**PARAMS, "penalty": "none"}, X)["layers"][0]["w"]
    np.testing.assert_allclose(by_penalty(PARAMS, X)["layers"][0]["w"] - without, 2 * PARAMS["layers"][0]["w"])


@pytest.mark.parametrize("jit", [False, True])
def test_results_have_their_structure(jit):
    expected = {"u": 4.0, "v": (6.0, "text"), "pair": Pair(3.0, 9.0)}
    value, tangent = jvp(results, jit=jit)((NUMBERS,), ({"x": 1.0, "y": 0.5},))
    assert value == expected
    assert tangent == {"u": 2.0, "v": (4.0, "text"), "pair": Pair(0.5, 3.0)}
    value, pullback = vjp(results, jit=jit)(NUMBERS)
    assert value == expected
    seed = {"u": 1.0, "v": (2.0, None), "pair": Pair(0.0, 1.0)}
    assert pullback(seed) == {"x": 2.0 + 6.0, "y": 4.0 + 6.0}
    value, linear = linearize(results, NUMBERS, jit=jit)
    assert value == expected
    assert linear({"x": 1.0, "y": 0.5}) == tangent


def of_number(x):
    if x > 1.0:
        found = {"a": x, "b": 2.0 * x}
    else:
        found = {"a": x**2, "b": x}
    return found


def with_metrics(w, x):
    return w * x**2, {"accuracy": x, "kind": "l2"}


def test_results_of_functions_of_numbers():
    assert jvp(of_number, jit=False)((2.0,), (1.0,)) == ({"a": 2.0, "b": 4.0}, {"a": 1.0, "b": 2.0})
    assert jvp(of_number, jit=False)((0.5,), (1.0,)) == ({"a": 0.25, "b": 0.5}, {"a": 1.0, "b": 1.0})
    assert jacobian(of_number, jit=False)(2.0) == {"a": 1.0, "b": 2.0}
    value, pullback = vjp(of_number, jit=False)(0.5)
    assert pullback({"a": 1.0, "b": 10.0}) == 11.0
    (value, aux), gradient = value_and_grad(with_metrics, has_aux=True, jit=False)(2.0, 3.0)
    assert (value, aux, gradient) == (18.0, {"accuracy": 3.0, "kind": "l2"}, 9.0)
    gradient, aux = grad(with_metrics, has_aux=True, jit=False)(2.0, 3.0)
    assert (aux, gradient) == ({"accuracy": 3.0, "kind": "l2"}, 9.0)


def test_second_derivatives():
    second = hessian(squares, jit=False)(POINT)
    assert second["x"]["x"] == 20.0
    np.testing.assert_array_equal(second["x"]["y"], second["y"]["x"])
    np.testing.assert_array_equal(second["y"]["y"], 8.0 * np.eye(2))
    v = {"x": 1.0, "y": np.array([0.5, 0.0])}
    product = hvp(squares, jit=False)(POINT, v)
    assert product["x"] == 20.0 + 8.0 * 0.5 * 1.0
    np.testing.assert_array_equal(product["y"], 8.0 * np.array([1.0, 3.0]) + 8.0 * v["y"])
    gradient, along = jvp(grad(squares, jit=False), jit=False)((POINT,), (v,))
    assert gradient["x"] == 40.0
    np.testing.assert_array_equal(along["y"], product["y"])
    by_x = jacobian(squares, jit=False)(POINT)
    np.testing.assert_array_equal(by_x["y"], gradient["y"])


def cubed(x, p):
    return x**3 * p["k"]


def test_what_is_beside_a_structure():
    assert grad(grad(cubed, jit=False), jit=False)(2.0, {"k": 5.0}) == 60.0
    blocks = hessian(cubed, wrt=("x", "p"), jit=False)(2.0, {"k": 5.0})
    assert blocks == ((60.0, {"k": 12.0}), {"k": (12.0, {"k": 0.0})})
    assert grad(cubed, wrt="p", jit=False)(2.0, {"k": 5.0, "unused": [], "more": {}}) == {
        "k": 8.0, "unused": [], "more": {},
    }  # fmt: skip


def test_they_can_be_checked_and_read():
    check_grads(network, (PARAMS, X), jit=False)
    text = grad(squares, jit=False).source_for(POINT)
    assert text.startswith("def squares_grad(p_x, p_y):") or "\ndef squares_grad(p_x, p_y):" in text
    gradient = grad(squares, jit=False)
    gradient(POINT)
    assert gradient.source == text


def descended(params, x, y, steps, rate):
    for _ in range(steps):
        error = params["w"] * x + params["b"] - y
        params = {"w": params["w"] - rate * error * x, "b": params["b"] - rate * error}
    return (params["w"] * x + params["b"] - y) ** 2


def test_a_training_loop_around_and_inside():
    """Plain gradient descent over a dict, and the derivative of such a loop by its start."""
    params = {"w": 0.1, "b": 0.0}
    step = value_and_grad(lambda p, x, y: np.sum((p["w"] * x + p["b"] - y) ** 2), jit=False)
    x = np.linspace(0.0, 1.0, 20)
    losses = []
    for _ in range(200):
        loss, gradient = step(params, x, 3.0 * x - 1.0)
        losses.append(loss)
        params = {key: params[key] - 0.03 * gradient[key] for key in params}
    assert losses[-1] < 1e-3 * losses[0]
    check_grads(descended, ({"w": 0.1, "b": 0.0}, 0.5, 2.0, 3, 0.1), wrt=("params", "rate"), jit=False)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: jvp(results, jit=False)((NUMBERS,), ({"x": 1.0},)), r"tangents\[0\]\['y'\] is missing"),
        (lambda: jvp(results, jit=False)((NUMBERS,), ()), "tangents must be a tuple with one entry for each of p"),
        (lambda: vjp(results, jit=False)(NUMBERS)[1]({"u": 1.0}), "the seed must have the structure of the value"),
        (lambda: grad(squares, jit=False)({"x": {1.0}}), r"p\['x'\] is set: numbers, arrays"),
        (lambda: grad(of_list, jit=False)([1, 2]), "p holds no float and no array of floats"),
        (lambda: grad(cubed, wrt="p", jit=False)(1.0, {"k": "text"}), "p holds no float and no array of floats"),
        (lambda: vmap(squares, in_axes=None, jit=False)(POINT), "no argument has an axis in in_axes"),
        (lambda: hessian(squares, out=True, jit=False)(POINT, None), "takes numbers, arrays and tuples"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(call, text):
    with pytest.raises(InvalidArgument, match=text):
        call()


def of_order(x, order):
    if order == 2:
        return 1.0 - x**2, (1.0 - x) ** 2
    if order == 3:
        return 1.0 - x**3, x, 0.5 * (1.0 - x) ** 3
    raise ValueError(f"no order {order}")


def in_blocks(x, count):
    Q = [[x, x**2], [1.0, 2.0]]
    return np.sum(scipy.linalg.block_diag(*[Q] * count) ** 2) + block(x, count)


def block(x, count):
    whole = scipy.linalg.block_diag([x, 2.0], np.array([[3, 4], [5, 6]]), x * x)
    return whole[0, 0] * whole[2, 3] * whole[3, 4] + len(whole) + count


@pytest.mark.parametrize("jit", [False, True])
def test_integers_that_decide_what_is_returned(jit):
    value, pullback = vjp(of_order, jit=jit)(2.0, 2)
    assert value == (-3.0, 1.0) and pullback((1.0, 10.0)) == 16.0
    value, pullback = vjp(of_order, jit=jit)(2.0, 3)
    assert value == (-7.0, 2.0, -0.5) and pullback((1.0, 10.0, 100.0)) == -152.0
    with pytest.raises(Unsupported, match="returns nothing"):
        vjp(of_order, jit=jit)(2.0, 4)
    gradient = grad(in_blocks, jit=jit)
    for count in (1, 3, 1):
        assert np.isclose(gradient(1.5, count), count * (2.0 * 1.5 + 4.0 * 1.5**3) + 18.0 * 1.5**2)


def flagged(x, both=False):
    if both:
        return x**2, 3.0 * x
    return x**2


@pytest.mark.parametrize("jit", [False, True])
def test_flags_that_decide_what_is_returned(jit):
    gradient = grad(flagged, jit=jit)
    assert [gradient(2.0), gradient(3.0, False), gradient(3.0)] == [4.0, 6.0, 6.0]
    value, pullback = vjp(flagged, jit=jit)(2.0, True)
    assert value == (4.0, 6.0)
    assert pullback((1.0, 2.0)) == 10.0
    assert jvp(flagged, jit=jit)((2.0, True), (1.0,)) == ((4.0, 6.0), (4.0, 3.0))
    with pytest.raises(Unsupported, match="the result is a tuple"):
        gradient(2.0, True)
