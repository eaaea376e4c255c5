"""What a long command is at: which function, which stage of the compiler, and for how long already.

On standard error, and only where that is a terminal; nothing is left of it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from adcompile.pipeline import STAGES, Job, watched

_COLUMNS = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn())


@contextmanager
def progress() -> Iterator[Progress]:
    """Shows how far the compiler is with each derivative that is made inside, and what else is added to it."""
    console = Console(stderr=True)
    bars = Progress(*_COLUMNS, console=console, transient=True, disable=not console.is_terminal)
    task = bars.add_task("reading", total=len(STAGES))

    def at(job: Job, number: int) -> None:
        name = getattr(job.function, "__name__", "the function")
        stage = STAGES[number].name if number < len(STAGES) else "made, compiling and running"
        bars.update(task, completed=number, description=f"{job.kind} of {name}: {stage}")

    with bars, watched(at):
        yield bars
