"""A dense network, 784-128-10, and the cross entropy of a batch."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand

PARAMETERS = ("w1", "b1", "w2", "b2")


def loss(w1, b1, w2, b2, images, labels):
    hidden = np.tanh(images @ w1 + b1)
    scores = hidden @ w2 + b2
    total = 0.0
    for i in range(labels.shape[0]):
        highest = np.max(scores[i])
        total += highest + np.log(np.sum(np.exp(scores[i] - highest))) - scores[i, labels[i]]
    return total / labels.shape[0]


@by_hand
def hand(w1, b1, w2, b2, images, labels):
    batch = labels.shape[0]
    hidden = np.dot(images, w1)
    for i in range(batch):
        for j in range(b1.shape[0]):
            hidden[i, j] = np.tanh(hidden[i, j] + b1[j])
    scores = np.dot(hidden, w2)
    classes = b2.shape[0]
    total = 0.0
    b2_bar = np.zeros(classes)
    for i in range(batch):
        highest = -np.inf
        for k in range(classes):
            scores[i, k] += b2[k]
            highest = max(highest, scores[i, k])
        total += highest - scores[i, labels[i]]
        norm = 0.0
        for k in range(classes):
            scores[i, k] = np.exp(scores[i, k] - highest)
            norm += scores[i, k]
        total += np.log(norm)
        for k in range(classes):
            scores[i, k] *= 1.0 / (norm * batch)
        scores[i, labels[i]] -= 1.0 / batch
        for k in range(classes):
            b2_bar[k] += scores[i, k]
    w2_bar = np.dot(hidden.T, scores)
    hidden_bar = np.dot(scores, w2.T)
    b1_bar = np.zeros(b1.shape[0])
    for i in range(batch):
        for j in range(b1.shape[0]):
            hidden_bar[i, j] *= 1.0 - hidden[i, j] * hidden[i, j]
            b1_bar[j] += hidden_bar[i, j]
    w1_bar = np.dot(images.T, hidden_bar)
    return total / batch, (w1_bar, b1_bar, w2_bar, b2_bar)


def in_jax(w1, b1, w2, b2, images, labels):
    import jax
    import jax.numpy as jnp

    scores = jnp.tanh(images @ w1 + b1) @ w2 + b2
    chosen = jnp.take_along_axis(scores, labels[:, None], 1)[:, 0]
    return jnp.mean(jax.scipy.special.logsumexp(scores, axis=1) - chosen)


def jax(*args):
    import jax
    import jax.numpy as jnp

    *parameters, images, labels = map(jnp.asarray, args)
    derivative = jax.jit(jax.value_and_grad(lambda *p: in_jax(*p, images, labels), argnums=(0, 1, 2, 3)))
    return lambda: jax.block_until_ready(derivative(*parameters))


def _in_torch(wrap, w1, b1, w2, b2, images, labels):
    import torch

    parameters = [torch.tensor(p, requires_grad=True) for p in (w1, b1, w2, b2)]
    images, labels = torch.tensor(images), torch.tensor(labels)

    def f(w1, b1, w2, b2):
        scores = torch.tanh(images @ w1 + b1) @ w2 + b2
        return torch.nn.functional.cross_entropy(scores, labels)

    f = wrap(f)

    def run():
        value = f(*parameters)
        return value.detach().numpy(), tuple(g.numpy() for g in torch.autograd.grad(value, parameters))

    return run


def torch(*args):
    return _in_torch(lambda f: f, *args)


def torch_compiled(*args):
    import torch

    return _in_torch(torch.compile, *args)


def autograd(w1, b1, w2, b2, images, labels):
    import autograd
    import autograd.numpy as anp
    from autograd.scipy.special import logsumexp

    def f(parameters):
        w1, b1, w2, b2 = parameters
        scores = anp.dot(anp.tanh(anp.dot(images, w1) + b1), w2) + b2
        return anp.mean(logsumexp(scores, axis=1) - scores[anp.arange(len(labels)), labels])

    derivative = autograd.value_and_grad(f)
    return lambda: derivative((w1, b1, w2, b2))


def casadi(w1, b1, w2, b2, images, labels):
    import casadi as ca

    symbols = [ca.MX.sym(n, *np.atleast_2d(p).shape) for n, p in zip(PARAMETERS, (w1, b1, w2, b2), strict=True)]
    s1, t1, s2, t2 = symbols
    batch = len(labels)
    hidden = ca.tanh(ca.DM(images) @ s1 + ca.repmat(t1, batch, 1))
    scores = hidden @ s2 + ca.repmat(t2, batch, 1)
    one_hot = np.eye(len(b2))[labels]
    rows = [ca.logsumexp(scores[i, :].T) for i in range(batch)]
    value = (sum(rows) - ca.dot(scores, ca.DM(one_hot))) / batch
    f = ca.Function("f", symbols, [value, *(ca.gradient(value, s) for s in symbols)])

    def run():
        value, *gradients = f(w1, b1[None], w2, b2[None])
        return float(value), tuple(np.asarray(g) for g in gradients)

    return run


def _data(inputs, width, classes, batch):
    rng = np.random.default_rng(2)
    return (
        rng.standard_normal((inputs, width)) / np.sqrt(inputs), 0.1 * rng.standard_normal(width),
        rng.standard_normal((width, classes)) / np.sqrt(width), 0.1 * rng.standard_normal(classes),
        rng.uniform(0.0, 1.0, (batch, inputs)), rng.integers(0, classes, batch),
    )  # fmt: skip


WORKLOADS = [
    Workload(
        "Network 784-128-10, batch of 64", loss, value_and_grad(loss, wrt=PARAMETERS), hand,
        partial(_data, 784, 128, 10, 64), partial(_data, 6, 5, 3, 4),
        {"jax": jax, "torch": torch, "torch compiled": torch_compiled, "autograd": autograd, "casadi": casadi},
    )
]  # fmt: skip
