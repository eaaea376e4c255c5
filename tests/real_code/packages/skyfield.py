"""Astronomy: Kepler orbits, the earth, light."""

import numpy as np

from tests.real_code.case import case

POSITION = np.array([0.9, 0.4, 0.2])

CASES = (
    case("skyfield.keplerlib:eccentric_anomaly", "e M", 0.3, 1.1),
    case("skyfield.keplerlib:true_anomaly_hyperbolic", "e E", 1.3, 0.8),
    case("skyfield.keplerlib:true_anomaly_closed", "e E", 0.3, 0.8),
    case("skyfield.keplerlib:stumpff", "x", np.array([0.5, 2.0, -1.0])),
    case("skyfield.keplerlib:ele_to_vec", "p e i v", 1.2, 0.3, 0.4, 0.8, 0.6, 1.1, 2.959e-4),
    case("skyfield.keplerlib:propagate", "position velocity", POSITION, np.array([-0.008, 0.012, 0.002]), 0.0, np.array([12.0]), 2.959e-4),
    case("skyfield.earthlib:refraction", "alt_degrees temperature_C pressure_mbar", 20.0, 10.0, 1010.0),
    case("skyfield.earthlib:terra", "latitude longitude elevation", 0.7, 0.3, 100.0, 5.5),
    case("skyfield.earthlib:reverse_terra", "xyz_au", np.array([3.0e-5, 1.5e-5, 2.6e-5]), 5.5),
    case("skyfield.functions:to_spherical", "xyz", POSITION),
    case("skyfield.functions:rot_x", "theta", 0.4),
    case("skyfield.functions:angle_between", "u v", POSITION, np.array([0.1, -0.5, 0.7])),
    case("skyfield.nutationlib:mean_obliquity", "jd_tdb", 2458827.36),
    case("skyfield.nutationlib:fundamental_arguments", "t", 0.199),
    case("skyfield.relativity:light_time_difference", "position deflector_position", POSITION, np.array([0.3, -0.2, 0.1])),
    case("skyfield.magnitudelib:_jupiter_magnitude", "r delta ph_ang", 5.2, 4.5, 8.0),
    case(
        "skyfield.geometry:intersect_line_and_sphere", "endpoint center radius",
        np.array([3.0, 0.2, 0.1]), np.array([2.0, 0.1, 0.3]), 0.8,
    ),
    case("skyfield.precessionlib:compute_precession", "jd_tdb", 2458827.36),
)  # fmt: skip
