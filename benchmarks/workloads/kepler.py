"""Kepler's equation, solved for each body by Newton's method in a `while` loop."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand


def kepler(mean, eccentricity):
    s = 0.0
    for i in range(mean.shape[0]):
        e = eccentricity[i]
        anomaly = mean[i]
        step = 1.0
        while abs(step) > 1e-12:
            step = (anomaly - e * np.sin(anomaly) - mean[i]) / (1.0 - e * np.cos(anomaly))
            anomaly = anomaly - step
        s += np.cos(anomaly) ** 2 * e
    return s


@by_hand
def hand(mean, eccentricity):
    """A body has two inputs and one result: two tangents beside the iterations need no tape."""
    n = mean.shape[0]
    mean_bar, e_bar = np.empty(n), np.empty(n)
    s = 0.0
    for i in range(n):
        e, m = eccentricity[i], mean[i]
        anomaly, step = m, 1.0
        by_m, by_e = 1.0, 0.0
        while abs(step) > 1e-12:
            sin, cos = np.sin(anomaly), np.cos(anomaly)
            over = 1.0 / (1.0 - e * cos)
            step = (anomaly - e * sin - m) * over
            anomaly -= step
            kept = step * e * sin * over
            by_m = kept * by_m + over
            by_e = kept * by_e + (sin - step * cos) * over
        sin, cos = np.sin(anomaly), np.cos(anomaly)
        s += cos * cos * e
        bar = -2.0 * cos * sin * e
        mean_bar[i] = bar * by_m
        e_bar[i] = cos * cos + bar * by_e
    return s, (mean_bar, e_bar)


def _newton(xp, mean, e, steps):
    anomaly = mean
    for _ in range(steps):
        anomaly = anomaly - (anomaly - e * xp.sin(anomaly) - mean) / (1.0 - e * xp.cos(anomaly))
    return xp.sum(xp.cos(anomaly) ** 2 * e)


def most_steps(mean, eccentricity):
    """The iterations that the slowest body takes: array code runs them for all."""
    most, anomaly, step = 0, mean.copy(), np.ones_like(mean)
    while np.max(np.abs(step)) > 1e-12:
        step = (anomaly - eccentricity * np.sin(anomaly) - mean) / (1.0 - eccentricity * np.cos(anomaly))
        anomaly -= step
        most += 1
    return most


def jax(mean, eccentricity):
    import jax
    import jax.numpy as jnp

    steps = most_steps(mean, eccentricity)
    derivative = jax.jit(jax.value_and_grad(lambda m, e: _newton(jnp, m, e, steps), argnums=(0, 1)))
    mean, eccentricity = jnp.asarray(mean), jnp.asarray(eccentricity)
    return lambda: jax.block_until_ready(derivative(mean, eccentricity))


def _in_torch(wrap, mean, eccentricity):
    import torch

    steps = most_steps(mean, eccentricity)
    mean, eccentricity = (torch.tensor(a, requires_grad=True) for a in (mean, eccentricity))
    f = wrap(lambda m, e: _newton(torch, m, e, steps))

    def run():
        value = f(mean, eccentricity)
        gradients = torch.autograd.grad(value, (mean, eccentricity))
        return value.detach().numpy(), tuple(g.numpy() for g in gradients)

    return run


def torch(mean, eccentricity):
    return _in_torch(lambda f: f, mean, eccentricity)


def torch_compiled(mean, eccentricity):
    import torch

    return _in_torch(torch.compile, mean, eccentricity)


def autograd(mean, eccentricity):
    import autograd
    import autograd.numpy as anp

    steps = most_steps(mean, eccentricity)
    derivative = autograd.value_and_grad(lambda p: _newton(anp, p[0], p[1], steps))

    def run():
        value, gradient = derivative(np.stack([mean, eccentricity]))
        return value, (gradient[0], gradient[1])

    return run


def casadi(mean, eccentricity):
    import casadi as ca

    m, e = ca.SX.sym("m"), ca.SX.sym("e")
    value = _newton(ca, m, e, most_steps(mean, eccentricity))
    one = ca.Function("one", [m, e], [value, ca.gradient(value, m), ca.gradient(value, e)])
    every = one.map("every", "serial", len(mean), [], [0])

    def run():
        value, mean_bar, e_bar = every(mean, eccentricity)
        return float(value), (np.asarray(mean_bar).ravel(), np.asarray(e_bar).ravel())

    return run


def _bodies(n):
    rng = np.random.default_rng(7)
    return rng.uniform(0.0, 2.0 * np.pi, n), rng.uniform(0.0, 0.8, n)


WORKLOADS = [
    Workload(
        "Kepler's equation, 10,000 bodies", kepler, value_and_grad(kepler, wrt=("mean", "eccentricity")), hand,
        partial(_bodies, 10_000), partial(_bodies, 20),
        {
            "jax": jax,
            "torch": torch,
            "torch compiled": torch_compiled,
            "autograd": autograd,
            "casadi": casadi,
        },
    )
]  # fmt: skip
