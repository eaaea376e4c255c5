"""Gravity: a cluster of bodies stepped by leapfrog in place, and the energy at the end."""

from __future__ import annotations

from functools import partial

import numpy as np
from numba import njit

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand

SOFT = 1e-2


@njit
def accelerate(x, mass, a):
    n = x.shape[0]
    for i in range(n):
        for k in range(3):
            a[i, k] = 0.0
    for i in range(n):
        for j in range(i):
            r2 = SOFT
            for k in range(3):
                d = x[i, k] - x[j, k]
                r2 += d * d
            w = 1.0 / (r2 * np.sqrt(r2))
            for k in range(3):
                d = x[i, k] - x[j, k]
                a[i, k] -= mass[j] * w * d
                a[j, k] += mass[i] * w * d


def cluster(position, velocity, mass, h, steps):
    x = position.copy()
    v = velocity.copy()
    a = np.zeros_like(x)
    accelerate(x, mass, a)
    for _ in range(steps):
        v += 0.5 * h * a
        x += h * v
        accelerate(x, mass, a)
        v += 0.5 * h * a
    energy = 0.0
    for i in range(x.shape[0]):
        energy += 0.5 * mass[i] * (v[i, 0] ** 2 + v[i, 1] ** 2 + v[i, 2] ** 2)
        energy += mass[i] * (x[i, 0] ** 2 + x[i, 1] ** 2 + x[i, 2] ** 2)
    return energy


@by_hand
def pull_back(x, mass, a_bar, x_bar, mass_bar):
    """Adds what an adjoint of the accelerations means for positions and masses."""
    n = x.shape[0]
    for i in range(n):
        for j in range(i):
            d0, d1, d2 = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1], x[i, 2] - x[j, 2]
            r2 = SOFT + d0 * d0 + d1 * d1 + d2 * d2
            over = 1.0 / r2
            w = over * np.sqrt(over)
            i_part = d0 * a_bar[i, 0] + d1 * a_bar[i, 1] + d2 * a_bar[i, 2]
            j_part = d0 * a_bar[j, 0] + d1 * a_bar[j, 1] + d2 * a_bar[j, 2]
            mass_bar[j] -= w * i_part
            mass_bar[i] += w * j_part
            mi, mj = mass[i] * w, mass[j] * w
            w_bar = -3.0 * over * (mi * j_part - mj * i_part)
            e0 = mi * a_bar[j, 0] - mj * a_bar[i, 0] + w_bar * d0
            e1 = mi * a_bar[j, 1] - mj * a_bar[i, 1] + w_bar * d1
            e2 = mi * a_bar[j, 2] - mj * a_bar[i, 2] + w_bar * d2
            x_bar[i, 0] += e0
            x_bar[i, 1] += e1
            x_bar[i, 2] += e2
            x_bar[j, 0] -= e0
            x_bar[j, 1] -= e1
            x_bar[j, 2] -= e2


@by_hand
def hand(position, velocity, mass, h, steps):
    n = position.shape[0]
    tape = np.empty((steps + 1, n, 3))  # positions: nothing else is needed
    x = position.copy()
    v = velocity.copy()
    a = np.zeros((n, 3))
    tape[0] = x
    accelerate(x, mass, a)
    for t in range(steps):
        for i in range(n):
            for k in range(3):
                v[i, k] += 0.5 * h * a[i, k]
                x[i, k] += h * v[i, k]
                tape[t + 1, i, k] = x[i, k]
        accelerate(x, mass, a)
        for i in range(n):
            for k in range(3):
                v[i, k] += 0.5 * h * a[i, k]
    energy = 0.0
    x_bar, v_bar, mass_bar, a_bar = np.empty((n, 3)), np.empty((n, 3)), np.empty(n), np.empty((n, 3))
    for i in range(n):
        kinetic = 0.5 * (v[i, 0] ** 2 + v[i, 1] ** 2 + v[i, 2] ** 2)
        potential = x[i, 0] ** 2 + x[i, 1] ** 2 + x[i, 2] ** 2
        energy += mass[i] * (kinetic + potential)
        mass_bar[i] = kinetic + potential
        for k in range(3):
            v_bar[i, k] = mass[i] * v[i, k]
            x_bar[i, k] = 2.0 * mass[i] * x[i, k]
            a_bar[i, k] = 0.5 * h * v_bar[i, k]
    for t in range(steps - 1, -1, -1):
        pull_back(tape[t + 1], mass, a_bar, x_bar, mass_bar)
        for i in range(n):
            for k in range(3):
                v_bar[i, k] += h * x_bar[i, k]
                a_bar[i, k] = (0.5 if t == 0 else 1.0) * h * v_bar[i, k]
    pull_back(tape[0], mass, a_bar, x_bar, mass_bar)
    return energy, (x_bar, v_bar, mass_bar)


