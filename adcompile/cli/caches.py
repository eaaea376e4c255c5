"""`adcompile cache`: what derivatives with `cache=True` have left on disk."""

from __future__ import annotations

import click
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from adcompile.backend.cache import clear as cleared
from adcompile.backend.cache import directory, entries


@click.group()
def cache() -> None:
    """List or remove what is kept on disk."""


@cache.command("list")
def listed() -> None:
    """The generated files in the cache directory."""
    found = entries()
    table = Table()
    table.add_column("file")
    table.add_column("size", justify="right")
    total = 0
    for path in found:
        size = path.stat().st_size
        total += size
        table.add_row(str(path.relative_to(directory())), decimal(size))
    console = Console(soft_wrap=True)
    if found:
        console.print(table)
    console.print(f"{len(found)} files, {decimal(total)}, in {directory()}", highlight=False)


@cache.command("clear")
def clear() -> None:
    """Remove the generated files: they are made again when they are needed."""
    click.echo(f"{cleared()} files removed from {directory()}")
