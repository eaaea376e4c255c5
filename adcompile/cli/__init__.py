"""The command line: `adcompile`, or `python -m adcompile`.

Goal: what a user asks of a function without writing a program: its derivative as text, and explained; whether it is
right, how fast it is, what adcompile finds on this machine.  Errors are what `adcompile.errors` says, never tracebacks.

Exit codes: 0, all is well; 1, a derivative is not what differences say; 2, the command line cannot be understood; 3,
the function is refused, or an argument cannot be used; 130, it was interrupted.
"""

from __future__ import annotations

import sys

import click

from adcompile.cli.bench import bench
from adcompile.cli.caches import cache
from adcompile.cli.check import check
from adcompile.cli.doctor import doctor
from adcompile.cli.dump import dump
from adcompile.cli.explain import explain
from adcompile.errors import AdcompileError

REFUSED = 3
INTERRUPTED = 130


class _Commands(click.Group):
    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except AdcompileError as error:
            click.echo(error, err=True)
            sys.exit(REFUSED)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="adcompile")
def main() -> None:
    """Derivatives of NumPy-and-loops Python.

    TARGET is package.module:function, or path/to/file.py:function.

    Exit codes: 0 all is well, 1 a derivative is wrong, 2 usage, 3 refused, 130 interrupted.
    """


for _command in (dump, explain, check, bench, doctor, cache):
    main.add_command(_command)
