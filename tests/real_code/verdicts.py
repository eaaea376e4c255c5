"""What becomes of each case: right in both modes, wrong, refused (and why), or broken.

    python -m tests.real_code.verdicts                     # all cases, apart from this process; writes the verdicts
    python -m tests.real_code.verdicts --to first.json     # into another file of this directory
    python -m tests.real_code.verdicts fluids ht           # these packages only; the others' verdicts stay

A verdict is `[word, ...]`: `right`; `wrong` with both numbers; `refused` with every reason that was given at once;
`crash` for an error that is no refusal; `unchecked` where an entry of the gradient has no reference, and the others
agree.
"""

from __future__ import annotations

import argparse
import inspect
import json
import math
import multiprocessing
import signal
import warnings
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from adcompile import InvalidArgument, Refusal, Unsupported, jvp, vjp
from tests.real_code.case import Case
from tests.real_code.packages import all_cases
from tests.real_code.values import flat, moved, seeds, weights

HERE = Path(__file__).parent
STORED = HERE / "verdicts.json"
SECONDS = 60

Verdict = list[str]


class TooLong(BaseException):
    """Not an `Exception`, so that nothing on its way takes it for one of its own."""


def references() -> dict[str, Any]:
    """The stored derivatives, by the name of the case."""
    stored: dict[str, Any] = json.loads((HERE / "references.json").read_text())
    return stored


def verdict(case: Case, known: dict[str, Any], jit: bool = False) -> Verdict:
    """Forward and reverse mode of one case, held to its reference."""
    try:
        (here, gradient), tangents = _reverse(case, jit), _forward(case, jit)
    except Unsupported as error:
        return ["refused", *dict.fromkeys(map(_reason, error.refusals))]
    except InvalidArgument as error:
        return ["refused", f"invalid-argument: {str(error).splitlines()[0]}"]
    except Exception as error:  # whatever it is, it is no refusal
        return ["crash", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"]
    if "none" in known:
        return ["crash", "differentiated, where there is no reference"]
    return judged(_summed(_of(*_counted(case))), here, gradient, tangents, known)


def judged(value: float, here: float, gradient: Sequence[float], tangents: Sequence[float], known: Any) -> Verdict:
    """Right if the value, the gradient, and the tangents along each entry agree with what is stored."""
    scale = max((abs(g) for g in known["gradient"] if math.isfinite(g)), default=0.0)
    if not math.isclose(value, here, rel_tol=1e-9, abs_tol=1e-12 * max(1.0, abs(known["value"]))):
        return ["wrong", f"value {here!r} for {value!r}"]
    for way, numbers in (("reverse", gradient), ("forward", tangents)):
        if len(numbers) != len(known["gradient"]):
            return ["wrong", f"{way}: {len(numbers)} numbers for {len(known['gradient'])}"]
        for k, (number, wanted, error) in enumerate(zip(numbers, known["gradient"], known["error"], strict=True)):
            if not math.isnan(wanted) and not abs(number - wanted) <= 5.0 * error + 1e-9 * abs(wanted) + 1e-12 * scale:
                return ["wrong", f"{way}, entry {k}: {number!r} for {wanted!r} +- {error:.1e}"]
    without = [k for k, wanted in enumerate(known["gradient"]) if math.isnan(wanted)]
    if without:  # differences found none: the point is at the edge of the domain
        return ["unchecked", f"no reference for entry {', '.join(map(str, without))} of the gradient"]
    return ["right"]


def _reason(refusal: Refusal) -> str:
    place = f" [{Path(refusal.span.file).name}:{refusal.span.line}]" if refusal.span else ""
    return f"{refusal.code}: {refusal.message}{place}"


def _counted(case: Case) -> tuple[Any, list[bool]]:
    """What the function gives.  One that returns nothing gives the arrays that it has written, of which those count
    that it is not differentiated by, as for the references."""
    arguments = case.arguments()
    result = case.function()(*arguments)
    if result is not None:
        return result, []
    pairs = enumerate(zip(case.arguments(), arguments, strict=True))
    written = [k for k, (old, new) in pairs if isinstance(new, np.ndarray) and not np.array_equal(old, new)]
    return tuple(arguments[k] for k in written), [k not in case.positions() for k in written]


def _of(value: Any, counts: Sequence[bool]) -> Any:
    """What counts of a result."""
    items = value if isinstance(value, tuple) else (value,)
    return tuple(item for item, count in zip(items, counts, strict=True) if count) if counts else value


def _seeds(value: Any, counts: Sequence[bool]) -> Any:
    """The seeds of a result, zeros where it does not count."""
    if not counts:
        return seeds(value)
    given = iter(seeds(_of(value, counts)))
    items = value if isinstance(value, tuple) else (value,)
    made = tuple(next(given) if count else np.zeros_like(item) for item, count in zip(items, counts, strict=True))
    return made if isinstance(value, tuple) else made[0]


def _summed(result: Any) -> float:
    leaves = flat(result)
    return float(sum(w * leaf for w, leaf in zip(weights(len(leaves)), leaves, strict=True)))


def _wrt(case: Case) -> tuple[int, ...]:
    return case.positions()


def _reverse(case: Case, jit: bool) -> tuple[float, list[float]]:
    value, pullback = vjp(case.function(), wrt=_wrt(case), jit=jit)(*case.arguments())
    counts = _counted(case)[1]
    return _summed(_of(value, counts)), [float(g) for g in flat(pullback(_seeds(value, counts)))]


def _forward(case: Case, jit: bool) -> list[float]:
    function, primals = case.function(), case.arguments(every=True)
    names = list(inspect.signature(function).parameters)[: len(primals)]
    fixed = {name: value for name, value in zip(names, primals, strict=True) if not _is_numeric(value)}
    if fixed:  # primals are numbers and structures of them: a text or a function is bound before, as a user would
        function = partial(function, **fixed)
        primals = tuple(value for name, value in zip(names, primals, strict=True) if name not in fixed)
    tangent = jvp(function, wrt=tuple(names[p] for p in _wrt(case)), jit=jit)
    slopes, counts = [], _counted(case)[1]
    for position, place in _entries(case):
        directions = tuple(_zero(case.arguments()[p]) for p in _wrt(case))
        k = _wrt(case).index(position)
        directions = (*directions[:k], moved(directions[k], place, 1.0), *directions[k + 1 :])
        slopes.append(_summed(_of(tangent(primals, directions)[1], counts)))
    return slopes


def _is_numeric(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_is_numeric, value))
    if isinstance(value, dict):
        return all(map(_is_numeric, value.values()))
    return isinstance(value, (bool, int, float, np.generic, np.ndarray))


