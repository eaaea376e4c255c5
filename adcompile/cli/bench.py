"""`adcompile bench`: a function, its derivatives and differences, timed in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Any

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from adcompile.api.derivative import Derivative, Request
from adcompile.api.differences import floats
from adcompile.backend.compile import Options
from adcompile.cli.check import arguments_for
from adcompile.cli.derivatives import Asked, derivative_of, values_for
from adcompile.cli.options import of_a_function, of_random_arguments
from adcompile.cli.progress import progress
from adcompile.cli.target import function_named
from adcompile.ir.types import is_float, leaves

LEAST = 1e-3  # seconds that one timing lasts, at least


@click.command()
@of_a_function
@of_random_arguments
@click.option("--repeats", type=click.IntRange(min=1), default=15, show_default=True, help="Timings of each.")
def bench(
    target: str, types: str | None, args: str | None, wrt: tuple[str, ...], size: int, seed: int, repeats: int
) -> None:
    """Time a function, its gradient, its tangent and central differences: medians of interleaved timings.

    Calls are from Python.  The first column of times is that of the first call: deriving and compiling.
    """
    function = function_named(target)
    values = arguments_for(function, types, args, size, seed)
    console = Console()
    calls, first = {}, {}
    with progress():
        for name, call in _calls(function, values, wrt):
            calls[name], first[name] = call, _timed(call, 1)
    errors = Console(stderr=True)
    numbers = {name: max(1, round(LEAST / max(_timed(call, 1), 1e-9))) for name, call in calls.items()}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in track(range(repeats), "timing", console=errors, transient=True, disable=not errors.is_terminal):
        for name, call in calls.items():
            times[name].append(_timed(call, numbers[name]))
    medians = {name: median(each) for name, each in times.items()}
    table = Table()
    for heading in ("", "first call", "median", "/ primal"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, seconds in medians.items():
        table.add_row(name, readable(first[name]), readable(seconds), f"{seconds / medians['primal']:.2f}")
    console.print(f"{target}, {sum(leaf.size for leaf in floats(values)):,} floats", soft_wrap=True)
    console.print(table)


def _calls(function: Any, values: tuple[Any, ...], wrt: tuple[str, ...]) -> Iterator[tuple[str, Callable[[], Any]]]:
    primal = Derivative(function, Request("primal", options=Options()))
    types = primal.types_of(*values)
    yield "primal", lambda: primal(*values)
    reverse, reverse_types = derivative_of(function, types, Asked("reverse", wrt))
    seeded = values_for(reverse, values)
    yield "gradient" if len(reverse_types) == len(types) else "pullback", lambda: reverse(*seeded)
    forward, _ = derivative_of(function, types, Asked("forward", wrt))
    along = values_for(forward, values)
    yield "tangent", lambda: forward(*along)
    moved = wrt or primal.arguments[:1]
    if all(is_float(leaf) for name in moved for leaf in leaves(types[primal.arguments.index(name)])):
        yield "differences", lambda: _differences(primal, values, [primal.arguments.index(name) for name in moved])


def _differences(function: Callable[..., Any], values: tuple[Any, ...], by: list[int]) -> None:
    """Calls the function as often as central differences by each float do."""
    for number in by:
        for leaf in floats((values[number],)):
            for _ in range(2 * leaf.size):
                function(*values)


def _timed(call: Callable[[], Any], number: int) -> float:
    start = perf_counter()
    for _ in range(number):
        call()
    return (perf_counter() - start) / number


def readable(seconds: float) -> str:
    """A time in the unit that suits it.

    >>> readable(0.00123), readable(2e-7)
    ('1.23 ms', '0.2 us')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"
