"""Small packages: wind power, splines, heavy water, the sun, map projections."""

from tests.real_code.case import case

KNOTS = [0.0, 0.0, 0.0, 0.4, 0.7, 1.0, 1.0, 1.0]

CASES = (
    case("windpowerlib.wind_speed:logarithmic_profile", "wind_speed roughness_length", 5.0, 10.0, 100.0, 0.15),
    case("windpowerlib.wind_speed:hellman", "wind_speed", 5.0, 10.0, 100.0, hellman_exponent=0.2),
    case("windpowerlib.density:barometric", "pressure temperature_hub_height", 101125.0, 0.0, 100.0, 267.0),
    case("windpowerlib.density:ideal_gas", "pressure temperature_hub_height", 101125.0, 0.0, 100.0, 267.0),
    case("geomdl.helpers:basis_function", "knot", 2, KNOTS, 3, 0.55),
    case("geomdl.helpers:basis_function_one", "knot", 2, KNOTS, 2, 0.55),
    case("geomdl.linalg:point_distance", "pt1 pt2", (0.1, 0.5, 0.3), (1.0, -0.2, 0.4)),
    case("pyXSteam.IAPWS_R4:myHW_rhoT_R4", "rho T", 1000.0, 400.0),
    case("pyXSteam.IAPWS_R4:tcHW_rhoT_R4", "rho T", 1000.0, 400.0),
    case("astral.sun:sun_declination", "juliancentury", 0.199),
    case("astral.sun:eq_of_time", "juliancentury", 0.199),
    case("astral.sun:refraction_at_zenith", "zenith", 70.0),
    case("utm.conversion:from_latlon", "latitude longitude", 51.2, 7.5),
    case("utm.conversion:to_latlon", "easting northing", 395201.31, 5673135.24, 32, "U"),
)