def _entries(case: Case) -> Iterable[tuple[int, int]]:
    for position in case.positions():
        for place in range(max(1, len(flat(case.arguments()[position])))):
            yield position, place


def _zero(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.zeros_like(value)
    return tuple(0.0 for _ in value) if isinstance(value, (tuple, list)) else 0.0


def _timed_out(number: int, frame: Any) -> None:
    raise TooLong


def bounded(case: Case, known: dict[str, Any], jit: bool = False) -> Verdict:
    """A verdict within `SECONDS` of the processor's time, without the warnings of packages."""
    before = signal.signal(signal.SIGPROF, _timed_out)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return verdict(case, known, jit)
    except TooLong:
        return ["crash", f"takes more than {SECONDS} s"]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def _one(job: tuple[Case, Any, bool]) -> tuple[str, Verdict]:
    return job[0].name, bounded(*job)


def main() -> None:
    """Runs cases in processes of their own and stores what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--to", default=STORED.name)
    parser.add_argument("--jit", action="store_true")
    options = parser.parse_args()
    known, into = references(), HERE / options.to
    stored = json.loads(into.read_text()) if into.exists() else {}
    jobs = [(c, known[c.name], options.jit) for p, c in all_cases() if not options.packages or p in options.packages]
    with multiprocessing.get_context("forkserver").Pool(1, maxtasksperchild=25) as pool:
        for name, found in pool.imap(_one, jobs):
            stored[name] = found
            print(name, *found, flush=True)
    kept = {case.name: stored[case.name] for _, case in all_cases() if case.name in stored}
    into.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
