"""Fluid dynamics: friction, drag, two-phase pressure drops, valves, tanks, the package's own numerics."""

import numpy as np

from tests.real_code.case import case

CASES = (
    case("fluids.friction:Colebrook", "Re eD", 1e5, 1e-4),
    case("fluids.friction:Haaland", "Re eD", 1e5, 1e-4),
    case("fluids.friction:Churchill_1977", "Re eD", 1e5, 1e-4),
    case("fluids.friction:friction_factor", "Re eD", 1e5, 1e-4),
    case("fluids.friction:one_phase_dP", "m rho mu D", 10.0, 1000.0, 1e-5, 0.1, 1e-5, 1.0),
    case("fluids.friction:helical_turbulent_fd_Guo", "Re Di Dc", 2e5, 0.01, 0.2),
    case("fluids.drag:Barati", "Re", 200.0),
    case("fluids.drag:Clift", "Re", 200.0),
    case("fluids.drag:v_terminal", "D rhop rho mu", 70e-6, 2600.0, 1000.0, 1e-3),
    case(
        "fluids.compressible:Panhandle_A", "SG Tavg D P1", SG=0.693, Tavg=277.15, L=160e3, D=0.34, P1=90e5, P2=20e5
    ),
    case("fluids.compressible:isothermal_gas", "rho fd P1 D", rho=11.3, fd=0.00185, P1=1e6, P2=9e5, L=1000.0, D=0.5),
    case("fluids.compressible:isentropic_work_compression", "T1 k P2", T1=300.0, k=1.4, P1=1e5, P2=1e6, eta=0.78),
    case("fluids.packed_bed:Ergun", "dp voidage vs", 8e-4, 0.4, 1e-3, 1e3, 1e-3),
    case("fluids.packed_bed:KTA", "dp voidage vs", 8e-4, 0.4, 1e-3, 1e3, 1e-3),
    case("fluids.packed_bed:dP_packed_bed", "dp voidage vs", 8e-4, 0.4, 1e-3, 1e3, 1e-3),
    case(
        "fluids.flow_meter:C_Reader_Harris_Gallagher", "D Do m", 0.07391, 0.0222, 1.165, 1.85e-5, 0.12, taps="flange"
    ),
    case("fluids.flow_meter:orifice_expansibility", "D Do P1 P2 k", 0.0739, 0.0222, 1e5, 9.9e4, 1.4),
    case("fluids.two_phase:Friedel", "m x D", 0.6, 0.1, 915.0, 2.67, 180e-6, 14e-6, 0.0487, 0.05, 0.0, 1.0),
    case("fluids.two_phase:Beggs_Brill", "m x D", 0.6, 0.1, 915.0, 2.67, 180e-6, 14e-6, 0.0487, 1e7, 0.05, 0.0),
    case("fluids.two_phase:Lockhart_Martinelli", "m x D", 0.6, 0.1, 915.0, 2.67, 180e-6, 14e-6, 0.05, 1.0),
    case(
        "fluids.fittings:bend_rounded_Miller", "Di angle Re",
        Di=0.6, angle=85.0, Re=2e6, bend_diameters=2.0, roughness=2e-5, L_unimpeded=18.0,
    ),
    case("fluids.fittings:contraction_conical", "Di1 Di2 l", Di1=0.1, Di2=0.04, l=0.04, Re=1e6),
    case("fluids.fittings:Darby3K", "NPS Re", 2.0, 10000.0, "Valve, Angle valve, 45°, full line size, β = 1"),
    case("fluids.geometry:V_horiz_conical", "D L a h", 108.0, 156.0, 42.0, 36.0),
    case(
        "fluids.geometry:V_from_h", "h D L",
        h=6.5, D=1.5, L=5.0, horizontal=False, sideA="conical", sideB="conical", sideA_a=2.0, sideB_a=1.0,
    ),
    case("fluids.geometry:SA_torispheroidal", "D f k", 2.54, 1.039370079, 0.062362205),
    case("fluids.numerics.polynomial_evaluation:horner", "coeffs x", np.array([1.0, -3.0, 0.5, 2.0]), 1.3),
    case(
        "fluids.numerics.arrays:solve_tridiagonal", "a b c d",
        np.array([1.0, -0.5, 0.3]), np.array([4.0, 5.0, 3.0, 6.0]), np.array([0.7, 1.1, -0.4]),
        np.array([1.0, 2.0, 3.0, 4.0]),
    ),
    case(
        "fluids.control_valve:size_control_valve_l", "rho mu P1 Q",
        965.4, 70.1e3, 22120e3, 3.1472e-4, 680e3, 220e3, 0.1, 0.15, 0.15, 0.15, 0.9, 0.46,
    ),
    case("fluids.control_valve:loss_coefficient_piping", "d D1 D2", 0.05, 0.08, 0.1),
    case("fluids.open_flow:V_Manning", "Rh S n", 0.2859, 0.005236, 0.03),
    case("fluids.core:Reynolds", "V D rho mu", 2.5, 0.25, 1.1613, 1.9e-5),
    case("fluids.core:Grashof", "L beta T1", L=0.9144, beta=0.000933, T1=178.2, rho=1.1613, mu=1.9e-5),
    case("fluids.particle_size_distribution:pdf_lognormal", "d d_characteristic s", 1e-4, 1e-5, 1.1),
)  # fmt: skip
