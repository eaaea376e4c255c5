"""One table of cases a package.

How they were chosen: by reading the index of each package's functions and asking which of them somebody would want to
differentiate (to fit, to size, to propagate an error, to find a root), before any of them was tried.  Several kinds of
code of each package were preferred to several functions of one kind.  None has been dropped or exchanged since because
of what became of it; arguments come from the packages' own documentation where it has an example.  What was changed
before the first run, since the function itself did not run: `pvlib.clearsky.haurwitz` takes pandas alone and was left
out, three functions that Numba refuses are taken as the Python that they wrap.  After it: the residuals of `arch`, of
which one was 0, where `abs` has no derivative.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from tests.real_code.case import Case

PACKAGES = tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


def cases(package: str) -> tuple[Case, ...]:
    """The cases of one package."""
    return tuple(importlib.import_module(f"{__name__}.{package}").CASES)


def all_cases() -> Iterator[tuple[str, Case]]:
    """Every package's cases, each with the package's name."""
    for package in PACKAGES:
        for one in cases(package):
            yield package, one
