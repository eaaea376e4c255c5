"""Hypothesis strategies: random programs of the accepted language."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.generator import program
from tests.program import Program


def programs(first: int = 0, last: int = 10**6) -> st.SearchStrategy[Program]:
    """Random programs; a failing one shrinks to a smaller seed, and `tests.program.shrunk` takes it from there."""
    return st.integers(first, last).map(program)
