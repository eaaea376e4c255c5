"""`custom_vjp` and `custom_jvp`: the rule that a user gives is what is used, in every mode, order and position."""

from functools import partial

import numpy as np
import pytest
from numba import njit

from adcompile import (
    InvalidArgument,
    Unsupported,
    check_grads,
    custom_jvp,
    custom_vjp,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    stop_gradient,
    value_and_grad,
    vhp,
    vjp,
)

X = np.array([0.7, -0.4, 1.3])


# ------------------------------------------------------------------------------------------ functions, twice each
def plain_wave(x):
    return np.sin(x) * x


@custom_vjp
def wave_vjp(x):
    return np.sin(x) * x


def wave_fwd(x):
    s = np.sin(x)
    return s * x, (s, x)


def wave_bwd(residuals, y_bar):
    s, x = residuals
    return (y_bar * (np.cos(x) * x + s),)


wave_vjp.defvjp(wave_fwd, wave_bwd)


@custom_jvp
def wave_jvp(x):
    return np.sin(x) * x


@wave_jvp.defjvp
def wave_rule(primals, tangents):
    (x,) = primals
    (x_dot,) = tangents
    return wave_jvp(x), (np.cos(x) * x + np.sin(x)) * x_dot


def plain_pair(a, x):
    return a[0] * x, (np.sum(x * a[1]), a[0] * a[1])


@custom_vjp
def pair_vjp(a, x):
    return a[0] * x, (np.sum(x * a[1]), a[0] * a[1])


def pair_fwd(a, x):
    return (a[0] * x, (np.sum(x * a[1]), a[0] * a[1])), (a, x)


def pair_bwd(residuals, bar):
    a, x = residuals
    y_bar, (s_bar, p_bar) = bar
    return (np.sum(y_bar * x) + p_bar * a[1], s_bar * np.sum(x) + p_bar * a[0]), a[0] * y_bar + s_bar * a[1]


pair_vjp.defvjp(pair_fwd, pair_bwd)


@custom_jvp
def pair_jvp(a, x):
    return a[0] * x, (np.sum(x * a[1]), a[0] * a[1])


@pair_jvp.defjvp
def pair_rule(primals, tangents):
    a, x = primals
    (u_dot, v_dot), x_dot = tangents
    s_dot = np.sum(x_dot) * a[1] + np.sum(x) * v_dot
    return pair_jvp(a, x), (u_dot * x + a[0] * x_dot, (s_dot, u_dot * a[1] + a[0] * v_dot))


WAVES = {"vjp": wave_vjp, "jvp": wave_jvp}
PAIRS = {"vjp": pair_vjp, "jvp": pair_jvp}


# ------------------------------------------------------------------------------------------ programs around them
def straight(wave, pair):
    def f(x):
        y = wave(2.0 * x)
        return np.sum(y * x) + wave(x[0]) * wave(x[1] * x[2])

    return f


def in_a_recurrence(wave, pair):
    def f(x):
        s = x[0]
        for i in range(4):
            s = s + 0.3 * wave(s * x[i % 3])
        return s * s

    return f


def in_a_sum(wave, pair):
    def f(x):
        s = 0.0
        for i in range(x.shape[0]):
            for j in range(i):
                s += wave(x[i] * x[j])
        return s

    return f


def in_a_while(wave, pair):
    def f(x):
        s, k = x[0] + 1.0, 0
        while s < 3.0 and k < 20:
            s = s + wave(s) * x[1] ** 2
            k += 1
            if k == 7:
                break
        return s

    return f


def in_branches(wave, pair):
    def f(x):
        s = 0.0
        for i in range(x.shape[0]):
            if x[i] > 0.0:
                s += wave(x[i]) * x[i]
            else:
                y = wave(x)
                s += y[0] * x[2]
        return s if s > 100.0 else wave(s)

    return f


