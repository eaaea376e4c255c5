"""Runs the benchmarks: `python -m benchmarks`, all of them; `--quick`, at small sizes, checked and not reported."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.contest import all_workloads, checked, contenders, one_thread, timed

NOT_APART = ("primal", "torch compiled")  # not measured in a process of its own


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Times derivatives side by side.")
    parser.add_argument("--quick", action="store_true", help="small sizes, one repeat: that everything still runs")
    parser.add_argument("--only", default="", metavar="TEXT", help="workloads whose name has this in it")
    parser.add_argument("--without", default="", metavar="PEERS", help="peers to leave out, with commas between")
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--times-only", action="store_true", help="neither first calls nor memory")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="where to write benchmarks.md and benchmarks.png")
    options = parser.parse_args()
    one_thread()
    from benchmarks import sparse
    from benchmarks.alone import measured
    from benchmarks.report import Row, page, picture, table

    left_out = set(filter(None, options.without.split(",")))
    rows = []
    for workload in all_workloads():
        if options.only.lower() not in workload.name.lower():
            continue
        known = contenders(workload)
        names = [name for name, why in known.items() if why is None and name not in left_out]
        missing = {name: why for name, why in known.items() if why is not None}
        args = workload.small() if options.quick else workload.inputs()
        calls, wrong = checked(workload, names, args)
        row = Row(workload.name, timed(calls, 1 if options.quick else options.repeats), {**missing, **wrong})
        apart = [name for name, seconds in row.times.items() if name not in NOT_APART and seconds < 2.0]
        for name in [] if options.quick or options.times_only else apart:
            small, full = measured(workload.name, name, "small"), measured(workload.name, name, "full")
            if small and full:
                row.first[name] = full["first"]
                row.memory[name] = max(full["peak"] - small["peak"], 0.0)
        rows.append(row)
        print(f"{row.name}: " + ", ".join(f"{name} {seconds:.3g}" for name, seconds in row.times.items()), flush=True)
        for name, why in wrong.items():
            print(f"    {name}: {why}", flush=True)
    print(table(rows))
    if options.write is not None:
        (options.write / "benchmarks.md").write_text(page(rows, sparse.table()), encoding="utf-8")
        picture(rows, options.write / "benchmarks.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
