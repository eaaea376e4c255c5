"""Rosenbrock's function: a sum over neighbours, as a loop and as array expressions."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand


def loop(x):
    s = 0.0
    for i in range(x.shape[0] - 1):
        a = x[i + 1] - x[i] ** 2
        b = 1.0 - x[i]
        s += 100.0 * a**2 + b**2
    return s


def arrays(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@by_hand
def hand(x):
    """Gathered: each element is written once, and the loop vectorises."""
    n = x.shape[0]
    x_bar = np.empty_like(x)
    a, b = x[1] - x[0] * x[0], 1.0 - x[0]
    s = 100.0 * a * a + b * b
    x_bar[0] = -400.0 * x[0] * a - 2.0 * b
    for i in range(1, n - 1):
        a, b = x[i + 1] - x[i] * x[i], 1.0 - x[i]
        s += 100.0 * a * a + b * b
        x_bar[i] = 200.0 * (x[i] - x[i - 1] * x[i - 1]) - 400.0 * x[i] * a - 2.0 * b
    x_bar[n - 1] = 200.0 * (x[n - 1] - x[n - 2] * x[n - 2])
    return s, x_bar


def in_jax(x):
    import jax.numpy as jnp

    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def jax(x):
    import jax
    import jax.numpy as jnp

    derivative = jax.jit(jax.value_and_grad(in_jax))
    x = jnp.asarray(x)
    return lambda: jax.block_until_ready(derivative(x))


def _in_torch(f, x):
    import torch

    x = torch.tensor(x, requires_grad=True)

    def run():
        value = f(x)
        (gradient,) = torch.autograd.grad(value, x)
        return value.detach().numpy(), gradient.numpy()

    return run


def _of_tensor(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def torch(x):
    return _in_torch(_of_tensor, x)


def torch_compiled(x):
    import torch

    return _in_torch(torch.compile(_of_tensor), x)


def autograd(x):
    import autograd
    import autograd.numpy as anp

    derivative = autograd.value_and_grad(
        lambda x: anp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)
    )
    return lambda: derivative(x)


def casadi(x):
    import casadi as ca

    v = ca.MX.sym("x", len(x))
    s = ca.sum1(100.0 * (v[1:] - v[:-1] ** 2) ** 2 + (1.0 - v[:-1]) ** 2)
    f = ca.Function("f", [v], [s, ca.gradient(s, v)])

    def run():
        value, gradient = f(x)
        return float(value), np.asarray(gradient).ravel()

    return run


def _point(n):
    return (np.linspace(-1.2, 1.4, n),)


PEERS = {"jax": jax, "torch": torch, "torch compiled": torch_compiled, "autograd": autograd, "casadi": casadi}
WORKLOADS = [
    Workload(
        f"Rosenbrock, {form.__name__}, n = {n:,}", form, value_and_grad(form), hand, partial(_point, n),
        partial(_point, min(n, 50)), PEERS,
    )
    for form in (loop, arrays)
    for n in (10, 1_000, 1_000_000)
]