def arrays_in_a_loop(wave, pair):
    def f(x):
        u = x.copy()
        for _ in range(3):
            u = u + 0.2 * wave(u)
            u[1] = u[0] * x[2]
        return np.sum(u * u)

    return f


def rebound(wave, pair):
    def f(x):
        u = x * 1.5
        for _ in range(3):
            u = wave(u)
        return u @ x

    return f


def argument_overwritten(wave, pair):
    def f(x):
        u = x * x
        y = wave(u)
        u[:] = 7.0 * x
        y[0] = u[1] * y[2]
        return np.sum(y) * u[2]

    return f


def of_views(wave, pair):
    def f(x):
        A = np.outer(x, x)
        y = wave(A[1])
        z = wave(A.T[0:2, 1])
        A[0] = wave(A[2])
        return np.sum(y * x) + z[0] * z[1] + A[0, 1]

    return f


def tuples(wave, pair):
    def f(x):
        y, (s, p) = pair((x[0], x[1] * x[2]), x[1:])
        z, (t, q) = pair((s, p), y)
        return np.sum(z) * t + q * s

    return f


def tuples_in_part(wave, pair):
    def f(x):
        total = 0.0
        for i in range(2):
            y, (_, p) = pair((x[i], 2.0), x * wave(x[2]))
            total += y[0] * p * (i + 1)
            _, (s, _) = pair((0.5, x[i]), np.ones(2))
            total += s
        return total

    return f


def not_active(wave, pair):
    def f(x):
        c = wave(np.arange(3.0))
        y, (s, _) = pair((1.5, x[0]), c)
        return np.sum(y * x) + s + wave(stop_gradient(x))[0] * x[1]

    return f


def nested(wave, pair):
    def f(x):
        return wave(wave(x[0]) * wave(x[1])) + np.sum(wave(wave(x)))

    return f


def no_trip(wave, pair):
    def f(x):
        y = x[:0]
        s = x[0]
        for _ in range(x.shape[0] - 3):
            s = wave(s)
        return np.sum(wave(y)) + s

    return f


PROGRAMS = (
    straight, in_a_recurrence, in_a_sum, in_a_while, in_branches, arrays_in_a_loop, rebound, argument_overwritten,
    of_views, tuples, tuples_in_part, not_active, nested, no_trip,
)  # fmt: skip


TWICE = (in_a_recurrence, argument_overwritten)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_equal_to_the_plain_function(program):
    plain = program(plain_wave, plain_pair)
    value, gradient = value_and_grad(plain, jit=False)(X)
    for kind in ("vjp", "jvp"):
        own = program(WAVES[kind], PAIRS[kind])
        found = value_and_grad(own, jit=False)(X)
        assert found[0] == pytest.approx(value, rel=1e-14)
        np.testing.assert_allclose(found[1], gradient, rtol=1e-12, atol=1e-13)
    v = np.array([0.3, -1.0, 0.7])
    assert jvp(own, jit=False)((X,), (v,))[1] == pytest.approx(gradient @ v, rel=1e-12)


