"""Dicts, lists, named tuples and dataclasses as arguments: derivatives come back in the same structure."""

import pickle
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

from adcompile import (
    check_grads,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    sparse_hessian,
    sparse_jacobian,
    taylor,
    value_and_grad,
    vhp,
    vjp,
    vmap,
)
from adcompile.errors import InvalidArgument, Unsupported

X = np.array([1.0, 2.0, -1.0])
W = np.array([0.5, -1.0, 2.0])


class Line(NamedTuple):
    slope: float
    offset: np.ndarray


@dataclass(frozen=True)
class Spring:
    stiffness: float
    rest: np.ndarray
    name: str

    def __post_init__(self):
        if not isinstance(self.name, str):
            raise TypeError("a derivative has no name")


def loss(p, x):
    r = np.sin(p["w"] * x) + p["b"]["c"]
    if p["how"] == "mean":
        return np.mean(r * r) ** p["n"]
    return np.sum(r * r) ** p["n"]


def params(how="sum", c=0.3):
    return {"w": W, "b": {"c": c}, "how": how, "n": 2}


def flat_loss(w, c, x, how="sum"):
    r = np.sin(w * x) + c
    if how == "mean":
        return np.mean(r * r) ** 2
    return np.sum(r * r) ** 2


def horner(c, x):
    total = 0.0
    for i in range(len(c)):
        total = total * x + c[i]
    return total


def of_line(line, x):
    slope, offset = line
    return np.sum((slope * x + line.offset) ** 2) + line[0] * offset[0]


def energy(spring, x):
    return spring.stiffness * np.sum((x - spring.rest) ** 2)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("how", ["sum", "mean"])
def test_a_dict_in_a_dict(jit, how):
    expected = grad(flat_loss, wrt=("w", "c", "x"), jit=False)(W, 0.3, X, how)
    value, (by_p, by_x) = value_and_grad(loss, wrt=("p", "x"), jit=jit)(params(how), X)
    assert value == pytest.approx(loss(params(how), X))
    np.testing.assert_allclose(by_p["w"], expected[0], rtol=1e-13)
    assert by_p["b"]["c"] == pytest.approx(expected[1], rel=1e-13)
    assert by_p["how"] is None and by_p["n"] is None and list(by_p) == list(params())
    np.testing.assert_allclose(by_x, expected[2], rtol=1e-13)


def test_other_structures_and_strings_are_other_derivatives():
    gradient = grad(loss, jit=False)
    first, second = gradient(params("sum"), X), gradient(params("mean"), X)
    assert not np.allclose(first["w"], second["w"])
    np.testing.assert_array_equal(gradient(params("sum"), X)["w"], first["w"])
    assert grad(lambda p: p * p, jit=False)(3.0) == 6.0
    both = grad(horner, jit=False)
    assert both([1.0, 2.0], 3.0) == [3.0, 1.0] and both([1.0, 2.0, 4.0], 3.0) == [9.0, 3.0, 1.0]


@pytest.mark.parametrize("jit", [False, True])
def test_modes_agree(jit):
    direction = {"how": None, "n": None, "b": {"c": -0.7}, "w": np.array([0.2, 0.5, 1.0])}
    value, tangent = jvp(loss, wrt="p", jit=jit)((params(), X), (direction,))
    again, pullback = vjp(loss, jit=jit)(params(), X)
    by = pullback(1.0)
    assert value == again
    assert tangent == pytest.approx(by["w"] @ direction["w"] + by["b"]["c"] * direction["b"]["c"], rel=1e-12)
    assert pullback(2.0)["b"]["c"] == pytest.approx(2.0 * by["b"]["c"])
    value, linear = linearize(loss, params(), X, wrt="p", jit=jit)
    assert linear(direction) == pytest.approx(tangent, rel=1e-14)


def test_second_order():
    blocks = hessian(loss, jit=False)(params(), X)
    expected = hessian(flat_loss, wrt=("w", "c"), jit=False)(W, 0.3, X)
    np.testing.assert_allclose(blocks["w"]["w"], expected[0][0], rtol=1e-12)
    np.testing.assert_allclose(blocks["w"]["b"]["c"], expected[0][1], rtol=1e-12)
    np.testing.assert_allclose(blocks["b"]["c"]["w"], expected[1][0], rtol=1e-12)
    assert blocks["b"]["c"]["b"]["c"] == pytest.approx(expected[1][1], rel=1e-12)
    v = {"w": X, "b": {"c": 0.4}, "how": None, "n": None}
    for product in (hvp, vhp):
        got = product(loss, jit=False)(params(), X, v)
        np.testing.assert_allclose(got["w"], expected[0][0] @ X + expected[0][1] * 0.4, rtol=1e-11)
        assert got["b"]["c"] == pytest.approx(expected[1][0] @ X + expected[1][1] * 0.4, rel=1e-11)


