"""The register of differentiation rules: which function has which derivative.

Goal: one rule a function, serving forward and reverse mode alike; users add their own with the same words.  A rule is
ordinary NumPy code, runnable as it stands.  Non-goal: the chain rule (`adcompile.chain` applies the rules).

>>> import numpy as np
>>> def softplus(x): return np.log1p(np.exp(x))
>>> elementwise(softplus, lambda x, z: 1.0 / (1.0 + np.exp(-x)), dear=True)
>>> float(rule_for(softplus).partials[0](0.0, softplus(0.0)))
0.5
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from adcompile.errors import InvalidArgument, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Const, Expr

Function: TypeAlias = Callable[..., Any]
Sample: TypeAlias = tuple[Any, ...]

_CHEAP_POWERS = frozenset(range(-4, 5))
_SAMPLES: dict[int, tuple[Sample, ...]] = {
    1: ((0.3,), (0.8,), (-0.6,)),
    2: ((0.3, 0.8), (1.7, -0.6), (-0.4, 0.5)),
}


@dataclass(frozen=True, slots=True)
class Elementwise:
    """The derivative of a function of numbers: one partial an argument, called with the arguments and the result.

    A partial of `None` says that the result does not depend smoothly on that argument (an integer, a condition).
    `dear` says that the function costs more than a memory access, so that its value is worth keeping; `samples` are
    arguments at which the tests compare the rule with differences; `same` are other names of the function.  `singular`
    are the positions of the arguments by which the derivative may be infinite, or NaN, where the value is finite.
    """

    fn: Function
    partials: tuple[Function | None, ...]
    dear: bool
    samples: tuple[Sample, ...]
    same: tuple[Function, ...]
    singular: frozenset[int]


def unknown(*args: Any) -> Any:
    """Stands for a partial derivative without a formula: a call whose argument there is active is refused."""
    raise refuse("no-rule", "a derivative by this argument is not known")


UNKNOWN = unknown
_RULES: dict[Function, Elementwise] = {}
_COMPLEX: dict[Function, Elementwise] = {}


@dataclass(frozen=True)
class Bodies:
    """What was said of a function of arrays: each a function of the language."""

    pushforward: Function | None = None
    pullback: Function | None = None
    transpose: Function | None = None


_BODIES: dict[Function, Bodies] = {}
_opaque: dict[Function, Any] = {}
_made_opaque: list[Callable[[Function, Bodies], Any]] = []
_CONSTANTS: set[Function] = set()
_shipped: tuple[dict[Function, Elementwise], dict[Function, Elementwise], set[Function]] = {}, {}, set()


def elementwise(
    fn: Function,
    *partials: Function | None,
    same: Iterable[Function] = (),
    dear: bool = False,
    samples: Iterable[Sample] = (),
    singular: Iterable[int] = (),
) -> None:
    """Register the partial derivatives of `fn`, one for each of its arguments; `same` have the same derivatives.

    `singular` says by which arguments the slope may be infinite or NaN where the value is finite, as that of a root is
    at zero: an adjoint or a tangent of exactly zero is then passed on as zero.
    A later registration replaces an earlier one.
    """
    name = getattr(fn, "__name__", repr(fn))
    if not partials:
        raise InvalidArgument(f"elementwise({name}): give one partial derivative an argument, or use constant({name})")
    for position, partial in enumerate(partials):
        if (
            partial is not None
            and partial is not UNKNOWN
            and len(inspect.signature(partial).parameters) != len(partials) + 1
        ):
            raise InvalidArgument(
                f"elementwise({name}): partial {position + 1} must take the {len(partials)} argument(s) and the result"
            )
    points = tuple(samples) or _SAMPLES.get(len(partials), ())
    rule = Elementwise(fn, partials, dear, points, tuple(same), frozenset(singular))
    for one in (fn, *rule.same):
        _CONSTANTS.discard(one)
        _RULES[one] = rule


def constant(*fns: Function) -> None:
    """Register functions whose derivative is zero wherever there is one."""
    for fn in fns:
        _RULES.pop(fn, None)
        _CONSTANTS.add(fn)


def holomorphic(*fns: Function) -> None:
    """Say that the rules of these functions hold for complex numbers as they stand."""
    for fn in fns:
        rule = _RULES[fn]
        _COMPLEX.update(dict.fromkeys((rule.fn, *rule.same), rule))


def complex_elementwise(
    fn: Function, *partials: Function | None, same: Iterable[Function] = (), dear: bool = False,
    samples: Iterable[Sample] = (), singular: Iterable[int] = (),
) -> None:  # fmt: skip
    """Register the partial derivatives of `fn` where an argument, or the result, is complex.

    A partial `p` says that an argument's change `dx` changes the result by `p * dx`; by the real part of it where the
    result is real.  Other functions of complex numbers are refused.
    """
    rule = Elementwise(fn, partials, dear, tuple(samples), tuple(same), frozenset(singular))
    _COMPLEX.update(dict.fromkeys((fn, *rule.same), rule))


def pullback(fn: Function) -> Callable[[Function], Function]:
    """Registers, as a decorator, the reverse mode of a function of arrays and numbers: `rule(*args, value, value_bar)`
    gives the tuple of the adjoints of the arguments, of each its shape, or `None` for zero."""
    return _registered(fn, "pullback", 2)


def pushforward(fn: Function) -> Callable[[Function], Function]:
    """Registers, as a decorator, the forward mode of a function of arrays and numbers: `rule(primals, tangents)`, of
    two tuples, gives `(value, tangent of the value)`.  Without a `pullback` reverse mode transposes it."""
    return _registered(fn, "pushforward", None)


def linear(fn: Function) -> Callable[[Function], Function]:
    """Registers, as a decorator, the transpose of a function that is linear in its arguments that are floats:
    `rule(*args, value_bar)` gives the tuple of their adjoints.  Forward mode is the function itself."""
    return _registered(fn, "transpose", 1)


def _registered(fn: Function, kind: str, more: int | None) -> Callable[[Function], Function]:
    word = {"transpose": "linear"}.get(kind, kind)
    if not callable(fn):
        raise InvalidArgument(f"{word} takes a function, not {fn!r}")

    def register(rule: Function) -> Function:
        name, taken = getattr(fn, "__name__", repr(fn)), len(inspect.signature(rule).parameters)
        try:
            own = len(inspect.signature(fn).parameters)
        except (TypeError, ValueError):
            own = taken - (more or 0)
        wanted = 2 if more is None else own + more
        if taken != wanted:
            raise InvalidArgument(f"{word}({name}): the rule takes {taken} arguments, and has to take {wanted}")
        _RULES.pop(fn, None)
        _CONSTANTS.discard(fn)
        _BODIES[fn] = replace(_BODIES.get(fn, Bodies()), **{kind: rule})
        _opaque.pop(fn, None)
        return rule

    return register


def opaque_for(fn: object) -> Any:
    """What stands for a function with such a rule in the stages (`ir.opaque`); nothing if it has none."""
    if not _hashable(fn) or fn not in _BODIES:
        return None
    if fn not in _opaque:
        _opaque[fn] = _made_opaque[0](fn, _BODIES[fn])
    return _opaque[fn]


def made_by(make: Callable[[Function, Bodies], Any]) -> None:
    """Says what makes that: a layer that can read functions."""
    _made_opaque[:] = [make]


def rule_for(fn: object) -> Elementwise | None:
    """The rule of a function of real numbers, if it has one."""
    if not _hashable(fn):
        return None
    if fn not in _RULES and _is_of_scipy(fn):
        _learn_scipy()
    return _RULES.get(fn)  # type: ignore[call-overload,no-any-return]


def complex_rule_for(fn: object) -> Elementwise | None:
    """The rule of a function where an argument or the result is complex, if it has one."""
    return _COMPLEX.get(fn) if _hashable(fn) else None  # type: ignore[call-overload]


def is_constant(fn: object) -> bool:
    """Whether a function's derivative is known to be zero."""
    return _hashable(fn) and fn in _CONSTANTS


