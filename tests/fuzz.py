"""Runs random programs through both modes and counts what comes of it.

    python -m tests.fuzz --from 0 --to 1000 [--jit] [--jobs 2]
    python -m tests.fuzz --shrink 17

Truth is differences of the program as Python runs it: central, at three steps, extrapolated.  Where the steps disagree,
or the two sides of the point, there is a kink or a branch is near, and the comparison is left out and counted.  Beside
it forward against reverse by inner product, and the same once more for the gradient.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import signal
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np

from adcompile import InternalError, Unsupported, grad, jvp, value_and_grad, vjp
from tests.oracle import distance, dot, leaves, size
from tests.programs import BY, arguments, defined, direction, program

STEP = 2e-3
TRUE = 2e-6  # differences against a derivative, relative
EQUAL = 1e-10  # inner products of two modes, relative


@dataclass(frozen=True)
class Verdict:
    """What came of one program: `kind` is what the table counts."""

    kind: str
    detail: str = ""
    notes: tuple[str, ...] = ()


class Wrong(Exception):
    """A check that failed: its name, and the figures."""


def fresh(args: list[Any]) -> list[Any]:
    return [value.copy() if isinstance(value, np.ndarray) else value for value in args]


def moved(args: list[Any], along: tuple[Any, ...], step: float) -> list[Any]:
    """The arguments a step along a direction; those not differentiated by come after the others."""
    return [value + step * by for value, by in zip(args, along, strict=False)] + fresh(args[len(along) :])


def extrapolated(function: Callable[..., Any], args: list[Any], along: tuple[Any, ...]) -> Any:
    """The derivative of a function along a direction, or None where no difference quotient can be trusted."""
    flat = lambda value: np.concatenate([np.ravel(leaf) for leaf in leaves(value)])  # noqa: E731
    here = flat(function(*fresh(args)))
    steps = [STEP, STEP / 2, STEP / 4]
    sides = [(flat(function(*moved(args, along, h))), flat(function(*moved(args, along, -h)))) for h in steps]
    central = [(right - left) / (2 * h) for h, (right, left) in zip(steps, sides, strict=True)]
    bend = [np.abs(right - 2 * here + left) / h for h, (right, left) in zip(steps, sides, strict=True)]
    first, second = (4 * central[1] - central[0]) / 3, (4 * central[2] - central[1]) / 3
    best = (16 * second - first) / 15
    scale = max(1.0, float(np.max(np.abs(best))))
    if np.max(np.abs(second - first)) > 10 * TRUE * scale or np.max(np.abs(best - second)) > TRUE * scale:
        return None
    # Twice the bend at half the step is a kink, not a curve.
    if np.any((bend[2] > 0.6 * bend[0]) & (bend[2] > TRUE * scale)):
        return None
    return best


def flat(value: Any) -> np.ndarray:
    return np.concatenate([np.ravel(leaf) for leaf in leaves(value)])


def agree(name: str, a: float, b: float, scale: float, tolerance: float) -> None:
    if not abs(a - b) <= tolerance * max(1.0, scale):
        raise Wrong(name, f"{a!r} {b!r}")


def same_arguments(name: str, before: list[Any], after: list[Any]) -> None:
    if not all(np.array_equal(one, other) for one, other in zip(before, after, strict=True)):
        raise Wrong(f"mutates: {name}")


def examined(f: Callable[..., Any], args: list[Any], seed: int, jit: bool, orders: int = 2) -> tuple[str, ...]:
    """All checks on one program; what was left out.  Raises `Wrong`, or what the compiler raises."""
    notes = []
    d, e = direction(seed), direction(seed + 10**6)
    value = f(*fresh(args))

    def called(name: str, function: Callable[..., Any], *own: Any) -> Any:
        given = fresh(args)
        result = function(*given, *own)
        same_arguments(name, args, given)
        return result

    def pushed(name: str, function: Any, along: tuple[Any, ...]) -> Any:
        given = fresh(args)
        result = function(tuple(given), along)
        same_arguments(name, args, given)
        return result

    gradient = grad(f, wrt=BY, jit=jit)
    g = called("grad", gradient)
    tangent = jvp(f, wrt=BY, jit=jit)
    y, y_dot = pushed("jvp", tangent, d)
    agree("value of jvp", y, value, abs(value), 1e-12)
    agree("forward and reverse", y_dot, dot(g, d), size(g, d), EQUAL)
    truth = extrapolated(f, args, d)
    if truth is None:
        notes.append("first order not smooth here")
    else:
        agree("first order", y_dot, float(truth[0]), size(g, d), TRUE * 5)
    if seed % 4 == 0:
        y, g2 = called("value_and_grad", value_and_grad(f, wrt=BY, jit=jit))
        agree("value of value_and_grad", y, value, abs(value), 1e-12)
        agree("grad and value_and_grad", distance(g2, g), 0.0, 1.0, 1e-12)
    if seed % 4 == 1:
        y, pullback = vjp(f, wrt=BY, jit=jit)(*fresh(args))
        agree("value of vjp", y, value, abs(value), 1e-12)
        agree("grad and vjp", distance(pullback(0.5), tuple(0.5 * np.asarray(leaf) for leaf in g)), 0.0, 1.0, 1e-12)
    if orders < 2:
        return tuple(notes)

    g2, h_d = pushed("jvp of grad", jvp(gradient, wrt=BY, jit=jit), d)
    agree("gradient in jvp of grad", distance(g2, g), 0.0, 1.0, 1e-10)
    h_e = called("vjp of grad", vjp(gradient, wrt=BY, jit=jit).seeded, e)
    agree("second order, forward and reverse", dot(e, h_d), dot(h_e, d), size(e, h_d) + size(h_e, d), EQUAL * 10)
    _, h_e2 = pushed("jvp of grad", jvp(gradient, wrt=BY, jit=jit), e)
    if truth is not None:  # on a kink the second derivative need not be symmetric
        agree("second order, symmetry", dot(e, h_d), dot(h_e2, d), size(e, h_d) + size(h_e2, d), EQUAL * 10)
    truth = extrapolated(gradient, args, d)
    if truth is None:
        notes.append("second order not smooth here")
    else:
        scale = max(1.0, float(np.max(np.abs(flat(h_d)))))
        agree("second order", float(np.max(np.abs(flat(h_d) - truth))), 0.0, scale, TRUE * 20)
    return tuple(notes)


def crash(error: BaseException) -> str:
    """An error without the names and numbers that differ from program to program."""
    text = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {re.sub(r'[0-9]+|<[^>]*>', '#', text)[:90]}"


def judged(text: str, seed: int, jit: bool = False, orders: int = 2, limit: int = 60) -> Verdict:
    """The verdict on a program; `ok` also where some comparison was left out, which the notes say."""
    args = arguments(seed)
    warnings.simplefilter("ignore")
    try:
        f = defined(text, f"program {seed}")
        with np.errstate(all="raise", under="ignore"):
            value = f(*fresh(args))
        if not np.isfinite(value):
            return Verdict("no program", "not finite")
    except Exception as error:
        return Verdict("no program", crash(error))

    def late(*_: object) -> None:
        raise TimeoutError(f"more than {limit} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(limit)
    try:
        return Verdict("ok", notes=examined(f, args, seed, jit, orders))
    except Wrong as error:
        return Verdict("mutates" if error.args[0].startswith("mutates") else f"WRONG {error.args[0]}", str(error.args))
    except Unsupported as error:
        return Verdict(f"refused {error.refusals[0].code}", str(error))
    except TimeoutError as error:
        return Verdict("slow", str(error))
    except InternalError as error:
        return Verdict(f"CRASH {crash(error)}", str(error))
    except Exception as error:
        return Verdict(f"CRASH {crash(error)}", repr(error))
    finally:
        signal.alarm(0)


# -------------------------------------------------------------------------------------------------- shrinking
def smaller(tree: ast.Module) -> Iterator[ast.Module]:
    """The program with one thing less, the largest things first."""

    def edits(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, list[Any]]]:
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                for number, item in enumerate(value):
                    if isinstance(item, ast.stmt) and not isinstance(item, ast.Return):
                        inside = [getattr(item, part, []) for part in ("body", "orelse")]
                        yield node, name, number, []
                        for block in inside:
                            if block and not isinstance(item, ast.FunctionDef):
                                yield node, name, number, block
                    elif isinstance(item, ast.expr):
                        for part in parts(item):
                            yield node, name, number, [part]
            elif isinstance(value, ast.expr):
                for part in parts(value):
                    yield node, name, None, [part]

    def parts(item: ast.expr) -> Iterator[ast.expr]:
        for child in ast.iter_child_nodes(item):
            if isinstance(child, ast.expr) and not isinstance(item, ast.Attribute):
                yield child
        if isinstance(item, (ast.BinOp, ast.Call, ast.IfExp, ast.Subscript)) and isinstance(
            getattr(item, "ctx", ast.Load()), ast.Load
        ):
            yield ast.Constant(0.5)

    for node in list(ast.walk(tree)):
        for owner, name, number, new in list(edits(node)):
            old = getattr(owner, name)
            setattr(owner, name, new[0] if number is None else [*old[:number], *new, *old[number + 1 :]])
            yield tree
            setattr(owner, name, old)


def shrunk(text: str, seed: int, jit: bool = False, seconds: float = 120.0) -> str:
    """The smallest program found that comes to the same end."""
    kind = judged(text, seed, jit).kind
    orders = 2 if "second" in kind or judged(text, seed, jit, 1).kind != kind else 1
    family = kind.split(" ")[0]
    same = (lambda k: k.split(" ")[0] == family) if family == "WRONG" else (lambda k: k == kind)
    end = time.monotonic() + seconds
    best = text
    seen = {best}
    going = True
    while going and time.monotonic() < end:
        going = False
        for tree in smaller(ast.parse(best)):
            try:
                candidate = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
            except (ValueError, AttributeError, IndexError):
                continue
            if candidate in seen or len(candidate) >= len(best):
                continue
            seen.add(candidate)
            if same(judged(candidate, seed, jit, orders, 20).kind):
                best, going = candidate, True
                break
            if time.monotonic() > end:
                break
    return best


# -------------------------------------------------------------------------------------------------- the table
def _one(task: tuple[int, bool, int]) -> tuple[int, Verdict, int]:
    seed, jit, orders = task
    text = program(seed)
    return seed, judged(text, seed, jit, orders), len(text)


def run(seeds: range, jit: bool, jobs: int, orders: int = 2, out: str | None = None) -> None:
    """Judges all seeds and prints the table: how many of each kind, and the seeds of the smallest of them."""
    kinds: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    smallest: dict[str, list[tuple[int, int]]] = defaultdict(list)
    begun = time.monotonic()
    tasks = [(seed, jit, orders) for seed in seeds]
    with get_context("fork").Pool(jobs, maxtasksperchild=200) as pool:
        for seed, verdict, length in pool.imap_unordered(_one, tasks, chunksize=4):
            kinds[verdict.kind] += 1
            notes.update(verdict.notes)
            smallest[verdict.kind].append((length, seed))
            if out and verdict.kind != "ok":
                with open(out, "a") as log:
                    log.write(f"{seed}\t{length}\t{verdict.kind}\t{verdict.detail!r}\n")
    print(f"{len(seeds)} programs in {time.monotonic() - begun:.0f} s")
    for kind, number in kinds.most_common():
        print(f"{number:6}  {kind}  {[seed for _, seed in sorted(smallest[kind])[:5]] if kind != 'ok' else ''}")
    for note, number in notes.most_common():
        print(f"{number:6}  ({note})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", type=int, default=200)
    parser.add_argument("--jit", action="store_true")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--orders", type=int, default=2)
    parser.add_argument("--out", help="a file for the seeds that are not ok")
    parser.add_argument("--shrink", type=int, metavar="SEED")
    parser.add_argument("--show", type=int, metavar="SEED")
    options = parser.parse_args()
    if options.show is not None:
        print(program(options.show))
        verdict = judged(program(options.show), options.show, options.jit, options.orders)
        print(verdict.kind, verdict.detail, *verdict.notes, sep="\n")
    elif options.shrink is not None:
        text = shrunk(program(options.shrink), options.shrink, options.jit)
        verdict = judged(text, options.shrink, options.jit, options.orders)
        print(text, verdict.kind, verdict.detail, sep="\n")
    else:
        run(range(options.first, options.to), options.jit, options.jobs, options.orders, options.out)


if __name__ == "__main__":
    sys.setrecursionlimit(10000)
    main()
