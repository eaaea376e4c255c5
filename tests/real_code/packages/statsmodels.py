"""Statistics: robust norms, link functions, likelihoods of models with data."""

import numpy as np

from tests.real_code.case import case

Z = np.array([-2.0, -0.4, 0.7, 1.9])
P = np.array([0.2, 0.6])
DATA = "np.array([1., 0., 1., 1., 0., 1.]), np.column_stack([np.ones(6), [0.3, -1.2, 0.8, 1.9, -0.4, -0.1]])"

CASES = (
    case("statsmodels.robust.norms:HuberT().rho", "z", Z),
    case("statsmodels.robust.norms:TukeyBiweight().rho", "z", Z),
    case("statsmodels.robust.norms:TukeyBiweight().psi", "z", Z),
    case("statsmodels.genmod.families.links:Logit().inverse", "z", Z),
    case("statsmodels.genmod.families.links:CLogLog().__call__", "p", P),
    case("statsmodels.genmod.families.links:NegativeBinomial().deriv", "p", np.array([1.5, 2.0])),
    case("statsmodels.stats.moment_helpers:cum2mc", "kappa", np.array([0.5, 1.2, 0.3, 0.1])),
    case("statsmodels.stats.moment_helpers:cov2corr", "cov", np.array([[2.0, 0.3], [0.3, 1.0]])),
    case("statsmodels.tools.eval_measures:rmse", "x1 x2", Z, np.array([-1.8, 0.1, 0.9, 1.5])),
    case(f"statsmodels.discrete.discrete_model:Logit({DATA}).loglike", "params", np.array([0.3, 0.8])),
    case(f"statsmodels.discrete.discrete_model:Probit({DATA}).loglike", "params", np.array([0.3, 0.8])),
    case(f"statsmodels.discrete.discrete_model:Poisson({DATA}).loglike", "params", np.array([0.3, 0.8])),
)
