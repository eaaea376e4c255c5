"""Heston's stochastic volatility model by Monte Carlo: a call's price by Euler steps, given the normal variates."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand

PARAMETERS = ("spot", "v0", "kappa", "theta", "xi", "rho")
BLOCK = 32  # paths that the derivative by hand takes together


def heston(spot, v0, kappa, theta, xi, rho, strike, years, z):
    paths, steps = z.shape[0], z.shape[1]
    dt = years / steps
    total = 0.0
    for p in range(paths):
        s = spot
        v = v0
        for t in range(steps):
            root = np.sqrt(max(v, 0.0) * dt)
            w = rho * z[p, t, 0] + np.sqrt(1.0 - rho * rho) * z[p, t, 1]
            s = s * np.exp(-0.5 * max(v, 0.0) * dt + root * z[p, t, 0])
            v = v + kappa * (theta - max(v, 0.0)) * dt + xi * root * w
        total += max(s - strike, 0.0)
    return total / paths


@by_hand
def hand(spot, v0, kappa, theta, xi, rho, strike, years, z):
    """Blocks of paths take each step together, so that the inner loop vectorises.  Five tangents of the variance and of
    the logarithm of the price go along with them: a sweep back would have to read every state again."""
    paths, steps = z.shape[0], z.shape[1]
    dt = years / steps
    other = np.sqrt(1.0 - rho * rho)
    tilt = rho / other
    first, second = np.zeros((steps, BLOCK)), np.zeros((steps, BLOCK))
    v, log = np.empty(BLOCK), np.empty(BLOCK)
    v_dot, log_dot = np.empty((5, BLOCK)), np.empty((5, BLOCK))  # by v0, kappa, theta, xi, rho
    v1, v2, v3, v4, v5 = v_dot[0], v_dot[1], v_dot[2], v_dot[3], v_dot[4]
    l1, l2, l3, l4, l5 = log_dot[0], log_dot[1], log_dot[2], log_dot[3], log_dot[4]
    bar = np.zeros(6)
    total = 0.0
    for start in range(0, paths, BLOCK):
        size = min(BLOCK, paths - start)
        for p in range(size):
            for t in range(steps):
                first[t, p] = z[start + p, t, 0]
                second[t, p] = z[start + p, t, 1]
        v[:] = v0
        log[:] = 0.0
        v_dot[:] = 0.0
        v1[:] = 1.0
        log_dot[:] = 0.0
        for t in range(steps):
            firsts, seconds = first[t], second[t]
            for p in range(BLOCK):
                z0, z1 = firsts[p], seconds[p]
                positive = max(v[p], 0.0)
                root = np.sqrt(positive * dt)
                w = rho * z0 + other * z1
                slope = 0.5 * dt / root
                log_by_v = slope * z0 - 0.5 * dt if positive > 0.0 else 0.0
                v_by_v = 1.0 - kappa * dt + xi * w * slope if positive > 0.0 else 1.0
                log[p] += root * z0 - 0.5 * positive * dt
                l1[p] += log_by_v * v1[p]
                l2[p] += log_by_v * v2[p]
                l3[p] += log_by_v * v3[p]
                l4[p] += log_by_v * v4[p]
                l5[p] += log_by_v * v5[p]
                v1[p] = v_by_v * v1[p]
                v2[p] = v_by_v * v2[p] + (theta - positive) * dt
                v3[p] = v_by_v * v3[p] + kappa * dt
                v4[p] = v_by_v * v4[p] + root * w
                v5[p] = v_by_v * v5[p] + xi * root * (z0 - tilt * z1)
                v[p] += kappa * (theta - positive) * dt + xi * root * w
        for p in range(size):
            growth = np.exp(log[p])
            s = spot * growth
            if s > strike:
                total += s - strike
                bar[0] += growth
                for k in range(5):
                    bar[k + 1] += s * log_dot[k, p]
    bar /= paths
    return total / paths, (bar[0], bar[1], bar[2], bar[3], bar[4], bar[5])


def _vectorised(xp, maximum, spot, v0, kappa, theta, xi, rho, strike, years, z):
    steps = z.shape[1]
    dt = years / steps
    s = spot
    v = v0 + 0.0 * z[:, 0, 0]
    for t in range(steps):
        positive = maximum(v)
        root = xp.sqrt(positive * dt)
        w = rho * z[:, t, 0] + xp.sqrt(1.0 - rho * rho) * z[:, t, 1]
        s = s * xp.exp(-0.5 * positive * dt + root * z[:, t, 0])
        v = v + kappa * (theta - positive) * dt + xi * root * w
    return xp.mean(maximum(s - strike))


def in_jax(spot, v0, kappa, theta, xi, rho, strike, years, z):
    import jax
    import jax.numpy as jnp

    dt = years / z.shape[1]

    def step(state, now):
        s, v = state
        positive = jnp.maximum(v, 0.0)
        # the square root's derivative at zero must not reach the branch that is not taken
        root = jnp.where(v > 0.0, jnp.sqrt(jnp.where(v > 0.0, v, 1.0) * dt), 0.0)
        w = rho * now[:, 0] + jnp.sqrt(1.0 - rho * rho) * now[:, 1]
        s = s * jnp.exp(-0.5 * positive * dt + root * now[:, 0])
        return (s, v + kappa * (theta - positive) * dt + xi * root * w), None

    first = jnp.full(z.shape[0], spot), jnp.full(z.shape[0], v0)
    (s, _), _ = jax.lax.scan(step, first, jnp.swapaxes(z, 0, 1))
    return jnp.mean(jnp.maximum(s - strike, 0.0))


def jax(*args):
    import jax
    import jax.numpy as jnp

    z = jnp.asarray(args[8])
    derivative = jax.jit(jax.value_and_grad(lambda *p: in_jax(*p, *args[6:8], z), argnums=tuple(range(6))))
    return lambda: jax.block_until_ready(derivative(*args[:6]))


def _in_torch(wrap, *args):
    import torch

    parameters = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in args[:6]]
    z = torch.tensor(args[8])
    tiny = 1e-300  # the derivative of the square root at zero is infinite, and times zero no number
    f = wrap(lambda *p: _vectorised(torch, lambda v: torch.clamp(v, min=tiny), *p, args[6], args[7], z))

    def run():
        value = f(*parameters)
        gradients = torch.autograd.grad(value, parameters)
        return value.detach().numpy(), tuple(g.numpy() for g in gradients)

    return run


def torch(*args):
    return _in_torch(lambda f: f, *args)


def torch_compiled(*args):
    import torch

    return _in_torch(torch.compile, *args)


def autograd(*args):
    import autograd
    import autograd.numpy as anp

    def f(p):
        return _vectorised(anp, lambda v: anp.maximum(v, 1e-300), *(p[i] for i in range(6)), *args[6:])

    derivative = autograd.value_and_grad(f)

    def run():
        value, gradient = derivative(np.array(args[:6]))
        return value, tuple(gradient)

    return run


def casadi(*args):
    import casadi as ca

    paths, steps, _ = args[8].shape
    dt = args[7] / steps
    spot, v0, kappa, theta, xi, rho = parameters = [ca.SX.sym(name) for name in PARAMETERS]
    z = ca.SX.sym("z", 2, steps)
    s, v = spot, v0
    for t in range(steps):
        positive = ca.fmax(v, 1e-300)
        root = ca.sqrt(positive * dt)
        w = rho * z[0, t] + ca.sqrt(1.0 - rho * rho) * z[1, t]
        s = s * ca.exp(-0.5 * positive * dt + root * z[0, t])
        v = v + kappa * (theta - positive) * dt + xi * root * w
    gain = ca.fmax(s - args[6], 0.0)
    one = ca.Function("one", [*parameters, ca.vec(z)], [gain, ca.gradient(gain, ca.vertcat(*parameters))])
    every = one.map("every", "serial", paths, list(range(6)), [0, 1])
    normals = ca.DM(args[8].reshape(paths, 2 * steps).T)

    def run():
        total, gradient = every(*args[:6], normals)
        return float(total) / paths, tuple(np.asarray(gradient).ravel() / paths)

    return run


def _market(paths, steps, v0=0.09, xi=0.3):
    z = np.random.default_rng(3).standard_normal((paths, steps, 2))
    return 100.0, v0, 2.0, 0.09, xi, -0.4, 100.0, 1.0, z


WORKLOADS = [
    Workload(
        "Heston Monte Carlo, 100,000 paths x 50 steps", heston, value_and_grad(heston, wrt=PARAMETERS), hand,
        partial(_market, 100_000, 50), partial(_market, 40, 10, 0.02, 0.9),
        {
            "jax": jax,
            "torch": torch,
            "torch compiled": torch_compiled,
            "autograd": autograd,
            "casadi": casadi,
        },
    )
]  # fmt: skip
