"""Pages of the documentation that are written from the code are those of this code."""

import os
import re

import pytest

import adcompile
from tests.pages import DOCS, PAGES


@pytest.mark.parametrize("file", PAGES)
def test_the_page_is_that_of_this_code(file):
    page = PAGES[file]()
    if os.environ.get("ADCOMPILE_UPDATE_GOLDEN"):
        (DOCS / file).write_text(page)
    assert (DOCS / file).read_text() == page


def test_the_reference_has_every_public_name():
    words = set(re.findall(r"\w+", (DOCS / "api.md").read_text()))
    assert set(adcompile.__all__) - {"__version__"} <= words
