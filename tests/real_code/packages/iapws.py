"""Water and steam."""

from tests.real_code.case import case

CASES = (
    case("iapws._iapws:_Viscosity", "rho T", 998.0, 298.15),
    case("iapws._iapws:_ThCond", "rho T", 998.0, 298.15),
    case("iapws._iapws:_Tension", "T", 300.0),
    case("iapws._iapws:_Dielectric", "rho T", 999.242866, 298.15),
    case("iapws._iapws:_Ice", "T P", 100.0, 100.0),
    case("iapws._iapws:_Liquid", "T P", 260.0, 0.1),
    case("iapws._iapws:_Melting_Pressure", "T", 260.0),
    case("iapws._iapws:_Henry", "T", 500.0, "He"),
    case("iapws.iapws97:_PSat_T", "T", 500.0),
    case("iapws.iapws97:_TSat_P", "P", 10.0),
    case("iapws.iapws97:_Region1", "T P", 300.0, 3.0),
    case("iapws.iapws97:_Region2", "T P", 700.0, 30.0),
    case("iapws.iapws97:_Backward1_T_Ph", "P h", 3.0, 500.0),
    case("iapws.iapws97:_h_3ab", "P", 25.0),
    case("iapws.humidAir:_virial", "T", 250.0),
    case("iapws.iapws08:_Tension_SeaWater", "T S", 280.0, 0.035),
)
