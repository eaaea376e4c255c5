"""Satellites from two-line elements."""

from tests.real_code.case import case

ISS = (
    "1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991",
    "2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482",
)

CASES = (
    case("sgp4.ext:newtonnu", "ecc nu", 0.3, 1.1),
    case("sgp4.ext:rv2coe", "r v", [6524.834, 6862.875, 6448.296], [4.901327, 5.533756, -1.976341], 398600.4418),
    case("sgp4.ext:jday", "sec", 2019, 12, 9, 16, 38, 29.363),
    case("sgp4.propagation:gstime", "jdut1", 2458827.362605),
    case(
        "sgp4.propagation:_initl", "ecco inclo no",
        0.07436691613317342, 0.0010826261738522227, 0.0007417, 25545.69339541, 0.9013561, 0.0676, "n", "i",
    ),
    case(
        f"sgp4.model:__import__('functools').partial(sgp4, Satrec.twoline2rv({ISS[0]!r}, {ISS[1]!r}))",
        "tsince", 90.0,
    ),
)  # fmt: skip
