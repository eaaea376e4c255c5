"""Random programs by the thousand: `python -m tests.fuzz --from 0 --to 1000`.

Prints how many were right, refused (by code), wrong or crashed, with the smallest programs of each.  `--show SEED`
prints one with its derivative, `--shrink SEED` the least program that leaving lines out of it leads to and that fares
the same.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import defaultdict
from functools import partial
from multiprocessing import get_context
from time import perf_counter

from adcompile import AdcompileError, grad
from tests.generator import program
from tests.program import Program, shrunk
from tests.verdict import verdict


def fares(seed: int, order: int, jit: bool, single: bool, wide: bool) -> tuple[int, int, str]:
    """A seed, the size of its program, and the verdict."""
    written = program(seed, single, wide)
    return seed, written.size, verdict(written, order, jit)


def table(results: dict[str, list[tuple[int, int]]]) -> str:
    """How many of each verdict, and the seeds of its smallest programs."""
    total = sum(map(len, results.values()))
    lines = [f"{'programs':>9} {'share':>7}  {'verdict':60} seeds of the smallest"]
    for what, found in sorted(results.items(), key=lambda item: -len(item[1])):
        smallest = ", ".join(str(seed) for _, seed in sorted(found)[:4])
        lines.append(f"{len(found):9} {len(found) / total:7.1%}  {what:60} {smallest}")
    return "\n".join(lines)


def shown(written: Program) -> str:
    """A program, its arguments, and its gradient where there is one."""
    gradient = grad(written.function(), wrt=written.wrt, jit=False)
    try:
        derivative = gradient.source_for(*written.args)
    except AdcompileError as error:
        derivative = str(error)
    return f"{written.text}\n# arguments: {written.args}\n\n{derivative}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Differentiates random programs.")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int, default=100)
    parser.add_argument("--order", type=int, choices=(1, 2), default=2)
    parser.add_argument("--jit", action="store_true", help="through Numba, which takes seconds a program")
    parser.add_argument("--single", action="store_true", help="arrays of float32")
    parser.add_argument("--wide", action="store_true", help="with try, dicts, lists and functions inside too")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    parser.add_argument("--show", type=int, metavar="SEED")
    parser.add_argument("--shrink", type=int, metavar="SEED")
    options = parser.parse_args()
    warnings.simplefilter("error")
    if options.show is not None:
        print(shown(program(options.show, options.single, options.wide)))
        return 0
    if options.shrink is not None:
        written = program(options.shrink, options.single, options.wide)
        what = verdict(written, options.order, options.jit)
        least = shrunk(written, lambda smaller: verdict(smaller, options.order, options.jit) == what)
        print(f"# {what}\n{shown(least)}")
        return 0
    results: dict[str, list[tuple[int, int]]] = defaultdict(list)
    one = partial(fares, order=options.order, jit=options.jit, single=options.single, wide=options.wide)
    started = perf_counter()
    with get_context("spawn").Pool(options.workers, initializer=warnings.simplefilter, initargs=("error",)) as pool:
        for seed, size, what in pool.imap_unordered(one, range(options.first, options.last), chunksize=4):
            results[what].append((size, seed))
            if perf_counter() - started > options.seconds:
                break
    print(table(results))
    return int(any(what.startswith(("wrong", "crash", "mutates", "slow")) for what in results))


if __name__ == "__main__":
    sys.exit(main())