@pytest.mark.parametrize("program", TWICE, ids=lambda p: p.__name__)
def test_second_order(program):
    v = np.array([0.3, -1.0, 0.7])
    expected = hvp(program(plain_wave, plain_pair), jit=False)(X, v)
    of_vjp, of_jvp = (program(WAVES[kind], PAIRS[kind]) for kind in ("vjp", "jvp"))
    for found in (
        hvp(of_vjp, jit=False)(X, v),
        vjp(grad(of_vjp, jit=False), jit=False)(X)[1](v),
        hvp(of_jvp, jit=False)(X, v),
        vhp(of_jvp, jit=False)(X, v),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


# ------------------------------------------------------------------------------------------ what a rule says counts
@custom_vjp
def steps(x):
    return np.round(x)


def steps_fwd(x):
    return steps(x), None


def steps_bwd(residuals, y_bar):
    return (y_bar,)


steps.defvjp(steps_fwd, steps_bwd)


@custom_jvp
def steps_both(x):
    return np.round(x)


@steps_both.defjvp
def steps_both_rule(primals, tangents):
    return steps_both(primals[0]), tangents[0]


@pytest.mark.parametrize("straight_through", [steps, steps_both])
def test_straight_through(straight_through):
    """The rule is used at every order, as by JAX: the second derivative of `steps(x)**2` is 2."""

    def f(x):
        return 3.0 * straight_through(x) ** 2

    assert grad(f, jit=False)(1.7) == 12.0
    assert grad(grad(f, jit=False), jit=False)(1.7) == 6.0
    assert grad(f)(1.7) == 12.0
    np.testing.assert_array_equal(vjp(straight_through, jit=False)(X)[1](X), X)


def test_of_the_function_itself():
    assert grad(wave_jvp, jit=False)(0.3) == pytest.approx(grad(plain_wave, jit=False)(0.3), rel=1e-15)
    assert grad(wave_vjp, jit=False)(0.3) == pytest.approx(grad(plain_wave, jit=False)(0.3), rel=1e-15)
    assert hessian(wave_jvp, jit=False)(0.3) == pytest.approx(hessian(plain_wave, jit=False)(0.3), rel=1e-14)
    assert jacobian(wave_jvp, jit=False)(X).shape == (3, 3)
    _, linear = linearize(wave_jvp, X, jit=False)
    np.testing.assert_allclose(linear(X), vjp(plain_wave, jit=False)(X)[1](X), rtol=1e-14)
    check_grads(pair_jvp, ((0.3, 1.2), X), jit=False)


@custom_vjp
def clipped(x, limit):
    """The identity, whose adjoint is clipped."""
    return x


def clipped_fwd(x, limit):
    return x, limit


def clipped_bwd(limit, y_bar):
    return np.minimum(np.maximum(y_bar, -limit), limit), None


clipped.defvjp(clipped_fwd, clipped_bwd)


def test_identity_that_shares_its_argument():
    """What the function gives back is its argument; it is told apart where one of them is written later."""

    def f(x):
        u = 1.0 * x
        y = clipped(u, 1.5)
        y[0] = u[0] * 2.0
        u[1] = 5.0
        return np.sum(x * y)

    def by_value(x):
        y = np.array([2.0 * x[0], x[1], x[2]])
        return np.sum(x * y)

    at = np.array([0.7, -0.4, 1.3])
    assert value_and_grad(f, jit=False)(at)[0] == by_value(at)
    np.testing.assert_allclose(grad(f, jit=False)(at), grad(by_value, jit=False)(at), rtol=1e-15)
    np.testing.assert_allclose(grad(lambda x: 3.0 * np.sum(clipped(x, 0.5)), jit=False)(at), np.full(3, 0.5))


@partial(custom_vjp, nondiff_argnums=(0, 2))
def applied(fn, x, n):
    return fn(x) * n


def applied_fwd(fn, x, n):
    return applied(fn, x, n), x


def applied_bwd(fn, n, x, y_bar):
    return (7.0 * n * y_bar,)


applied.defvjp(applied_fwd, applied_bwd)


@partial(custom_jvp, nondiff_argnums=(1,))
def power(x, n):
    return x**n


@power.defjvp
def power_rule(n, primals, tangents):
    (x,) = primals
    return power(x, n), n * x ** (n - 1) * tangents[0]


def test_arguments_without_derivatives():
    assert grad(lambda x: applied(plain_wave, x, 3), jit=False)(0.4) == 21.0
    assert grad(lambda x: power(x, 3), jit=False)(2.0) == 12.0
    assert grad(lambda x: power(x, n=3), jit=False)(2.0) == 12.0
    assert jvp(lambda x: power(x, 3), jit=False)((2.0,), (1.0,)) == (8.0, 12.0)
    with pytest.raises(Unsupported, match="`n` of `power` varies here"):
        grad(lambda x: power(2.0, x), jit=False)(2.0)


# ------------------------------------------------------------------------------------------ compiled
@njit
def user_code(x):
    return steps(x) + wave_jvp(x)


def long_program(x, n):
    u = x.copy()
    for _ in range(n):
        u = u + 0.1 * wave_vjp(u)
        u[0] = clipped(u[1], 2.0) * wave_jvp(u[2])
    y, (s, p) = pair_vjp((u[0], u[1]), u)
    return np.sum(y) + s * p


def test_compiled():
    assert user_code(1.2) == 1.0 + plain_wave(1.2)
    expected = value_and_grad(long_program, jit=False)(X, 4)
    out = np.zeros(3)
    both = value_and_grad(long_program, accumulate=True)
    for times in (1.0, 2.0):
        value, gradient = both(X, 4, out=out)
        assert gradient is out and value == pytest.approx(expected[0], rel=1e-14)
        np.testing.assert_allclose(out, times * expected[1], rtol=1e-12)
    bounded = grad(long_program, checkpoint=2, jit=False)(X, 4)
    np.testing.assert_allclose(bounded, expected[1], rtol=1e-12)


def test_single_precision():
    at = X.astype(np.float32)
    found = grad(lambda x: np.sum(wave_vjp(x) * wave_jvp(x)), jit=False)(at)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, grad(lambda x: np.sum(plain_wave(x) ** 2), jit=False)(X), rtol=1e-5)


