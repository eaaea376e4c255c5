"""Where the time of a first call goes: `python -m benchmarks.stages [--only TEXT] [--passes]`.

Each workload is called once, at its small size, in a process of its own.  `inference` is part of the stage `typed`
where Numba infers types; `numba` is the compilation of what was emitted; `rest` is the remainder of the first call,
such as Numba's compilation of a caller, or of what Numba itself compiles first.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from time import process_time
from typing import Any

from benchmarks.contest import all_workloads, one_thread


class Clock:
    """Seconds by name; what is measured inside of something measured counts for the inner one alone."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._inside: list[float] = []

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its time counted under a name."""

        @wraps(function)
        def measured(*args: Any, **kwargs: Any) -> Any:
            start = process_time()
            self._inside.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                whole = process_time() - start
                self.seconds[name] += whole - self._inside.pop()
                if self._inside:
                    self._inside[-1] += whole

        return measured


def watched(passes: bool) -> Clock:
    """A clock on every stage, and on every pass of the optimiser if asked for."""
    from adcompile import optimise, pipeline
    from adcompile.backend.compile import Compiled

    clock = Clock()
    pipeline.STAGES = tuple(
        replace(stage, run=clock.timed(stage.name, stage.run), verify=clock.timed("verify", stage.verify))
        for stage in pipeline.STAGES
    )
    pipeline.emit = clock.timed("emit", pipeline.emit)
    pipeline.infer = clock.timed("inference", pipeline.infer)
    Compiled.result = clock.timed("numba", Compiled.result)
    if passes:
        optimise.PASSES = tuple(clock.timed(f"  {each.__name__}", each) for each in optimise.PASSES)
        for name in ("fold_expressions", "hoist", "one_length"):
            setattr(optimise, name, clock.timed(f"  {name}", getattr(optimise, name)))
    return clock


def first_call(name: str, passes: bool) -> dict[str, float]:
    """Seconds of the first call of a workload, by stage, in this process."""
    one_thread()
    workload = next(w for w in all_workloads() if w.name == name)
    args = workload.small()
    clock = watched(passes)
    clock.timed("rest", workload.derivative)(*args)
    return dict(clock.seconds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="workloads whose name has this in it")
    parser.add_argument("--passes", action="store_true", help="the passes of the optimiser one by one")
    parser.add_argument("--here", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(first_call(options.here, options.passes)))
        return 0
    for workload in all_workloads():
        if options.only.lower() in workload.name.lower():
            command = [sys.executable, "-m", "benchmarks.stages", "--here", workload.name]
            command += ["--passes"] * options.passes
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            report(workload.name, json.loads(done.stdout.splitlines()[-1]))
    return 0


def report(name: str, seconds: dict[str, float]) -> None:
    whole = sum(seconds.values())
    ours = whole - sum(seconds.get(of, 0.0) for of in ("numba", "rest"))
    print(f"{name}: {whole:.2f} s, of it the pipeline {ours:.2f} s")
    for stage, spent in sorted(seconds.items(), key=lambda item: -item[1]):
        if spent >= 0.005:
            print(f"    {stage:18} {spent:6.3f}")


if __name__ == "__main__":
    sys.exit(main())