def _acceleration(x, mass):
    d = x[:, None, :] - x[None, :, :]
    r2 = SOFT + (d**2).sum(-1)
    return -((mass[None, :] * r2**-1.5)[:, :, None] * d).sum(1)


def _energy(x, v, mass):
    return (0.5 * mass * (v**2).sum(1)).sum() + (mass * (x**2).sum(1)).sum()


def jax(position, velocity, mass, h, steps):
    import jax
    import jax.numpy as jnp

    def f(x, v, mass):
        def step(state, _):
            x, v, a = state
            v = v + 0.5 * h * a
            x = x + h * v
            a = _acceleration(x, mass)
            return (x, v + 0.5 * h * a, a), None

        (x, v, _), _ = jax.lax.scan(step, (x, v, _acceleration(x, mass)), None, length=steps)
        return _energy(x, v, mass)

    derivative = jax.jit(jax.value_and_grad(f, argnums=(0, 1, 2)))
    given = tuple(map(jnp.asarray, (position, velocity, mass)))
    return lambda: jax.block_until_ready(derivative(*given))


def _stepped(x, v, mass, h, steps):
    a = _acceleration(x, mass)
    for _ in range(steps):
        v = v + 0.5 * h * a
        x = x + h * v
        a = _acceleration(x, mass)
        v = v + 0.5 * h * a
    return _energy(x, v, mass)


def torch(position, velocity, mass, h, steps):
    import torch

    given = [torch.tensor(a, requires_grad=True) for a in (position, velocity, mass)]

    def run():
        value = _stepped(*given, h, steps)
        return value.detach().numpy(), tuple(g.numpy() for g in torch.autograd.grad(value, given))

    return run


def autograd(position, velocity, mass, h, steps):
    import autograd

    n = len(mass)

    def f(p):
        x, v, m = p[: 3 * n].reshape(n, 3), p[3 * n : 6 * n].reshape(n, 3), p[6 * n :]
        return _stepped(x, v, m, h, steps)

    derivative = autograd.value_and_grad(f)

    def run():
        value, g = derivative(np.concatenate([position.ravel(), velocity.ravel(), mass]))
        return value, (g[: 3 * n], g[3 * n : 6 * n], g[6 * n :])

    return run


def casadi(position, velocity, mass, h, steps):
    import casadi as ca

    n = len(mass)
    x, v, a = (ca.SX.sym(name, 3, n) for name in "xva")
    m = ca.SX.sym("m", n)

    def acceleration(x):
        columns = [ca.SX.zeros(3) for _ in range(n)]
        for i in range(n):
            for j in range(i):
                d = x[:, i] - x[:, j]
                r2 = SOFT + ca.sumsqr(d)
                w = 1.0 / (r2 * ca.sqrt(r2))
                columns[i] = columns[i] - m[j] * w * d
                columns[j] = columns[j] + m[i] * w * d
        return ca.horzcat(*columns)

    half = v + 0.5 * h * a
    moved = x + h * half
    again = acceleration(moved)
    state = ca.vertcat(ca.vec(x), ca.vec(v), ca.vec(a))
    after = ca.vertcat(ca.vec(moved), ca.vec(half + 0.5 * h * again), ca.vec(again))
    step = ca.Function("step", [state, m], [after])
    first = ca.Function("first", [x, m], [acceleration(x)])
    p, q, masses = ca.MX.sym("p", 3, n), ca.MX.sym("q", 3, n), ca.MX.sym("masses", n)
    begin = ca.vertcat(ca.vec(p), ca.vec(q), ca.vec(first(p, masses)))
    last = step.mapaccum("steps", steps)(begin, ca.repmat(masses, 1, steps))[:, -1]
    x_end, v_end = ca.reshape(last[: 3 * n], 3, n), ca.reshape(last[3 * n : 6 * n], 3, n)
    value = ca.dot(masses, 0.5 * ca.sum1(v_end**2).T + ca.sum1(x_end**2).T)
    f = ca.Function("f", [p, q, masses], [value, *(ca.gradient(value, g) for g in (p, q, masses))])

    def run():
        value, x_bar, v_bar, m_bar = f(position.T, velocity.T, mass)
        return float(value), (np.asarray(x_bar).T, np.asarray(v_bar).T, np.asarray(m_bar).ravel())

    return run


def _bodies(n, steps):
    rng = np.random.default_rng(11)
    return rng.standard_normal((n, 3)), 0.1 * rng.standard_normal((n, 3)), rng.uniform(0.5, 1.5, n) / n, 1e-2, steps


WORKLOADS = [
    Workload(
        "N-body leapfrog, 20 bodies, 500 steps", cluster,
        value_and_grad(cluster, wrt=("position", "velocity", "mass")), hand,
        partial(_bodies, 20, 500), partial(_bodies, 4, 6),
        {
            "jax": jax,
            "torch": torch,
            "torch compiled": "unrolls the loop: 500 steps do not compile in minutes",
            "autograd": autograd,
            "casadi": casadi,
        },
    )
]  # fmt: skip
