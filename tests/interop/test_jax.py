"""Functions in JAX: values, derivatives, maps and compiled code against JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from adcompile import InvalidArgument
from adcompile.interop import xla
from adcompile.interop.jax import to_jax

pytestmark = pytest.mark.interop


@pytest.fixture(autouse=True, params=[True, False], ids=["x64", "x32"])
def precision(request):
    with jax.enable_x64(request.param):
        yield {"rtol": 1e-12} if request.param else {"rtol": 1e-5, "atol": 1e-6}


def chain(x, k, n):
    y = x.copy()
    for _ in range(n):
        for i in range(1, y.shape[0]):
            y[i] = y[i] + k * np.sin(y[i - 1])
    return np.sum(y * y)


def chain_in_jax(x, k, n):
    y = list(x)
    for _ in range(n):
        for i in range(1, len(y)):
            y[i] = y[i] + k * jnp.sin(y[i - 1])
    return jnp.sum(jnp.stack(y) ** 2)


def two(x, w):
    m, b = w
    return m @ x + b, x.shape[0], np.sum(x) * m[0, 0]


X = np.array([0.3, -0.2, 0.5, 1.1])


def test_gradients_are_those_of_jax(precision):
    f = to_jax(chain, jit=False)
    x = jnp.asarray(X)
    np.testing.assert_allclose(f(x, 0.4, 3), chain_in_jax(x, 0.4, 3), **precision)
    for by in (0, 1, (0, 1)):
        ours = jax.jit(jax.value_and_grad(f, by), static_argnums=2)(x, 0.4, 3)
        theirs = jax.value_and_grad(chain_in_jax, by)(x, 0.4, 3)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **precision), ours, theirs)
        assert jax.tree.leaves(ours)[0].dtype == jax.tree.leaves(theirs)[0].dtype


def test_compiled():
    f = to_jax(lambda x: np.sum(x**3))
    np.testing.assert_allclose(jax.grad(f)(jnp.asarray(X)), 3 * X**2, rtol=1e-5)


def slid(x, w):
    for i in range(1, x.shape[0]):
        x[i] = x[i] * w[0] + x[i - 1]
    return x[::2], (np.sum(x), x.shape[0])


@pytest.fixture
def no_callbacks(monkeypatch):
    assert xla.is_known()
    monkeypatch.setattr(jax, "pure_callback", None)


def test_compiled_functions_are_called_without_python(precision, no_callbacks):
    f, x = to_jax(chain), jnp.asarray(X)
    ours = jax.jit(jax.value_and_grad(f, (0, 1)), static_argnums=2)(x, 0.4, 3)
    theirs = jax.value_and_grad(chain_in_jax, (0, 1))(x, 0.4, 3)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **precision), ours, theirs)
    rows = jnp.asarray(np.stack([X, 2 * X, -X]))
    ours, theirs = (jax.jit(jax.vmap(jax.grad(lambda x, g=g: g(x, 0.4, 3))))(rows) for g in (f, chain_in_jax))
    np.testing.assert_allclose(ours, theirs, **precision)


def test_what_xla_gives_is_not_written_to(precision, no_callbacks):
    f = to_jax(slid, lambda x, w: (((x.shape[0] + 1) // 2,), ((), ())))
    for values in (X, X[:1]):
        x, w = jnp.asarray(values), (jnp.asarray(0.5), jnp.asarray([[1.0]]))
        (y, (s, n)), after = f(x, w), slid(values.copy(), (0.5,))
        np.testing.assert_allclose(x, values, **precision)
        np.testing.assert_allclose(y, after[0], **precision)
        np.testing.assert_allclose((s, n), after[1], **precision)


def test_errors_of_compiled_functions_are_told(no_callbacks):
    def picked(x, k):
        if k[0] > 0.0:
            raise ValueError("positive")
        return np.sum(x)

    f, x = to_jax(picked), jnp.asarray(X)
    np.testing.assert_allclose(f(x, (-1.0,)), np.sum(X), rtol=1e-6)
    with pytest.raises(Exception, match="picked raised an error: call it without JAX"):
        jax.block_until_ready(f(x, (1.0,)))
    with pytest.raises(Exception, match=r"another shape than JAX was told.*result_shape"):
        jax.block_until_ready(to_jax(lambda x: x[1:])(x))


def test_other_versions_of_the_interface_are_called_back(monkeypatch):
    monkeypatch.setattr(xla, "is_known", lambda: False)
    np.testing.assert_allclose(jax.grad(to_jax(lambda x: np.sum(x**3)))(jnp.asarray(X)), 3 * X**2, rtol=1e-5)


def test_higher_orders_in_reverse(precision):
    x = jnp.asarray(X)
    ours, theirs = (jax.jacrev(jax.grad(f))(x, 0.4, 2) for f in (to_jax(chain, jit=False), chain_in_jax))
    np.testing.assert_allclose(ours, theirs, **precision)


def test_maps(precision):
    x = jnp.asarray(np.stack([X, 2 * X, -X]))
    f = to_jax(chain, jit=False)
    ours = jax.vmap(jax.grad(f), (0, None, None))(x, 0.4, 2)
    theirs = jax.vmap(jax.grad(chain_in_jax), (0, None, None))(x, 0.4, 2)
    np.testing.assert_allclose(ours, theirs, **precision)


def test_tuples_in_and_out(precision):
    f = to_jax(two, lambda x, w: (x.shape, (), ()), jit=False)
    x, w = jnp.array([1.0, 2.0]), (jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.array([0.5, 0.25]))

    def ours(x, w):
        y, n, s = f(x, w)
        assert jnp.issubdtype(n.dtype, jnp.integer)
        return jnp.sum(y**2) + s

    def theirs(x, w):
        return jnp.sum((w[0] @ x + w[1]) ** 2) + jnp.sum(x) * w[0][0, 0]

    found, expected = (jax.jit(jax.grad(each, (0, 1)))(x, w) for each in (ours, theirs))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **precision), found, expected)


def test_array_results(precision):
    x = jnp.asarray(X)
    np.testing.assert_allclose(jax.jacrev(to_jax(lambda x: x * x, jit=False))(x), np.diag(2 * X), **precision)
    shorter = to_jax(lambda x: x[1:] - x[:-1], lambda x: (x.shape[0] - 1,), jit=False)
    np.testing.assert_allclose(jax.jacrev(shorter)(x), np.eye(4)[1:] - np.eye(4)[:-1], **precision)


def test_integers_and_strings_are_constants():
    def power(x, n, how):
        return x**n if how == "power" else x

    assert float(jax.grad(to_jax(power, jit=False))(2.0, 3, "power")) == 12.0
    counted = to_jax(lambda x, k: np.sum(x[k]), jit=False)
    found = jax.grad(counted)(jnp.asarray(X), jnp.array([1, 1, 2]))
    np.testing.assert_allclose(found, [0.0, 2.0, 1.0, 0.0])


def test_what_cannot_be_is_told():
    with pytest.raises(InvalidArgument, match=r"returns an array of 2 axes.*result_shape="):
        to_jax(lambda x: np.outer(x, x), jit=False)(jnp.asarray(X))
    with pytest.raises(Exception, match=r"shape \(3,\), and JAX was told \(4,\)"):
        jax.block_until_ready(to_jax(lambda x: x[1:], jit=False)(jnp.asarray(X)))
