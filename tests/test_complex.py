"""The convention for complex numbers: JAX's, whose values stand here, and what is refused."""

import cmath

import numpy as np
import pytest

from adcompile import (
    InvalidArgument,
    Unsupported,
    check_grads,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    laplacian,
    linearize,
    stop_gradient,
    value_and_grad,
    vhp,
    vjp,
)
from tests import oracle
from tests.texts import defined

Z, W = 0.6 + 0.8j, -0.3 - 0.7j
SEED = 0.3 - 0.2j
V = np.array([0.1, 0.2, 0.3])


def real(z):
    return np.real(z * z)


def imaginary(z):
    return np.imag(z**3)


def size(z):
    return np.abs(z * z + 1j)


def angle(z):
    return cmath.phase(z * z)


def conjugate(z):
    return (z.conjugate() * z * z).real


def exponential(z):
    return np.exp(1j * z).imag


def root(z):
    return (cmath.sqrt(z) * 1j).real


def logarithm(z):
    return np.log(z).imag


def powers(z):
    return np.real(z**2.5 + 2.0**z)


def hermitian(z):
    return np.vdot(z * np.ones(2), np.ones(2) * (1j + z)).real


def spectrum(z):
    return np.sum(np.abs(np.fft.fft(np.array([z, 1.0, z * z, 2j]))) ** 2)


# jax.grad at Z and W, in double precision
GRADIENTS = [
    (real, 1.2 + 1.6j, -0.6 - 1.4j),
    (imaginary, 2.88 + 0.84j, 1.26 + 1.2j),
    (size, 1.414213562373095 - 1.414213562373095j, -1.1848737270035188 + 0.9571176787923161j),
    (angle, -1.6 - 1.2j, 2.4137931034482762 + 1.03448275862069j),
    (conjugate, 1.72 - 0.96j, 0.76 - 0.42j),
    (exponential, 0.3708471968964158 + 0.2537102176671771j, 1.9238114415220287 - 0.5951046162765073j),
    (root, 0.22360679774997902 + 0.4472135954999579j, -0.4783181090952404 + 0.31540112342992704j),
    (logarithm, -0.8 - 0.6j, 1.2068965517241381 + 0.5172413793103449j),
    (powers, 1.3403983412560623 + 3.012858454899678j, -1.1372423279635644 - 0.5568751593966177j),
    (hermitian, 2.4 - 5.2j, -1.2 + 0.8j),
    (spectrum, 14.4 - 19.2j, -5.184 + 12.096j),
]


@pytest.mark.parametrize(("f", "at_z", "at_w"), GRADIENTS, ids=[f.__name__ for f, *_ in GRADIENTS])
def test_the_gradient_is_that_of_jax(f, at_z, at_w):
    assert grad(f, jit=False)(Z) == pytest.approx(at_z, abs=1e-13)
    assert grad(f, jit=False)(W) == pytest.approx(at_w, abs=1e-13)


@pytest.mark.parametrize("f", [size, powers])
def test_the_gradient_is_by_the_real_part_minus_i_times_that_by_the_imaginary_part(f):
    h = 1e-6
    by_x, by_y = (f(Z + h) - f(Z - h)) / (2.0 * h), (f(Z + 1j * h) - f(Z - 1j * h)) / (2.0 * h)
    assert grad(f, jit=False)(Z) == pytest.approx(by_x - 1j * by_y, abs=1e-8)


def analytic(z):
    return np.exp(z) * z


def not_analytic(z):
    return z.conjugate() * z**2


def wave(x):
    return x * np.exp(1j * x)


def potential(z):
    return abs(z * z + 1.0)


def test_the_adjoint_of_an_analytic_function_is_multiplied_by_its_derivative():
    assert vjp(analytic, jit=False)(Z)[1](SEED) == pytest.approx(np.exp(Z) * (1.0 + Z) * SEED)
    assert vjp(not_analytic, jit=False)(Z)[1](SEED) == pytest.approx(0.708 - 0.744j)
    assert jvp(not_analytic, jit=False)((Z,), (SEED,))[1] == pytest.approx(0.324 - 0.168j)
    assert linearize(not_analytic, Z, jit=False)[1](SEED) == pytest.approx(0.324 - 0.168j)


def test_the_adjoint_of_a_real_argument_is_real():
    adjoint = vjp(wave, jit=False)(0.7)[1](SEED)
    assert adjoint == pytest.approx(0.33008838553279807)
    assert not np.iscomplexobj(adjoint)


def test_the_jacobian_of_complex_values_by_real_numbers():
    np.testing.assert_allclose(jacobian(wave)(V), np.diag((1.0 + 1j * V) * np.exp(1j * V)))
    assert jacobian(wave, jit=False)(0.7) == pytest.approx(0.3138898062181048 + 1.179607218336833j)


def test_second_derivatives_along_a_direction():
    f = jvp(grad(potential, jit=False), jit=False)
    for v in (1.0 + 0j, 1j, SEED):
        expected = f((Z,), (v,))[1]
        assert hvp(potential, jit=False)(Z, v) == pytest.approx(expected)
        assert vhp(potential, jit=False)(Z, v) == pytest.approx(expected)
    check_grads(potential, (Z,), order=2)
    check_grads(not_analytic, (Z,))
    check_grads(wave, (V,), order=2)


