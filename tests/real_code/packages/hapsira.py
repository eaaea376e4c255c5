"""Orbital mechanics, written for Numba."""

import math

import numpy as np

from tests.real_code.case import case

K = 398600.4418
R0 = np.array([1131.340, -2282.343, 6672.423])
V0 = np.array([-5.64305, 4.30333, 2.42879])
STATE = np.concatenate([R0, V0])
COE = (11067.790, 0.83285, 1.53355, 3.97748, 0.93170, 1.61155)
LOW = (7000.0, 0.2, 0.6, 1.0, 0.4, 0.9)
E = "hapsira.core.elements"
T = "hapsira.core.propagation"

CASES = (
    case("hapsira.core.angles:M_to_E", "M ecc", 1.2, 0.3),
    case("hapsira.core.angles:E_to_nu", "E ecc", 1.2, 0.3),
    case("hapsira.core.angles:F_to_M", "F ecc", 1.2, 1.3),
    case(f"{E}:coe2rv", "k p ecc inc raan argp nu", K, *COE),
    case(f"{E}:rv2coe", "r v", K, np.array([6524.834, 6862.875, 6448.296]), np.array([4.901327, 5.533756, -1.976341])),
    case(f"{E}:mee2coe", "p f g h k L", 11067.79, 0.3, 0.2, 0.5, 0.4, 1.2),
    case(f"{E}:coe2mee", "p ecc inc raan argp nu", *LOW),
    case(f"{E}:rv_pqw", "k p ecc nu", K, 11067.79, 0.3, 1.1),
    case(f"{E}:eccentricity_vector", "k r v", K, R0, V0),
    case(f"{T}.farnocchia:farnocchia_rv", "r0 v0 tof", K, R0, V0, 2400.0),
    case(f"{T}.farnocchia:farnocchia_coe", "p ecc nu tof", K, *LOW, 2400.0),
    case(f"{T}.danby:danby_coe", "p ecc nu tof", K, *LOW, 2400.0),
    case(f"{T}.markley:markley_coe", "p ecc nu tof", K, *LOW, 2400.0),
    case(f"{T}.mikkola:mikkola_coe", "p ecc nu tof", K, *LOW, 2400.0),
    case(f"{T}.vallado:vallado", "r0 v0 tof", K, R0, V0, 2400.0, 350),
    case(f"{T}.base:func_twobody", "u_ k", 0.0, STATE, K),
    case(
        "hapsira.core.iod:vallado", "r0 r tof",
        K, np.array([5000.0, 10000.0, 2100.0]), np.array([-14600.0, 2500.0, 7000.0]), 3600.0, 0, True, True, 35, 1e-8,
    ),
    case(
        "hapsira.core.iod:izzo", "r1 r2 tof",
        K, np.array([5000.0, 10000.0, 2100.0]), np.array([-14600.0, 2500.0, 7000.0]), 3600.0, 0, True, True, 35, 1e-8,
    ),
    case("hapsira.core.iod:_compute_psi", "x y ll", 0.3, 0.8, 0.5),
    case(  # off the plane of the equator, where the inclination is no smooth function
        "hapsira.core.maneuver:hohmann.py_func", "rv r_f",
        K, np.array([[6569.0, 120.0, -350.0], [0.2, 7.6, 1.1]]), 42159.0,
    ),
    case(
        "hapsira.core.maneuver:bielliptic.py_func", "r_b r_f", K, 510702.0, 376310.0, np.array([[6569.0, 0.0, 0.0], [0.0, 7.79, 0.0]])
    ),
    case("hapsira.core.perturbations:J2_perturbation", "state k J2", 0.0, STATE, K, 1.08263e-3, 6378.1366),
    case("hapsira.core.perturbations:J3_perturbation", "state k J3", 0.0, STATE, K, -2.5326e-6, 6378.1366),
    case(
        "hapsira.core.perturbations:atmospheric_drag_exponential", "state C_D",
        0.0, STATE, K, 6378.1366, 2.2, 1e-8, 8.5, 1.3e9,
    ),
    case(
        "hapsira.core.events:eclipse_function", "u_",
        K, STATE, np.array([1.2e8, 8.0e7, 3.0e7]), 695700.0, 6378.1366, True,
    ),
    case("hapsira.core.events:line_of_sight", "r1 r2", R0, np.array([-4464.6, -5102.5, 300.0]), 6378.1366),
    case("hapsira.core.spheroid_location:cartesian_cords", "a c lon lat h", 6378.137, 6356.752, 0.3, 0.8, 2.0),
    case(
        "hapsira.core.flybys:compute_flyby", "v_spacecraft v_body r_p theta",
        np.array([38.0, 4.0, 1.0]), np.array([35.0, -2.0, 0.5]), 324859.0, 6351.0, math.radians(20.0),
    ),
    case("hapsira.core.util:rotation_matrix", "angle", 0.7, 1),
    case("hapsira.core.util:spherical_to_cartesian", "v", np.array([2.0, 0.6, 1.1])),
    case("hapsira.core.thrust.change_ecc_inc:beta", "ecc_0 ecc_f inc_0 inc_f argp", 0.4, 0.1, 0.2, 0.35, 0.1),
)  # fmt: skip
