"""One contender in a process of its own: seconds of its first call, and the most memory that it held.

`python -m benchmarks.alone WORKLOAD CONTENDER full|small`
"""

from __future__ import annotations

import json
import subprocess
import sys
from time import perf_counter

PEAK = "VmHWM:"


def peak() -> float:
    """Megabytes that this process has held at most."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(PEAK))


def measured(workload: str, contender: str, size: str) -> dict[str, float] | None:
    """What a new process finds."""
    command = [sys.executable, "-m", "benchmarks.alone", workload, contender, size]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 and done.stdout else None


def main() -> None:
    from benchmarks.contest import all_workloads, built, one_thread

    one_thread()
    name, contender, size = sys.argv[1:]
    workload = next(w for w in all_workloads() if w.name == name)
    args = workload.inputs() if size == "full" else workload.small()
    start = perf_counter()
    call = built(workload, contender, args)
    if contender.startswith(("jax", "torch", "autograd", "casadi")):
        start = perf_counter()  # not what importing the library takes; what building its graph takes counts as a call
        call = built(workload, contender, args)
    call()
    first = perf_counter() - start
    call()
    print(json.dumps({"first": first, "peak": peak()}))


if __name__ == "__main__":
    main()
