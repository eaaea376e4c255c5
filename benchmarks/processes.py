"""Value and gradient of a sum over shards of data, on one process and on two: `python -m benchmarks.processes`.

The length and the friction of pendulums, 16 shards of 1,024 of them, 6,000 steps each, by joblib and by
`interop.dask`.  One worker and two take turns, so that what else the machine does meets both; the least and the median
time of a pass over all shards are printed, and what two processes do in the time of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from time import perf_counter

import numpy as np
from distributed import Client, LocalCluster
from joblib import Parallel, delayed

from adcompile import value_and_grad
from adcompile.interop.dask import value_and_grad_of_sum

SHARDS, PENDULUMS, STEPS = 16, 1_024, 6_000
REPEATS = 5
Pass = Callable[[np.ndarray], tuple[float, np.ndarray]]


def loss(theta: np.ndarray, starts: np.ndarray, seen: np.ndarray) -> float:
    """How far pendulums of some length and friction are at last from where they were seen."""
    h = 0.01
    total = 0.0
    for i in range(starts.shape[0]):
        angle, speed = starts[i], 0.0
        for _ in range(STEPS):
            speed -= h * (theta[0] * np.sin(angle) + theta[1] * speed)
            angle += h * speed
        total += (angle - seen[i]) ** 2
    return total


def shard(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Some of the data, the same for the same seed."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.0, 1.0, PENDULUMS), rng.uniform(-0.5, 0.5, PENDULUMS)


def here(shards: list[tuple[np.ndarray, np.ndarray]]) -> Pass:
    """In this process, one shard after the other."""
    derivative = value_and_grad(loss, cache=True)

    def run(theta: np.ndarray) -> tuple[float, np.ndarray]:
        parts = [derivative(theta, *each) for each in shards]
        return sum(value for value, _ in parts), np.sum([slope for _, slope in parts], axis=0)

    return run


@contextmanager
def by_joblib(shards: list[tuple[np.ndarray, np.ndarray]], workers: int) -> Iterator[Pass]:
    """In processes of joblib, which gets the shards anew with each call."""
    derivative = value_and_grad(loss, cache=True)
    with Parallel(n_jobs=workers, backend="loky") as pool:

        def run(theta: np.ndarray) -> tuple[float, np.ndarray]:
            parts = pool(delayed(derivative)(theta, *each) for each in shards)
            return sum(value for value, _ in parts), np.sum([slope for _, slope in parts], axis=0)

        yield run


@contextmanager
def by_dask(shards: list[tuple[np.ndarray, np.ndarray]], workers: int) -> Iterator[Pass]:
    """On a local cluster, whose workers keep the shards."""
    cluster = LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0")
    with cluster, Client(cluster) as client:
        yield value_and_grad_of_sum(loss, shards, client=client, cache=True)


def main() -> None:
    """Prints the table."""
    shards = [shard(seed) for seed in range(SHARDS)]
    with ExitStack() as stack:
        passes = {"in this process": here(shards)}
        for name, by, counts in (("joblib", by_joblib, (2,)), ("Dask", by_dask, (1, 2))):
            for workers in counts:
                passes[f"{name}, {workers}"] = stack.enter_context(by(shards, workers))
        theta = np.array([1.0, 0.1])
        expected = passes["in this process"](theta)
        times: dict[str, list[float]] = {name: [] for name in passes}
        for one in passes.values():
            value, slope = one(theta)  # compiles
            np.testing.assert_allclose(value, expected[0])
            np.testing.assert_allclose(slope, expected[1], rtol=1e-9)
        for number in range(REPEATS):
            theta = np.array([1.0, 0.1 + 0.01 * number])
            for name, one in passes.items():
                start = perf_counter()
                one(theta)
                times[name].append(perf_counter() - start)
    print(f"{SHARDS} shards of {PENDULUMS} pendulums, {STEPS:,} steps; {REPEATS} passes each, in turn\n")
    print("| | least, ms | median, ms | steps a second | two for one |\n|---|---|---|---|---|")
    for name, each in times.items():
        single = times.get(name.replace(", 2", ", 1"), times["in this process"])
        ratio = f"{median(single) / median(each):.2f}" if name.endswith(", 2") else ""
        rate = SHARDS * PENDULUMS * STEPS / median(each)
        print(f"| {name} | {min(each) * 1e3:.0f} | {median(each) * 1e3:.0f} | {rate / 1e6:.1f} million | {ratio} |")


if __name__ == "__main__":
    main()
