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
    tape = np.empty((steps, 2))
    x, y = start[0], start[1]
    half, sixth = 0.5 * h, h / 6.0
    for t in range(steps):
        tape[t, 0] = x
        tape[t, 1] = y
        a1 = y
        b1 = mu * (1.0 - x * x) * y - x
        x2, y2 = x + half * a1, y + half * b1
        b2 = mu * (1.0 - x2 * x2) * y2 - x2
        x3, y3 = x + half * y2, y + half * b2
        b3 = mu * (1.0 - x3 * x3) * y3 - x3
        x4, y4 = x + h * y3, y + h * b3
        b4 = mu * (1.0 - x4 * x4) * y4 - x4
        x += sixth * (a1 + 2.0 * y2 + 2.0 * y3 + y4)
        y += sixth * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
    value = x * x + y * y
    xb, yb, mub = 2.0 * x, 2.0 * y, 0.0
    for t in range(steps - 1, -1, -1):
        x, y = tape[t, 0], tape[t, 1]
        b1 = mu * (1.0 - x * x) * y - x
        x2, y2 = x + half * y, y + half * b1
        b2 = mu * (1.0 - x2 * x2) * y2 - x2
        x3, y3 = x + half * y2, y + half * b2
        b3 = mu * (1.0 - x3 * x3) * y3 - x3
        x4, y4 = x + h * y3, y + h * b3
        # the fourth stage: its rates are a = y4 and b = mu (1 - x4^2) y4 - x4
        ab, bb = sixth * xb, sixth * yb
        w = 1.0 - x4 * x4
        mub += w * y4 * bb
        x4b = (-2.0 * mu * x4 * y4 - 1.0) * bb
        y4b = ab + mu * w * bb
        x3b, y3b = 0.0, 0.0
        ab, bb = 2.0 * sixth * xb + h * x4b, 2.0 * sixth * yb + h * y4b
        w = 1.0 - x3 * x3
        mub += w * y3 * bb
        x3b = (-2.0 * mu * x3 * y3 - 1.0) * bb
        y3b = ab + mu * w * bb
        ab, bb = 2.0 * sixth * xb + half * x3b, 2.0 * sixth * yb + half * y3b
        w = 1.0 - x2 * x2
        mub += w * y2 * bb
        x2b = (-2.0 * mu * x2 * y2 - 1.0) * bb
        y2b = ab + mu * w * bb
        ab, bb = sixth * xb + half * x2b, sixth * yb + half * y2b
        w = 1.0 - x * x
        mub += w * y * bb
        xb += x2b + x3b + x4b + (-2.0 * mu * x * y - 1.0) * bb
        yb += y2b + y3b + y4b + ab + mu * w * bb
    start_bar = np.empty(2)
    start_bar[0] = xb
    start_bar[1] = yb
    return value, (start_bar, mub)


def jax(start, mu, h, steps):
    import jax
    import jax.numpy as jnp

    def rate(u, mu):
        return jnp.array([u[1], mu * (1.0 - u[0] ** 2) * u[1] - u[0]])

    def f(start, mu):
        def step(u, _):
            k1 = rate(u, mu)
            k2 = rate(u + 0.5 * h * k1, mu)
            k3 = rate(u + 0.5 * h * k2, mu)
            k4 = rate(u + h * k3, mu)
            return u + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), None

        u, _ = jax.lax.scan(step, start, None, length=steps)
        return u[0] ** 2 + u[1] ** 2

    derivative = jax.jit(jax.value_and_grad(f, argnums=(0, 1)))
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
