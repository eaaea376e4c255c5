"""Thermal comfort from weather."""

import numpy as np

from tests.real_code.case import case

F = "thermofeel.thermofeel"
T = np.array([300.0, 308.0])
TD = np.array([290.0, 292.0])
VA = np.array([2.0, 3.5])
MRT = np.array([310.0, 325.0])

CASES = (
    case(f"{F}:calculate_utci_polynomial", "t2m mrt va", np.array([27.0, 33.0]), np.array([37.0, 45.0]), VA, np.array([1.9, 2.2])),
    case(f"{F}:calculate_wbt", "t2_k rh", T, np.array([55.0, 40.0])),
    case(f"{F}:calculate_saturation_vapour_pressure", "t2_k", T),
    case(f"{F}:calculate_heat_index_adjusted", "t2_k td_k", T, TD),
    case(f"{F}:calculate_apparent_temperature", "t2_k va", T, VA, np.array([55.0, 40.0])),
    case(f"{F}:calculate_wind_chill", "t2_k va", np.array([268.0, 271.0]), VA),
    case(f"{F}:calculate_mrt_from_bgt", "t2_k bgt_k va", T, np.array([305.0, 315.0]), VA),
    case(f"{F}:calculate_bgt", "t2_k mrt va", T, MRT, VA),
    case("thermofeel.liljegren:esat", "tk", T),
    case("thermofeel.liljegren:viscosity", "tk", T),
)  # fmt: skip