def is_dear(fn: object, args: Sequence[Expr] = ()) -> bool:
    """Whether a function's value is worth keeping rather than computing again; with the arguments of a call, whether
    that call's is (a power by a small literal whole number is a product or two)."""
    rule = rule_for(fn) or complex_rule_for(fn)
    if rule is None or not rule.dear:
        return False
    exponent = args[1] if rule is rule_for(ops.power) and len(args) == 2 else None
    return not (isinstance(exponent, Const) and exponent.value in _CHEAP_POWERS)


def _is_of_scipy(fn: object) -> bool:
    found = sys.modules.get("scipy.special")
    return isinstance(fn, np.ufunc) and found is not None and getattr(found, fn.__name__, None) is fn


def _learn_scipy() -> None:
    """The rules of `scipy.special`, once; a user's own stay."""
    if "adcompile.rules.special" in sys.modules:
        return
    as_it_was, before = as_shipped(), (dict(_RULES), set(_CONSTANTS))
    importlib.import_module("adcompile.rules.special")
    _RULES.update(before[0])
    for fn in before[1]:
        constant(fn)
    if as_it_was:
        ship()


def ship() -> None:
    """What is registered so far is what adcompile comes with."""
    global _shipped
    _shipped = dict(_RULES), dict(_COMPLEX), set(_CONSTANTS)


def as_shipped() -> bool:
    """Whether no rule was added or changed since."""
    return _shipped == (_RULES, _COMPLEX, _CONSTANTS) and not _BODIES


def added() -> tuple[object, ...]:
    """All that was registered or changed since, in values that can be described."""
    rules = [
        (fn, rule.partials, rule.dear, *sorted(rule.singular))
        for now, before in ((_RULES, _shipped[0]), (_COMPLEX, _shipped[1]))
        for fn, rule in now.items()
        if before.get(fn) != rule
    ]
    bodies = [(fn, b.pushforward, b.pullback, b.transpose) for fn, b in _BODIES.items()]
    gone = (_shipped[0].keys() | _shipped[2]) - (_RULES.keys() | _CONSTANTS | _BODIES.keys())
    return (*rules, *(_CONSTANTS - _shipped[2]), *bodies, *gone)


def all_rules() -> tuple[Elementwise, ...]:
    """Every rule, once, in order of registration."""
    return tuple({id(rule): rule for rule in _RULES.values()}.values())


def all_complex_rules() -> tuple[Elementwise, ...]:
    """Every rule of complex numbers, once, in order of registration."""
    return tuple({id(rule): rule for rule in _COMPLEX.values()}.values())


def _hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
