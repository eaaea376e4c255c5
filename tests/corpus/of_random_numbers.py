"""Random numbers of generators that the function seeds: constants, in the order of the run."""

import numpy as np

from tests.corpus.registry import case, vector

P = np.array([0.3, 0.7])


@case(P, jit=True)
def a_mean_over_samples(p):
    z = np.random.default_rng(0).normal(size=50)
    return np.mean((p[0] + p[1] * z) ** 3)


@case(1.0, 0.2)
def paths_drawn_step_by_step(start, sigma):
    rng = np.random.default_rng(1)
    total = 0.0
    for _ in range(6):
        s = start
        for k in range(8, 2, -2):
            s = s * np.exp(-0.05 * k * sigma**2 + sigma * 0.3 * rng.standard_normal())
        total += s * s
    return total


def _noise(rng, n, p):
    s = 0.0
    for _ in range(n):
        s += p[0] * rng.normal() + p[1] * rng.random() ** 2
    return s


@case(P)
def a_generator_that_is_passed_on(p):
    rng = np.random.default_rng(3)
    return _noise(rng, 4, p) * _noise(rng, 3, p) + _noise(np.random.default_rng(3), 2, p)


@case(P)
def parameters_of_the_run(p):
    rng = np.random.RandomState(0)
    x = rng.normal(p[0], p[1], size=20)
    y = rng.uniform(p[0], high=2.0, size=20)
    return np.sum(x**2 * y) + np.sum(rng.exponential(p[1], 20) * x) + rng.rand() * p[0]


@case(vector(12))
def places_and_weights(x):
    np.random.seed(4)
    W = np.random.randn(12, 3) * 0.1
    chosen, mask = np.random.permutation(12), np.random.rand(12) < 0.5
    noise = np.random.uniform(-1.0, 1.0, 12)
    noise[0] = x[1]
    noise *= 2.0
    return np.sum(np.tanh(x @ W) ** 2) + np.sum(x[chosen[:6]] ** 2) + np.sum(x[mask] ** 3) + x @ noise


@case(P)
def a_sum_of_draws_that_starts_as_a_number(p):
    s = 0
    for k in range(4):
        rng = np.random.default_rng(k + 1)
        s = s + p * rng.normal(size=2)
    return np.sum(s**2)
