"""What one benchmark is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numba import njit

by_hand = njit(fastmath={"reassoc"}, error_model="numpy")
"""Compiles a derivative written by hand, with the options that adcompile has where nothing is said."""

Arguments = tuple[Any, ...]
Build = Callable[..., Callable[[], Any]]  # from the arguments to a call that gives the derivative as NumPy has it


@dataclass(frozen=True)
class Workload:
    """A function as a user would write it, its derivative by everybody, and arguments."""

    name: str
    function: Callable[..., Any]
    derivative: Callable[..., Any]  # adcompile's
    hand: Callable[..., Any] | None  # a second derivative has none: nobody writes it
    inputs: Callable[[], Arguments]  # as timed
    small: Callable[[], Arguments]  # as tested
    peers: Mapping[str, Build | str] = field(default_factory=dict)  # or the reason why a peer has none
