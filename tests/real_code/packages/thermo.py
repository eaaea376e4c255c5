"""Phase equilibria: activity models, cubic equations of state."""

import numpy as np

from tests.real_code.case import case

TAUS = np.array([[0.0, -0.178], [1.963, 0.0]])
ALPHAS = np.array([[0.0, 0.2974], [0.2974, 0.0]])

CASES = (
    case("thermo.nrtl:NRTL_gammas", "xs taus", np.array([0.252, 0.748]), TAUS, ALPHAS),
    case(
        "thermo.uniquac:UNIQUAC_gammas", "xs taus",
        np.array([0.252, 0.748]), np.array([2.1055, 0.92]), np.array([1.972, 1.4]),
        np.array([[1.0, 1.0919744384510301], [0.37452902779205477, 1.0]]),
    ),
    case(
        "thermo.eos_mix_methods:a_alpha_quadratic_terms", "a_alphas zs",
        np.array([0.2491099357671155, 0.6486495863528039]), np.array([0.4991091, 0.8053879]), 299.0,
        np.array([0.1164203, 0.8835797]), np.array([[1.0, 0.917], [0.917, 1.0]]),
    ),
    case("thermo.eos_alpha_functions:Twu91_alpha_pure", "T c0 c1 c2", 300.0, 507.6, 0.694911381318495, 0.919907783415812, 1.70412689631515),
    case("thermo.eos_alpha_functions:Soave_1979_alpha_pure", "T M N", 300.0, 507.6, 0.5, 0.3),
    case(
        "thermo.eos_volume:volume_solutions_halley", "T P a_alpha",
        300.0, 1e6, 5.9e-5, 1.2e-4, -3.5e-9, 1.2,
    ),
    case("thermo.eos:PR(T=300.0, P=1e6, Tc=507.6, Pc=3025000.0, omega=0.2975).a_alpha_pure", "T", 310.0),
)  # fmt: skip