# ------------------------------------------------------------------------------------------ refused
def keeps_x(x):
    return x, x


def keeps_nothing(x):
    return x, None


def no_pair(x):
    return x


def integer(x):
    return 1, x


def writes(x):
    x[0] = 0.0
    return x, None


def passes_on(residuals, y_bar):
    return (y_bar,)


def no_tuple(residuals, y_bar):
    return y_bar


def two(residuals, y_bar):
    return y_bar, y_bar


def a_number(residuals, y_bar):
    return (1.0,)


def too_long(residuals, y_bar):
    return (np.ones(5),)


def clips(residuals, y_bar):
    return (np.minimum(y_bar, 1.0),)


def rounds(residuals, y_bar):
    return (np.round(y_bar),)


def shifts(residuals, y_bar):
    return (2.0 * y_bar + 1.0,)


def forks(primals, tangents):
    return plain_wave(primals[0]), max(tangents[0], 0.0)


def doubled(x):
    return x


def rounds_its_tangent(primals, tangents):
    return plain_wave(primals[0]), np.round(tangents[0])


def adds_to_its_tangent(primals, tangents):
    return plain_wave(primals[0]), 2.0 * tangents[0] + 1.0


without_rule = custom_vjp(doubled)


def refused(kind, message, at, *rule, error=Unsupported):
    own = custom_vjp(doubled)
    if rule:
        own.defvjp(*rule)

    def f(x):
        return np.sum(own(x))

    with pytest.raises(error, match=message):
        kind(f, jit=False)(*at)


def test_refused():
    refused(grad, r"give it one: f.defvjp", (0.5,))
    refused(jvp, "not linear in its tangents", ((0.5,), (1.0,)), keeps_x, clips)
    refused(jvp, "not linear in its tangents", ((0.5,), (1.0,)), keeps_x, rounds)
    refused(jvp, "not linear in its tangents", ((0.5,), (1.0,)), keeps_x, shifts)
    refused(jvp, r"has no pair|the forward function of", ((0.5,), (1.0,)), no_pair, passes_on)
    refused(jvp, r"return a tuple of 1", ((0.5,), (1.0,)), keeps_x, two)
    refused(grad, r"not \(value, residuals\)", (0.5,), no_pair, passes_on)
    refused(grad, "that of the function float64", (0.5,), integer, passes_on)
    refused(grad, "has to return a tuple of 1", (0.5,), keeps_x, no_tuple)
    refused(grad, r"returns \(float64, float64\)", (0.5,), keeps_x, two)
    refused(grad, r"adjoint 1 in the rule of .* is float64, and has to be float64\[:\]", (X,), keeps_nothing, a_number)
    refused(grad, "`writes` writes to `x`, which it is given", (X,), writes, passes_on)
    refused(grad, "the same shape", (X,), keeps_nothing, too_long, error=ValueError)
    for rule in (forks, rounds_its_tangent, adds_to_its_tangent):
        bent = custom_jvp(plain_wave)
        bent.defjvp(rule)
        with pytest.raises(Unsupported, match="not linear in its tangents"):
            grad(bent, jit=False)(0.5)
    with pytest.raises(InvalidArgument, match=r"nondiff_argnums=\(3,\), and the function has 1 parameters"):
        custom_vjp(plain_wave, nondiff_argnums=(3,))


