"""The derivatives of the exemplars as text, reviewed as prose; the text that is kept also runs, and is right.

`ADCOMPILE_UPDATE_GOLDEN=1` writes what is printed now; read the difference before it is kept.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adcompile import grad, value_and_grad
from tests import oracle
from tests.corpus import CASES, Case
from tests.corpus.registry import fresh
from tests.texts import defined

FOLDER = Path(__file__).parent / "golden"
UPDATE = os.environ.get("ADCOMPILE_UPDATE_GOLDEN") == "1"
KINDS = {"rosenbrock": value_and_grad}  # the others are gradients, as in the exemplars
NAMES = ("rosenbrock", "pendulum", "smooth", "kepler", "log_mixture")


def exemplar(name: str) -> tuple[Case, Any]:
    case = next(case for case in CASES if case.name == f"exemplars-{name}" and case.jit)
    wrt = case.wrt[0] if len(case.wrt) == 1 else case.wrt
    return case, KINDS.get(name, grad)(case.function, wrt=wrt, jit=False)


@pytest.mark.parametrize("name", NAMES)
def test_text(name: str) -> None:
    case, derivative = exemplar(name)
    text, file = derivative.source_for(*case.fresh()), FOLDER / f"{name}.py"
    if UPDATE:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_text_runs(name: str) -> None:
    case, derivative = exemplar(name)
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    types = derivative.types_of(*case.fresh())
    kept = defined(text, f"<golden {name}>", {})[derivative.function_for(types).__name__]
    given = case.fresh()
    found = kept(*given)
    assert oracle.unchanged(given, case.args)
    adjoints = found[1] if name in KINDS else found
    if name in KINDS:
        assert np.isclose(found[0], case.function(*case.fresh()), rtol=1e-14)
    names = case.function.__code__.co_varnames
    places = [names.index(one) for one in case.wrt]
    along = oracle.direction([case.args[place] for place in places], 3)
    exact, error = oracle.by_differences(case.function, fresh(case.args), oracle.embedded(case.args, places, along))
    product = oracle.dot(adjoints if len(places) > 1 else (adjoints,), along)
    assert abs(product - exact[0]) <= (1e-8 + 10.0 * error) * max(1.0, abs(exact[0]))
