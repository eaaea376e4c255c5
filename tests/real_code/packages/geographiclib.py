"""Geodesics on the ellipsoid."""

from tests.real_code.case import case

G = "geographiclib.geodesic:Geodesic"

CASES = (
    case(f"{G}._A1m1f", "eps", 0.0016),
    case(f"{G}._Astroid", "x y", 0.4, 0.7),
    case(f"{G}.WGS84.Inverse", "lat1 lon1 lat2 lon2", -41.32, 174.81, 40.96, -5.5),
    case("geographiclib.geomath:Math.atan2d", "y x", 0.4, -0.7),
    case("geographiclib.geomath:Math.sincosd", "x", 130.0),
    case("geographiclib.geomath:Math.polyval", "x", 3, [1.0, -2.0, 0.5, 3.0], 0, 0.7),
)
