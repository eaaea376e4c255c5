"""`check_grads`: the derivatives of a function at a point, held to differences and to each other.

Goal: one call that says whether the derivatives of a function are right, and if they are not, in which mode and order,
by which argument, at which entry, and by how much.  Along a random direction, forward mode is held to differences of
the function; reverse mode is held to forward mode by the inner product `<seed, J v> = <J' seed, v>`, to rounding.  An
order higher, the same is asked of the derivatives themselves.  Non-goals: proof; what is wrong at this point is missed
with probability zero by a random direction, which says nothing of other points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np

from adcompile.api.derivative import Derivative
from adcompile.api.differences import directional, flat, floats, largest
from adcompile.api.pullback import VectorJacobian, copied
from adcompile.errors import AdcompileError

SHOWN = 8  # entries in a report


class WrongDerivative(AdcompileError, AssertionError):
    """A derivative that is not the function's: the message says which, where, and how far from what was expected."""


@dataclass(frozen=True)
class Tolerance:
    """How far two derivatives may be apart: `absolute`, and in proportion to the larger; `exact` between two modes."""

    absolute: float
    relative: float
    exact: float
    step: float

    def allowed(self, expected: np.ndarray) -> float:
        return self.absolute + self.relative * largest(expected)


def tolerance(values: Any, eps: float | None, rtol: float | None, atol: float | None) -> Tolerance:
    """What can be asked in the coarsest precision that occurs."""
    single = any(leaf.real.dtype.itemsize < 8 for leaf in floats(values))
    close = 5e-3 if single else 1e-6
    absolute, relative = (close if each is None else each for each in (atol, rtol))
    step = (0.1 if single else 0.01) if eps is None else eps
    return Tolerance(absolute, relative, 1e-4 if single else 1e-10, step)


