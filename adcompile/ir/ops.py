"""Operations of the language that NumPy has no function for; each runs as it stands."""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompile.errors import Unsupported


def select(condition: Any, then: Any, orelse: Any) -> Any:
    """Printed `then if condition else orelse`: only the chosen side is evaluated."""
    return then if condition else orelse


def both(left: Any, right: Any) -> Any:
    """Printed `left and right`, on truth values."""
    return left and right


def either(left: Any, right: Any) -> Any:
    """Printed `left or right`, on truth values."""
    return left or right


def negated(value: Any) -> Any:
    """Printed `not value`."""
    return not value


def dim(array: Any, axis: int) -> int:
    """Printed `array.shape[axis]`."""
    return int(array.shape[axis])


def copy(array: Any) -> Any:
    """Printed `array.copy()`."""
    return array.copy()


def attribute(value: Any, name: str) -> Any:
    """Surface only: `value.name`, until types tell what it means."""
    return getattr(value, name)


def method(value: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Surface only: `value.name(*args, **kwargs)`, until types tell what it means."""
    return getattr(value, name)(*args, **kwargs)


def call(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Surface only: `function(*args, **kwargs)` on a local name, until inlining tells which function it is."""
    return function(*args, **kwargs)


def under(state: Any, value: Any) -> Any:
    """Surface only: a call in a `with` that sets globals of modules, and what they are there."""
    raise NotImplementedError(state, value)


def unpacked(items: Any) -> Any:
    """Surface only: `*items` among the arguments of a call, until inlining tells which items they are."""
    return items


def record(keys: tuple[Any, ...], *values: Any) -> Any:
    """Surface only: a dict with keys that are known before the run."""
    return dict(zip(keys, values, strict=True))


def instance(kind: Any, **fields: Any) -> Any:
    """Surface only: a dataclass or a named tuple with these fields, as it is made without its `__init__`."""
    if issubclass(kind, tuple):
        return tuple.__new__(kind, fields.values())
    made = object.__new__(kind)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def text(template: str, *values: Any) -> str:
    """Surface only: a text that is made in the run."""
    return template.format(*values)


def contains(value: Any, items: Any) -> bool:
    """Surface only: `value in items`."""
    return value in items


def like(example: Any, value: Any) -> Any:
    """Surface only: `type(example)(value)`."""
    return type(example)(value)


def coded(code: int, number: Any) -> Any:
    """Surface only: a text or `None` by its code, or a number (`normal.codes`)."""
    raise NotImplementedError(code)


def seeded(generator: Any, seed: Any) -> None:
    """Within stage `ssa` only: a random generator gets a seed (`normal.random_numbers`)."""
    raise NotImplementedError(generator)


def drawn(call: Any) -> Any:
    """Within stage `ssa` only: what a random generator gives (`normal.random_numbers`)."""
    raise NotImplementedError(call)


def undefined() -> float:
    """A value that is never read: stands for a name on a path that does not define it."""
    return 0.0


def fail(kind: Any, template: str | None, *values: Any) -> None:
    """Printed `raise kind(*values)`, or with a template `raise formatted(kind, template, *values)`."""
    raise kind(*values) if template is None else kind(template.format(*values))


def closure(function: Any, **captured: Any) -> Any:
    """Surface only: a function that is defined in another, with the variables of that which it reads."""
    raise NotImplementedError(function)


def derived(derivative: Any, *args: Any) -> Any:
    """Surface only: a call of a derivative, until types tell how that is written."""
    return derivative(*args)


def snapshot(value: Any) -> Any:
    """Surface only: a value as it is now, whatever is written into it later."""
    return value.copy() if isinstance(value, np.ndarray) else value


def listed(items: Any) -> Any:
    """Surface only: a list of numbers, from a tuple of them; an integer makes room for so many."""
    return list(items) if isinstance(items, tuple) else [0.0] * items


def held(items: Any, count: int) -> Any:
    """Surface only: the items that a list has, of those that it has room for; no copy of them."""
    return items[:count]


def within(count: int) -> int:
    """Before `loops_for_arrays`, as the end of a slice: not negative, and not more than the axis is long."""
    return count


def repeated(value: Any, count: int) -> Any:
    """Surface only: `[value] * count`."""
    return [value] * count


def item(values: Any, number: int) -> Any:
    """Printed `values[number]`: an item of a tuple that an opaque call gave."""
    return values[number]


def residual(values: Any, number: int) -> Any:
    """As `item`, of what the forward sweep keeps for the reverse sweep: it carries no derivative."""
    return values[number]


def bisection(middle: float) -> None:
    """Never printed: a mark after the middle of an interval that a loop halves (`normal.bisection`)."""


def raises(kind: Any, function: Any, *args: Any) -> bool:
    """Surface only: whether Python raises such an exception for this call."""
    raise NotImplementedError(kind, function, args)


def refused(refusals: Any) -> Any:
    """Surface only: stands where something is not of the language; refused where it is not in a dead branch."""
    raise Unsupported(refusals)


def power(base: Any, exponent: Any) -> Any:
    """Printed `base ** exponent` (`np.power` refuses negative integer exponents where Python does not)."""
    return base**exponent


class Contents:
    """What is in an array of outside, as it is now; two are equal if they are one object."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array.copy(order="C")
        self.array.flags.writeable = False


def table(contents: Contents) -> Any:
    """Printed as the name of an array of outside the function, which is never written."""
    return contents.array


ALLOCATIONS = (np.empty, np.zeros, np.empty_like, np.zeros_like, copy, table)
"""Calls whose result is a fresh array, in the core dialect (with `runtime.grown`)."""


Flags = dict[str, "type[Exception] | None"]
"""Floating-point errors (`divide`, `over`, `invalid`), and the exceptions that they raise where a `with` says so."""
