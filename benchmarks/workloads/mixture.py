"""The log-likelihood of a Gaussian mixture, as in the ADBench suite (Srajer, Kukelova & Fitzgibbon 2018), without its
prior: weights, means, and inverse Cholesky factors with logarithms on their diagonals."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand

PARAMETERS = ("alphas", "means", "factors")


def likelihood(alphas, means, factors, x):
    n, d = x.shape
    k = alphas.shape[0]
    diagonal = np.exp(factors[:, :d])
    log_det = np.sum(factors[:, :d], axis=1)
    terms = np.empty(k)
    z = np.empty(d)
    total = 0.0
    for i in range(n):
        for c in range(k):
            for p in range(d):
                z[p] = diagonal[c, p] * (x[i, p] - means[c, p])
            at = d
            for q in range(d):
                for p in range(q + 1, d):
                    z[p] += factors[c, at] * (x[i, q] - means[c, q])
                    at += 1
            terms[c] = alphas[c] + log_det[c] - 0.5 * np.sum(z**2)
        highest = np.max(terms)
        total += highest + np.log(np.sum(np.exp(terms - highest)))
    highest = np.max(alphas)
    return total - n * (highest + np.log(np.sum(np.exp(alphas - highest))))


@by_hand
def hand(alphas, means, factors, x):
    n, d = x.shape
    k = alphas.shape[0]
    diagonal = np.empty((k, d))
    log_det = np.zeros(k)
    for c in range(k):
        for p in range(d):
            diagonal[c, p] = np.exp(factors[c, p])
            log_det[c] += factors[c, p]
    alphas_bar, means_bar, factors_bar = np.zeros(k), np.zeros((k, d)), np.zeros(factors.shape)
    z, centred, terms = np.empty((k, d)), np.empty((k, d)), np.empty(k)
    total = 0.0
    for i in range(n):
        highest = -np.inf
        for c in range(k):
            for p in range(d):
                centred[c, p] = x[i, p] - means[c, p]
                z[c, p] = diagonal[c, p] * centred[c, p]
            at = d
            for q in range(d):
                for p in range(q + 1, d):
                    z[c, p] += factors[c, at] * centred[c, q]
                    at += 1
            square = 0.0
            for p in range(d):
                square += z[c, p] * z[c, p]
            terms[c] = alphas[c] + log_det[c] - 0.5 * square
            highest = max(highest, terms[c])
        norm = 0.0
        for c in range(k):
            terms[c] = np.exp(terms[c] - highest)
            norm += terms[c]
        total += highest + np.log(norm)
        for c in range(k):
            share = terms[c] / norm
            alphas_bar[c] += share
            at = d
            for q in range(d):
                back = diagonal[c, q] * z[c, q]
                factors_bar[c, q] += share * (1.0 - back * centred[c, q])
                for p in range(q + 1, d):
                    factors_bar[c, at] -= share * z[c, p] * centred[c, q]
                    back += factors[c, at] * z[c, p]
                    at += 1
                means_bar[c, q] += share * back
    highest = np.max(alphas)
    norm = 0.0
    for c in range(k):
        norm += np.exp(alphas[c] - highest)
    for c in range(k):
        alphas_bar[c] -= n * np.exp(alphas[c] - highest) / norm
    return total - n * (highest + np.log(norm)), (alphas_bar, means_bar, factors_bar)


def _vectorised(xp, logsumexp, alphas, means, matrices, log_det, x):
    centred = x[:, None, :] - means[None, :, :]
    z = xp.einsum("kpq,nkq->nkp", matrices, centred)
    terms = alphas + log_det - 0.5 * (z**2).sum(2)
    return logsumexp(terms, 1).sum() - x.shape[0] * logsumexp(alphas, 0)


def _placed(d):
    """Where the entries of a factor stand in its matrix: below the diagonal, column by column."""
    columns, rows = np.triu_indices(d, 1)
    return rows, columns


def jax(alphas, means, factors, x):
    import jax
    import jax.numpy as jnp

    k, d = means.shape
    rows, columns = _placed(d)
    x = jnp.asarray(x)

    def f(alphas, means, factors):
        matrices = jnp.zeros((k, d, d)).at[:, np.arange(d), np.arange(d)].set(jnp.exp(factors[:, :d]))
        matrices = matrices.at[:, rows, columns].set(factors[:, d:])
        logsumexp = jax.scipy.special.logsumexp
        return _vectorised(jnp, logsumexp, alphas, means, matrices, factors[:, :d].sum(1), x)

    derivative = jax.jit(jax.value_and_grad(f, argnums=(0, 1, 2)))
    given = tuple(map(jnp.asarray, (alphas, means, factors)))
    return lambda: jax.block_until_ready(derivative(*given))


def _in_torch(wrap, alphas, means, factors, x):
    import torch

    k, d = means.shape
    rows, columns = _placed(d)
    given = [torch.tensor(a, requires_grad=True) for a in (alphas, means, factors)]
    x = torch.tensor(x)
    diagonal = torch.arange(d)

    def f(alphas, means, factors):
        matrices = torch.zeros((k, d, d), dtype=torch.float64)
        matrices = matrices.index_put((torch.arange(k)[:, None], diagonal, diagonal), torch.exp(factors[:, :d]))
        where = torch.arange(k)[:, None], torch.tensor(rows), torch.tensor(columns)
        matrices = matrices.index_put(where, factors[:, d:])
        return _vectorised(torch, torch.logsumexp, alphas, means, matrices, factors[:, :d].sum(1), x)

    f = wrap(f)

    def run():
        value = f(*given)
        return value.detach().numpy(), tuple(g.numpy() for g in torch.autograd.grad(value, given))

    return run


def torch(*args):
    return _in_torch(lambda f: f, *args)


def torch_compiled(*args):
    import torch

    return _in_torch(torch.compile, *args)


def autograd(alphas, means, factors, x):
    import autograd
    import autograd.numpy as anp
    from autograd.scipy.special import logsumexp

    d = means.shape[1]
    rows, columns = _placed(d)
    diagonals = np.zeros((d, d, d))
    diagonals[np.arange(d), np.arange(d), np.arange(d)] = 1.0
    lower = np.zeros((len(rows), d, d))
    lower[np.arange(len(rows)), rows, columns] = 1.0

    def f(parameters):
        alphas, means, factors = parameters
        matrices = anp.tensordot(anp.exp(factors[:, :d]), diagonals, 1) + anp.tensordot(factors[:, d:], lower, 1)
        return _vectorised(anp, logsumexp, alphas, means, matrices, anp.sum(factors[:, :d], 1), x)

    derivative = autograd.value_and_grad(f)
    return lambda: derivative((alphas, means, factors))


def _points(n, d, k):
    rng = np.random.default_rng(1)
    factors = 0.2 * rng.standard_normal((k, d + d * (d - 1) // 2))
    return rng.standard_normal(k), rng.standard_normal((k, d)), factors, rng.standard_normal((n, d))


WORKLOADS = [
    Workload(
        "Gaussian mixture, d = 10, k = 25, n = 1,000", likelihood, value_and_grad(likelihood, wrt=PARAMETERS), hand,
        partial(_points, 1000, 10, 25), partial(_points, 7, 3, 4),
        {
            "jax": jax,
            "torch": torch,
            "torch compiled": torch_compiled,
            "autograd": autograd,
            "casadi": "a graph of 4 million scalars does not fit its idiom",
        },
    )
]  # fmt: skip
