"""The derivatives of the exemplars as text, reviewed as prose; the text that is kept also runs, and is right.

`ADCOMPILE_UPDATE_GOLDEN=1` writes what is printed now; read the difference before it is kept.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adcompile import (
    checkpoint,
    custom_jvp,
    custom_vjp,
    grad,
    hvp,
    implicit,
    jvp,
    laplacian,
    no_grad,
    sparse_jacobian,
    taylor,
    value_and_grad,
    vmap,
)
from tests import oracle
from tests.corpus import CASES, Case
from tests.corpus.registry import fresh
from tests.texts import defined

FOLDER = Path(__file__).parent / "golden"
UPDATE = os.environ.get("ADCOMPILE_UPDATE_GOLDEN") == "1"
KINDS = {"rosenbrock": value_and_grad}  # the others are gradients, as in the exemplars
NAMES = ("rosenbrock", "pendulum", "smooth", "kepler", "log_mixture")


def exemplar(name: str) -> tuple[Case, Any]:
    case = next(case for case in CASES if case.name == f"exemplars-{name}" and case.jit)
    wrt = case.wrt[0] if len(case.wrt) == 1 else case.wrt
    return case, KINDS.get(name, grad)(case.function, wrt=wrt, jit=False)


@pytest.mark.parametrize("name", NAMES)
def test_text(name: str) -> None:
    case, derivative = exemplar(name)
    text, file = derivative.source_for(*case.fresh()), FOLDER / f"{name}.py"
    if UPDATE:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def stencil(u, h):
    r = np.zeros_like(u)
    for i in range(1, u.shape[0] - 1):
        r[i] = (u[i - 1] - 2.0 * u[i] + u[i + 1]) / h**2 + u[i] ** 2
    return r


def spring(p, k):
    return 0.5 * k * (p[0] - p[1]) ** 2


def wave(x):
    return np.sin(x) / (1.0 + x * x)


def growth(theta, ts):
    total = 0.0
    for t in ts:
        u = lambda s: theta[0] * np.exp(theta[1] * s)  # noqa: E731
        total += (grad(u)(t) - u(t)) ** 2
    return total


@custom_vjp
def clipped(x):
    """The identity, with an adjoint that is cut off."""
    return 1.0 * x


def clipped_fwd(x):
    return clipped(x), None


def clipped_bwd(residuals, y_bar):
    return (np.clip(y_bar, -1.0, 1.0),)


clipped.defvjp(clipped_fwd, clipped_bwd)


@custom_jvp
def softplus(x):
    return np.log1p(np.exp(-abs(x))) + max(x, 0.0)


@softplus.defjvp
def softplus_rule(primals, tangents):
    return softplus(primals[0]), tangents[0] / (1.0 + np.exp(-primals[0]))


def of_clipped(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += clipped(x[i] ** 2) * x[i]
    return total


def of_softplus(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += softplus(3.0 * x[i])
    return total


def newton(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


def square_less(x, a):
    return x * x - a


root = implicit(newton, square_less)


def of_root(a):
    return root(a) * a


@checkpoint
def layer(x, w):
    return np.tanh(w * x)


def layers(x, w):
    return np.sum(layer(layer(x, w), w))


def normalised(x):
    with no_grad():
        scale = np.sqrt(x @ x)
    return np.sum(x * x) / scale


def impedance(r, w):
    z = r + 1j * w / (1.0 + 1j * w)
    return abs(z) ** 2


def of_its_size(x):
    z = x * x
    s = np.sum(z)
    return np.log(1.0 + s) * s


class Pendulum:
    def __init__(self):
        self.k = 2.0

    def energy(self, x):
        return self.k * (1.0 - np.cos(x))


U = np.linspace(0.0, 1.0, 6)


def sparse() -> str:
    made = sparse_jacobian(stencil, jit=False)
    made(U, 0.5)
    return f"{made.sets.source}\n\n{made.source}"


TRANSFORMS = {  # that are no gradient of an exemplar
    "sparse_jacobian": sparse,
    "vmap": lambda: vmap(grad(spring), in_axes=(0, None), jit=False).source_for(U.reshape(3, 2), 0.5),
    "taylor": lambda: taylor(wave, 3, jit=False).source_for(0.5, 1.0),
    "custom_vjp": lambda: grad(of_clipped, jit=False).source_for(U),
    "custom_jvp": lambda: grad(of_softplus, jit=False).source_for(U),
    "custom_jvp_forward": lambda: jvp(of_softplus, jit=False).source_for((U,), (U,)),
    "implicit": lambda: grad(of_root, jit=False).source_for(2.0),
    "checkpoint": lambda: grad(layers, wrt="w", jit=False).source_for(U, 0.5),
    "no_grad": lambda: grad(normalised, jit=False).source_for(U),
    "complex": lambda: grad(impedance, wrt=("r", "w"), jit=False).source_for(1.0, 2.0),
    "hvp": lambda: hvp(spring, jit=False).source_for(U[:2], 0.5, U[:2]),
    "laplacian": lambda: laplacian(spring, jit=False).source_for(U[:2], 0.5),
    "intermediate": lambda: grad(of_its_size, wrt=("x", "z", "s"), jit=False).source_for(U),
    "of_an_object": lambda: grad(Pendulum().energy, wrt=("self.k", "x"), jit=False).source_for(0.5),
    "inside": lambda: grad(growth, jit=False).source_for(U[:2], U),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_text_of_transforms(name: str) -> None:
    text, file = TRANSFORMS[name](), FOLDER / f"{name}.py"
    if UPDATE:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_text_runs(name: str) -> None:
    case, derivative = exemplar(name)
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    types = derivative.types_of(*case.fresh())
    kept = defined(text, f"<golden {name}>", {})[derivative.function_for(types).__name__]
    given = case.fresh()
    found = kept(*given)
    assert oracle.unchanged(given, case.args)
    adjoints = found[1] if name in KINDS else found
    if name in KINDS:
        assert np.isclose(found[0], case.function(*case.fresh()), rtol=1e-14)
    names = case.function.__code__.co_varnames
    places = [names.index(one) for one in case.wrt]
    along = oracle.direction([case.args[place] for place in places], 3)
    exact, error = oracle.by_differences(case.function, fresh(case.args), oracle.embedded(case.args, places, along))
    product = oracle.dot(adjoints if len(places) > 1 else (adjoints,), along)
    assert abs(product - exact[0]) <= (1e-8 + 10.0 * error) * max(1.0, abs(exact[0]))
