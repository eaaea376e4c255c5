"""Thermal comfort of people: the kernels that the package vectorises with Numba."""

from tests.real_code.case import case

M = "pythermalcomfort.models"

CASES = (
    case(f"{M}.utci:_utci_optimized", "tdb v delta_t_tr pa", 25.0, 1.2, 2.0, 1.6),
    case(
        f"{M}._pmv_ppd_optimized:_pmv_ppd_optimized", "tdb tr vr met clo", 25.0, 26.0, 0.3, 50.0, 1.4, 0.5, 0.0
    ),
    case(
        f"{M}.two_nodes_gagge:_gagge_two_nodes_optimized_return_set", "tdb tr v met clo",
        25.0, 26.0, 0.3, 1.2, 0.5, 1580.0, 0.0, 1.8258, 101325.0, 1,
    ),
)  # fmt: skip
