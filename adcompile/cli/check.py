"""`adcompile check`: a function's derivatives held to differences and to each other."""

from __future__ import annotations

import sys
from typing import Any

import click
import numpy as np

from adcompile.api import WrongDerivative, check_grads
from adcompile.cli.options import of_a_function, of_random_arguments
from adcompile.cli.progress import progress
from adcompile.cli.target import function_named, given, random_value, types_for

WRONG = 1


@click.command()
@of_a_function
@of_random_arguments
@click.option("--order", type=click.IntRange(min=1, max=3), default=2, show_default=True, help="Highest order.")
@click.option("--jit/--no-jit", default=False, show_default=True, help="Whether Numba compiles the derivatives.")
def check(
    target: str, types: str | None, args: str | None, wrt: tuple[str, ...], size: int, seed: int, order: int, jit: bool
) -> None:
    """Hold the derivatives of a function, in both modes, to differences and to each other.

    At the arguments of --args, or at random ones of --types (floats between 0.1 and 1).
    """
    function = function_named(target)
    values = arguments_for(function, types, args, size, seed)
    chosen: Any = wrt[0] if len(wrt) == 1 else wrt or None
    try:
        with progress():
            check_grads(function, values, order, wrt=chosen, jit=jit, seed=seed)
    except WrongDerivative as error:
        click.echo(error, err=True)
        sys.exit(WRONG)
    click.echo(f"{target}: forward and reverse mode agree with differences and with each other, to order {order}")


def arguments_for(function: Any, types: str | None, args: str | None, size: int, seed: int) -> tuple[Any, ...]:
    """The arguments that are given, or random ones of the types that are."""
    if args is not None:
        return given(function, args)
    generator = np.random.default_rng(seed)
    return tuple(random_value(type_, size, generator) for type_ in types_for(function, types, None))