@pytest.mark.parametrize("jit", [False, True])
def test_lists_of_floats(jit):
    assert grad(horner, jit=jit)([2.0, -1.0, 0.5], 3.0) == [9.0, 3.0, 1.0]
    assert hessian(lambda c: c[0] * c[1] ** 2, jit=jit)([2.0, 3.0]) == [[0.0, 6.0], [6.0, 4.0]]


def test_matrices_by_lists_and_dicts():
    columns = jacobian(lambda c: np.array([c[0] * c[1], c[1]]), jit=False)([2.0, 3.0])
    np.testing.assert_array_equal(columns, [[3.0, 0.0], [2.0, 1.0]])
    assert isinstance(columns, list)
    two = jacobian(lambda p: (p["a"] * p["b"], p["b"]), jit=False)({"a": W, "b": 3.0})
    np.testing.assert_array_equal(two[0]["a"], 3.0 * np.eye(3))
    np.testing.assert_array_equal(two[0]["b"], W)
    np.testing.assert_array_equal(two[1]["a"], np.zeros(3))
    assert two[1]["b"] == 1.0
    mixed = hessian(lambda p: p["c"][0] * p["c"][1] * np.sum(p["w"]), jit=False)({"c": [2.0, 3.0], "w": W})
    np.testing.assert_array_equal(mixed["c"][0]["w"], np.full(3, 3.0))
    np.testing.assert_array_equal(mixed["w"]["c"][1], np.full(3, 2.0))
    assert mixed["c"][0]["c"] == [0.0, np.sum(W)]


def test_a_list_is_no_array_in_the_function():
    def unpacked(r):
        a, b = r
        return a * b

    def written(r):
        r[0] = r[0] * r[1]
        return r[0] * r[0]

    def joined(r):
        more = [2.0]
        return sum(v * v for v in r + more)

    given = [2.0, 3.0]
    assert grad(unpacked, jit=False)(given) == [3.0, 2.0]
    assert grad(written, jit=False)(given) == [36.0, 24.0] and given == [2.0, 3.0]
    assert grad(joined, jit=False)(given) == [4.0, 6.0]  # not a sum of arrays
    with pytest.raises(Unsupported):
        grad(lambda r: r.append(1.0) or r[0], jit=False)(given)


