"""What is refused, and the exact words: `ADCOMPILE_UPDATE_GOLDEN=1` writes them anew."""

import os
import re
from pathlib import Path

import pytest

from adcompile import grad
from adcompile.errors import AdcompileError
from tests.errors.page import PAGE, page
from tests.errors.refused import REFUSED

EXPECTED = Path(__file__).parent / "expected"


@pytest.mark.parametrize(("fn", "args", "options"), REFUSED, ids=[fn.__name__ for fn, *_ in REFUSED])
def test_refusal(fn, args, options):
    with pytest.raises(AdcompileError) as caught:
        grad(fn, jit=False, **options)(*args)
    text = f"{type(caught.value).__name__}\n{re.sub(r'[^ ]*refused.py', 'refused.py', str(caught.value))}\n"
    file = EXPECTED / f"{fn.__name__}.txt"
    if os.environ.get("ADCOMPILE_UPDATE_GOLDEN"):
        EXPECTED.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()


def test_a_refusal_points_into_the_function_that_was_inlined():
    with pytest.raises(AdcompileError, match=r"in callee_that_asks"):
        grad(calls_another, jit=False)(1.0)


def callee_that_asks(x):
    input(x)
    return x


def calls_another(x):
    return callee_that_asks(x) * 2.0


def test_no_source():
    with pytest.raises(AdcompileError, match="no-source"):
        grad(abs)(1.0)
    namespace = {}
    exec("def made(x):\n    return x * x\n", namespace)
    with pytest.raises(AdcompileError, match="no-source"):
        grad(namespace["made"])(1.0)


def test_the_page_of_errors_is_written_from_these():
    if os.environ.get("ADCOMPILE_UPDATE_GOLDEN"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page()