def check(
    tangent: Derivative, args: tuple[Any, ...], order: int, modes: Sequence[str], close: Tolerance,
    rng: np.random.Generator, title: str, called: Mapping[str, str] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Checks the derivatives of a function up to an order, in these modes; `tangent` is its `jvp`.  A report says what
    parameters are `called`, if that is something else than in the function."""
    primal = Derivative(tangent.primal, replace(tangent.request, kind="primal", wrt=None))
    types = primal.types_of(*args)
    wrt = tangent.moved(types)
    if not wrt:
        raise tangent.invalid("no argument is a float or an array of floats")
    reverse = VectorJacobian(tangent.primal, replace(tangent.request, kind="vjp", wrt=wrt))
    like, _ = reverse(*args)
    one = Check(
        lambda *point: _as_floats(tangent.primal(*point), like), args, wrt, tangent, reverse, modes, close, title, rng,
        called,
    )  # fmt: skip
    seed, along = one.run()
    if order < 2:
        return
    base, _, number = title.partition(", order ")
    title = f"{base}, order {int(number.split()[0]) + 1}"
    by_all = len(wrt) == len(args)  # the tangent's own argument is the tuple of all
    if "rev" not in modes and not by_all:
        raise tangent.invalid("orders above 1 by forward mode alone have to be by all arguments; add the mode 'rev'")
    if "rev" in modes:
        by = replace(tangent.request, wrt=wrt)
        whose = f"{title} (of the pullback)"
        check(Derivative(reverse.seeded, by), (*args, seed), order - 1, modes, close, rng, whose, called)
    if "fwd" in modes and by_all:
        by = replace(tangent.request, wrt=("primals",))
        check(Derivative(tangent, by), (args, along), order - 1, modes, close, rng, f"{title} (of the tangent)")


@dataclass(frozen=True)
class Check:
    """One function at one point, by the parameters `wrt`."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    wrt: tuple[str, ...]
    tangent: Derivative
    reverse: VectorJacobian
    modes: Sequence[str]
    tolerance: Tolerance
    title: str
    rng: np.random.Generator
    called: Mapping[str, str]

    def run(self) -> tuple[Any, tuple[Any, ...]]:
        """Raises what is wrong; gives the seed and the direction that were taken."""
        value = self.function(*map(copied, self.args))
        along = tuple(self.drawn(self.args[place]) for place in self.places)
        seed = type(value)(1.0) if isinstance(value, (float, np.floating)) else self.drawn(value)
        dot = self.by_differences(along)
        if "fwd" in self.modes:
            given = self.forward(along)
            self.compare("forward mode", value, self.forward_value(along), self.tolerance.exact, "value")
            if not largest(given - dot) <= self.tolerance.allowed(dot):
                self.report(
                    "forward mode", self.columns(self.forward), "differences", self.columns(self.by_differences)
                )
            dot = given
        if "rev" in self.modes:
            evaluated, pullback = self.reverse(*self.args)
            self.compare("reverse mode", value, evaluated, self.tolerance.exact, "value")
            seed = pullback.matched(seed)
            adjoint, weights = flat(pullback(seed), adjoint=True), flat(seed, adjoint=True)
            left, right = weights * dot, adjoint * flat(along)
            exact = "fwd" in self.modes
            size = float(np.sum(np.abs(left)) + np.sum(np.abs(right)))
            allowed = (self.tolerance.exact if exact else self.tolerance.relative) * size
            allowed += 0.0 if exact else self.tolerance.absolute
            if not abs(float(np.sum(left) - np.sum(right))) <= allowed:
                other = self.columns(self.forward if exact else self.by_differences)
                products = (np.array([np.sum(weights * column)]) for column in other)
                rows = (adjoint[n : n + 1] for n in range(adjoint.size))
                mode = "reverse mode" if isinstance(seed, (float, np.floating)) else "reverse mode, of a random seed,"
                self.report(mode, rows, "forward mode" if exact else "differences", products)
        return seed, along

    # ------------------------------------------------------------------------------------ derivatives
    @property
    def places(self) -> list[int]:
        return [self.tangent.arguments.index(name) for name in self.wrt]

    def forward(self, along: tuple[Any, ...]) -> np.ndarray:
        value, tangent = self.tangent(self.args, along)
        return flat(_of_floats(tangent, value))

    def forward_value(self, along: tuple[Any, ...]) -> Any:
        return self.tangent(self.args, along)[0]

    def by_differences(self, along: tuple[Any, ...]) -> np.ndarray:
        full = list(map(_zeros, self.args))
        for place, entry in zip(self.places, along, strict=True):
            full[place] = entry
        best, error = directional(self.function, self.args, tuple(full), self.tolerance.step)
        if not error <= self.tolerance.allowed(best):
            raise WrongDerivative(
                f"{self.title}: differences do not settle at this point (they vary by {error:.2g}): the function has a "
                f"kink, a jump or noise there, or eps={self.tolerance.step:g} is too large a step"
            )
        return best

    def columns(self, derivative: Callable[[tuple[Any, ...]], np.ndarray]) -> Iterator[np.ndarray]:
        """The derivative by each entry of each argument."""
        for which in range(len(self.wrt)):
            zeros = [_zeros(self.args[place]) for place in self.places]
            for unit in _units(zeros[which]):
                yield derivative((*zeros[:which], unit, *zeros[which + 1 :]))

    def drawn(self, like: Any) -> Any:
        """Random numbers in the type and structure of a value; what is no float stays."""
        if isinstance(like, tuple):
            return tuple(map(self.drawn, like))
        if isinstance(like, np.ndarray):
            return np.asarray(self.normal(like), like.dtype) if like.dtype.kind in "fc" else like.copy()
        return type(like)(self.normal(like)) if isinstance(like, (float, complex, np.inexact)) else like

    def normal(self, like: Any) -> Any:
        drawn = self.rng.normal(size=np.shape(like))
        return drawn + 1j * self.rng.normal(size=np.shape(like)) if np.iscomplexobj(like) else drawn

    # ------------------------------------------------------------------------------------ what is said
    def compare(self, mode: str, expected: Any, given: Any, close: float, what: str) -> None:
        one, other = flat(_of_floats(given, expected)), flat(expected)
        if one.shape != other.shape or not np.allclose(one, other, rtol=close, atol=close, equal_nan=True):
            raise WrongDerivative(f"{self.title}, {mode}: the {what} is {given}, and the function gives {expected}")

    def report(self, mode: str, given: Iterator[np.ndarray], by: str, expected: Iterator[np.ndarray]) -> None:
        """Raises with the entries that are wrong, the worst first."""
        called = [self.called.get(name, name) for name in self.wrt]
        names = [name for n, place in zip(called, self.places, strict=True) for name in _names(n, self.args[place])]
        wrong = []
        for name, one, other in zip(names, given, expected, strict=True):
            apart = np.abs(one - other)
            allowed = self.tolerance.allowed(other)
            for at in np.flatnonzero(~(apart <= allowed)):
                of = f"result {at} of {len(one)}, " if len(one) > 1 else ""
                text = f"{of}by {name}: {mode} gives {one[at]:.9g}, {by} {other[at]:.9g}; apart by {apart[at]:.3g}"
                wrong.append((-np.inf if np.isnan(apart[at]) else -apart[at], f"{text}, allowed are {allowed:.2g}"))
        lines = [text for _, text in sorted(wrong)]
        further = [f"and {len(lines) - SHOWN} further entries"] if len(lines) > SHOWN else []
        what = lines[:SHOWN] or ["along a random direction, though no entry by itself is wrong by more than is allowed"]
        raise WrongDerivative("\n  ".join([f"{self.title}: {mode} is wrong", *what, *further]))


def _as_floats(value: Any, like: Any) -> Any:
    """A value with floats where another has them: a branch may return 0 where another returns 0.5."""
    if isinstance(like, tuple):
        return tuple(_as_floats(*pair) for pair in zip(value, like, strict=True))
    wanted = np.asarray(like).dtype.kind
    if wanted not in "fc" or np.asarray(value).dtype.kind in "c" + wanted:
        return value
    return np.asarray(value, like.dtype) if isinstance(like, np.ndarray) else type(like)(value)


def _of_floats(given: Any, like: Any) -> Any:
    """The parts of a value that stand where another has floats."""
    if isinstance(like, tuple):
        return tuple(_of_floats(*pair) for pair in zip(given, like, strict=True))
    return given if np.asarray(like).dtype.kind in "fc" else ()


def _zeros(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_zeros, value))
    return np.zeros_like(value) if isinstance(value, np.ndarray) else type(value)(0)


def _units(zeros: Any) -> Iterator[Any]:
    """Values that are one at one entry and zero at the others, for each entry; of a complex one `1j` too."""
    ones = (1.0, 1j) if np.iscomplexobj(zeros) else (1.0,)
    if isinstance(zeros, tuple):
        for n, item in enumerate(zeros):
            yield from ((*zeros[:n], unit, *zeros[n + 1 :]) for unit in _units(item))
    elif isinstance(zeros, np.ndarray):
        for at, one in product(np.ndindex(zeros.shape), ones):
            unit = zeros.copy()
            unit[at] = one
            yield unit
    else:
        yield from map(type(zeros), ones)


def _names(name: str, value: Any) -> Iterator[str]:
    """What the entries of an argument are called."""
    parts = (".real", ".imag") if np.iscomplexobj(value) else ("",)
    if isinstance(value, tuple):
        for n, item in enumerate(value):
            yield from _names(f"{name}[{n}]", item)
    elif isinstance(value, np.ndarray):
        for at in np.ndindex(value.shape):
            yield from (f"{name}[{', '.join(map(str, at))}]{part}" if at else name + part for part in parts)
    else:
        yield from (name + part for part in parts)
