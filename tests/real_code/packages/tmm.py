"""Optics of thin films, and of small spheres (miepython)."""

import numpy as np

from tests.real_code.case import case

CASES = (
    case("tmm.tmm_core:snell", "n_1 th_1", 1.0, 1.5, 0.4),
    case("tmm.tmm_core:interface_r", "n_i n_f th_i", "s", 1.0, 1.5, 0.4, 0.262),
    case("tmm.tmm_core:R_from_r", "r", 0.3),
    case("miepython.util:cartesian_to_spherical", "x y z", 0.5, 0.3, 0.8),
    case("miepython.mie_nojit:_pi_tau_py", "mu", 0.4, np.zeros(5), np.zeros(5)),
)
