"""`adcompile dump`: the derivative of a function as text, or as a module."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.syntax import Syntax

from adcompile.api.saving import module_of
from adcompile.cli.derivatives import Asked, derivative_of
from adcompile.cli.options import of_a_function
from adcompile.cli.progress import progress
from adcompile.cli.target import function_named, types_for
from adcompile.errors import InvalidArgument
from adcompile.pipeline import STAGES


@click.command()
@of_a_function
@click.option("--mode", type=click.Choice(["reverse", "forward", "primal"]), default="reverse", show_default=True)
@click.option("--order", type=click.IntRange(min=1), default=1, show_default=True, help="2: forward over the first.")
@click.option("--value", is_flag=True, help="The value of the function comes with its gradient.")
@click.option("--stage", type=click.Choice([stage.name for stage in STAGES]), help="The function after this stage.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write a module that needs NumPy and Numba only.")
def dump(
    target: str, types: str | None, args: str | None, wrt: tuple[str, ...], mode: str, order: int, value: bool,
    stage: str | None, output: Path | None,
) -> None:  # fmt: skip
    """Print the source of a derivative: coloured on a terminal, plain in a pipe.

    Without --types or --args, the types are those of annotations (float, int, "float64[:]").
    """
    if stage and output:
        raise click.UsageError("--stage prints what is no program: it goes without -o")
    function = function_named(target)
    asked = Asked(mode, wrt, order, value)
    with progress():
        derivative, arguments = derivative_of(function, types_for(function, types, args), asked)
        derivative.generated(arguments)
    if output is not None:
        text = module_of(derivative, arguments)
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InvalidArgument(f"{output} cannot be written: {error.strerror}") from error
        return
    text = derivative.outcome(arguments).stages[stage] if stage else derivative.generated(arguments).source
    shown(text)


def shown(text: str) -> None:
    """Python text, coloured where somebody looks at it."""
    console = Console(soft_wrap=True)
    if console.is_terminal:
        console.print(Syntax(text, "python", background_color="default", theme="ansi_dark"), end="")
    else:
        click.echo(text, nl=not text.endswith("\n"))
