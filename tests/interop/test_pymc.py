"""A model of PyMC whose likelihood is a compiled function with loops: sampled by NUTS on its gradient."""

import numpy as np
import pymc
import pytest

from adcompile.interop.pytensor import to_pytensor

pytestmark = pytest.mark.interop


def log_likelihood(level, pull, y):
    """A mean-reverting series with noise of 0.3: each value from the one before."""
    s = 0.0
    for i in range(1, y.shape[0]):
        e = y[i] - (level + pull * (y[i - 1] - level))
        s -= 0.5 * (e / 0.3) ** 2
    return s


def test_a_series_is_sampled():
    """The posterior under flat priors is that of least squares: its mean and spread are known in closed form."""
    rng = np.random.default_rng(0)
    y = np.zeros(300)
    for i in range(1, y.size):
        y[i] = 1.0 + 0.5 * (y[i - 1] - 1.0) + 0.3 * rng.normal()
    with pymc.Model() as model:
        level = pymc.Flat("level", initval=0.5)
        pull = pymc.Flat("pull", initval=0.2)
        pymc.Potential("likelihood", to_pytensor(log_likelihood)(level, pull, y))
    point = {"level": np.array(0.8), "pull": np.array(0.4)}
    slope, h = model.compile_dlogp()(point), 1e-6
    value = model.compile_logp()
    by_level = (value({**point, "level": 0.8 + h}) - value({**point, "level": 0.8 - h})) / (2.0 * h)
    assert slope[0] == pytest.approx(by_level, rel=1e-6)
    with model:
        trace = pymc.sample(300, tune=300, chains=1, cores=1, random_seed=1, progressbar=False,
                            compute_convergence_checks=False)  # fmt: skip
    pulls, levels = trace.posterior["pull"].values.ravel(), trace.posterior["level"].values.ravel()
    before, after = y[:-1], y[1:]
    design = np.stack([np.ones(before.size), before], axis=1)
    (constant, best), *_ = np.linalg.lstsq(design, after, rcond=None)
    spread = 0.3 * np.sqrt(np.linalg.inv(design.T @ design)[1, 1])
    assert pulls.mean() == pytest.approx(best, abs=0.3 * spread)
    assert pulls.std() == pytest.approx(spread, rel=0.25)
    assert levels.mean() == pytest.approx(constant / (1.0 - best), abs=0.02)
