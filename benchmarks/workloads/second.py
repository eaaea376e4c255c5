"""Second derivatives of other workloads: products with the Hessian, and Hessians by few parameters."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import hessian, hvp
from benchmarks.workload import Workload
from benchmarks.workloads import mixture, network, oscillator, rosenbrock


def _with_direction(inputs, count):
    args = inputs()
    rng = np.random.default_rng(8)
    return (*args, tuple(rng.standard_normal(arg.shape) for arg in args[:count]))


def _product(function, parameters):
    product = hvp(function, wrt=parameters)
    return lambda *args: product(*args)


def _jax_product(f, count):
    """`f(parameters, *rest)` of JAX; the product with its Hessian, forward over reverse."""

    def build(*args):
        import jax
        import jax.numpy as jnp

        *rest, along = args[count:]
        rest = [jnp.asarray(r) for r in rest]
        product = jax.jit(lambda p, v: jax.jvp(lambda p: jax.grad(f)(p, *rest), (p,), (v,))[1])
        given = tuple(map(jnp.asarray, args[:count])), tuple(map(jnp.asarray, along))
        return lambda: jax.block_until_ready(product(*given))

    return build


def _network_in_jax(parameters, images, labels):
    import jax
    import jax.numpy as jnp

    w1, b1, w2, b2 = parameters
    scores = jnp.tanh(images @ w1 + b1) @ w2 + b2
    chosen = jnp.take_along_axis(scores, labels[:, None], 1)[:, 0]
    return jnp.mean(jax.scipy.special.logsumexp(scores, axis=1) - chosen)


def _mixture_in_jax(parameters, x):
    import jax
    import jax.numpy as jnp

    alphas, means, factors = parameters
    k, d = means.shape
    columns, rows = np.triu_indices(d, 1)
    matrices = jnp.zeros((k, d, d)).at[:, np.arange(d), np.arange(d)].set(jnp.exp(factors[:, :d]))
    matrices = matrices.at[:, rows, columns].set(factors[:, d:])
    z = jnp.einsum("kpq,nkq->nkp", matrices, x[:, None, :] - means[None, :, :])
    terms = alphas + factors[:, :d].sum(1) - 0.5 * (z**2).sum(2)
    logsumexp = jax.scipy.special.logsumexp
    return logsumexp(terms, 1).sum() - x.shape[0] * logsumexp(alphas, 0)


def _network_in_torch(w1, b1, w2, b2, images, labels, along):
    import torch

    parameters = [torch.tensor(p, requires_grad=True) for p in (w1, b1, w2, b2)]
    along = [torch.tensor(v) for v in along]
    images, labels = torch.tensor(images), torch.tensor(labels)

    def run():
        scores = torch.tanh(images @ parameters[0] + parameters[1]) @ parameters[2] + parameters[3]
        value = torch.nn.functional.cross_entropy(scores, labels)
        gradients = torch.autograd.grad(value, parameters, create_graph=True)
        return tuple(g.numpy() for g in torch.autograd.grad(gradients, parameters, along))

    return run


def _oscillator_in_jax(start, mu, h, steps):
    import jax
    import jax.numpy as jnp

    def rate(u, mu):
        return jnp.array([u[1], mu * (1.0 - u[0] ** 2) * u[1] - u[0]])

    def f(start, mu):
        def step(u, _):
            k1 = rate(u, mu)
            k2 = rate(u + 0.5 * h * k1, mu)
            k3 = rate(u + 0.5 * h * k2, mu)
            k4 = rate(u + h * k3, mu)
            return u + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), None

        u, _ = jax.lax.scan(step, start, None, length=steps)
        return u[0] ** 2 + u[1] ** 2

    second = jax.jit(jax.hessian(f, argnums=(0, 1)))
    start = jnp.asarray(start)
    return lambda: jax.block_until_ready(second(start, mu))


def _rosenbrock_in_jax(x):
    import jax
    import jax.numpy as jnp

    second = jax.jit(jax.hessian(lambda x: jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)))
    x = jnp.asarray(x)
    return lambda: jax.block_until_ready(second(x))


OTHERS = "not written: the first derivative tells as much"
PARAMETERS = ("start", "mu")
WORKLOADS = [
    Workload(
        "Network, Hessian-vector product", network.loss,
        _product(network.loss, network.PARAMETERS), None,
        partial(_with_direction, network.WORKLOADS[0].inputs, 4),
        partial(_with_direction, network.WORKLOADS[0].small, 4),
        {
            "jax": _jax_product(_network_in_jax, 4),
            "torch": _network_in_torch,
            "torch compiled": OTHERS,
            "autograd": OTHERS,
            "casadi": OTHERS,
        },
    ),
    Workload(
        "Mixture, Hessian-vector product", mixture.likelihood,
        _product(mixture.likelihood, mixture.PARAMETERS), None,
        partial(_with_direction, mixture.WORKLOADS[0].inputs, 3),
        partial(_with_direction, mixture.WORKLOADS[0].small, 3),
        {
            "jax": _jax_product(_mixture_in_jax, 3),
            "torch": OTHERS,
            "torch compiled": OTHERS,
            "autograd": OTHERS,
            "casadi": OTHERS,
        },
    ),
    Workload(
        "Oscillator, Hessian", oscillator.oscillator, hessian(oscillator.oscillator, wrt=PARAMETERS), None,
        oscillator.WORKLOADS[0].inputs, oscillator.WORKLOADS[0].small,
        {
            "jax": _oscillator_in_jax,
            "torch": OTHERS,
            "torch compiled": OTHERS,
            "autograd": OTHERS,
            "casadi": OTHERS,
        },
    ),
    Workload(
        "Rosenbrock, Hessian, n = 10", rosenbrock.loop, hessian(rosenbrock.loop), None,
        rosenbrock.WORKLOADS[0].inputs, rosenbrock.WORKLOADS[0].small,
        {
            "jax": _rosenbrock_in_jax,
            "torch": OTHERS,
            "torch compiled": OTHERS,
            "autograd": OTHERS,
            "casadi": OTHERS,
        },
    ),
]  # fmt: skip
