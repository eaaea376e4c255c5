"""Geodesy: conversions of coordinates, distances on the ellipsoid."""

from tests.real_code.case import case

CASES = (
    case("pymap3d.ecef:geodetic2ecef", "lat lon alt", 42.0, -82.0, 200.0),
    case("pymap3d.ecef:ecef2geodetic", "x y z", 660675.2518247, -4700948.68316, 4245737.66222),
    case("pymap3d.ecef:enu2uvw", "east north up lat0", 150.0, 90.0, 20.0, 42.0, -82.0),
    case("pymap3d.enu:enu2aer", "e n u", 186.277521, 286.84222, 939.69262),
    case("pymap3d.enu:aer2enu", "az el srange", 33.0, 70.0, 1000.0),
    case("pymap3d.vincenty:vdist", "Lat1 Lon1 Lat2 Lon2", 10.0, 20.0, 12.0, 23.0),
    case("pymap3d.vincenty:vreckon", "Lat1 Lon1 Rng Azim", 10.0, 20.0, 3000.0, 38.0),
    case("pymap3d.haversine:haversine", "theta", 0.7),
    case("pymap3d.haversine:anglesep", "lon0 lat0 lon1 lat1", 35.0, 23.0, 84.0, 20.0),
    case("pymap3d.lox:loxodrome_inverse", "lat1 lon1 lat2 lon2", 10.0, 20.0, 35.0, 40.0),
    case("pymap3d.latitude:geodetic2isometric", "geodetic_lat", 45.0),
    case("pymap3d.latitude:geodetic2conformal", "geodetic_lat", 45.0),
    case("pymap3d.rcurve:transverse", "lat", 45.0),
    case("pymap3d.rsphere:euler", "lat1 lon1 lat2 lon2", 42.0, 82.0, 44.0, 100.0),
    case("pymap3d.los:lookAtSpheroid", "lat0 lon0 h0 az tilt", 42.0, -82.0, 1000.0, 30.0, 40.0),
    case("pymap3d.utils:cart2sph", "x y z", 0.5, 0.3, 0.8),
    case("pymap3d.utils:sph2cart", "az el r", 0.5, 0.3, 1.8),
)
