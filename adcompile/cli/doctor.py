"""`adcompile doctor`: what adcompile finds on this machine."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from numba import config, get_num_threads
from rich.console import Console
from rich.table import Table

from adcompile.api import grad
from adcompile.backend import vecmath
from adcompile.backend.cache import directory, entries


@click.command()
def doctor() -> None:
    """Versions, vector math, threads, the cache directory, and whether a derivative compiles here."""
    table = Table(show_header=False)
    table.add_column("what", no_wrap=True)
    table.add_column("found", overflow="fold")
    for what, found in _found():
        table.add_row(what, found)
    Console().print(table)


def _found() -> Iterator[tuple[str, str]]:
    for package in ("adcompile", "numpy", "numba", "llvmlite", "libcst", "scipy"):
        try:
            yield package, version(package)
        except PackageNotFoundError:
            missing = "not installed: products of large matrices are loops" if package == "scipy" else "not installed"
            yield package, missing
    yield "python", f"{platform.python_implementation()} {sys.version.split()[0]}, {platform.machine()}"
    yield "SVML", "used by Numba" if config.USING_SVML else "not there"
    yield "libmvec", "found" if vecmath.described() else "not there: exp, sin and the like are not vectorised"
    yield "threads", f"{get_num_threads()} of {os.cpu_count()} processors"
    folder = directory()
    yield "cache", f"{folder}, {len(entries())} files, {'writable' if _writable(folder) else 'NOT writable'}"
    yield "a derivative", _tried()


def _writable(folder: Path) -> bool:
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK)


def _cube(x: float) -> float:
    return x**3


def _tried() -> str:
    try:
        found = grad(_cube)(2.0)
    except Exception as error:
        return f"FAILS: {type(error).__name__}: {error}"
    return "compiles" if found == 12.0 else f"WRONG: the derivative of x**3 at 2 is {found}"
