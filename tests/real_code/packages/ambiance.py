"""The ICAO standard atmosphere."""

from tests.real_code.case import case

CASES = (
    case("ambiance.ambiance:Atmosphere.geom2geop_height", "h", 5000.0),
    case("ambiance.ambiance:Atmosphere.geop2geom_height", "H", 5000.0),
)
