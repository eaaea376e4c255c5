"""What a user calls: options, types, messages, pickles, nesting, calls from compiled code."""

import copy
import inspect
import math
import os
import pickle
import re
import subprocess
import sys
import timeit
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from adcompile import InvalidArgument, Unsupported, grad, hessian, jacobian, jvp, value_and_grad, vjp

X = np.array([0.5, -1.0, 2.0])


def energy(x, k=2.0):
    """The energy of a chain."""
    s = 0.0
    for i in range(1, x.shape[0]):
        s += k * (x[i] - x[i - 1]) ** 2
    return s


def energy_grad(x, k=2.0):
    x_bar = np.zeros_like(x)
    for i in range(1, x.shape[0]):
        x_bar[i] += 2.0 * k * (x[i] - x[i - 1])
        x_bar[i - 1] -= 2.0 * k * (x[i] - x[i - 1])
    return x_bar


@grad
def decorated(x, k):
    return k * x * x


@grad(wrt=("k", 0), jit=False)
def decorated_with_options(x, k):
    return k * x * x


def cube(x):
    return x**3


def scaled(x, f, mode):
    return f(x) * 2.0 if mode == "double" else f(x)


def moved(u, v):
    for i in range(u.shape[0]):
        u[i] = u[i] * v[i]
    s = 0.0
    for i in range(u.shape[0]):
        s += u[i] * u[i]
    return s


