"""Colour science: spaces, differences, transfer functions, radiation."""

import numpy as np

from tests.real_code.case import case

XYZ = np.array([0.20654008, 0.12197225, 0.05136952])

CASES = (
    case("colour.models:XYZ_to_Lab", "XYZ", XYZ),
    case("colour.models:Lab_to_XYZ", "Lab", np.array([41.52787529, 52.63858304, 26.92317922])),
    case("colour.models:XYZ_to_Luv", "XYZ", XYZ),
    case("colour.models:XYZ_to_Oklab", "XYZ", XYZ),
    case("colour.models:eotf_sRGB", "V", np.array([0.461356129500442, 0.2])),
    case("colour.models:oetf_BT709", "L", np.array([0.18, 0.4])),
    case("colour.models:XYZ_to_xyY", "XYZ", XYZ),
    case(
        "colour.difference:delta_E_CIE2000", "Lab_1 Lab_2",
        np.array([48.99183622, -0.10561667, 40.65619925]), np.array([50.65907324, -0.11671910, 42.82402305]),
    ),
    case(
        "colour.difference:delta_E_CIE1976", "Lab_1 Lab_2",
        np.array([48.99183622, -0.10561667, 40.65619925]), np.array([50.65907324, -0.11671910, 42.82402305]),
    ),
    case("colour.temperature:CCT_to_xy_CIE_D", "CCT", 6504.38938305),
    case("colour.colorimetry:planck_law", "wavelength temperature", 500e-9, 5500.0),
    case("colour.colorimetry:lightness_CIE1976", "Y", 12.19722535),
)  # fmt: skip
