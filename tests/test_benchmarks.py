"""The benchmarks still run: at small sizes, adcompile's derivative against the one by hand.  The peers are not here."""

import pytest

from benchmarks import sparse
from benchmarks.contest import all_workloads, checked, contenders, timed
from benchmarks.report import Row, costs, mean, reasons, table

WORKLOADS = {w.function: w for w in all_workloads() if w.hand}  # one size of each, first derivatives


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=lambda w: w.function.__name__)
def test_a_workload(workload):
    names = ["primal", "adcompile", *(["hand"] if workload.hand else [])]
    calls, wrong = checked(workload, names, workload.small())
    assert set(calls) == set(names) and not wrong
    assert set(timed(calls, 1)) == set(calls)


def test_every_workload_says_who_takes_part():
    for workload in all_workloads():
        assert {"jax", "torch", "torch compiled", "autograd", "casadi"} <= set(contenders(workload))


def test_sparse_beside_dense():
    residuals = {"three": sparse.exponential}  # of the others, measured alone
    *_, line = sparse.table(large=400, small=100, repeats=1, residuals=residuals).splitlines()
    assert [cell.strip() for cell in line.split("|")[1:5:3]] == ["three", "3"]


def test_the_report():
    row = Row("one", {"primal": 1.0, "adcompile": 2e-3, "hand": 1e-3, "jax": 0.4}, {"casadi": "has no loops"})
    row.first["adcompile"] = 0.5
    row.memory["adcompile"] = 3.25
    assert mean([4.0, None, 1.0]) == pytest.approx(2.0)
    text = table([row])
    assert "| one | 1 s | 2 ms | 0.00 | 1 ms | 2.00 | 200 |" in text
    assert "500 ms" in costs([row]) and "3.2" in costs([row])
    assert reasons([row]) == "- one, casadi: has no loops"
