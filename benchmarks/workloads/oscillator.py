"""A nonlinear oscillator (van der Pol's) stepped by the classical Runge-Kutta method, its state updated in place."""

from __future__ import annotations

import numpy as np
from numba import njit

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand


@njit
def rate(u, mu, out):
    out[0] = u[1]
    out[1] = mu * (1.0 - u[0] ** 2) * u[1] - u[0]


def oscillator(start, mu, h, steps):
    u = start.copy()
    v = np.empty(2)
    k1 = np.empty(2)
    k2 = np.empty(2)
    k3 = np.empty(2)
    k4 = np.empty(2)
    for _ in range(steps):
        rate(u, mu, k1)
        v[:] = u + 0.5 * h * k1
        rate(v, mu, k2)
        v[:] = u + 0.5 * h * k2
        rate(v, mu, k3)
        v[:] = u + h * k3
        rate(v, mu, k4)
        u += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return u[0] ** 2 + u[1] ** 2


@by_hand
def hand(start, mu, h, steps):
    """By three numbers only: their tangents go beside the state in one sweep, and nothing waits for them."""
    x, y = start[0], start[1]
    half, sixth = 0.5 * h, h / 6.0
    xs, ys = 1.0, 0.0  # by start[0]
    xt, yt = 0.0, 1.0  # by start[1]
    xm, ym = 0.0, 0.0  # by mu
    for _ in range(steps):
        # four stages: the rate b of y, and its derivatives p by x, q by y, w y by mu; the rate of x is y
        w1 = 1.0 - x * x
        b1 = mu * w1 * y - x
        p1, q1 = -2.0 * mu * x * y - 1.0, mu * w1
        x2, y2 = x + half * y, y + half * b1
        w2 = 1.0 - x2 * x2
        b2 = mu * w2 * y2 - x2
        p2, q2 = -2.0 * mu * x2 * y2 - 1.0, mu * w2
        x3, y3 = x + half * y2, y + half * b2
        w3 = 1.0 - x3 * x3
        b3 = mu * w3 * y3 - x3
        p3, q3 = -2.0 * mu * x3 * y3 - 1.0, mu * w3
        x4, y4 = x + h * y3, y + h * b3
        w4 = 1.0 - x4 * x4
        b4 = mu * w4 * y4 - x4
        p4, q4 = -2.0 * mu * x4 * y4 - 1.0, mu * w4
        d1 = p1 * xs + q1 * ys
        e2 = ys + half * d1
        d2 = p2 * (xs + half * ys) + q2 * e2
        e3 = ys + half * d2
        d3 = p3 * (xs + half * e2) + q3 * e3
        e4 = ys + h * d3
        d4 = p4 * (xs + h * e3) + q4 * e4
        xs += sixth * (ys + 2.0 * (e2 + e3) + e4)
        ys += sixth * (d1 + 2.0 * (d2 + d3) + d4)
        d1 = p1 * xt + q1 * yt
        e2 = yt + half * d1
        d2 = p2 * (xt + half * yt) + q2 * e2
        e3 = yt + half * d2
        d3 = p3 * (xt + half * e2) + q3 * e3
        e4 = yt + h * d3
        d4 = p4 * (xt + h * e3) + q4 * e4
        xt += sixth * (yt + 2.0 * (e2 + e3) + e4)
        yt += sixth * (d1 + 2.0 * (d2 + d3) + d4)
        d1 = p1 * xm + q1 * ym + w1 * y
        e2 = ym + half * d1
        d2 = p2 * (xm + half * ym) + q2 * e2 + w2 * y2
        e3 = ym + half * d2
        d3 = p3 * (xm + half * e2) + q3 * e3 + w3 * y3
        e4 = ym + h * d3
        d4 = p4 * (xm + h * e3) + q4 * e4 + w4 * y4
        xm += sixth * (ym + 2.0 * (e2 + e3) + e4)
        ym += sixth * (d1 + 2.0 * (d2 + d3) + d4)
        x += sixth * (y + 2.0 * (y2 + y3) + y4)
        y += sixth * (b1 + 2.0 * (b2 + b3) + b4)
    start_bar = np.empty(2)
    start_bar[0] = 2.0 * (x * xs + y * ys)
    start_bar[1] = 2.0 * (x * xt + y * yt)
    return x * x + y * y, (start_bar, 2.0 * (x * xm + y * ym))


