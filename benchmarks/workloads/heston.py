"""Heston's stochastic volatility model by Monte Carlo: a call's price by Euler steps, given the normal variates."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand

PARAMETERS = ("spot", "v0", "kappa", "theta", "xi", "rho")


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
    paths, steps = z.shape[0], z.shape[1]
    dt = years / steps
    other = np.sqrt(1.0 - rho * rho)
    v_tape = np.empty(steps)
    total = 0.0
    spot_bar = v0_bar = kappa_bar = theta_bar = xi_bar = rho_bar = other_bar = 0.0
    for p in range(paths):
        log, v = 0.0, v0
        for t in range(steps):
            v_tape[t] = v
            vp = max(v, 0.0)
            root = np.sqrt(vp * dt)
            log += root * z[p, t, 0] - 0.5 * vp * dt
            v += kappa * (theta - vp) * dt + xi * root * (rho * z[p, t, 0] + other * z[p, t, 1])
        growth = np.exp(log)
        s = spot * growth
        if s > strike:
            total += s - strike
            spot_bar += growth
            s_bar = s
            v_bar = 0.0
            for t in range(steps - 1, -1, -1):
                v = v_tape[t]
                vp = max(v, 0.0)
                root = np.sqrt(vp * dt)
                z0, z1 = z[p, t, 0], z[p, t, 1]
                w = rho * z0 + other * z1
                kappa_bar += (theta - vp) * dt * v_bar
                theta_bar += kappa * dt * v_bar
                xi_bar += root * w * v_bar
                w_bar = xi * root * v_bar
                rho_bar += z0 * w_bar
                other_bar += z1 * w_bar
                if v > 0.0:
                    root_bar = s_bar * z0 + xi * w * v_bar
                    v_bar += root_bar * 0.5 * dt / root - 0.5 * dt * s_bar - kappa * dt * v_bar
            v0_bar += v_bar
    rho_bar -= rho / other * other_bar
    return total / paths, (
        spot_bar / paths, v0_bar / paths, kappa_bar / paths, theta_bar / paths, xi_bar / paths, rho_bar / paths,
    )  # fmt: skip


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


def jax(*args):
    import jax
    import jax.numpy as jnp

    def f(spot, v0, kappa, theta, xi, rho, strike, years, z):
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

    derivative = jax.jit(jax.value_and_grad(f, argnums=tuple(range(6))))
    given = (*args[:8], jnp.asarray(args[8]))
    return lambda: jax.block_until_ready(derivative(*given))


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


def _market(paths, steps):
    z = np.random.default_rng(3).standard_normal((paths, steps, 2))
    return 100.0, 0.09, 2.0, 0.09, 0.3, -0.4, 100.0, 1.0, z


WORKLOADS = [
    Workload(
        "Heston Monte Carlo, 100,000 paths x 50 steps", heston, value_and_grad(heston, wrt=PARAMETERS), hand,
        partial(_market, 100_000, 50), partial(_market, 40, 10),
        {
            "jax": jax,
            "torch": torch,
            "torch compiled": torch_compiled,
            "autograd": autograd,
            "casadi": "a graph of scalars: 100,000 paths are not its idiom",
        },
    )
]  # fmt: skip
