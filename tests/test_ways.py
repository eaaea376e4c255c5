"""Reverse mode has several ways to reverse a loop or a branch: whichever is forced, the gradient is the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adcompile import Unsupported, vjp
from adcompile.transform import reverse
from adcompile.transform.loop_kinds import LoopKinds
from tests import oracle
from tests.corpus import CASES, Case

NUMBERED = [pytest.param(case, id=f"{case.name}-{number}") for number, case in enumerate(CASES)]


def adjoint(case: Case) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        seed = oracle.direction((case.function(*case.fresh()),), 2)[0]
        derivative = vjp(case.function, wrt=case.wrt, jit=False)
        if oracle.is_single(case.args):  # Numba's results may have another precision than NumPy's
            return derivative(*case.fresh())[1](seed)
        return derivative.seeded(*case.fresh(), seed)


def never(*_: Any) -> bool:
    return False


def always(*_: Any) -> bool:
    return True


WAYS: dict[str, list[tuple[Any, str, Callable[..., Any]]]] = {
    "statement by statement": [(LoopKinds, "together", never), (LoopKinds, "surely_together", never)],
    "run again": [
        (LoopKinds, "together", never),
        (LoopKinds, "surely_together", never),
        (LoopKinds, "needs_scope", always),
    ],
    "scratch outside": [(reverse, "_with_scratch_placed", lambda function, wrt, aux, residuals: function)],
}


@pytest.mark.parametrize("case", NUMBERED)
def test_every_way_gives_one_gradient(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = adjoint(case)
    close = 1e-5 if any(getattr(leaf, "dtype", None) == np.float32 for leaf in oracle.leaves(case.args)) else 1e-11
    for way, patches in WAYS.items():
        with monkeypatch.context() as patched:
            for owner, name, function in patches:
                patched.setattr(owner, name, function)
            found, refusals = None, ()
            try:
                found = adjoint(case)
            except Unsupported as error:
                refusals = error.refusals
            if refusals:  # what a loop makes longer cannot be put back as it was
                assert [refusal.code for refusal in refusals] == ["growing-list"], way
            else:
                assert oracle.distance(found, wanted) < close, way
