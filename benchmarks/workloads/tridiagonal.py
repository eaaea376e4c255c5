"""A tridiagonal system solved by Thomas's algorithm, and a functional of its solution."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand


def thomas(lower, diagonal, upper, right):
    n = diagonal.shape[0]
    c = np.empty(n)
    x = np.empty(n)
    c[0] = upper[0] / diagonal[0]
    x[0] = right[0] / diagonal[0]
    for i in range(1, n):
        m = diagonal[i] - lower[i] * c[i - 1]
        c[i] = upper[i] / m
        x[i] = (right[i] - lower[i] * x[i - 1]) / m
    for i in range(n - 2, -1, -1):
        x[i] -= c[i] * x[i + 1]
    s = 0.0
    for i in range(n):
        s += x[i] ** 2
    return s


@by_hand
def hand(lower, diagonal, upper, right):
    """The adjoint system is tridiagonal too: its solution gives all four derivatives.  Every array that is made ends as
    a result: a new one costs more than a sweep over it."""
    n = diagonal.shape[0]
    c, x, inverse, right_bar = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    before, now = 0.0, 0.0
    for i in range(n):
        over = 1.0 / (diagonal[i] - lower[i] * before)
        now = (right[i] - lower[i] * now) * over
        before = upper[i] * over
        inverse[i], c[i], x[i] = over, before, now
    s = now * now
    for i in range(n - 2, -1, -1):
        now = x[i] - c[i] * now
        x[i] = now
        s += now * now
    before, factor = 0.0, 0.0  # forward through the transposed factor, then back
    for i in range(n):
        before = 2.0 * x[i] - factor * before
        right_bar[i] = before
        factor = c[i]
    lower_bar, diagonal_bar, upper_bar = x, inverse, c
    after, beyond, here, coupling = 0.0, 0.0, x[n - 1], 0.0
    for i in range(n - 1, -1, -1):
        after = (right_bar[i] - coupling * after) * inverse[i]
        above = x[i - 1] if i > 0 else 0.0
        right_bar[i] = after
        upper_bar[i] = -after * beyond
        diagonal_bar[i] = -after * here
        lower_bar[i] = -after * above
        beyond, here, coupling = here, above, lower[i]
    return s, (lower_bar, diagonal_bar, upper_bar, right_bar)


def jax(lower, diagonal, upper, right):
    import jax
    import jax.numpy as jnp

    def f(lower, diagonal, upper, right):
        return jnp.sum(jax.lax.linalg.tridiagonal_solve(lower, diagonal, upper, right[:, None]) ** 2)

    derivative = jax.jit(jax.value_and_grad(f, argnums=(0, 1, 2, 3)))
    given = tuple(map(jnp.asarray, (lower, diagonal, upper, right)))
    return lambda: jax.block_until_ready(derivative(*given))


def _in_steps(stack, rows, n):
    lower, diagonal, upper, right = rows
    c = [upper[0] / diagonal[0]]
    x = [right[0] / diagonal[0]]
    for i in range(1, n):
        m = diagonal[i] - lower[i] * c[i - 1]
        c.append(upper[i] / m)
        x.append((right[i] - lower[i] * x[i - 1]) / m)
    for i in range(n - 2, -1, -1):
        x[i] = x[i] - c[i] * x[i + 1]
    return (stack(x) ** 2).sum()


def torch(*rows):
    import torch

    given = [torch.tensor(row, requires_grad=True) for row in rows]

    def run():
        apart = [row.unbind() for row in given]
        value = _in_steps(torch.stack, apart, len(rows[0]))
        gradients = torch.autograd.grad(value, given, allow_unused=True)
        return value.detach().numpy(), tuple(g.numpy() for g in gradients)

    return run


def casadi(*rows):
    import casadi as ca

    n = len(rows[0])
    state, row = ca.SX.sym("state", 2), ca.SX.sym("row", 4)
    m = row[1] - row[0] * state[0]
    down = ca.Function("down", [state, row], [ca.vertcat(row[2] / m, (row[3] - row[0] * state[1]) / m)])
    x, pair = ca.SX.sym("x"), ca.SX.sym("pair", 2)
    up = ca.Function("up", [x, pair], [pair[1] - pair[0] * x])
    given = [ca.MX.sym(name, n) for name in ("lower", "diagonal", "upper", "right")]
    swept = down.mapaccum("downs", n)(ca.MX.zeros(2), ca.horzcat(*given).T)
    solved = up.mapaccum("ups", n)(0, swept[:, list(range(n - 1, -1, -1))])
    value = ca.sumsqr(solved)
    f = ca.Function("f", given, [value, *(ca.gradient(value, g) for g in given)])

    def run():
        value, *gradients = f(*rows)
        return float(value), tuple(np.asarray(g).ravel() for g in gradients)

    return run


def _system(n):
    rng = np.random.default_rng(5)
    lower, upper, right = rng.uniform(-1.0, 1.0, (3, n))
    lower[0] = upper[-1] = 0.0
    return lower, 3.0 + rng.uniform(0.0, 1.0, n), upper, right


WORKLOADS = [
    Workload(
        "Tridiagonal solve, n = 100,000", thomas,
        value_and_grad(thomas, wrt=("lower", "diagonal", "upper", "right")), hand,
        partial(_system, 100_000), partial(_system, 12),
        {
            "jax": jax,
            "torch": torch,
            "torch compiled": "unrolls the loops: 200,000 steps do not compile in minutes",
            "autograd": "its graph of 600,000 scalar indexings takes more than a minute, and gigabytes",
            "casadi": casadi,
        },
    )
]  # fmt: skip