class TestWhatIsAskedFor:
    def test_gradient_by_the_first_parameter(self):
        assert np.allclose(grad(energy)(X, 3.0), energy_grad(X, 3.0))

    def test_defaults_and_keywords(self):
        gradient = grad(energy, jit=False)
        assert np.allclose(gradient(X), energy_grad(X))
        assert np.allclose(gradient(k=3.0, x=X), energy_grad(X, 3.0))

    def test_defaults_and_keywords_compiled(self):
        gradient = grad(energy)
        assert np.allclose(gradient(X), energy_grad(X))
        assert np.allclose(gradient(k=3.0, x=X[::-1]), energy_grad(X[::-1], 3.0))

    @pytest.mark.parametrize("wrt", ["k", 1, -1])
    def test_by_another_parameter(self, wrt):
        assert grad(energy, wrt=wrt, jit=False)(X, 3.0) == pytest.approx(energy(X, 1.0))

    def test_a_tuple_in_gives_a_tuple_out(self):
        by_k, by_x = grad(energy, wrt=("k", 0), jit=False)(X, 3.0)
        assert by_k == pytest.approx(energy(X, 1.0))
        assert np.allclose(by_x, energy_grad(X, 3.0))
        (alone,) = grad(energy, wrt=("k",), jit=False)(X, 3.0)
        assert alone == by_k

    def test_value_and_gradient(self):
        value, gradient = value_and_grad(energy)(X, 3.0)
        assert value == energy(X, 3.0)
        assert np.allclose(gradient, energy_grad(X, 3.0))

    def test_forward(self):
        value, tangent = jvp(energy)((X, 3.0), (np.ones(3), 1.0))
        assert value == energy(X, 3.0)
        assert tangent == pytest.approx(energy(X, 1.0))

    def test_forward_by_some(self):
        assert jvp(energy, wrt="k", jit=False)((X, 3.0), (2.0,))[1] == pytest.approx(2.0 * energy(X, 1.0))

    def test_backward(self):
        value, pullback = vjp(energy)(X, 3.0)
        assert value == energy(X, 3.0)
        assert np.allclose(pullback(1.0), energy_grad(X, 3.0))
        assert np.allclose(pullback(2), 2.0 * energy_grad(X, 3.0))

    def test_backward_of_arrays_and_tuples(self):
        def both(x):
            y = np.zeros_like(x)
            s = 0.0
            for i in range(x.shape[0]):
                y[i] = x[i] * x[i]
                s += x[i]
            return y, s

        (y, s), pullback = vjp(both, jit=False)(X)
        assert np.allclose(y, X * X)
        assert s == pytest.approx(np.sum(X))
        assert np.allclose(pullback((np.ones(3), 3.0)), 2.0 * X + 3.0)
        with pytest.raises(InvalidArgument, match="tuple of 2"):
            pullback(1.0)

    def test_a_pullback_holds_what_its_arguments_were(self):
        x = X.copy()
        _, pullback = vjp(energy, jit=False)(x, 3.0)
        x[:] = 0.0
        assert np.allclose(pullback(1.0), energy_grad(X, 3.0))

    def test_as_decorators(self):
        assert decorated(3.0, 2.0) == 12.0
        assert decorated_with_options(3.0, 2.0) == (9.0, 12.0)

    def test_of_lambdas_and_of_jitted_functions(self):
        square = grad(lambda x: x * x, jit=False)
        assert square(3.0) == 6.0
        assert grad(njit(cube), jit=False)(2.0) == 12.0

    def test_functions_strings_and_none_as_arguments(self):
        for gradient in (grad(scaled, jit=False), grad(scaled)):
            assert gradient(2.0, cube, "double") == 24.0
            assert gradient(2.0, cube, None) == 12.0
            assert gradient(0.0, math.sin, "single") == 1.0

    def test_float32_stays(self):
        assert grad(energy, jit=False)(X.astype(np.float32), np.float32(3.0)).dtype == np.float32

    def test_arguments_are_not_changed(self):
        u, v = X.copy(), X.copy()
        grad(moved)(u, v)
        jvp(moved)((u, v), (u, v))
        vjp(moved)(u, v)[1](1.0)
        assert np.array_equal(u, X)
        assert np.array_equal(v, X)

    def test_nor_are_arrays_in_tuples(self):
        def moved_pair(pair):
            u, v = pair
            return moved(u, v)

        u, v = X.copy(), X.copy() + 1.0
        want = grad(moved, wrt=(0, 1), jit=False)(u, v)
        assert np.allclose(grad(moved_pair, jit=False)((u, v)), want)
        value, tangent = jvp(moved_pair, jit=False)(((u, v),), ((u, v),))
        assert value == pytest.approx(np.sum((u * v) ** 2))
        assert tangent == pytest.approx(np.sum(want[0] * u + want[1] * v))
        assert np.array_equal(u, X)
        assert np.array_equal(v, X + 1.0)
        with pytest.raises(ValueError, match="shares memory"):
            grad(moved_pair, jit=False)((u, u))
        with pytest.raises(ValueError, match="same shape"):
            jvp(moved_pair, jit=False)(((u, v),), ((u, v[:2]),))

    def test_tuples_in_tuples(self):
        def product(p):
            (u, v), k = p
            return u[0] * v[1] * k

        p = ((np.array([2.0, 2.0]), np.array([3.0, 3.0])), 5.0)
        (by_u, by_v), by_k = grad(product, jit=False)(p)
        assert (by_u[0], by_v[1], by_k) == (15.0, 10.0, 6.0)
        assert jvp(product, jit=False)((p,), (p,)) == (30.0, 90.0)
        forward = jvp(lambda p: p[0][0] ** 2 * p[1], jit=False)
        q, q_dot = ((2.0, 3.0), 4.0), ((1.0, 0.0), 1.0)
        assert forward((q,), (q_dot,)) == (16.0, 20.0)
        assert vjp(forward, jit=False)((q,), (q_dot,))[1]((0.0, 1.0)) == (((12.0, 0.0), 4.0),)

    def test_overlapping_arguments_of_a_function_that_writes_are_refused(self):
        gradient = grad(moved, jit=False)
        with pytest.raises(ValueError, match="shares memory"):
            gradient(X, X)
        with pytest.raises(ValueError, match="shares memory"):
            grad(moved)(X[1:], X[:-1])
        assert gradient(X[:1], X[1:2]) == pytest.approx(2.0 * X[0] * X[1] ** 2)


class TestNesting:
    def test_third_order(self):
        third = grad(grad(grad(lambda x: np.sin(x) * x, jit=False), jit=False), jit=False)
        assert third(0.3) == pytest.approx(-3.0 * np.sin(0.3) - 0.3 * np.cos(0.3))

    def test_all_orders_of_two_agree(self):
        v = np.array([1.0, 2.0, -1.0])
        want = energy_grad(v)  # the gradient is linear
        assert np.allclose(jvp(grad(energy), wrt="x")((X, 2.0), (v,))[1], want)
        assert np.allclose(vjp(grad(energy), jit=False)(X, 2.0)[1](v), want)
        backward_of_forward = grad(jvp(energy, wrt="x", jit=False), jit=False)
        with pytest.raises(Unsupported, match="not-scalar"):
            backward_of_forward((X, 2.0), (v,))
        forward = vjp(jvp(energy, wrt="x", jit=False), jit=False)
        (by_x, _), = (forward((X, 2.0), (v,))[1]((0.0, 1.0)),)
        assert np.allclose(by_x, want)

    def test_pullbacks_as_functions_are_differentiated(self):
        seeded = vjp(cube, jit=False).seeded
        assert seeded(2.0, 5.0) == 60.0
        assert grad(seeded, wrt=(0, 1), jit=False)(2.0, 5.0) == (60.0, 12.0)
        with pytest.raises(InvalidArgument, match="seeded"):
            grad(vjp(cube))


