"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _together(*decorators: _Decorator) -> _Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


of_a_function: _Decorator = _together(
    click.argument("target"),
    click.option("--types", metavar="TYPES", help='Types of the arguments: "float64[:], int64".'),
    click.option("--args", metavar="ARGS", help='Arguments themselves, in Python: "np.ones(3), 2".'),
    click.option("--wrt", multiple=True, metavar="NAME", help="A parameter to differentiate by; may be repeated."),
)

of_random_arguments: _Decorator = _together(
    click.option("--size", default=8, show_default=True, help="Length of each axis of random arrays."),
    click.option("--seed", default=0, show_default=True, help="Of the random arguments that --types asks for."),
)
