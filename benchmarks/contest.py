"""The contenders of a workload, each checked against the others, then timed in turn."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import statistics
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from numba import njit

from adcompile.backend.compile import Options
from benchmarks import workloads
from benchmarks.agreement import distance
from benchmarks.workload import Arguments, Workload

Call = Callable[[], Any]
CLOSE = 1e-7  # relative, between derivatives computed in different orders
BATCH = 0.02  # seconds that a timed batch lasts at least
BUDGET = 8.0  # seconds for all repeats of one contender


def one_thread() -> None:
    """Keeps every library to one thread, on one core; said before any of them is imported."""
    for name in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
    os.environ.setdefault("JAX_ENABLE_X64", "1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def quiet_torch() -> None:
    import torch

    torch.set_num_threads(1)


def all_workloads() -> Iterator[Workload]:
    """Every workload, file by file."""
    for module in sorted(info.name for info in pkgutil.iter_modules(workloads.__path__)):
        yield from importlib.import_module(f"{workloads.__name__}.{module}").WORKLOADS


def contenders(workload: Workload) -> dict[str, str | None]:
    """Everybody's name, with the reason of those who have no derivative of this workload."""
    peers = {name: build if isinstance(build, str) else None for name, build in workload.peers.items()}
    by_hand = None if workload.hand else "second derivatives are not written by hand"
    return {"primal": None, "adcompile": None, "hand": by_hand, **peers}


def built(workload: Workload, name: str, args: Arguments) -> Call:
    """The call of a contender; nothing is compiled yet where that happens on the first call."""
    if name == "primal":
        primal = njit(**Options().numba())(workload.function)
        own = args[: len(inspect.signature(workload.function).parameters)]  # a product with a Hessian takes a direction
        return lambda: primal(*own)
    if name in ("adcompile", "hand"):
        derivative = workload.derivative if name == "adcompile" else workload.hand
        assert derivative is not None
        return lambda: derivative(*args)
    if name.startswith("torch"):
        quiet_torch()
    build = workload.peers[name]
    assert not isinstance(build, str)
    return build(*args)


def checked(workload: Workload, names: list[str], args: Arguments) -> tuple[dict[str, Call], dict[str, str]]:
    """The calls whose results agree with adcompile's, and what went wrong with the others."""
    calls: dict[str, Call] = {}
    wrong: dict[str, str] = {}
    expected = workload.derivative(*args)
    for name in names:
        try:
            call = built(workload, name, args)
            result = call()
        except Exception as error:
            wrong[name] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:120]
            continue
        apart = 0.0 if name == "primal" else distance(expected, result)
        if apart > CLOSE:
            if name in ("adcompile", "hand"):
                raise AssertionError(f"{workload.name}: {name} differs from adcompile by {apart:.1e}")
            wrong[name] = f"differs by {apart:.1e}"
        else:
            calls[name] = call
    return calls, wrong


def timed(calls: dict[str, Call], repeats: int) -> dict[str, float]:
    """Median seconds of a call, over batches taken in turn."""
    counts = {}
    for name, call in calls.items():
        start = perf_counter()
        call()
        once = max(perf_counter() - start, 1e-7)
        counts[name] = max(1, int(BATCH / once)), max(1, min(repeats, int(BUDGET / max(once, BATCH))))
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for repeat in range(repeats):
        for name, call in calls.items():
            batch, most = counts[name]
            if repeat < most:
                start = perf_counter()
                for _ in range(batch):
                    call()
                samples[name].append((perf_counter() - start) / batch)
    return {name: statistics.median(found) for name, found in samples.items()}
