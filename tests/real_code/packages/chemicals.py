"""Properties of chemicals: vapour pressures, heat capacities, viscosities, densities, IAPWS-95 and -97, flashes."""

import numpy as np

from tests.real_code.case import case

BIJS = np.array(
    [[-6.24e-06, -2.013e-05, -3.9e-05], [-2.01e-05, -4.391e-05, -6.46e-05], [-3.99e-05, -6.46e-05, -1.2e-4]]
)

CASES = (
    case("chemicals.vapor_pressure:Antoine", "T A B C", 100.0, 8.7687, 395.744, -6.469),
    case("chemicals.vapor_pressure:Wagner", "T Tc a", 100.0, 190.551, 4599200.0, -6.02242, 1.26652, -0.5707, -1.366),
    case("chemicals.vapor_pressure:Psat_IAPWS", "T", 300.0),
    case("chemicals.vapor_pressure:Ambrose_Walton", "T Tc omega", 347.25, 617.15, 36.09e5, 0.304),
    case("chemicals.vapor_pressure:TDE_PVExpansion", "T a1 a2", 273.16, 30.705, -11422.0, 0.177978),
    case("chemicals.heat_capacity:Poling", "T a b", 300.0, 4.568, -0.008975, 3.631e-05, -3.407e-08, 1.091e-11),
    case("chemicals.heat_capacity:Lastovka_Shaw", "T similarity_variable", 1000.0, 0.22491),
    case(
        "chemicals.heat_capacity:TRCCp_integral", "T a2",
        298.15, 4.0, 7.65e5, 720.0, 3.565, -0.052, -1.55e6, 52.0, 201.0, 1.2,
    ),
    case("chemicals.heat_capacity:Shomate", "T A", 500.0, 30.092, 6.832514e-3, 6.793435e-6, -2.53448e-9, 82139.0),
    case("chemicals.dippr:EQ101", "T A B", 300.0, 73.649, -7258.2, -7.3037, 4.1653e-6, 2.0),
    case("chemicals.dippr:EQ107", "T A C", 300.0, 33363.0, 26790.0, 2610.5, 8896.0, 1169.0),
    case("chemicals.dippr:EQ115", "T B", 300.0, 10.0, -2000.0, -1.2, 1e-3, 500.0),
    case("chemicals.viscosity:mu_IAPWS", "T rho", 298.15, 998.0),
    case(
        "chemicals.viscosity:Wilke", "ys mus",
        np.array([0.05, 0.95]), np.array([1.34e-5, 9.5029e-6]), np.array([64.06, 46.07]),
    ),
    case("chemicals.viscosity:Lucas_gas", "T Pc", 550.0, 512.6, 80.9e5, 0.224, 32.042, 1.7),
    case("chemicals.volume:COSTALD", "T Tc Vc omega", 272.03889, 369.83333, 0.20008161e-3, 0.1532),
    case(
        "chemicals.volume:Rackett_mixture", "T xs",
        298.0, np.array([0.4576, 0.5424]), np.array([32.04, 18.01]), np.array([512.58, 647.29]),
        np.array([8.096e6, 2.209e7]), np.array([0.2332, 0.2374]),
    ),
    case("chemicals.volume:Goodman", "T Vml", 200.0, 243.225, 0.00023585),
    case("chemicals.virial:BVirial_Pitzer_Curl", "T Tc omega", 510.0, 425.2, 38e5, 0.193),
    case("chemicals.virial:BVirial_mixture", "zs Bijs", np.array([0.5, 0.3, 0.2]), BIJS),
    case(
        "chemicals.rachford_rice:Rachford_Rice_solution", "zs Ks",
        np.array([0.5, 0.3, 0.2]), np.array([1.685, 0.742, 0.532]),
    ),
    case(
        "chemicals.rachford_rice:Rachford_Rice_flash_error", "V_over_F zs Ks",
        0.5, np.array([0.5, 0.3, 0.2]), np.array([1.685, 0.742, 0.532]),
    ),
    case("chemicals.iapws:iapws97_G_region1", "tau pi", 1386 / 277.15, 101325 / 16.53e6),
    case("chemicals.iapws:iapws95_P", "T rho", 330.0, 985.0),
    case("chemicals.iapws:iapws97_rho", "T P", 648.6, 22.4e6),
    case("chemicals.air:lemmon2000_air_Ar", "tau delta", 132.6312 / 200.0, 13000 / 10447.7),
    case("chemicals.interface:Brock_Bird", "T Tc", 412.15, 447.3, 685.0, 3.952e6),
    case("chemicals.thermal_conductivity:Chung", "T omega mu", 373.15, 72.151, 460.4, 0.227, 135.9, 8.77e-6),
    case("chemicals.thermal_conductivity:k_IAPWS", "T rho", 647.35, 750.0),
    case("chemicals.flash_basic:Wilson_K_value", "T P omega", 270.0, 7600000.0, 305.4, 4880000.0, 0.098),
)  # fmt: skip
