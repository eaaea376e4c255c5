"""Derivatives that come out of pickles again and again, as they do in workers."""

import importlib
import pickle
import sys

import numpy as np
import pytest

from adcompile import grad, sparse_jacobian, value_and_grad


def cubes(x):
    return np.sum(x**3)


def stencil(x):
    return x[1:] * x[:-1]


def test_a_derivative_that_comes_again_is_made_once():
    derivative = value_and_grad(cubes, jit=False)
    first, again = (pickle.loads(pickle.dumps(derivative)) for _ in range(2))
    assert first is again
    assert first(np.ones(2))[1].tolist() == [3.0, 3.0]
    other = pickle.loads(pickle.dumps(value_and_grad(cubes, jit=False, fastmath=False)))
    assert other is not first
    assert pickle.loads(pickle.dumps(grad(cubes, jit=False))) is not first


def test_one_of_a_derivative_is_made_once_too():
    nested = grad(grad(lambda x: x**3, jit=False), jit=False)
    pytest.importorskip("cloudpickle")
    first, again = (pickle.loads(pickle.dumps(nested)) for _ in range(2))
    assert first is again
    assert first(2.0) == 12.0


def test_what_a_function_brings_along_tells_it_apart():
    pytest.importorskip("cloudpickle")

    def scaled(by):
        return grad(lambda x: by * x * x, jit=False)

    found = [pickle.loads(pickle.dumps(scaled(by))) for by in (2.0, 3.0, 2.0)]
    assert [each(1.0) for each in found] == [4.0, 6.0, 4.0]


def test_a_module_that_is_loaded_again_has_another_function(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "changing_model.py"
    path.write_text("def f(x):\n    return x * x\n")
    module = importlib.import_module("changing_model")
    data = pickle.dumps(grad(module.f, jit=False))
    assert pickle.loads(data)(3.0) == 6.0
    path.write_text("def f(x):\n    return x * x * x  # of another length\n")
    importlib.reload(module)
    assert pickle.loads(data)(3.0) == 27.0
    del sys.modules["changing_model"]


def test_sparse_matrices_come_out_as_well():
    matrix = sparse_jacobian(stencil, jit=False)
    for _ in range(2):
        assert pickle.loads(pickle.dumps(matrix))(np.ones(3)).toarray().tolist() == [[1, 1, 0], [0, 1, 1]]
