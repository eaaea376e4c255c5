"""Every function of NumPy that Numba compiles is differentiated, constant, or refused for a reason that stands here."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numba.core.registry import cpu_target
from numpy.lib import stride_tricks
from numpy.polynomial import Polynomial, polynomial, polyutils

from adcompile.normal import attributes  # noqa: F401  (registers the canonical forms)
from adcompile.normal.array_calls import FORMS
from adcompile.normal.questions import QUESTIONS
from adcompile.normal.written_out import WRITTEN_OUT, written_out
from adcompile.rules.registry import is_constant, rule_for

COMPLEX = "which elements are real depends on the data"
NO_VALUE = "its value depends on memory or on NumPy itself, not on numbers"
REFUSED: dict[Any, str] = {
    np.partition: "the order of what is not at the place asked for is not defined",
    np.argpartition: "the order of what is not at the place asked for is not defined",
    np.roots: "roots are complex", np.linalg.eig: "eigenvalues are complex",
    np.linalg.eigvals: "eigenvalues are complex",
    np.linalg.matrix_rank: "a whole number that jumps: compute it outside",
    np.iscomplex: COMPLEX, np.isreal: COMPLEX,
    np.frombuffer: NO_VALUE, stride_tricks.as_strided: NO_VALUE, np.isnat: "dates are no numbers",
    np.dtype: NO_VALUE, np.iinfo: NO_VALUE, np.finfo: NO_VALUE, Polynomial: "objects that the function makes",
    polyutils.as_series: "a list of arrays", polyutils.trimseq: "a list",
    polynomial.polydiv: "the number of its coefficients depends on whether others are zero",
    np.nditer: "what it writes is seen nowhere",
    np.ndenumerate: "loops over it are read", np.ndindex: "loops over it are read",
    stride_tricks.sliding_window_view: "a view whose elements overlap",
    np.kaiser: "a table of numbers: compute it outside",
}  # fmt: skip


def supported() -> Iterator[Callable[..., Any]]:
    """NumPy's functions that Numba knows, random numbers left out."""
    cpu_target.target_context.refresh()
    cpu_target.typing_context.refresh()
    for key in list(cpu_target.typing_context._globals):
        fn = key() if isinstance(key, weakref.ref) else key
        module = getattr(fn, "__module__", None) or "numpy"
        if not callable(fn) or module.partition(".")[0] != "numpy" or "random" in f"{module} {fn!r}".lower():
            continue
        if getattr(fn, "__name__", "_").startswith("_"):
            continue
        if isinstance(fn, type) and issubclass(fn, np.generic):
            continue
        yield public(fn, module)


def public(fn: Any, module: str) -> Any:
    """The function as users name it: Numba knows some without NumPy's dispatcher round them."""
    name = getattr(fn, "__name__", "")
    for place in (np, np.linalg, polynomial, stride_tricks):
        found = getattr(place, name, None)
        if found is not None and (found is fn or getattr(found, "_implementation", None) is fn):
            return found
    return fn


FUNCTIONS = sorted(set(supported()), key=lambda fn: f"{getattr(fn, '__module__', '')}.{getattr(fn, '__name__', fn)}")


def is_known(fn: Any) -> bool:
    return fn in FORMS or fn in QUESTIONS or written_out(fn) is not None or rule_for(fn) is not None or is_constant(fn)


def test_the_list_is_of_functions() -> None:
    assert len(FUNCTIONS) > 250
    assert {np.sin, np.add, np.linalg.solve, np.take, np.cumsum, np.nanmedian} <= set(FUNCTIONS)


@pytest.mark.parametrize("fn", FUNCTIONS, ids=lambda fn: getattr(fn, "__name__", repr(fn)))
def test_each_has_a_derivative_or_a_reason(fn: Any) -> None:
    assert is_known(fn) != (fn in REFUSED)


def test_what_is_written_out_has_no_canonical_form() -> None:
    """Of two ways to the same function, one would be dead."""
    assert [fn for fn in WRITTEN_OUT if fn in FORMS] == []
