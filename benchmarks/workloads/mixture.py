"""The log-likelihood of a Gaussian mixture, as in the ADBench suite (Srajer, Kukelova & Fitzgibbon 2018), without its
prior: weights, means, and inverse Cholesky factors with logarithms on their diagonals."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand

PARAMETERS = ("alphas", "means", "factors")
BLOCK = 128  # points that the derivative by hand takes together


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
    """Blocks of points go through all components together, so that the inner loops run over points and vectorise.  All
    that the derivative needs of a component are the first two moments of its shares."""
    n, d = x.shape
    k = alphas.shape[0]
    diagonal = np.exp(factors[:, :d])
    alphas_bar, means_bar, factors_bar = np.zeros(k), np.empty((k, d)), np.empty(factors.shape)
    first, second = np.zeros((k, d)), np.zeros((k, d, d))
    columns, centred, z = np.zeros((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK))
    share, highest, norm = np.empty((k, BLOCK)), np.empty(BLOCK), np.empty(BLOCK)
    total = 0.0
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        for p in range(d):
            for i in range(size):
                columns[p, i] = x[start + i, p]
        highest[:] = -np.inf
        for c in range(k):
            term = share[c]
            term[:] = alphas[c]
            for p in range(d):
                for i in range(BLOCK):
                    centred[p, i] = columns[p, i] - means[c, p]
                    z[p, i] = diagonal[c, p] * centred[p, i]
            at = d
            for q in range(d):
                y, r = centred[q], z[q]
                for i in range(BLOCK):
                    term[i] += factors[c, q] - 0.5 * r[i] * r[i]
                for p in range(q + 1, d):
                    r, factor = z[p], factors[c, at]
                    for i in range(BLOCK):
                        r[i] += factor * y[i]
                    at += 1
            for i in range(BLOCK):
                highest[i] = max(highest[i], term[i])
        norm[:] = 0.0
        for c in range(k):
            term = share[c]
            for i in range(BLOCK):
                term[i] = np.exp(term[i] - highest[i])
            for i in range(BLOCK):
                norm[i] += term[i]
        for i in range(size):
            total += highest[i] + np.log(norm[i])
            norm[i] = 1.0 / norm[i]
        norm[size:] = 0.0  # the last block may have room left
        for c in range(k):
            term = share[c]
            s = 0.0
            for i in range(BLOCK):
                term[i] *= norm[i]
                s += term[i]
            alphas_bar[c] += s
            for p in range(d):
                y, r = centred[p], z[p]
                s = 0.0
                for i in range(BLOCK):
                    y[i] = columns[p, i] - means[c, p]
                    r[i] = term[i] * y[i]
                    s += r[i]
                first[c, p] += s
                for q in range(p + 1):
                    y = centred[q]
                    s = 0.0
                    for i in range(BLOCK):
                        s += r[i] * y[i]
                    second[c, p, q] += s
    matrix = np.zeros((d, d))
    for c in range(k):
        at = d
        for q in range(d):
            matrix[q, q] = diagonal[c, q]
            for p in range(q + 1, d):
                matrix[p, q] = factors[c, at]
                second[c, q, p] = second[c, p, q]
                at += 1
        means_bar[c] = np.dot(matrix.T, np.dot(matrix, first[c]))
        product = np.dot(matrix, second[c])
        at = d
        for q in range(d):
            factors_bar[c, q] = alphas_bar[c] - diagonal[c, q] * product[q, q]
            for p in range(q + 1, d):
                factors_bar[c, at] = -product[p, q]
                at += 1
    top = np.max(alphas)
    odds = np.exp(alphas - top)
    s = np.sum(odds)
    for c in range(k):
        alphas_bar[c] -= n * odds[c] / s
    return total - n * (top + np.log(s)), (alphas_bar, means_bar, factors_bar)


def _vectorised(xp, logsumexp, alphas, means, matrices, log_det, x):
    centred = x[:, None, :] - means[None, :, :]
    z = xp.einsum("kpq,nkq->nkp", matrices, centred)
    terms = alphas + log_det - 0.5 * (z**2).sum(2)
    return logsumexp(terms, 1).sum() - x.shape[0] * logsumexp(alphas, 0)


def _placed(d):
    """Where the entries of a factor stand in its matrix: below the diagonal, column by column."""
    columns, rows = np.triu_indices(d, 1)
    return rows, columns


def in_jax(alphas, means, factors, x):
    import jax
    import jax.numpy as jnp

    k, d = means.shape
    rows, columns = _placed(d)
    matrices = jnp.zeros((k, d, d)).at[:, np.arange(d), np.arange(d)].set(jnp.exp(factors[:, :d]))
    matrices = matrices.at[:, rows, columns].set(factors[:, d:])
    logsumexp = jax.scipy.special.logsumexp
    return _vectorised(jnp, logsumexp, alphas, means, matrices, factors[:, :d].sum(1), x)


def jax(*args):
    import jax
    import jax.numpy as jnp

    *parameters, x = map(jnp.asarray, args)
    derivative = jax.jit(jax.value_and_grad(lambda *p: in_jax(*p, x), argnums=(0, 1, 2)))
    return lambda: jax.block_until_ready(derivative(*parameters))


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


def casadi(alphas, means, factors, x):
    import casadi as ca

    n, d = x.shape
    k = len(alphas)
    rows, columns = _placed(d)
    a, m, f, y = ca.SX.sym("a", k), ca.SX.sym("m", k, d), ca.SX.sym("f", *factors.shape), ca.SX.sym("y", d)
    terms = []
    for c in range(k):
        matrix = ca.diag(ca.exp(f[c, :d]))
        for at, (row, column) in enumerate(zip(rows, columns, strict=True), d):
            matrix[int(row), int(column)] = f[c, at]
        terms.append(a[c] + ca.sum2(f[c, :d]) - 0.5 * ca.sumsqr(matrix @ (y - m[c, :].T)))

    def logsumexp(values):
        highest = ca.mmax(values)
        return highest + ca.log(ca.sum1(ca.exp(values - highest)))

    term = logsumexp(ca.vertcat(*terms)) - logsumexp(a)
    one = ca.Function("one", [a, m, f, y], [term, *(ca.gradient(term, p) for p in (a, m, f))])
    every = one.map("every", "serial", n, [0, 1, 2], [0, 1, 2, 3])
    points = ca.DM(x.T)

    def run():
        value, *gradients = every(alphas, means, factors, points)
        return float(value), tuple(np.asarray(g) for g in gradients)

    return run


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
            "casadi": casadi,
        },
    )
]  # fmt: skip