class TestCompiledCallers:
    def test_derivatives_in_compiled_code(self):
        gradient, tangent, pullback = grad(energy), jvp(energy, wrt="x"), vjp(cube).seeded

        @njit
        def user(x):
            step = gradient(x, 2.0)
            return np.sum(step + gradient(x)), tangent((x, 2.0), (step,))[1], pullback(2.0, k=0) if False else 0.0

        @njit
        def other(x, seed):
            return pullback(x, seed)

        total, slope, _ = user(X)
        assert total == pytest.approx(2.0 * np.sum(energy_grad(X)))
        assert slope == pytest.approx(np.sum(energy_grad(X) ** 2))
        assert other(2.0, 5.0) == 60.0

    def test_the_derivative_of_a_lambda_in_compiled_code(self):
        gradient = grad(lambda x: x * x)

        @njit
        def user(x):
            return gradient(x)

        assert user(3.0) == 6.0

    def test_what_is_refused_is_refused_there_too(self):
        gradient = grad(energy)

        @njit
        def user(x):
            return gradient(x, 2.0)

        with pytest.raises(InvalidArgument, match="x is int64"):
            user(1)

    def test_a_call_costs_what_a_call_of_a_jitted_function_costs(self):
        gradient = grad(cube)
        bare = njit(error_model="numpy", fastmath={"reassoc"})(lambda x: 3.0 * x * x)
        gradient(2.0), bare(2.0)

        def seconds(function):
            return min(timeit.repeat(lambda: function(2.0), number=2000, repeat=15)) / 2000

        assert seconds(gradient) - seconds(bare) < 1e-6


class TestLookingAtIt:
    def test_the_derivative_has_the_name_and_the_signature_of_the_function(self):
        gradient = grad(energy)
        assert gradient.__name__ == "energy"
        assert gradient.__doc__ == "The energy of a chain."
        assert inspect.signature(gradient) == inspect.signature(energy)
        assert str(inspect.signature(jvp(energy))) == "(primals, tangents)"
        assert str(inspect.signature(vjp(energy).seeded)) == "(x, k, seed)"
        assert repr(gradient) == "<adcompile grad of energy>"

    def test_primal(self):
        assert grad(energy).primal is energy
        assert decorated.primal(3.0, 2.0) == 18.0

    def test_nothing_takes_the_source_of_the_primal_for_that_of_the_derivative(self):
        gradient = grad(energy)
        assert inspect.unwrap(gradient) is gradient
        assert gradient.py_func is not energy
        with pytest.raises(NotImplementedError):
            gradient.py_func(X, 2.0)

    def test_source(self):
        gradient = grad(energy, jit=False)
        with pytest.raises(InvalidArgument, match="source_for"):
            gradient.source  # noqa: B018
        text = gradient.source_for(X, 2.0)
        assert text == gradient.source
        namespace: dict = {}
        exec(text, namespace)
        assert np.allclose(namespace["energy_grad"](X, 2.0), energy_grad(X))
        assert "def cube_vjp(x, result_bar):" in vjp(cube).source_for(2.0)

    def test_stages(self, capsys, monkeypatch):
        gradient = grad(cube, jit=False)
        monkeypatch.setenv("ADCOMPILE_DUMP", "after:ssa")
        gradient(2.0)
        assert capsys.readouterr().out.startswith("def cube(x: float64):")
        assert next(iter(gradient.stages)) == "read"
        assert "x: float64" in gradient.stages["typed"]

    def test_what_was_compiled_once_is_not_compiled_again(self):
        first = grad(cube).generated(grad(cube).types_of(2.0))
        assert grad(cube).generated(grad(cube).types_of(2.0)) is first


