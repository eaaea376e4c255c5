"""`adcompile explain`: a function and its derivative side by side, as a page."""

from __future__ import annotations

from pathlib import Path

import click

from adcompile.api.explaining import explanation
from adcompile.cli.derivatives import Asked, derivative_of, values_for
from adcompile.cli.options import of_a_function
from adcompile.cli.progress import progress
from adcompile.cli.target import function_named, given, types_for
from adcompile.errors import InvalidArgument


@click.command()
@of_a_function
@click.option("--mode", type=click.Choice(["reverse", "forward"]), default="reverse", show_default=True)
@click.option("--order", type=click.IntRange(min=1), default=1, show_default=True, help="2: forward over the first.")
@click.option("--value", is_flag=True, help="The value of the function comes with its gradient.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The page; otherwise NAME_grad.html or the like.")
def explain(
    target: str, types: str | None, args: str | None, wrt: tuple[str, ...], mode: str, order: int, value: bool,
    output: Path | None,
) -> None:  # fmt: skip
    """Write a page that shows a function and its derivative side by side.

    Lines that belong together light up together; beside them stand what varies, what is taped and computed again, and
    what became of each loop.  With --args the derivative is run once, in plain Python, and the bytes of its tapes told.
    """
    function = function_named(target)
    with progress():
        derivative, arguments = derivative_of(
            function, types_for(function, types, args), Asked(mode, wrt, order, value)
        )
        values = None
        if args is not None:
            values = values_for(derivative, given(function, args))
        page = explanation(derivative, arguments, values).html()
    path = output or Path(f"{derivative.outcome(arguments).name}.html")
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"{path} written")