def two(z, x):
    return abs(z) * x


def several(p):
    return (p[0] * p[1]).real, p[1] * 1j


def unused(z, x):
    return x * 1.0


def stopped(z):
    return (stop_gradient(z) * z).real


def test_structures():
    assert value_and_grad(two, wrt=("z", "x"), jit=False)(Z, 2.0) == (2.0, (pytest.approx(1.2 - 1.6j), 1.0))
    assert value_and_grad(several, has_aux=True, jit=False)((Z, W)) == (((Z * W).real, W * 1j), (W, Z))
    nothing = grad(unused, jit=False)(Z, 2.0)
    assert nothing == 0.0
    assert isinstance(nothing, complex)
    assert grad(stopped, jit=False)(Z) == Z


def energy(z):
    s = 0.0
    for i in range(z.shape[0]):
        s += abs(z[i]) ** 2
    return s


def test_arrays_in_and_out():
    z = np.array([Z, W, 1j])
    out = np.zeros(3, complex)
    gradient = grad(energy, out=True, accumulate=True)
    gradient(z, out=out)
    gradient(z[::-1], out=out)
    np.testing.assert_allclose(out, 2.0 * (z + z[::-1]).conj())
    assert grad(energy)(z.astype(np.complex64)).dtype == np.complex64


@pytest.mark.parametrize("jit", [False, True])
def test_abs_has_no_slope_at_the_origin(jit):
    assert grad(potential, jit=jit)(1j) == 0.0
    assert grad(size, jit=jit)(0j) == 0.0


REFUSED = [
    (jacobian(potential), (Z,), "z is complex128, and a matrix of derivatives is by real numbers"),
    (hessian(potential), (Z,), "z is complex128, and a matrix of derivatives is by real numbers"),
    (laplacian(potential), (Z,), "z is complex128, and a matrix of derivatives is by real numbers"),
    (jacobian(wave, mode="reverse"), (V,), "the result is complex: mode='forward' takes complex results"),
    (jvp(wave), ((V,), (V + 0j,)), "the types must agree"),
]


@pytest.mark.parametrize(("derivative", "args", "words"), REFUSED)
def test_refused(derivative, args, words):
    with pytest.raises(InvalidArgument, match=words.replace("(", r"\(")):
        derivative(*args)


def test_a_complex_seed_of_a_real_value_is_refused():
    with pytest.raises(InvalidArgument, match="the seed must be a real number"):
        vjp(potential, jit=False)(Z)[1](SEED)


def test_the_gradient_of_a_complex_result_is_refused():
    with pytest.raises(Unsupported, match="the result is complex128, and a gradient is of a real number"):
        grad(analytic, jit=False)(Z)


A = np.array([[1.0 + 1j, 2.0 - 0.5j, 0.3j], [0.2, 1j, -1.0 + 0.4j], [0.7 - 0.1j, 0.5, 2.0 + 2j]])

CONJUGATING = [
    (np.var, (A,)), (np.std, (A,)), (np.nanvar, (A,)), (np.linalg.norm, (A,)), (np.vdot, (A[0], A[1])),
    (np.inner, (A[0], A[1])), (np.outer, (A[0], A[1])), (np.correlate, (A[0], A[1])), (np.any, (A,)), (np.all, (A,)),
    (np.cumprod, (A[0],)), (np.linalg.inv, (A,)), (np.linalg.det, (A,)), (np.kron, (A, A)), (np.cov, (A,)),
]  # fmt: skip


@pytest.mark.parametrize(("fn", "args"), CONJUGATING, ids=[fn.__name__ for fn, _ in CONJUGATING])
def test_functions_that_conjugate_do_so_or_are_refused(fn, args):
    names = ", ".join("ab"[: len(args)])
    function = defined(f"def f({names}):\n    return fn({names})\n", f"<complex {fn.__name__}>", {"fn": fn})["f"]
    try:
        value, tangent = jvp(function, jit=False)(args, oracle.direction(args, 1))
    except Unsupported:
        assert fn in (np.correlate, np.cov)
        return
    expected = fn(*args)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    assert np.iscomplexobj(value) == np.iscomplexobj(expected)
    exact, _ = oracle.by_differences(function, args, oracle.direction(args, 1))
    np.testing.assert_allclose(oracle.flat(tangent) if exact.size else [], exact, atol=1e-8)


def returned_as_it_is(x, z):
    return x * 2.0, z, 1j


def test_the_tangent_of_a_complex_number_is_one():
    _, tangents = jvp(returned_as_it_is, wrt="x", jit=False)((1.0, 2j), (1.0,))
    assert tangents == (2.0, 0j, 0j)
    assert [np.iscomplexobj(tangent) for tangent in tangents] == [False, True, True]
    second = hvp(lambda x, z: x * x + 0.0 * abs(x), wrt=("x", "z"), jit=False)(1.0, 2j, (1.0, 1j))
    assert np.iscomplexobj(second[1]) and second == (2.0, 0j)
