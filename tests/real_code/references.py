"""The derivatives that the cases are held to: computed once, stored in `references.json` with an error estimate.

For each entry of each argument: the complex step where the package's code carries complex numbers through and agrees
with differences; else central differences with Richardson's extrapolation (Ridders), in long double and in double,
whichever has the smaller estimate.  A result of several numbers is summed with the fixed weights of `values.weights`.

    python -m tests.real_code.references            # all of them
    python -m tests.real_code.references fluids     # those of one package
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.real_code.case import Case
from tests.real_code.packages import all_cases
from tests.real_code.values import flat, moved, weights

STORED = Path(__file__).with_name("references.json")
TINY = 1e-40


def weighted(case: Case) -> Callable[[list[Any]], Any]:
    """The case's function with one number as its result; a function that returns nothing has written to arguments."""
    fn, wrt = case.function(), case.positions()

    def one_number(arguments: list[Any]) -> Any:
        result = fn(*arguments)
        if result is None:
            result = tuple(a for k, a in enumerate(arguments) if k not in wrt and isinstance(a, np.ndarray))
        leaves = flat(result)
        if not leaves:
            raise TypeError(f"{case.name} gives {type(result).__name__}, in which no number is found")
        return sum(w * leaf for w, leaf in zip(weights(len(leaves)), leaves, strict=True))

    return one_number


def reference(case: Case) -> dict[str, Any]:
    """The stored entry: gradients by argument, one after the other; an error estimate for each; the methods used."""
    fn = weighted(case)
    value, gradient, errors, methods = fn(list(case.arguments())), [], [], set()
    for position in case.positions():
        for place in range(max(1, len(flat(case.arguments()[position])))):
            number, error, method = entry(case, fn, position, place)
            gradient.append(number)
            errors.append(error)
            methods.add(method)
    return {"value": float(value), "gradient": gradient, "error": errors, "method": sorted(methods)}


def entry(case: Case, fn: Callable[[list[Any]], Any], position: int, place: int) -> tuple[float, float, str]:
    """One partial derivative, how far it may be off, and how it was found."""

    def along(step: Any) -> Any:
        arguments = list(case.arguments())
        arguments[position] = moved(arguments[position], place, step)
        return fn(arguments)

    at = abs(float(flat(case.arguments()[position])[place])) or 1.0
    tried = [
        min(ridders(along, at * part, kind) for kind in (float, np.longdouble)) for part in (1e-8, 1e-5, 1e-3, 3e-2)
    ]
    found, shorter = min(tried), tried[2]
    if found == tried[3] and abs(found[1] - shorter[1]) > 5.0 * (found[0] + shorter[0]) < 1e-8 * abs(shorter[1]):
        found = shorter  # a jump lies in the wider range
    error, number, method = found
    stepped = complex_step(along)
    if stepped is not None and abs(stepped - number) <= 20 * error + 1e-7 * abs(number):
        return stepped, 1e-13 * abs(stepped), "complex step"
    return number, error, method


def complex_step(along: Callable[[Any], Any]) -> float | None:
    """The derivative by an imaginary step too small to be seen, where the code carries it by the way that it goes
    without: a `try` that catches what complex numbers cannot do takes another."""
    try:
        result, plain = along(TINY * 1j), along(0.0)
    except Exception:  # code of packages that was never meant for complex numbers raises whatever it likes
        return None
    if abs(np.real(result) - plain) > 1e-12 * abs(plain):
        return None
    number = float(np.imag(result)) / TINY
    return number if math.isfinite(number) else None


def ridders(along: Callable[[Any], Any], step: float, kind: Any, factor: float = 1.6) -> tuple[float, float, str]:
    """Error, derivative, method: a tableau of central differences extrapolated to a vanishing step."""
    table: list[list[float]] = []
    best = (math.inf, math.nan, f"differences in {np.dtype(kind).name}")
    for row in range(14):
        h = kind(step / factor**row)
        try:
            after, before = along(h), along(-h)
        except Exception:  # outside the domain, or a type that the code does not take
            return best if row else (math.inf, math.nan, best[2])
        slope = (after - before) / (2 * h)
        rounding = sys.float_info.epsilon * abs(float(after)) / float(h)  # in double: code may fall back to it
        if not math.isfinite(slope):
            return best
        line, power = [slope], 1.0
        for k in range(row):
            power *= factor * factor
            line.append(line[k] + (line[k] - table[row - 1][k]) / (power - 1.0))
            error = float(max(abs(line[k + 1] - line[k]), abs(line[k + 1] - table[row - 1][k]), rounding))
            best = min(best, (error, float(line[k + 1]), best[2]))
        table.append(line)
    return best


def main(packages: list[str]) -> None:
    """Computes and stores references; cases without a number as their result have none."""
    warnings.simplefilter("ignore")
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    for package, case in all_cases():
        if packages and package not in packages:
            continue
        try:
            stored[case.name] = reference(case)
        except Exception as error:
            stored[case.name] = {"none": f"{type(error).__name__}: {error}"[:200]}
        print(case.name, json.dumps(stored[case.name])[:150], flush=True)
    kept = {case.name: stored[case.name] for _, case in all_cases() if case.name in stored}
    STORED.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