def test_lists_in_many_ways():
    def by_number(r):
        return r[-1] * len(r) + max(r)

    def aliased(r):
        q = r
        q[0] = q[1] * q[1]
        return r[0]

    def compared(r):
        return r[0] if r == [2.0, 3.0] else 0.0

    def as_array(r):
        return np.sum(np.asarray(r) ** 2)

    for function, expected in (
        (by_number, [0.0, 3.0]), (aliased, [0.0, 6.0]), (compared, [1.0, 0.0]), (as_array, [4.0, 6.0]),
    ):  # fmt: skip
        assert grad(function, jit=False)([2.0, 3.0]) == expected
    assert grad(as_array, jit=False)([1, 2.0]) == [None, 4.0]
    assert grad(lambda r: r[0][0] * r[1][1], jit=False)([[1.0, 2.0], [3.0, 4.0]]) == [[4.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("jit", [False, True])
def test_named_tuples_and_dataclasses(jit):
    by = grad(of_line, jit=jit)(Line(2.0, W), X)
    assert type(by) is Line
    assert by.slope == pytest.approx(np.sum(2.0 * (2.0 * X + W) * X) + W[0])
    np.testing.assert_allclose(by.offset, 2.0 * (2.0 * X + W) + np.array([2.0, 0.0, 0.0]))
    spring = Spring(2.0, W, "steel")
    by = grad(energy, jit=jit)(spring, X)
    assert type(by) is Spring and by.name is None
    assert by.stiffness == pytest.approx(np.sum((X - W) ** 2))
    np.testing.assert_allclose(by.rest, -4.0 * (X - W))


def test_layers_in_a_list_are_trained():
    def network(layers, x):
        hidden = np.tanh(layers[0]["w"] @ x + layers[0]["b"])
        return np.sum(layers[1]["w"] * hidden) + layers[1]["b"]

    def error(layers, xs, ys):
        total = 0.0
        for i in range(len(ys)):
            total += (network(layers, xs[i]) - ys[i]) ** 2
        return total / len(ys)

    rng = np.random.default_rng(0)
    xs = rng.normal(size=(20, 2))
    ys = xs[:, 0] * xs[:, 1]
    layers = [{"w": rng.normal(size=(6, 2)), "b": np.zeros(6)}, {"w": rng.normal(size=6), "b": 0.0}]
    step = value_and_grad(error, jit=False)
    first, _ = step(layers, xs, ys)
    for _ in range(60):
        value, by = step(layers, xs, ys)
        layers = [{k: layer[k] - 0.05 * g[k] for k in layer} for layer, g in zip(layers, by, strict=True)]
    assert value < 0.3 * first
    check_grads(error, (layers, xs[:3], ys[:3]), order=1, wrt="layers", jit=False)


def test_aux_and_check_grads():
    by, aux = grad(lambda p: (p["a"] ** 2, p["a"]), has_aux=True, jit=False)({"a": 3.0})
    assert by == {"a": 6.0} and aux == 3.0
    (value, aux), by = value_and_grad(lambda p: (p["a"] ** 2, p["a"]), has_aux=True, jit=False)({"a": 3.0})
    assert (value, aux, by) == (9.0, 3.0, {"a": 6.0})
    check_grads(loss, (params(), X), wrt="p", jit=False)


def test_one_array_in_two_places():
    assert grad(lambda p: np.sum(p["a"] * p["b"]), jit=False)({"a": W, "b": W.copy()})["a"] == pytest.approx(W)
    by = grad(lambda p: np.sum(p["a"] * p["b"]), jit=False)({"a": W, "b": W})
    np.testing.assert_array_equal(by["a"], W)
    np.testing.assert_array_equal(by["b"], W)


def test_text_and_pickles():
    gradient = grad(loss, jit=False)
    text = gradient.source_for(params(), X)
    gradient(params(), X)
    assert gradient.source == text and "p_w" in text
    again = pickle.loads(pickle.dumps(gradient))
    np.testing.assert_array_equal(again(params(), X)["w"], gradient(params(), X)["w"])


def test_a_derivative_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("ADCOMPILE_CACHE_DIR", str(tmp_path))
    for how in ("sum", "mean"):
        by = grad(loss, cache=True)(params(how), X)
        np.testing.assert_allclose(by["w"], grad(loss, jit=False)(params(how), X)["w"], rtol=1e-13)


def test_what_cannot_be():
    with pytest.raises(Unsupported, match="the result is a tuple"):
        grad(grad(loss), jit=False)(params(), X)
    with pytest.raises(InvalidArgument, match="which has no axis 0"):
        vmap(loss, jit=False)(params(), X)
    with pytest.raises(InvalidArgument, match=r"v\['b'\] is missing: it must have the structure of the argument"):
        hvp(loss, jit=False)(params(), X, {"w": W})
    with pytest.raises(InvalidArgument, match=r"p\['b'\]\['c'\] is object"):
        grad(loss, jit=False)({"w": W, "b": {"c": object()}}, X)
    with pytest.raises(InvalidArgument, match=r"out\[1\] is float64, and has to be None"):
        grad(loss, out=True, jit=False)(params(), X, params())


# ------------------------------------------------------------------------------------------ batches, series, out
def scaled(p, x):
    return np.sum(np.tanh(p["w"] * x) ** 2) * p["b"]


def both(x):
    return {"doubled": 2.0 * x, "sum": np.sum(x), "name": "x"}


OF_SCALED = {"w": W, "b": 2.0, "how": "any"}


@pytest.mark.parametrize("jit", [False, True])
def test_gradients_for_each_item_of_a_batch(jit):
    xs = np.array([X, 0.5 * X])
    found = vmap(grad(scaled), in_axes=(None, 0), jit=jit)(OF_SCALED, xs)
    for k, x in enumerate(xs):
        expected = grad(scaled, jit=False)(OF_SCALED, x)
        np.testing.assert_allclose(found["w"][k], expected["w"], rtol=1e-13)
        assert found["b"][k] == pytest.approx(expected["b"], rel=1e-13)
    assert found["how"] is None


def test_batches_in_structures():
    xs = np.array([X, 0.5 * X])
    batch = {"w": np.array([W, -2.0 * W]), "b": 2.0, "how": "any"}
    found = vmap(scaled, in_axes=({"w": 0, "b": None, "how": None}, 0), jit=False)(batch, xs)
    expected = [scaled({"w": w, "b": 2.0}, x) for w, x in zip(batch["w"], xs, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    results = vmap(both, jit=False)(xs)
    np.testing.assert_array_equal(results["doubled"], 2.0 * xs)
    np.testing.assert_allclose(results["sum"], xs.sum(axis=1))
    assert results["name"] == "x"
    with pytest.raises(InvalidArgument, match="has to have the items w, b, how"):
        vmap(scaled, in_axes=({"w": 0}, 0), jit=False)(batch, xs)
    with pytest.raises(InvalidArgument, match="which has no axis 0: say None"):
        vmap(scaled, jit=False)(batch, xs)


def test_series_of_structures():
    v = {"w": X, "b": 0.5, "how": None}
    coefficients = taylor(scaled, 2, jit=False)(OF_SCALED, X, v)
    assert coefficients[1] == pytest.approx(jvp(scaled, wrt="p", jit=False)((OF_SCALED, X), (v,))[1], rel=1e-13)
    along = hvp(scaled, jit=False)(OF_SCALED, X, v)
    assert coefficients[2] == pytest.approx(0.5 * (along["w"] @ X + along["b"] * 0.5), rel=1e-12)
    np.testing.assert_array_equal(taylor(both, 1, jit=False)(X, W)["doubled"], [2.0 * X, 2.0 * W])


@pytest.mark.parametrize("jit", [False, True])
def test_into_structures(jit):
    expected = grad(scaled, wrt=("x", "p"), jit=False)(OF_SCALED, X)
    out = {"w": np.ones(3), "b": None, "how": None}
    found = grad(scaled, accumulate=True, jit=jit)(OF_SCALED, X, out)
    assert found["w"] is out["w"]
    np.testing.assert_allclose(out["w"], 1.0 + expected[1]["w"], rtol=1e-13)
    assert found["b"] == pytest.approx(expected[1]["b"], rel=1e-13)
    x_bar = np.empty(3)
    _, (by_x, by_p) = value_and_grad(scaled, wrt=("x", "p"), out=True, jit=jit)(OF_SCALED, X, (x_bar, out))
    assert by_x is x_bar and by_p["w"] is out["w"]
    np.testing.assert_allclose(x_bar, expected[0], rtol=1e-13)
    vjp(scaled, out=True, jit=jit)(OF_SCALED, X)[1](2.0, out)
    np.testing.assert_allclose(out["w"], 2.0 * expected[1]["w"], rtol=1e-13)
    assert grad(scaled, out=True, jit=jit)(OF_SCALED, X, None)["b"] == found["b"]


def test_into_structures_that_do_not_fit():
    into = grad(scaled, out=True, jit=False)
    with pytest.raises(InvalidArgument, match=r"out\['b'\] is missing"):
        into(OF_SCALED, X, {"w": np.ones(3)})
    with pytest.raises(InvalidArgument, match="cannot be written to"):
        grad(horner, out=True, jit=False)([1.0, 2.0], 3.0, [0.0, 0.0])
    with pytest.raises(InvalidArgument, match="hessian with out=True takes numbers, arrays and tuples"):
        hessian(scaled, out=True, jit=False)(OF_SCALED, X, None)


def chain(p):
    return p["k"] * np.diff(p["u"]) ** 2


def chain_energy(p):
    return np.sum(chain(p) ** 2)


def test_sparse_matrices_by_a_part():
    pytest.importorskip("scipy")
    p = {"k": 2.0, "u": np.array([0.3, 1.0, 1.5, 1.2])}
    sparse = sparse_jacobian(chain, wrt="p['u']", jit=False)
    dense = jacobian(chain, wrt="p['u']", jit=False)(p)
    np.testing.assert_allclose(sparse(p).toarray(), dense, rtol=1e-14)
    assert sparse.products(p) == 2 and sparse.pattern(p).nnz == 6
    curved = sparse_hessian(chain_energy, wrt="p['u']", jit=False)(p).toarray()
    np.testing.assert_allclose(curved, hessian(chain_energy, wrt="p['u']", jit=False)(p), rtol=1e-12, atol=1e-13)
    with pytest.raises(InvalidArgument, match="by one array, and p holds 2 of them"):
        sparse_jacobian(chain, jit=False)(p)
