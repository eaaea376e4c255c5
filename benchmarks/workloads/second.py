"""Second derivatives of other workloads: products with the Hessian, and Hessians by few parameters."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import hessian, hvp
from benchmarks.workload import Workload
from benchmarks.workloads import heston, mixture, network, oscillator, rosenbrock


def _with_direction(inputs, count):
    args = inputs()
    rng = np.random.default_rng(8)
    return (*args, tuple(rng.standard_normal(arg.shape) for arg in args[:count]))


def _product(function, parameters):
    product = hvp(function, wrt=parameters)
    return lambda *args: product(*args)


def _jax_product(f, count):
    """The product with the Hessian by the first parameters, forward over reverse."""

    def build(*args):
        import jax
        import jax.numpy as jnp

        *rest, along = args[count:]
        rest = [jnp.asarray(r) for r in rest]
        gradient = jax.grad(lambda p: f(*p, *rest))
        product = jax.jit(lambda p, v: jax.jvp(gradient, (p,), (v,))[1])
        given = tuple(map(jnp.asarray, args[:count])), tuple(map(jnp.asarray, along))
        return lambda: jax.block_until_ready(product(*given))

    return build


def _jax_hessian(f, count):
    def build(*args):
        import jax
        import jax.numpy as jnp

        rest = [r if np.ndim(r) == 0 else jnp.asarray(r) for r in args[count:]]
        by = tuple(range(count)) if count > 1 else 0
        second = jax.jit(jax.hessian(lambda *p: f(*p, *rest), argnums=by))
        given = tuple(map(jnp.asarray, args[:count]))
        return lambda: jax.block_until_ready(second(*given))

    return build


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


OTHERS = "not written: the first derivative tells as much"
WORKLOADS = [
    Workload(
        "Network, Hessian-vector product", network.loss,
        _product(network.loss, network.PARAMETERS), None,
        partial(_with_direction, network.WORKLOADS[0].inputs, 4),
        partial(_with_direction, network.WORKLOADS[0].small, 4),
        {
            "jax": _jax_product(network.in_jax, 4),
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
            "jax": _jax_product(mixture.in_jax, 3),
            "torch": OTHERS,
            "torch compiled": OTHERS,
            "autograd": OTHERS,
            "casadi": OTHERS,
        },
    ),
    Workload(
        "Oscillator, Hessian", oscillator.oscillator, hessian(oscillator.oscillator, wrt=("start", "mu")), None,
        oscillator.WORKLOADS[0].inputs, oscillator.WORKLOADS[0].small,
        {
            "jax": _jax_hessian(oscillator.in_jax, 2),
            "torch": OTHERS,
            "torch compiled": OTHERS,
            "autograd": OTHERS,
            "casadi": OTHERS,
        },
    ),
    Workload(
        "Heston, Hessian", heston.heston, hessian(heston.heston, wrt=heston.PARAMETERS), None,
        heston.WORKLOADS[0].inputs, heston.WORKLOADS[0].small,
        {
            "jax": _jax_hessian(heston.in_jax, 6),
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
            "jax": _jax_hessian(rosenbrock.in_jax, 1),
            "torch": OTHERS,
            "torch compiled": OTHERS,
            "autograd": OTHERS,
            "casadi": OTHERS,
        },
    ),
]  # fmt: skip
