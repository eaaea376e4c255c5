"""`checkpoint`: a call that the reverse sweep replays has the derivative of its function, and bounds the memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adcompile import checkpoint, grad, hvp, jvp, value_and_grad

ROOT = Path(__file__).parents[1]
U = np.array([0.1, 0.5, -0.3])


def plain(u, k, steps):
    v = u
    for _ in range(steps):
        v = np.sin(v) * k + u
    return v


step = checkpoint(plain)


def with_calls(u, k):
    for t in range(4):
        u = step(u, k, 3)
        if t == 2:
            u[0] = 2.0 * u[1]
    return np.sum(u * u)


def without(u, k):
    for t in range(4):
        u = plain(u, k, 3)
        if t == 2:
            u[0] = 2.0 * u[1]
    return np.sum(u * u)


def test_same_derivatives():
    for found, expected in zip(
        grad(with_calls, wrt=("u", "k"), jit=False)(U, 0.4),
        grad(without, wrt=("u", "k"), jit=False)(U, 0.4),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-13)
    tangents = (U, 1.0)
    assert jvp(with_calls, jit=False)((U, 0.4), tangents)[1] == pytest.approx(
        jvp(without, jit=False)((U, 0.4), tangents)[1]
    )
    np.testing.assert_allclose(hvp(with_calls, jit=False)(U, 0.4, U), hvp(without, jit=False)(U, 0.4, U), rtol=1e-12)


def test_compiled():
    value, gradient = value_and_grad(with_calls)(U, 0.4)
    assert value == pytest.approx(without(U, 0.4), rel=1e-14)
    np.testing.assert_allclose(gradient, grad(without, jit=False)(U, 0.4), rtol=1e-13)


def chain_with_calls(u, k):
    u = step(u, k, 20)
    u = step(u, k, 20)
    u = step(u, k, 20)
    u = step(u, k, 20)
    return np.sum(u)


def chain_without(u, k):
    u = plain(u, k, 20)
    u = plain(u, k, 20)
    u = plain(u, k, 20)
    u = plain(u, k, 20)
    return np.sum(u)


MEASURED = """
import re
from pathlib import Path
import numpy as np
from adcompile import grad
from tests.test_replayed import chain_with_calls, chain_without

def peak():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

u = np.linspace(-1.0, 1.0, 500_000)
for chain in (chain_with_calls, chain_without):
    derivative = grad(chain)
    derivative(np.ones(2), 0.3)
    before = peak()
    derivative(u, 0.3)
    print((peak() - before) / u.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of one process is read there")
def test_memory():
    """The tapes of four calls of 20 steps without, that of one with; what is measured second is beyond the first."""
    run = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True, cwd=ROOT)
    bounded, further = map(float, run.stdout.split())
    assert bounded < 45.0
    assert bounded + further > 75.0
