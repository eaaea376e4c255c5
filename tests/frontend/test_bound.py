"""Methods of objects and `functools.partial`: what they bring along is known, as a name of outside is."""

import re
from functools import partial

import numpy as np
import pytest

from adcompile import Unsupported, grad, hessian, jvp
from adcompile.frontend.read import read
from adcompile.ir.show import show
from adcompile.normal.specialise import specialised


class Gas:
    """A model with constants, a table, a flag, a private method and a call."""

    gamma = 2.0
    axisymmetric = True

    def __init__(self, a):
        self.a = a
        self.table = {"k": 1.5}
        self.weights = np.array([1.0, 2.0, 3.0])

    def power(self, x, p=2):
        return self.a * x**p

    def __scaled(self, x):
        return self.gamma * x

    def energy(self, x):
        if self.axisymmetric:
            rest = self.table.get("k", 0.0) * x + self.table["k"]
        else:
            rest = self.missing * x
        if hasattr(self, "missing") and self.missing > 0.0:
            rest = rest * self.missing
        return self.power(x) + self.power(x, p=3) * self.__scaled(x) + rest * getattr(self, "scale", 3.0)

    def weighted(self, x):
        return np.sum(self.weights * x * x)

    def __call__(self, x):
        return self.a * np.sin(x)

    @property
    def twice(self):
        return 2.0 * self.a

    def by_property(self, x):
        return self.twice * x * x

    @classmethod
    def of_class(cls, x):
        return cls.gamma * x**3

    def writes(self, x):
        kept = self.weights
        kept[0] = x
        return kept[0] * x

    def stores(self, x):
        self.last = x
        return x * x

    def renames(self, x):
        self = x
        return self * x


GAS = Gas(3.0)


def user(x):
    return GAS(x) + GAS.energy(x)


def several(a, b, c=2.0):
    return a * b**2 + c * a


def several_defaults(a, scale):
    if scale is None:
        scale = 1.5
    scale *= 2.0
    first, second = map(np.asarray, [a, scale])
    return first * second + 0.0 * sum(list(map(lambda t: t * t, (first, second))))  # noqa: C417


def chosen(a, mode):
    return a * a if mode in NAMES and mode in GAS.table else a


NAMES = ["k", "other"]


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (GAS.energy, lambda x: 6.0 * x + 24.0 * x**3 + 4.5),
        (GAS, lambda x: 3.0 * np.cos(x)),
        (GAS.by_property, lambda x: 12.0 * x),
        (GAS.of_class, lambda x: 6.0 * x**2),
        (Gas.of_class, lambda x: 6.0 * x**2),
        (user, lambda x: 3.0 * np.cos(x) + 6.0 * x + 24.0 * x**3 + 4.5),
        (partial(GAS.power, p=3), lambda x: 9.0 * x**2),
        (partial(several, b=3.0), lambda x: 11.0),
        (partial(partial(several, 2.0), c=5.0), lambda x: 4.0 * x),
        (partial(chosen, mode="k"), lambda x: 2.0 * x),
        (partial(chosen, mode="other"), lambda x: 1.0),
        (GAS.renames, lambda x: 2.0 * x),
        (partial(several_defaults, scale=None), lambda x: 3.0),
        (partial(several_defaults, scale=5.0), lambda x: 10.0),
    ],
)
def test_derivatives(f, expected, jit):
    if f is GAS:
        f = GAS.__call__
    x = 0.7
    assert np.isclose(grad(f, jit=jit)(x), expected(x), rtol=1e-13)
    assert np.isclose(jvp(f, wrt=0, jit=jit)(_primals(f, x), (1.0,))[1], expected(x), rtol=1e-13)


def _primals(f, x):
    source = read(f, lenient=True)
    names, defaults = source.function.params, source.signature.parameters
    return (x, *(defaults[name].default for name in names[1:]))


def test_arrays_and_second_derivatives():
    x = np.array([0.5, 0.2, 0.1])
    assert np.allclose(grad(GAS.weighted)(x), 2.0 * GAS.weights * x, rtol=1e-14)
    assert np.allclose(hessian(GAS.weighted)(x), np.diag(2.0 * GAS.weights), rtol=1e-14)
    assert np.isclose(grad(grad(GAS.energy))(0.7), 6.0 + 72.0 * 0.49, rtol=1e-13)


def test_each_object_has_its_own_constants():
    one, other = grad(Gas(1.0).by_property), grad(Gas(5.0).by_property)
    assert (one(1.0), other(1.0)) == (4.0, 20.0)


def test_a_branch_that_is_never_taken_is_not_read():
    assert re.search("missing", show(specialised(read(GAS.energy, lenient=True).function, {}))) is None


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (GAS.writes, "an array from outside the function is written"),
        (GAS.stores, "an attribute is assigned"),
        (GAS.weights.sum, "sum is not written in Python"),
    ],
)
def test_refusals(f, reason):
    with pytest.raises(Unsupported, match=reason):
        grad(f)(0.7)


def test_a_text_over_several_lines_is_one_constant():
    def f(x, mode="ab"):
        return (
            x * x
            if mode == "a"
            "b"
            else x
        )  # fmt: skip

    assert grad(f)(3.0) == 6.0
