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
def forces(x, y, z, mass, a):
    """All pairs twice, by rows of coordinates: a loop that vectorises beats one of half the length that does not."""
    n = mass.shape[0]
    for i in range(n):
        s0 = s1 = s2 = 0.0
        for j in range(n):
            d0, d1, d2 = x[j] - x[i], y[j] - y[i], z[j] - z[i]
            r2 = SOFT + d0 * d0 + d1 * d1 + d2 * d2
            w = mass[j] / (r2 * np.sqrt(r2))
            s0 += w * d0
            s1 += w * d1
            s2 += w * d2
        a[0, i], a[1, i], a[2, i] = s0, s1, s2


@by_hand
def pull_back(x, y, z, mass, p, q, r, x_bar, mass_bar):
    """Adds what the adjoint (p, q, r) of the accelerations means for positions and masses."""
    n = mass.shape[0]
    for i in range(n):
        p0, p1, p2, mi = p[i], q[i], r[i], mass[i]
        s0 = s1 = s2 = s3 = 0.0
        for j in range(n):
            d0, d1, d2 = x[i] - x[j], y[i] - y[j], z[i] - z[j]
            over = 1.0 / (SOFT + d0 * d0 + d1 * d1 + d2 * d2)
            w = over * np.sqrt(over)
            j_part = d0 * p[j] + d1 * q[j] + d2 * r[j]
            i_part = d0 * p0 + d1 * p1 + d2 * p2
            u, v = mi * w, mass[j] * w
            w_bar = -3.0 * over * (u * j_part - v * i_part)
            s0 += u * p[j] - v * p0 + w_bar * d0
            s1 += u * q[j] - v * p1 + w_bar * d1
            s2 += u * r[j] - v * p2 + w_bar * d2
            s3 += w * j_part
        x_bar[0, i] += s0
        x_bar[1, i] += s1
        x_bar[2, i] += s2
        mass_bar[i] += s3


@by_hand
def hand(position, velocity, mass, h, steps):
    n = mass.shape[0]
    tape = np.empty((steps + 1, 3, n))  # positions: nothing else is needed
    tape[0] = position.T
    v, a = velocity.T.copy(), np.empty((3, n))
    x = tape[0]
    forces(x[0], x[1], x[2], mass, a)
    for t in range(steps):
        kick = 0.5 * h if t == 0 else h  # the second half of a step's and the first of the next one's
        x, new = tape[t], tape[t + 1]
        for k in range(3):
            for i in range(n):
                v[k, i] += kick * a[k, i]
                new[k, i] = x[k, i] + h * v[k, i]
        forces(new[0], new[1], new[2], mass, a)
    x = tape[steps]
    x_bar, v_bar, a_bar = np.empty((3, n)), np.empty((3, n)), np.empty((3, n))
    mass_bar = np.zeros(n)
    kick = 0.5 * h if steps > 0 else 0.0
    for k in range(3):
        for i in range(n):
            v[k, i] += kick * a[k, i]
            mass_bar[i] += 0.5 * v[k, i] * v[k, i] + x[k, i] * x[k, i]
            v_bar[k, i] = mass[i] * v[k, i]
            x_bar[k, i] = 2.0 * mass[i] * x[k, i]
            a_bar[k, i] = kick * v_bar[k, i]
    energy = 0.0
    for i in range(n):
        energy += mass[i] * mass_bar[i]
    for t in range(steps - 1, -1, -1):
        x = tape[t + 1]
        pull_back(x[0], x[1], x[2], mass, a_bar[0], a_bar[1], a_bar[2], x_bar, mass_bar)
        kick = 0.5 * h if t == 0 else h
        for k in range(3):
            for i in range(n):
                v_bar[k, i] += h * x_bar[k, i]
                a_bar[k, i] = kick * v_bar[k, i]
    x = tape[0]
    pull_back(x[0], x[1], x[2], mass, a_bar[0], a_bar[1], a_bar[2], x_bar, mass_bar)
    return energy, (x_bar.T.copy(), v_bar.T.copy(), mass_bar)


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
