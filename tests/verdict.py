"""What becomes of a program: right, wrong, refused, crashed, or its arguments changed."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from adcompile import Unsupported, grad, jvp, vjp
from tests import oracle
from tests.corpus.registry import fresh
from tests.program import Program

Function = Callable[..., Any]

SECONDS = 120  # of processor time
CLOSE = 1e-10  # between the modes, in proportion to the sizes of the terms
SINGLE = 2e-3


class Wrong(Exception):
    """A derivative that is not the derivative, or a call that changes its arguments."""


class Singular(Exception):
    """A derivative that is not a number because something in it was divided by zero."""


class TooSlow(BaseException):
    """The time for one program is over; nothing that catches errors may catch this."""


def verdict(program: Program, order: int = 2, jit: bool = False, bounded: bool = True) -> str:
    """`ok`, `ok (kink)`, `nan`, `slow`, or `refused`, `wrong`, `mutates` or `crash` and what or where.

    `nan` is a derivative that says that it is none: an infinite slope met a zero, at a singular point of the program.
    """
    signal.signal(signal.SIGPROF, _too_slow)
    signal.setitimer(signal.ITIMER_PROF, SECONDS, 1.0)  # again, if it was raised where exceptions are lost
    try:
        # a tangent may vanish where the value does not, and a slope be infinite where nothing goes through it
        with np.errstate(over="raise", divide="ignore", invalid="ignore"):
            function = program.function()
            gradient = grad(function, wrt=program.wrt, jit=jit)
            smooth = _first_order(program, function, gradient, jit, bounded)
            if order > 1:
                smooth = _second_order(program, function, gradient, jit) and smooth
    except Unsupported as error:
        codes = sorted({refusal.code for refusal in error.refusals})
        return f"refused {', '.join(codes)}"
    except Singular:
        return "nan"
    except Wrong as error:
        return str(error)
    except TooSlow:
        return "slow"
    except Exception as error:
        return _crash(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "ok" if smooth else "ok (kink)"


def _too_slow(*_: Any) -> None:
    raise TooSlow


def _crash(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = "generated code" if "adcompile" not in last.filename else f"{last.filename.rpartition('/')[2]}:{last.name}"
    return f"crash {type(error).__name__} in {where}"


def _called(what: str, function: Callable[..., Any], *args: Any) -> Any:
    given = fresh(args)
    value = function(*given)
    if any(np.isnan(leaf).any() for leaf in oracle.leaves(value) if np.asarray(leaf).dtype.kind in "fc"):
        _require_a_division_by_zero(function, args)
    if not oracle.unchanged(args, given):
        raise Wrong(f"mutates {what}")
    return value


def _require_a_division_by_zero(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Raises `Singular` where there is one; what is not a number for another reason is compared like any value."""
    try:
        with np.errstate(divide="raise"):
            function(*fresh(args))
    except (FloatingPointError, ZeroDivisionError):
        raise Singular from None


def _setting(program: Program, function: Function) -> tuple[tuple[int, ...], tuple[Any, ...], float]:
    names = function.__code__.co_varnames
    places = tuple(names.index(name) for name in program.wrt)
    single = any(getattr(value, "dtype", None) == np.float32 for value in program.args)
    return places, tuple(program.args[place] for place in places), SINGLE if single else CLOSE


def _agree(what: str, one: Any, other: Any, close: float) -> None:
    if not oracle.distance(one, other) <= close:
        raise Wrong(f"wrong {what}")


def _first_order(program: Program, function: Function, gradient: Function, jit: bool, bounded: bool) -> bool:
    places, wrt, close = _setting(program, function)
    along = oracle.direction(wrt, program.seed)
    value, tangent = _called("forward", jvp(function, wrt=program.wrt, jit=jit), program.args, along)
    adjoint = _called("reverse", gradient, *program.args)
    if bounded:
        snapshots = grad(function, wrt=program.wrt, jit=jit, checkpoint=1 + program.seed % 3)
        _agree("reverse from snapshots", _called("reverse from snapshots", snapshots, *program.args), adjoint, close)
    _agree("value", value, function(*fresh(program.args)), close)
    if not abs(tangent - oracle.dot(adjoint, along)) <= close * (1.0 + abs(tangent) + oracle.size(adjoint, along)):
        raise Wrong("wrong forward against reverse")
    return close != CLOSE or _true("forward", function, program, places, along, tangent)


def _second_order(program: Program, function: Function, gradient: Function, jit: bool) -> bool:
    places, wrt, close = _setting(program, function)
    u, v = oracle.direction(wrt, program.seed + 1), oracle.direction(wrt, program.seed + 2)
    hessian = jvp(gradient, wrt=program.wrt, jit=jit)
    along_u = _called("forward over reverse", hessian, program.args, u)[1]
    along_v = hessian(fresh(program.args), v)[1]
    pullback = _called("reverse over reverse", vjp(gradient, wrt=program.wrt, jit=jit), *program.args)[1]
    left, right = oracle.dot(v, along_u), oracle.dot(u, along_v)
    if not abs(left - right) <= 10 * close * (1.0 + oracle.size(v, along_u) + oracle.size(u, along_v)):
        raise Wrong("wrong symmetry of the Hessian")
    scale = 1.0 + oracle.size(u, along_v)
    _agree("reverse over reverse", _called("pullback", pullback, u), along_u, 10 * close * scale)
    return close != CLOSE or _true("Hessian", gradient, program, places, u, along_u)


def _true(
    what: str, function: Callable[..., Any], program: Program, places: tuple[int, ...], along: Any, found: Any
) -> bool:
    """Whether differences settle; where they do, they are what was found, or the derivative is wrong."""
    full = oracle.embedded(program.args, places, along)
    for first in (1e-3, 1e-4):
        exact, error = oracle.by_differences(function, program.args, full, first=first, levels=3)
        if error < 1e-6:
            _agree(f"{what} against differences", oracle.flat(found), exact, 1e-6 + 100 * error)
            return True
    return False
