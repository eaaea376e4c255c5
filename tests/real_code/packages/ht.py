"""Heat transfer: convection, exchangers, boiling, radiation."""

from tests.real_code.case import case

CASES = (
    case("ht.conv_internal:turbulent_Gnielinski", "Re Pr fd", 1e5, 1.2, 0.0185),
    case("ht.conv_internal:Nu_conv_internal", "Re Pr", 1e5, 0.7),
    case("ht.conv_internal:turbulent_ESDU", "Re Pr", 1e5, 1.2),
    case("ht.core:LMTD", "Thi Tho Tci Tco", 100.0, 60.0, 30.0, 40.2),
    case("ht.core:fin_efficiency_Kern_Kraus", "Do t_fin h", 0.0254, 0.05715, 3.8e-4, 200.0, 58.0),
    case("ht.hx:effectiveness_from_NTU", "NTU Cr", 5.0, 0.7, "counterflow"),
    case("ht.hx:NTU_from_effectiveness", "effectiveness Cr", 0.5881156068417585, 0.7, "parallel"),
    case("ht.hx:F_LMTD_Fakheri", "Thi Tho Tci Tco", 130.0, 110.0, 15.0, 85.0, 1),
    case("ht.hx:temperature_effectiveness_TEMA_E", "R1 NTU1", 1 / 3.0, 1.0, 1),
    case(
        "ht.boiling_nucleic:Rohsenow", "kl sigma Te",
        957.854, 0.595593, 2.79e-4, 0.680, 4217.0, 2.257e6, 0.0589, Te=4.9, Csf=0.011, n=1.26,
    ),
    case("ht.boiling_nucleic:Cooper", "P Te", 101325.0, 22048321.0, 18.02, 4.3),
    case("ht.condensation:Shah", "m x D", 1.0, 0.4, 0.3, 800.0, 1e-5, 0.6, 2300.0, 1e6, 2e7),
    case("ht.conv_free_immersed:Nu_sphere_Churchill", "Pr Gr", 0.7, 1e7),
    case("ht.conv_free_immersed:Nu_horizontal_cylinder_Morgan", "Pr Gr", 0.69, 2.63e9),
    case("ht.conv_external:Nu_cylinder_Zukauskas", "Re Pr", 7992.0, 0.707, 0.69),
    case("ht.conv_external:Nu_cylinder_Churchill_Bernstein", "Re Pr", 6071.0, 0.7),
    case("ht.radiation:blackbody_spectral_radiance", "T wavelength", 800.0, 4e-6),
    case("ht.radiation:q_rad", "emissivity T", 0.9, 400.0, 305.0),
    case("ht.conduction:S_isothermal_pipe_to_two_planes", "D Z", 0.1, 5.0, 1.0),
    case(
        "ht.boiling_flow:Liu_Winterton", "m x Te",
        1.0, 0.4, 0.3, 567.0, 18.09, 156e-6, 0.086, 2300.0, 44.02, 1e6, 22e6, 7.0,
    ),
)  # fmt: skip
