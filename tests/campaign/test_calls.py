"""Calls of a derivative from threads, by the million, interrupted, and after a fork."""

from __future__ import annotations

import gc
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from adcompile import grad, jvp, value_and_grad
from tests.texts import defined

TEXT = """
def f(x, k):
    u = np.empty_like(x)
    for i in range(x.shape[0]):
        u[i] = np.sin(x[i]) * k + u[i - 1] if i > 0 else x[i]
    return np.sum(u * u)
"""


def fresh(name: str) -> Any:
    return defined(TEXT, f"<{name}>", {"np": np})["f"]


@pytest.mark.parametrize("jit", [False, True], ids=["python", "compiled"])
def test_threads_that_call_a_derivative_for_the_first_time_together(jit: bool) -> None:
    gradient = grad(fresh(f"threads {jit}"), jit=jit)
    arguments = [(np.linspace(0.1, 1.0, 5 + n % 3), 0.5 + n) for n in range(24)]
    plain = grad(fresh("alone"), jit=False)
    barrier = threading.Barrier(8)

    def one(number: int) -> Any:
        if number < 8:
            barrier.wait()
        return gradient(*arguments[number])

    with ThreadPoolExecutor(8) as pool:
        for found, args in zip(pool.map(one, range(24)), arguments, strict=True):
            np.testing.assert_allclose(found, plain(*args), rtol=1e-12)


def test_threads_that_derive_different_things_at_once() -> None:
    f = fresh("several")
    x = np.linspace(0.1, 1.0, 5)
    makers = [lambda: grad(f, jit=False)(x, 0.5), lambda: jvp(f, wrt="x", jit=False)((x, 0.5), (x,))[1]]
    expected = [make() for make in makers]
    with ThreadPoolExecutor(4) as pool:
        for number, found in enumerate(pool.map(lambda n: makers[n % 2](), range(16))):
            np.testing.assert_array_equal(found, expected[number % 2])


@pytest.mark.campaign  # where in its work an alarm meets the compiler depends on the machine
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file that Python was reading
def test_an_interrupt_while_compiling_leaves_nothing_behind() -> None:
    x = np.linspace(0.1, 1.0, 5)
    expected = grad(fresh("whole"), jit=False)(x, 0.5)
    for delay in (0.005, 0.02, 0.06, 0.15, 0.3):
        gradient = grad(fresh(f"interrupted {delay}"))
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, delay)
        try:
            gradient(x, 0.5)
        except KeyboardInterrupt:
            pass
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        np.testing.assert_allclose(gradient(x, 0.5), expected, rtol=1e-12)


@pytest.mark.campaign
def test_an_interrupt_while_running_in_python() -> None:
    f = fresh("long run")
    gradient = grad(f, jit=False)
    x = np.linspace(0.1, 1.0, 200_000)
    gradient(x[:5], 0.5)
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    with pytest.raises(KeyboardInterrupt):
        gradient(x, 0.5)
    np.testing.assert_array_equal(gradient(x[:5], 0.5), grad(f, jit=False)(x[:5].copy(), 0.5))


def test_a_fork_after_use() -> None:
    gradient = value_and_grad(fresh("forked"))
    x = np.linspace(0.1, 1.0, 5)
    expected = gradient(x, 0.5)[1]
    child = os.fork()
    if child == 0:
        again, other = gradient(x, 0.5)[1], grad(fresh("in a child"), jit=False)(x, 0.5)
        os._exit(0 if np.array_equal(again, expected) and np.allclose(other, expected) else 1)
    assert os.waitpid(child, 0)[1] == 0


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.campaign
def test_a_million_calls_in_flat_memory() -> None:
    gradient = grad(fresh("a million"))
    x = np.linspace(0.1, 1.0, 50)
    for _ in range(20_000):
        gradient(x, 0.5)
    gc.collect()
    before = _resident()
    for _ in range(1_000_000):
        gradient(x, 0.5)
    gc.collect()
    assert _resident() - before < 2_000_000


@pytest.mark.campaign
def test_a_thousand_derivatives_of_one_text_in_bounded_memory() -> None:
    x = np.linspace(0.1, 1.0, 5)
    sizes = []
    for number in range(600):
        grad(fresh(f"one of many {number % 3}"), jit=False)(x, 0.5)
        if number % 200 == 199:
            gc.collect()
            sizes.append(_resident())
    assert sizes[-1] - sizes[0] < 20_000_000