def in_jax(start, mu, h, steps):
    import jax
    import jax.numpy as jnp

    def rate(u):
        return jnp.array([u[1], mu * (1.0 - u[0] ** 2) * u[1] - u[0]])

    def step(u, _):
        k1 = rate(u)
        k2 = rate(u + 0.5 * h * k1)
        k3 = rate(u + 0.5 * h * k2)
        k4 = rate(u + h * k3)
        return u + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), None

    u, _ = jax.lax.scan(step, start, None, length=steps)
    return u[0] ** 2 + u[1] ** 2


def jax(start, mu, h, steps):
    import jax
    import jax.numpy as jnp

    derivative = jax.jit(jax.value_and_grad(lambda start, mu: in_jax(start, mu, h, steps), argnums=(0, 1)))
    start = jnp.asarray(start)
    return lambda: jax.block_until_ready(derivative(start, mu))


def _stepped(stack, start, mu, h, steps):
    def rate(u):
        return stack([u[1], mu * (1.0 - u[0] ** 2) * u[1] - u[0]])

    u = start
    for _ in range(steps):
        k1 = rate(u)
        k2 = rate(u + 0.5 * h * k1)
        k3 = rate(u + 0.5 * h * k2)
        k4 = rate(u + h * k3)
        u = u + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return u[0] ** 2 + u[1] ** 2


def torch(start, mu, h, steps):
    import torch

    start = torch.tensor(start, requires_grad=True)
    mu = torch.tensor(mu, dtype=torch.float64, requires_grad=True)

    def run():
        value = _stepped(torch.stack, start, mu, h, steps)
        gradients = torch.autograd.grad(value, (start, mu))
        return value.detach().numpy(), tuple(g.numpy() for g in gradients)

    return run


def autograd(start, mu, h, steps):
    import autograd
    import autograd.numpy as anp

    derivative = autograd.value_and_grad(lambda p: _stepped(anp.array, p[:2], p[2], h, steps))

    def run():
        value, gradient = derivative(np.append(start, mu))
        return value, (gradient[:2], gradient[2])

    return run


def casadi(start, mu, h, steps):
    import casadi as ca

    u, m = ca.SX.sym("u", 2), ca.SX.sym("mu")

    def rate(u):
        return ca.vertcat(u[1], m * (1.0 - u[0] ** 2) * u[1] - u[0])

    k1 = rate(u)
    k2 = rate(u + 0.5 * h * k1)
    k3 = rate(u + 0.5 * h * k2)
    k4 = rate(u + h * k3)
    step = ca.Function("step", [u, m], [u + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)])
    first, p = ca.MX.sym("start", 2), ca.MX.sym("p")
    last = step.mapaccum("steps", steps)(first, ca.repmat(p, 1, steps))[:, -1]
    value = ca.sumsqr(last)
    f = ca.Function("f", [first, p], [value, ca.gradient(value, first), ca.gradient(value, p)])

    def run():
        value, start_bar, mu_bar = f(start, mu)
        return float(value), (np.asarray(start_bar).ravel(), float(mu_bar))

    return run


WORKLOADS = [
    Workload(
        "Oscillator, RK4, 10,000 steps", oscillator, value_and_grad(oscillator, wrt=("start", "mu")), hand,
        lambda: (np.array([2.0, 0.0]), 1.5, 1e-3, 10_000), lambda: (np.array([2.0, 0.0]), 1.5, 1e-2, 50),
        {
            "jax": jax,
            "torch": torch,
            "torch compiled": "unrolls the loop: 10,000 steps do not compile in minutes",
            "autograd": autograd,
            "casadi": casadi,
        },
    )
]  # fmt: skip
