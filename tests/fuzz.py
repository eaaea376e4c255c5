"""Random programs by the thousand: `make fuzz N=100000`, or `python -m tests.fuzz --to 1000`.

Prints how many were right, refused (by code), wrong or crashed, with the smallest programs of each; exits with 1 where
a program was wrong, crashed, changed its arguments or took too long.  `--show SEED` prints one with its derivative,
`--shrink SEED` the least program that leaving lines out of it leads to and that fares the same.

`--mixed` draws the kind of each program from its seed (see `Kind.of`).  `--journal FILE` writes down each verdict as it
is found: a run that was stopped goes on where it was, and the least program of every finding is saved beside the file.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adcompile import AdcompileError, grad
from tests.generator import program
from tests.program import Program, shrunk
from tests.verdict import verdict

FOUND = ("wrong", "crash", "mutates", "slow")


@dataclass(frozen=True)
class Kind:
    """What sort of program, and how much is asked of its derivatives."""

    order: int = 2
    jit: bool = False
    single: bool = False  # arrays of float32
    wide: bool = False  # with try, dicts, lists and functions inside too
    small: bool = False  # a few statements
    bounded: bool = True  # reverse from snapshots too
    complex: bool = False  # with complex numbers, arguments among them

    @staticmethod
    def of(seed: int) -> Kind:
        """The kind of a seed: most are small and of the first order, so that there can be many."""
        return Kind(
            order=2 if seed % 8 == 0 else 1,
            single=seed % 10 == 9,
            wide=seed % 3 == 1,
            small=seed % 5 != 0,
            bounded=seed % 4 == 0,
            complex=seed % 7 == 3,
        )

    def program(self, seed: int) -> Program:
        return program(seed, self.single, self.wide, self.small, self.complex)

    def verdict(self, written: Program) -> str:
        return verdict(written, self.order, self.jit, self.bounded)


def fares(seed: int, fixed: Kind | None, saved: Path | None) -> tuple[int, int, str]:
    """A seed, the size of its program, and the verdict; the least program of a finding is saved."""
    kind = fixed or Kind.of(seed)
    written = kind.program(seed)
    what = kind.verdict(written)
    if saved is not None and what.startswith(FOUND):
        saved.mkdir(parents=True, exist_ok=True)
        least = written if what == "slow" else shrunk(written, lambda smaller: kind.verdict(smaller) == what)
        text = f"# {what}: seed {seed}, {kind}\n{least.text}\n# arguments: {least.args}\n"
        (saved / f"{seed}.py").write_text(text)
    return seed, written.size, what


def table(results: dict[str, list[tuple[int, int]]]) -> str:
    """How many of each verdict, and the seeds of its smallest programs."""
    total = sum(map(len, results.values()))
    lines = [f"{'programs':>9} {'share':>7}  {'verdict':60} seeds of the smallest"]
    for what, found in sorted(results.items(), key=lambda item: -len(item[1])):
        smallest = ", ".join(str(seed) for _, seed in sorted(found)[:4])
        lines.append(f"{len(found):9} {len(found) / total:7.2%}  {what:60} {smallest}")
    return "\n".join(lines)


def shown(written: Program) -> str:
    """A program, its arguments, and its gradient where there is one."""
    gradient = grad(written.function(), wrt=written.wrt, jit=False)
    try:
        derivative = gradient.source_for(*written.args)
    except AdcompileError as error:
        derivative = str(error)
    return f"{written.text}\n# arguments: {written.args}\n\n{derivative}"


def written_down(journal: Path | None, fixed: Kind | None) -> Iterator[tuple[int, int, str]]:
    """What a journal holds of programs of this kind; half a line, of a run that was killed, is nothing."""
    if journal is None or not journal.exists():
        return
    for line in journal.read_text().splitlines():
        try:
            kind, seed, size, what = json.loads(line)
        except ValueError:
            continue
        if kind == _label(fixed):
            yield seed, size, what


def _label(fixed: Kind | None) -> str:
    return "mixed" if fixed is None else "/".join(str(int(value)) for value in astuple(fixed))


def _started() -> None:
    """What a process of the campaign begins with: what was imported is no garbage, and rings are seldom made."""
    warnings.simplefilter("error")
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def campaign(seeds: range, fixed: Kind | None, journal: Path | None, workers: int, seconds: float) -> dict[str, list]:
    """The verdicts of all seeds: those that the journal has, and those of programs run now."""
    results: dict[str, list[tuple[int, int]]] = defaultdict(list)
    done = {seed: (size, what) for seed, size, what in written_down(journal, fixed) if seed in seeds}
    for seed, (size, what) in done.items():
        results[what].append((size, seed))
    left = [seed for seed in seeds if seed not in done]
    one = partial(fares, fixed=fixed, saved=journal.parent / "found" if journal else None)
    started = perf_counter()
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with (
        Progress(*columns) as progress,
        get_context("spawn").Pool(workers, initializer=_started) as pool,
    ):
        bar = progress.add_task("0 found", total=len(seeds), completed=len(done))
        for seed, size, what in pool.imap_unordered(one, left, chunksize=4):
            results[what].append((size, seed))
            if journal is not None:
                journal.parent.mkdir(parents=True, exist_ok=True)
                with journal.open("a") as file:
                    file.write(f"\n{json.dumps([_label(fixed), seed, size, what])}")
            found = sum(len(seeds) for what, seeds in results.items() if what.startswith(FOUND))
            progress.update(bar, advance=1, description=f"{found} found")
            if perf_counter() - started > seconds:
                break
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Differentiates random programs.")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int, default=100)
    parser.add_argument("--order", type=int, choices=(1, 2), default=2)
    parser.add_argument("--jit", action="store_true", help="through Numba, which takes seconds a program")
    parser.add_argument("--single", action="store_true", help="arrays of float32")
    parser.add_argument("--wide", action="store_true", help="with try, dicts, lists and functions inside too")
    parser.add_argument("--small", action="store_true", help="of a few statements")
    parser.add_argument("--complex", action="store_true", help="with complex numbers, arguments among them")
    parser.add_argument("--mixed", action="store_true", help="of the kind that the seed says")
    parser.add_argument("--journal", type=Path, help="the file to write verdicts to, and to go on from")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    parser.add_argument("--show", type=int, metavar="SEED")
    parser.add_argument("--shrink", type=int, metavar="SEED")
    options = parser.parse_args()
    warnings.simplefilter("error")
    asked = (options.order, options.jit, options.single, options.wide, options.small)
    fixed = None if options.mixed else Kind(*asked, complex=options.complex)
    if options.show is not None:
        print(shown((fixed or Kind.of(options.show)).program(options.show)))
        return 0
    if options.shrink is not None:
        kind = fixed or Kind.of(options.shrink)
        written = kind.program(options.shrink)
        what = kind.verdict(written)
        least = shrunk(written, lambda smaller: kind.verdict(smaller) == what)
        print(f"# {what}\n{shown(least)}")
        return 0
    seeds = range(options.first, options.last)
    results = campaign(seeds, fixed, options.journal, options.workers, options.seconds)
    print(table(results))
    return int(any(what.startswith(FOUND) for what in results))


if __name__ == "__main__":
    sys.exit(main())
