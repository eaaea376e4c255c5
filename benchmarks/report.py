"""The table and the picture of a run."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PEERS = ("jax", "torch", "torch compiled", "autograd", "casadi")


@dataclass
class Row:
    """What was measured of one workload: seconds, megabytes."""

    name: str
    times: dict[str, float]
    missing: dict[str, str]
    first: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    def ratio(self, name: str, to: str) -> float | None:
        if name not in self.times or to not in self.times:
            return None
        return self.times[name] / self.times[to]


def mean(values: list[float | None]) -> float | None:
    """The geometric mean of those that there are."""
    found = [value for value in values if value]
    return float(np.exp(np.mean(np.log(found)))) if found else None


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.2g} us"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def table(rows: list[Row]) -> str:
    """The run in Markdown."""
    head = ["", "primal", "derivative", "/ primal", "by hand", "/ hand", *(f"{p} /" for p in PEERS)]
    lines = [_line(head), _line(["---", *["---:"] * (len(head) - 1)])]
    for row in rows:
        peers = [_times(row.ratio(peer, "adcompile")) for peer in PEERS]
        own = [_seconds(row.times.get(name)) for name in ("primal", "adcompile")]
        to = [_times(row.ratio("adcompile", name)) for name in ("primal", "hand")]
        lines.append(_line([row.name, *own, to[0], _seconds(row.times.get("hand")), to[1], *peers]))
    first = [row for row in rows if "hand" in row.times]  # of second derivatives, the ratio to the function says little
    means = [_times(mean([row.ratio("adcompile", name) for row in first])) for name in ("primal", "hand")]
    peers = [_times(mean([row.ratio(peer, "adcompile") for row in rows])) for peer in PEERS]
    lines.append(_line(["**geometric mean**", "", "", means[0], "", means[1], *peers]))
    return "\n".join(lines)


def costs(rows: list[Row]) -> str:
    """First calls and memory in Markdown."""
    names = ("adcompile", "hand", *PEERS)
    lines = [_line(["first call", *names]), _line(["---", *["---:"] * len(names)])]
    lines += [_line([row.name, *(_seconds(row.first.get(name)) for name in names)]) for row in rows]
    lines += ["", _line(["memory, MB", *names]), _line(["---", *["---:"] * len(names)])]
    lines += [
        _line([row.name, *(f"{row.memory[name]:.1f}" if name in row.memory else "" for name in names)]) for row in rows
    ]
    return "\n".join(lines)


def reasons(rows: list[Row]) -> str:
    """Why who is missing where."""
    return "\n".join(f"- {row.name}, {peer}: {why}" for row in rows for peer, why in row.missing.items())


def versions() -> str:
    names = ("numpy", "numba", "jax", "torch", "autograd", "casadi")
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return f"Python {platform.python_version()}, {', '.join(found)}; {_processor()}, one core"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def page(rows: list[Row], sparse: str) -> str:
    """The whole of `docs/benchmarks.md`; `sparse` is the table of sparse Jacobians."""
    return f"""# Benchmarks

Written by `make bench` ({versions()}). Every derivative is checked against the others, then all are timed in turn, in
one process on one core; medians. `/ primal` and `/ hand` are adcompile's time over that of the function, and over that
of a derivative written by hand for Numba with the same options. Some of these reorder loops, change how arrays lie in
memory or use what a person knows of the problem (mixture, Heston, n-body, tridiagonal solve, oscillator,
advection-diffusion). `jax /` and so on are the peer's time over adcompile's. A call that needs no run of compiled code
by the peer's own rules (tracing, graph building) is not timed.

![Time of the peers over adcompile's](benchmarks.png)

{table(rows)}

First calls are in a new process, imports apart. Memory is the peak of a process with the workload less that of one with
a small instance of it.

{costs(rows)}

Sparse Jacobians of stencil residuals of 100,000 unknowns, over the time of the residual, and beside the dense Jacobian
at 2,000 unknowns, over the residual there (`python -m benchmarks.sparse`). The pattern is found and coloured once. A
residual of four divisions an unknown runs in vectors, and so do its tangents, which share their divisions; times are
the processor's. Five points take seven products.

{sparse}

Missing:

{reasons(rows)}
"""


def picture(rows: list[Row], path: Path) -> None:
    """Times over adcompile's, on a logarithmic axis."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    names = ("hand", *PEERS)
    figure, axes = plt.subplots(figsize=(9, 0.55 * len(rows) + 1.4), layout="constrained")
    height = 0.8 / len(names)
    for number, name in enumerate(names):
        ratios = [row.ratio(name, "adcompile") or np.nan for row in rows]
        axes.barh(np.arange(len(rows)) + (number - len(names) / 2 + 0.5) * height, ratios, height, label=name)
    axes.set_xscale("log")
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("time of a derivative over adcompile's")
    axes.legend(loc="lower right", fontsize="small")
    figure.savefig(path, dpi=120)
    plt.close(figure)
