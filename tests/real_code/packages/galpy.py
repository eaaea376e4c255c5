"""Dynamics of galaxies: coordinates and the methods of potentials."""

from tests.real_code.case import case

P = "galpy.potential"

CASES = (
    case("galpy.util.coords:rect_to_cyl", "X Y Z", 0.5, 0.3, 0.8),
    case("galpy.util.coords:cyl_to_rect_vec", "vr vt vz phi", 0.1, 0.9, 0.05, 0.7),
    case("galpy.util.coords:radec_to_lb", "ra dec", 1.2, 0.4),
    case("galpy.util.coords:lbd_to_XYZ", "l b d", 1.2, 0.4, 2.0),
    case("galpy.util.coords:cyl_to_spher", "R Z phi", 0.9, 0.2, 0.7),
    case(f"{P}:PlummerPotential(amp=1.1, b=0.8)._evaluate", "R z", 0.9, 0.2),
    case(f"{P}:MiyamotoNagaiPotential(a=0.5, b=0.05)._Rforce", "R z", 0.9, 0.2),
    case(f"{P}:NFWPotential(a=2.0)._evaluate", "R z", 0.9, 0.2),
    case(f"{P}:LogarithmicHaloPotential(q=0.9)._R2deriv", "R z", 0.9, 0.2),
)
