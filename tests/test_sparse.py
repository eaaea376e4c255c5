"""Sparse matrices: the numbers of the dense ones, no entry missing, few products, patterns kept where they hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import sparse

from adcompile import (
    InvalidArgument,
    Unsupported,
    custom_jvp,
    grad,
    hessian,
    jacobian,
    sparse_hessian,
    sparse_jacobian,
    taylor,
)
from adcompile.api import patterns

RNG = np.random.default_rng(3)
U = RNG.normal(size=9)
GRID = RNG.normal(size=(5, 4))
WHERE = np.array([3, 0, 0, 7, 2])


def band(u, h):
    r = np.empty_like(u)
    r[0], r[-1] = u[0] - 1.0, u[-1]
    for i in range(1, u.shape[0] - 1):
        r[i] = (u[i - 1] - 2.0 * u[i] + u[i + 1]) / h**2 + np.exp(u[i])
    return r


def upwind(u, h):
    r = np.zeros_like(u)
    for i in range(1, u.shape[0] - 1):
        if u[i] > 0.0:
            r[i] = u[i] * (u[i] - u[i - 1]) / h
        else:
            r[i] = u[i] * (u[i + 1] - u[i]) / h
    return r


def limited(u, h):
    r = np.zeros_like(u)
    for i in range(u.shape[0] - 1):
        r[i] = max(u[i], h) * (u[i + 1] if h > 0.0 else 0.0) + np.maximum(u[i], 0.0)
    return r


def five_points(g, k):
    out = k * g
    out[1:-1, 1:-1] += g[:-2, 1:-1] + g[2:, 1:-1] + g[1:-1, :-2] * g[1:-1, 2:]
    return out


def gathered(u, where):
    return u[where] * u[1] + np.sum(u[:2])


def product(u, m):
    return np.tanh(m @ (u * u)) + u[0]


def arrow(u, k):
    r = np.empty_like(u)
    for i in range(u.shape[0]):
        r[i] = u[i] * u[0] * k
    r[0] = np.sum(u * u)
    return r


def in_place_twice(u, k):
    for _ in range(2):
        for i in range(1, u.shape[0]):
            u[i] = u[i] + k * u[i - 1] ** 2
    return u


def until(u, k):
    v, n = u.copy(), 0
    while v[0] < 10.0 and n < 3:
        v[1:] = v[1:] * v[:-1] + k
        v[0] += 4.0
        n += 1
    return v


def steps(u, k):
    return np.sign(u) * k + np.floor(u[0])


def tall(u, k):
    return np.concatenate((u[:3] * k, u * u, u[::-1]))


CASES = [
    (band, 0.1, U, 3), (upwind, 0.1, U, 3), (limited, 0.1, U, 2), (five_points, 0.7, GRID, 9),
    (gathered, WHERE, U, 9), (product, RNG.normal(size=(4, 9)), U, 9), (arrow, 2.0, U, 9), (in_place_twice, 0.2, U, 9),
    (until, 0.3, U, 9), (steps, 2.0, U, 0), (tall, 2.0, U, 2), (band, 0.1, U[:2].astype(np.float32), 2),
]  # fmt: skip


@pytest.mark.parametrize(("function", "other", "x", "most"), CASES)
def test_jacobian_is_the_dense_one(monkeypatch, function, other, x, most):
    monkeypatch.setattr(patterns, "BITS", 2 if function in (band, gathered, in_place_twice) else 62)
    dense = jacobian(function, jit=False)(x, other).reshape(-1, x.size)
    for mode in ("auto", "forward", "reverse") if function is arrow else ("auto",):
        made = sparse_jacobian(function, mode=mode, jit=False)
        found = made(x, other)
        assert isinstance(found, sparse.csr_array) and found.dtype == dense.dtype and found.shape == dense.shape
        np.testing.assert_allclose(found.toarray(), dense, rtol=1e-13, atol=1e-15)
        assert mode != "auto" or made.products(x, other) <= most
        assert found.has_canonical_format


def chain(x, k):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += np.exp(k * x[i] * x[i + 1]) + x[i] ** 4
    return total


def table(g, k):
    return np.sum(np.sin(g[1:] * g[:-1]) * k) + np.sum(g[:, 1:] ** 2 * g[:, :-1])


def hub(x, k):
    return np.sum(x[1:] ** 3) * x[0] * k + x[0] ** 2


def full(x, k):
    return np.log(1.0 + k * np.sum(x * x))


def linear(x, k):
    return k * np.sum(x)


def hinge(x, k):
    return np.sum(np.where(x > 0.0, x**2, 0.0)) * k


@pytest.mark.parametrize(
    ("function", "x", "most"),
    [(chain, U, 3), (table, GRID, 7), (hub, U, 2), (full, U, 9), (linear, U, 0), (hinge, U, 1)],
)
def test_hessian_is_the_dense_one(function, x, most):
    dense = hessian(function, jit=False)(x, 0.6).reshape(x.size, x.size)
    made = sparse_hessian(function, jit=False)
    np.testing.assert_allclose(made(x, 0.6).toarray(), dense, rtol=1e-12, atol=1e-13)
    assert made.products(x, 0.6) <= most


def test_random_symmetric_patterns_are_found_by_stars():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 14))
        held = np.triu(rng.random((n, n)) < rng.random() * 0.6)
        held = held | held.T
        matrix = np.where(held, rng.normal(size=(n, n)), 0.0)
        matrix = matrix + matrix.T
        plan = patterns.planned_symmetric(patterns.Pattern.of(*np.nonzero(held), (n, n)), ((n,), (n,)))
        data = np.full(plan.places.shape, np.nan)
        for sweep, (start, stop) in enumerate(itertools.pairwise(plan.starts)):
            columns = [matrix @ (plan.groups == sweep * plan.lanes + lane) for lane in range(plan.lanes)]
            data[plan.places[start:stop]] = np.concatenate(columns)[plan.sources[0][start:stop]]
        np.testing.assert_allclose(data, matrix[plan.pattern.rows, plan.pattern.columns])


def test_random_patterns_are_found_by_sweeps(monkeypatch):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        monkeypatch.setattr(patterns, "BITS", int(rng.integers(2, 7)))
        held = rng.random((int(rng.integers(1, 9)), int(rng.integers(1, 60)))) < rng.random() ** 3

        def sweep(sets, held=held):
            return np.array([np.bitwise_or.reduce(sets[row], initial=0) for row in held])

        found = patterns.found(sweep, *held.shape)
        np.testing.assert_array_equal(np.argwhere(held), np.stack((found.rows, found.columns), 1))


def test_a_pattern_is_kept_where_it_holds():
    made = sparse_jacobian(band, jit=False)
    made(U, 0.1), made(2.0 * U, 0.2), made(U[:4], 0.1)
    assert len(made._plans) == 2
    shifted = sparse_jacobian(lambda u, k: u[k:] * u[0], jit=False)
    dense = jacobian(shifted.primal, jit=False)
    for k in (1, 3, 2):
        np.testing.assert_allclose(shifted(U, k).toarray(), dense(U, k))
    followed = sparse_jacobian(upwind, jit=False)
    dense = jacobian(upwind, jit=False)
    for u in (U, -U, np.abs(U)):
        np.testing.assert_allclose(followed(u, 0.1).toarray(), dense(u, 0.1))
    assert not followed._plans
    indexed = sparse_jacobian(gathered, jit=False)
    dense = jacobian(gathered, jit=False)
    for where in (WHERE, WHERE[::-1].copy(), WHERE + 1):
        np.testing.assert_allclose(indexed(U, where).toarray(), dense(U, where))


def test_a_pattern_that_is_given():
    exact = sparse.diags_array([np.ones(8), np.ones(9), np.ones(8)], offsets=[-1, 0, 1])
    made = sparse_jacobian(upwind, pattern=exact, jit=False)
    for u in (U, -U):
        np.testing.assert_allclose(made(u, 0.1).toarray(), jacobian(upwind, jit=False)(u, 0.1), atol=1e-13)
    with pytest.raises(InvalidArgument, match="misses entries, the first of them in row"):
        sparse_jacobian(band, pattern=np.eye(9), jit=False)(U, 0.1)
    with pytest.raises(InvalidArgument, match=r"the pattern is \(8, 8\), the matrix \(9, 9\)"):
        sparse_jacobian(band, pattern=np.eye(8), jit=False)(U, 0.1)
    given = sparse_hessian(chain, pattern=exact, jit=False)
    np.testing.assert_allclose(given(U, 0.6).toarray(), hessian(chain, jit=False)(U, 0.6), rtol=1e-12)


def test_a_hundred_thousand_unknowns():
    u = np.linspace(-1.0, 1.0, 100_000)
    made = sparse_jacobian(band)
    found = made(u, 0.1)
    assert found.nnz == 3 * u.size - 4 and made.products(u, 0.1) == 3
    np.testing.assert_allclose(found @ u, sparse_jacobian(band, mode="reverse")(u, 0.1) @ u, rtol=1e-12)
    inner = found.diagonal()[1:-1]
    np.testing.assert_allclose(inner, -200.0 + np.exp(u[1:-1]), rtol=1e-13)
    assert sparse_jacobian(band, jit=False)(U, 0.1).shape == (9, 9) and "data[e] = products[sources[e]]" in made.source


def test_refused():
    with pytest.raises(InvalidArgument, match="the result of chain is not one array"):
        sparse_jacobian(chain, jit=False)(U, 0.1)
    with pytest.raises(InvalidArgument, match="is by an array of floats"):
        sparse_jacobian(band, wrt="h", jit=False)(U, 0.1)
    with pytest.raises(InvalidArgument, match="is by one argument"):
        sparse_jacobian(band, wrt=("u",))
    with pytest.raises(InvalidArgument, match="neither out nor accumulate"):
        sparse_jacobian(band, out=True)
    with pytest.raises(Unsupported, match="not one float"):
        grad(sparse_jacobian(band), jit=False)(U, 0.1)
    with pytest.raises(InvalidArgument, match="mode='up'"):
        sparse_jacobian(band, mode="up")
    with pytest.raises(InvalidArgument, match="source of"):
        print(sparse_jacobian(band).source)


@custom_jvp
def straight_through(u):
    return np.floor(u)


@straight_through.defjvp
def straight_through_rule(primals, tangents):
    return np.floor(primals[0]), tangents[0] * 1.0


def rounded(u, k):
    return straight_through(u) * k


def test_of_a_derivative_of_its_own_the_pattern_and_the_series_are_those_of_its_rule():
    np.testing.assert_array_equal(sparse_jacobian(rounded, jit=False)(U, 2.0).toarray(), 2.0 * np.eye(9))
    series = [2.0 * np.floor(U), 2.0 * np.ones(9), np.zeros(9)]
    np.testing.assert_array_equal(taylor(rounded, 2, jit=False)(U, 2.0, np.ones(9)), series)
    given = sparse_jacobian(rounded, pattern=np.eye(9), jit=False)
    np.testing.assert_array_equal(given(U, 2.0).toarray(), 2.0 * np.eye(9))


@custom_jvp
def shifted(u):
    return u * 1.0


@shifted.defjvp
def shifted_rule(primals, tangents):
    (u,), (u_dot,) = primals, tangents
    y_dot = np.zeros(u.shape[0])
    for i in range(1, u.shape[0]):
        y_dot[i] = u_dot[i - 1] if u[i] > 0.0 else u_dot[i]
    return u * 1.0, y_dot


def test_branches_of_a_rule_count():
    def f(u):
        y = shifted(u)
        y[0] = 0.0
        return y * u[0]

    jac = sparse_jacobian(f, jit=False)
    for u in (np.ones(4), -np.ones(4), np.ones(4)):
        np.testing.assert_array_equal(jac(u).toarray(), jacobian(f, jit=False)(u))


def test_rules_compiled_and_in_single_precision():
    u = U.astype(np.float32)
    found = sparse_jacobian(rounded)(u, np.float32(2.0))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.toarray(), 2.0 * np.eye(9))
    series = taylor(rounded, 2)(u, np.float32(2.0), np.ones_like(u))
    assert {part.dtype.name for part in series} == {"float32"}
    np.testing.assert_array_equal(series, [2.0 * np.floor(u), 2.0 * np.ones(9), np.zeros(9)])


def own_names(seed, rows, shape, sources, products, data):
    return seed**2 * rows + seed[::-1] / (shape * sources) * products + data / (seed * seed + 1.0)


def test_names_of_parameters_and_divisors():
    others = (2.0, 3.0, 1.5, 2.0, 0.7)
    dense = jacobian(own_names, jit=False)(U, *others)
    np.testing.assert_allclose(sparse_jacobian(own_names, jit=False)(U, *others).toarray(), dense, rtol=1e-13)


def test_a_matrix_shares_no_memory_with_the_next():
    made = sparse_jacobian(band, jit=False)
    first = made(U, 0.1)
    expected = first.toarray()
    first.data[:], first.indices[:], first.indptr[1:] = 7.0, 0, 0
    np.testing.assert_array_equal(made(U, 0.1).toarray(), expected)


def as_many_as_it_says(u, k):
    return u[: int(u[0])] * k


def test_a_result_of_another_length_than_the_given_pattern_had():
    made = sparse_jacobian(as_many_as_it_says, pattern=np.eye(3, 9), jit=False)
    u = np.abs(U)
    u[0] = 3.5
    assert made(u, 2.0).shape == (3, 9)
    u[0] = 2.5
    with pytest.raises(ValueError, match="lengths that must agree differ"):
        made(u, 2.0)