# ------------------------------------------------------------------------------------------ a rule for each argument
@custom_jvp
def hypotenuse(x, y):
    return np.sqrt(x * x + y * y)


hypotenuse.defjvps(
    lambda x_dot, z, x, y: x / z * x_dot,
    lambda y_dot, z, x, y: y / z * y_dot,
)


def test_a_rule_for_each_argument():
    def own(x):
        return np.sum(hypotenuse(x, x * x) * x)

    def plain(x):
        return np.sum(np.sqrt(x * x + x**4) * x)

    np.testing.assert_allclose(grad(own, jit=False)(X), grad(plain, jit=False)(X), rtol=1e-13)
    np.testing.assert_allclose(hvp(own, jit=False)(X, X), hvp(plain, jit=False)(X, X), rtol=1e-11)
    with pytest.raises(InvalidArgument, match="a rule for each of 2 arguments"):
        hypotenuse.defjvps(None)
    with pytest.raises(InvalidArgument, match="go with defjvp, and not with defjvps"):
        power.defjvps(None, None)


# ------------------------------------------------------------------------------------------ methods
class Medium:
    def __init__(self, k):
        self.k = k

    @partial(custom_jvp, nondiff_argnums=(0,))
    def wave(self, x):
        return np.sin(self.k * x)

    @wave.defjvp
    def wave_rule(self, primals, tangents):
        return self.wave(primals[0]), 7.0 * self.k * tangents[0]

    @partial(custom_vjp, nondiff_argnums=(0,))
    def damped(self, x):
        return 1.0 * x

    def damped_fwd(self, x):
        return self.damped(x), None

    def damped_bwd(self, residuals, y_bar):
        return (self.k * y_bar,)

    damped.defvjp(damped_fwd, damped_bwd)

    def loss(self, x):
        return np.sum(self.wave(x) * x) + np.sum(self.damped(x))

    @custom_jvp
    def without_numbers(self, x):
        return x


@pytest.mark.parametrize("jit", [False, True])
def test_methods(jit):
    medium = Medium(2.0)
    np.testing.assert_allclose(grad(medium.loss, jit=jit)(X), 14.0 * X + np.sin(2.0 * X) + 2.0, rtol=1e-14)
    np.testing.assert_allclose(jvp(medium.wave, jit=jit)((X,), (X,))[1], 14.0 * X)
    with pytest.raises(InvalidArgument, match=r"say nondiff_argnums=\(0,\)"):
        medium.without_numbers(1.0)
    with pytest.raises(Unsupported, match="a derivative of its own, and is a method of an object made of values"):
        grad(medium.loss, wrt="self.k", jit=False)(X)


def test_holomorphic():
    def f(z):
        return z**3 + np.exp(z)

    with pytest.raises(InvalidArgument, match="there is no option holomorphic"):
        grad(f, holomorphic=True)
    z = 0.3 + 0.4j
    assert vjp(f, jit=False)(z)[1](1.0 + 0.0j) == pytest.approx(3.0 * z**2 + np.exp(z), rel=1e-14)
    assert jvp(f, jit=False)((z,), (1.0 + 0.0j,))[1] == pytest.approx(3.0 * z**2 + np.exp(z), rel=1e-14)
