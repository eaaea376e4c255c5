"""Advection and diffusion on a grid: explicit time steps between two buffers that trade places."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand


def transport(start, diffusivity, wind, dt, steps):
    c = start.copy()
    new = start.copy()
    n, m = c.shape
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                spread = c[i + 1, j] + c[i - 1, j] + c[i, j + 1] + c[i, j - 1] - 4.0 * c[i, j]
                drift = wind[0] * (c[i, j] - c[i - 1, j]) + wind[1] * (c[i, j] - c[i, j - 1])
                new[i, j] = c[i, j] + dt * (diffusivity * spread - drift)
        c, new = new, c
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += c[i, j] ** 2
    return total


@by_hand
def hand(start, diffusivity, wind, dt, steps):
    """A step is linear: its adjoint needs no state, and the tangent by the diffusivity goes along with the steps."""
    n, m = start.shape
    up, left = dt * (diffusivity + wind[0]), dt * (diffusivity + wind[1])
    down = dt * diffusivity
    here = 1.0 - 2.0 * down - up - left
    c, new = start.copy(), start.copy()
    dot, new_dot = np.zeros((n, m)), np.zeros((n, m))
    for _ in range(steps):
        for i in range(1, n - 1):
            above, row, below, out = c[i - 1], c[i], c[i + 1], new[i]
            above_dot, row_dot, below_dot, out_dot = dot[i - 1], dot[i], dot[i + 1], new_dot[i]
            for j in range(1, m - 1):
                spread = below[j] + above[j] + row[j + 1] + row[j - 1] - 4.0 * row[j]
                out[j] = here * row[j] + up * above[j] + left * row[j - 1] + down * (below[j] + row[j + 1])
                carried = here * row_dot[j] + up * above_dot[j] + left * row_dot[j - 1]
                out_dot[j] = carried + down * (below_dot[j] + row_dot[j + 1]) + dt * spread
        c, new = new, c
        dot, new_dot = new_dot, dot
    total, diffusivity_bar = 0.0, 0.0
    bar, before, start_bar = new_dot, new, np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            total += c[i, j] * c[i, j]
            diffusivity_bar += 2.0 * c[i, j] * dot[i, j]
            inside = 0 < i < n - 1 and 0 < j < m - 1
            start_bar[i, j] = 0.0 if inside else 2.0 * c[i, j]  # what is at the border stays there
            bar[i, j] = 2.0 * c[i, j] if inside else 0.0
            before[i, j] = 0.0
    for _ in range(steps):
        for i in range(1, n - 1):
            above, row, below, out = bar[i - 1], bar[i], bar[i + 1], before[i]
            for j in range(1, m - 1):
                out[j] = here * row[j] + up * below[j] + left * row[j + 1] + down * (above[j] + row[j - 1])
        for j in range(1, m - 1):
            start_bar[0, j] += up * bar[1, j]
            start_bar[n - 1, j] += down * bar[n - 2, j]
        for i in range(1, n - 1):
            start_bar[i, 0] += left * bar[i, 1]
            start_bar[i, m - 1] += down * bar[i, m - 2]
        bar, before = before, bar
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            start_bar[i, j] = bar[i, j]
    return total, (start_bar, diffusivity_bar)


def _step(xp, c, diffusivity, wind, dt):
    inner = c[1:-1, 1:-1]
    spread = c[2:, 1:-1] + c[:-2, 1:-1] + c[1:-1, 2:] + c[1:-1, :-2] - 4.0 * inner
    drift = wind[0] * (inner - c[:-2, 1:-1]) + wind[1] * (inner - c[1:-1, :-2])
    return inner + dt * (diffusivity * spread - drift)


def jax(start, diffusivity, wind, dt, steps):
    import jax
    import jax.numpy as jnp

    def f(start, diffusivity):
        def step(c, _):
            return c.at[1:-1, 1:-1].set(_step(jnp, c, diffusivity, wind, dt)), None

        c, _ = jax.lax.scan(step, start, None, length=steps)
        return jnp.sum(c**2)

    derivative = jax.jit(jax.value_and_grad(f, argnums=(0, 1)))
    start = jnp.asarray(start)
    return lambda: jax.block_until_ready(derivative(start, diffusivity))


def torch(start, diffusivity, wind, dt, steps):
    import torch

    start = torch.tensor(start, requires_grad=True)
    diffusivity = torch.tensor(diffusivity, dtype=torch.float64, requires_grad=True)

    def run():
        c = start
        for _ in range(steps):
            inner = _step(torch, c, diffusivity, wind, dt)
            c = torch.cat([c[:1], torch.cat([c[1:-1, :1], inner, c[1:-1, -1:]], 1), c[-1:]])
        value = (c**2).sum()
        gradients = torch.autograd.grad(value, (start, diffusivity))
        return value.detach().numpy(), tuple(g.numpy() for g in gradients)

    return run


def autograd(start, diffusivity, wind, dt, steps):
    import autograd
    import autograd.numpy as anp

    n, m = start.shape

    def f(p):
        c = p[:-1].reshape(n, m)
        for _ in range(steps):
            inner = _step(anp, c, p[-1], wind, dt)
            middle = anp.concatenate([c[1:-1, :1], inner, c[1:-1, -1:]], 1)
            c = anp.concatenate([c[:1], middle, c[-1:]], 0)
        return anp.sum(c**2)

    derivative = autograd.value_and_grad(f)

    def run():
        value, gradient = derivative(np.append(start, diffusivity))
        return value, (gradient[:-1], gradient[-1])

    return run


def casadi(start, diffusivity, wind, dt, steps):
    import casadi as ca

    n, m = start.shape
    c, d = ca.SX.sym("c", n, m), ca.SX.sym("d")
    after = ca.SX(c)
    after[1:-1, 1:-1] = _step(ca, c, d, wind, dt)
    step = ca.Function("step", [ca.vec(c), d], [ca.vec(after)])
    first, p = ca.MX.sym("start", n * m), ca.MX.sym("p")
    last = step.mapaccum("steps", steps)(first, ca.repmat(p, 1, steps))[:, -1]
    value = ca.sumsqr(last)
    f = ca.Function("f", [first, p], [value, ca.gradient(value, first), ca.gradient(value, p)])

    def run():
        value, bar, d_bar = f(start.ravel(order="F"), diffusivity)
        return float(value), (np.asarray(bar).reshape(n, m, order="F"), float(d_bar))

    return run


def _grid(n, steps):
    x = np.linspace(-1.0, 1.0, n)
    cloud = np.exp(-8.0 * (x[:, None] ** 2 + (x[None, :] + 0.3) ** 2)) + 0.05
    return cloud, 0.8, np.array([0.5, 0.25]), 0.2, steps


WORKLOADS = [
    Workload(
        "Advection-diffusion, 128 x 128, 200 steps", transport,
        value_and_grad(transport, wrt=("start", "diffusivity")), hand,
        partial(_grid, 128, 200), partial(_grid, 7, 4),
        {
            "jax": jax,
            "torch": torch,
            "torch compiled": "unrolls the loop: 200 steps do not compile in minutes",
            "autograd": autograd,
            "casadi": casadi,
        },
    )
]  # fmt: skip
