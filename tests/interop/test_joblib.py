"""Derivatives in the workers of joblib."""

import numpy as np
import pytest
from joblib import Parallel, delayed

from adcompile import value_and_grad
from tests.interop.model import expected, squares

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_the_sum_over_shards(backend):
    generator = np.random.default_rng(0)
    theta = np.array([0.5, -1.0])
    shards = [(generator.normal(size=5), generator.normal(size=5)) for _ in range(6)]
    both = value_and_grad(squares)
    parts = Parallel(n_jobs=2, backend=backend)(delayed(both)(theta, *shard) for shard in shards)
    value, gradient = expected(theta, *(np.concatenate(each) for each in zip(*shards, strict=True)))
    assert sum(part[0] for part in parts) == pytest.approx(value)
    np.testing.assert_allclose(sum(part[1] for part in parts), gradient)


def test_a_function_of_this_process_alone():
    both = value_and_grad(lambda x: x**3, jit=False)
    assert Parallel(n_jobs=2)(delayed(both)(x) for x in (1.0, 2.0)) == [(1.0, 3.0), (8.0, 12.0)]
