"""Functions of published packages, differentiated as they stand: each is right, or refused as it was before.

Runs where the extra `real` is installed (`make test-real`), and nowhere else.
"""

import importlib.util
import json
import re

import pytest

from tests.real_code.case import Case
from tests.real_code.packages import all_cases
from tests.real_code.verdicts import STORED, Verdict, bounded, references

CASES = [case for _, case in all_cases()]
NEEDED = sorted({case.name.partition(":")[0].partition(".")[0] for case in CASES})
EXPECTED: dict[str, Verdict] = json.loads(STORED.read_text())
KNOWN = references()
COMPILED = [case for case in CASES if EXPECTED[case.name][0] == "right"][::2]

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in NEEDED), reason="the extra `real` is not installed"
    ),
]


def _name(case: Case) -> str:
    return case.name if len(case.name) < 80 else case.name[:77] + "..."


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_it_is_right_or_refused_as_before(case: Case) -> None:
    """Without Numba, forward and reverse."""
    assert _without_places(bounded(case, KNOWN[case.name])) == _without_places(EXPECTED[case.name])


@pytest.mark.parametrize("case", COMPILED, ids=_name)
def test_it_is_right_compiled(case: Case) -> None:
    """Through Numba, forward and reverse."""
    assert bounded(case, KNOWN[case.name], jit=True) == ["right"]


def test_there_is_a_reference_and_a_verdict_for_each() -> None:
    """And the tables hold as many functions, of as many packages, as they are said to."""
    assert {case.name for case in CASES} == set(EXPECTED) == set(KNOWN)
    assert len(CASES) >= 150 and len(NEEDED) >= 15


def _without_places(found: Verdict) -> list[str]:
    return [re.sub(r" \[[^]]*:\d+\]$", "", one) for one in found]
