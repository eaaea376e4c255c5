"""`has_aux=True`: what a function returns beside its result comes out as it gave it, and changes no derivative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adcompile import InvalidArgument, Unsupported, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from adcompile.analysis.activity import useful
from adcompile.analysis.aliasing import roots
from tests import oracle
from tests.corpus import CASES, Case
from tests.corpus.registry import is_float
from tests.test_corpus import single
from tests.texts import defined

X = np.array([0.3, 0.7, 1.1])


def trajectory(x, n):
    path = np.zeros((n, x.shape[0]))
    v = x.copy()
    total = 0.0
    for i in range(n):
        v[0] = np.sin(v[0]) * v[1]
        for j in range(x.shape[0]):
            path[i, j] = v[j]
        total += v[0] ** 2
    return total, path


def rewound(x):
    """The reverse sweep needs what `y` held before, and puts it back."""
    y = x * x
    s = 0.0
    for i in range(x.shape[0]):
        s += y[i] * np.exp(y[i])
        y[i] = s * y[i]
    return np.sin(s), (y, s, x)


def nested(x):
    return x[0] ** 2, (x[1] * 2.0, (x * 2.0, 3), x[0] > x[1])


def a_view(x):
    y = x * x
    y[0] = y[1] * y[0]
    return y[0] ** 2, y[1:]


def one_array_twice(x):
    y = x * x
    y[0] = np.exp(y[1]) * y[0]
    return np.sum(y), (y, y)


def early(x):
    for i in range(x.shape[0]):
        if x[i] > 0.5:
            return x[i] ** 2, x[0]
    return x[0], x[1]


def result_is_aux(x):
    s = np.sum(x * x)
    return s, s


def constant_result(x):
    return 3.0, x * x


def nothing_beside(x):
    return x[0] * x[1], ()


def exchanged(x):
    u = x.copy()
    w = np.zeros(3)
    for _ in range(5):
        for i in range(3):
            w[i] = np.sin(u[i]) * u[i - 1]
        u, w = w, u
    return np.sum(u), (u, w)


def counted(x):
    y = x.copy()
    n = 0
    while np.sum(y) > 0.1:
        t = np.zeros(3)
        for i in range(3):
            t[i] = y[i] * y[i - 1]
        for i in range(3):
            y[i] = t[i] * 0.9
        n += 1
    return y[0] * x[0], (y, n)


def argument_written(x):
    for i in range(3):
        x[i] = np.exp(x[i]) * x[i - 1]
    return np.sum(x * x), x


FUNCTIONS = [
    rewound, nested, a_view, one_array_twice, early, result_is_aux, constant_result, nothing_beside, exchanged, counted,
    argument_written,
]  # fmt: skip


def same(left: Any, right: Any, close: float = 1e-14) -> None:
    """One structure, and one value of each leaf."""
    if isinstance(right, tuple):
        assert isinstance(left, tuple) and len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            same(one, other, close)
    else:
        assert np.shape(left) == np.shape(right)
        np.testing.assert_allclose(left, right, rtol=close, atol=close)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_in_every_kind(function, jit):
    def alone(x):
        return function(x)[0]

    value, aux = function(X.copy())
    gradient, along = grad(alone, jit=False)(X), np.array([1.0, -2.0, 0.5])
    same(grad(function, has_aux=True, jit=jit)(X), (gradient, aux), 1e-12)
    same(value_and_grad(function, has_aux=True, jit=jit)(X), ((value, aux), gradient), 1e-12)
    same(jvp(function, has_aux=True, jit=jit)((X,), (along,)), (value, gradient @ along, aux), 1e-12)
    evaluated, pullback, beside = vjp(function, has_aux=True, jit=jit)(X)
    same((evaluated, pullback(2.0), beside), (value, 2.0 * gradient, aux), 1e-12)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_dense_and_second_order(function):
    def alone(x):
        return function(x)[0]

    _, aux = function(X.copy())
    first, second = grad(alone, jit=False)(X), hessian(alone, jit=False)(X)
    for mode in ("forward", "reverse", "auto"):
        same(jacobian(function, mode=mode, has_aux=True, jit=False)(X), (first, aux), 1e-12)
    same(hessian(function, has_aux=True, jit=False)(X), (second, aux), 1e-12)
    of_gradient = grad(function, has_aux=True, jit=False)  # itself a function with aux
    same(jacobian(of_gradient, has_aux=True, jit=False)(X), (second, aux), 1e-12)
    same(vjp(of_gradient, has_aux=True, jit=False)(X)[1](X), second @ X, 1e-12)


def test_dense_compiled():
    matrix, path = jacobian(trajectory, has_aux=True)(X[:2], 3)
    same((matrix, path), (grad(lambda x, n: trajectory(x, n)[0])(X[:2], 3), trajectory(X[:2], 3)[1]), 1e-12)
    same(hessian(trajectory, has_aux=True)(X[:2], 3)[1], path)


def with_arguments(case: Case) -> Any:
    """The function of a case, which returns one number: the sum of its floats; beside it, all it returns, and its array
    arguments as it leaves them, unless it gives them further names."""
    names = case.function.__code__.co_varnames[: len(case.args)]
    value = case.function(*case.fresh())
    items = value if isinstance(value, tuple) else (value,)
    texts = [f"value[{n}]" for n in range(len(items))] if isinstance(value, tuple) else ["value"]
    of_floats = [f"np.sum({text})" for text, item in zip(texts, items, strict=True) if is_float(item)]
    arrays = [name for name, arg in zip(names, case.args, strict=True) if isinstance(arg, np.ndarray)]
    arrays = [] if case.name.startswith("references") else arrays
    call = f"value = function({', '.join(names)})"
    returned = f"return {' + '.join(of_floats)}, ({', '.join([*texts, *arrays])},)"
    text = f"def beside({', '.join(names)}):\n    {call}\n    {returned}\n"
    return defined(text, f"<beside {case.name}>", {"function": case.function, "np": np})["beside"]


def takes_sum(case: Case) -> bool:
    with np.errstate(all="ignore"):
        value = case.function(*case.fresh())
    items = value if isinstance(value, tuple) else (value,)
    flat = not any(isinstance(item, tuple) for item in items) and any(map(is_float, items))
    return flat and any(isinstance(each, np.ndarray) for each in (*items, *case.args))


IN_MEMORY = [case for case in CASES if case.name.startswith(("in_place", "references", "traps", "views", "whiles"))]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in IN_MEMORY if takes_sum(case)])
def test_what_arrays_hold_at_the_end_is_not_what_the_reverse_sweep_leaves(case: Case) -> None:
    close = 1e-5 if single(case) else 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        beside = with_arguments(case)
        result, aux = beside(*case.fresh())
        (value, found), gradient = value_and_grad(beside, wrt=case.wrt, has_aux=True, jit=False)(*case.fresh())
        _, pullback, _ = vjp(beside, wrt=case.wrt, has_aux=True, jit=False)(*case.fresh())
        truth = pullback(type(result)(1.0))
    assert oracle.distance((value, found), (result, aux)) < close
    assert oracle.distance(gradient, truth) < close


def test_what_flows_into_aux_alone_is_not_reversed():
    gradient = grad(trajectory, has_aux=True, jit=False)
    gradient(X[:2], 3)
    assert "path_bar" not in gradient.source
    typed = gradient.stages.function("typed")
    assert "path" not in {name.split(".")[0] for name in useful(typed, ["total"], roots(typed))}


def test_under_a_bound_of_memory():
    plain = value_and_grad(trajectory, has_aux=True, jit=False)(X[:2], 40)
    same(value_and_grad(trajectory, has_aux=True, checkpoint=3, jit=False)(X[:2], 40), plain, 1e-12)


def test_what_is_refused():
    with pytest.raises(Unsupported, match=r"not-a-pair: the result is not `result, aux`"):
        grad(lambda x: x * x, has_aux=True, jit=False)(1.0)
    with pytest.raises(Unsupported, match="not-a-pair"):
        grad(lambda x: (x, x, x), has_aux=True, jit=False)(1.0)
    with pytest.raises(Unsupported, match=r"not-scalar: the result is float64\[:\], not one float"):
        grad(lambda x: (x * x, 1.0), has_aux=True, jit=False)(X)
    with pytest.raises(InvalidArgument, match="grad: has_aux='yes' is neither True nor False"):
        grad(lambda x: (x, x), has_aux="yes")
    with pytest.raises(InvalidArgument, match="hvp: has_aux is none of the options"):
        hvp(lambda x: (x, x), has_aux=True)