class TestPickles:
    @pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
    def test_a_decorated_function_is_itself(self, protocol):
        assert pickle.loads(pickle.dumps(decorated, protocol)) is decorated
        assert pickle.loads(pickle.dumps(decorated_with_options)) is decorated_with_options

    @pytest.mark.parametrize(
        "derivative",
        [
            grad(cube, jit=False),
            grad(grad(cube, jit=False), jit=False),
            grad(decorated, jit=False),
            value_and_grad(decorated.primal, wrt="k", jit=False),
            vjp(cube, jit=False).seeded,
        ],
    )
    def test_a_derivative_is_made_again(self, derivative):
        again = pickle.loads(pickle.dumps(derivative))
        assert again.request == derivative.request
        arguments = (3.0,) * len(inspect.signature(derivative).parameters)
        assert again(*arguments) == derivative(*arguments)

    def test_pairs(self):
        assert pickle.loads(pickle.dumps(vjp(cube, jit=False)))(2.0)[1](1.0) == 12.0
        assert pickle.loads(pickle.dumps(jvp(cube, jit=False)))((2.0,), (1.0,)) == (8.0, 12.0)

    def test_what_has_no_name_goes_along_as_a_whole(self, tmp_path):
        """In a process that has neither the module nor the file."""
        pytest.importorskip("cloudpickle")
        written = """if True:
            import pickle, sys
            from adcompile import grad
            def scaled(x, k):
                return k * x**3
            parts = [grad(scaled, jit=False), grad(lambda x: x * x, jit=False)]
            sys.stdout.buffer.write(pickle.dumps(parts))
        """
        read = "import pickle, sys; a, b = pickle.load(sys.stdin.buffer); print(a(2.0, 0.5), b(3.0), a.source, sep='|')"
        (tmp_path / "script.py").write_text(written)
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        made = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True)
        assert made.returncode == 0, made.stderr
        (tmp_path / "script.py").unlink()
        done = subprocess.run([sys.executable, "-c", read], input=made.stdout, env=environment, capture_output=True)
        assert done.stdout.decode().startswith("6.0|6.0|def scaled_grad(x, k):"), done.stderr

    def test_what_has_no_name_cannot_be_without_cloudpickle(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "cloudpickle", None)
        with pytest.raises(InvalidArgument, match="top of a module"):
            pickle.dumps(grad(lambda x: x * x))

    def test_copies(self):
        derivative = grad(lambda x: x * x)
        assert copy.copy(derivative) is derivative
        assert copy.deepcopy(derivative) is derivative


def message(text: str) -> str:
    return "^" + re.escape(text)


class TestMessages:
    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            ((1, 2.0), "grad of energy: x is int64, and the gradient is by x, which has to be a float or an array"),
            ((np.arange(3), 2.0), "grad of energy: x is int64[:], and the gradient is by x"),
            ((X, {1.0}), "grad of energy: k is set: real numbers, arrays and tuples of those"),
            ((X, {"a": {1.0}}), "grad of energy: k['a'] is set: numbers, arrays, texts, None and functions"),
            (("chain", 2.0), "grad of energy: x is 'chain', and the gradient is by x"),
        ],
    )
    @pytest.mark.parametrize("jit", [True, False])
    def test_arguments(self, arguments, text, jit):
        with pytest.raises(InvalidArgument, match=message(text)):
            grad(energy, jit=jit)(*arguments)

    def test_a_list_has_no_attributes_of_an_array(self):
        with pytest.raises(Unsupported, match=r"`.shape` of list of float64 is not supported") as caught:
            grad(energy, jit=False)([1.0, 2.0], 2.0)
        assert "help: pass np.array(...)" in str(caught.value)

    @pytest.mark.parametrize("jit", [True, False])
    def test_numbers_of_arguments(self, jit):
        gradient = grad(energy, jit=jit)
        for wrong in ((), (X, 2.0, 3.0)):
            with pytest.raises(TypeError, match="arguments"):
                gradient(*wrong)
        with pytest.raises(TypeError, match="keyword"):
            gradient(X, q=2.0)

    @pytest.mark.parametrize(
        ("primals", "tangents", "text"),
        [
            ((X,), (X,), "primals must be a tuple of all the arguments of energy, (x, k)"),
            ([X, 2.0], (X,), "primals is list: pass a tuple"),
            ((X, 2.0), (X, 1.0, 1.0), "tangents must be a tuple with one entry for each of x, k: "),
            ((X, 2.0), X, "tangents must be a tuple with one entry for each of x, k: "),
            ((X, 2.0), (X[None], 1.0), "tangents[0] is float64[:, :], and x, whose tangent it is, is float64[:]"),
            ((X, 2.0), (X, 1), "tangents[1] is int64, and k, whose tangent it is, is float64"),
        ],
    )
    def test_tangents(self, primals, tangents, text):
        with pytest.raises(InvalidArgument, match=message(f"jvp of energy: {text}")):
            jvp(energy, jit=False)(primals, tangents)

    def test_shapes_of_tangents_and_seeds(self):
        with pytest.raises(ValueError, match="same shape"):
            jvp(energy, jit=False)((X, 2.0), (X[:2], 1.0))
        _, pullback = vjp(grad(energy, jit=False), jit=False)(X, 2.0)
        with pytest.raises(InvalidArgument, match="shape \\(3,\\)"):
            pullback(X[:2])
        with pytest.raises(InvalidArgument, match="the seed has float64 where the result of energy is float64\\[:\\]"):
            vjp(grad(energy, jit=False), jit=False).seeded(X, 2.0, 1.0)

    @pytest.mark.parametrize(
        ("wrt", "text"),
        [
            ("z", "grad of energy: wrt='z' is none of the parameters x, k"),
            (2, "grad of energy: wrt=2 is none of the parameters x, k"),
            (("x", 0), "grad of energy: wrt=('x', 0) names one parameter twice"),
            ((), "grad of energy: wrt=() names no parameter"),
            (1.0, "grad of energy: wrt=1.0 is no parameter, and no tuple of parameters"),
        ],
    )
    def test_wrt(self, wrt, text):
        with pytest.raises(InvalidArgument, match=message(text)):
            grad(energy, wrt=wrt)

    def test_options(self):
        with pytest.raises(InvalidArgument, match="inline is none of the options jit, fastmath"):
            grad(energy, inline=True)

    def test_what_is_no_function(self):
        with pytest.raises(InvalidArgument, match="takes a function, not 3"):
            grad(3)
        with pytest.raises(Unsupported, match="no-source: sin is not written in Python"):
            grad(np.sin)
        with pytest.raises(Unsupported, match=r"unsupported-parameter: the parameter \*args"):
            grad(lambda *args: args[0])
        with pytest.raises(InvalidArgument, match="no parameters"):
            grad(lambda: 1.0)

    def test_a_result_that_is_no_number(self):
        with pytest.raises(Unsupported, match="not-scalar"):
            grad(grad(energy, jit=False), jit=False)(X, 2.0)


def _named_as_ours(seed, primals):
    return seed * seed * primals


def test_parameters_may_have_the_names_of_ours() -> None:
    assert vjp(_named_as_ours, jit=False)(3.0, 2.0)[1](1.0) == 12.0
    assert jvp(_named_as_ours, jit=False)((3.0, 2.0), (1.0, 0.0)) == (18.0, 12.0)


def overlapping(a, b):
    a[0] = 2.0 * b[0]
    return a[0] * b[0] * b[1]


def test_a_pullback_refuses_arguments_that_overlap():
    x = np.array([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="shares memory"):
        vjp(overlapping, jit=False)(x, x)


def shadowing(x, range, np, min):
    total = 0.0
    for v in x:
        total += v * total * range + v * np * min
    return total


@pytest.mark.parametrize("jit", [False, True])
def test_parameters_named_as_what_generated_code_calls(jit):
    x = np.array([1.0, 2.0, 3.0])
    gradient = grad(shadowing, jit=jit)(x, range=2.0, np=1.0, min=0.5)
    np.testing.assert_allclose(gradient, [17.5, 10.5, 7.5], rtol=1e-14)
    if not jit:
        assert hessian(shadowing, jit=False)(x, 2.0, 1.0, 0.5).shape == (3, 3)
        assert jacobian(lambda x, np: x * np, jit=False)(x, 2.0)[1, 1] == 2.0


def rounded_on_purpose(x, c):
    x[0] += c
    x[0] -= c
    return x[0] * x[1]


def test_additions_of_the_function_keep_their_order():
    assert value_and_grad(rounded_on_purpose, jit=False)(np.array([1.3, 0.7]), 1e20)[0] == 0.0
