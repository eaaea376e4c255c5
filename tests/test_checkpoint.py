"""Reverse mode in bounded memory: the schedule, and derivatives that do not change by it."""

import tracemalloc
from math import comb

import numpy as np
import pytest

from adcompile import InvalidArgument, grad, hvp, jvp, schedule, value_and_grad, vjp


def swing(x, n):
    u = x.copy()
    s = 0.0
    for _ in range(n):
        a = u[0]
        u[0] = a + 0.1 * u[1]
        u[1] = u[1] - 0.1 * np.sin(a)
        s += u[0]
    return s + u[1]


def chain(x, n):
    s = x[0]
    for _ in range(n):
        s = np.sin(s) + x[1]
    return s


def path(x, n):
    p = np.zeros(n + 1)
    p[0] = x[0]
    v = x[1]
    for t in range(n):
        p[t + 1] = p[t] + 0.1 * np.sin(p[t]) * v
        v = v * np.cos(p[t])
    return np.sum(p * p) + v


def filled(x, n):
    p = np.full(n + 2, x[1])
    s = 1.0 + np.prod(p[: n // 2])
    for t in range(n):
        s = s * np.cos(p[t])
        p[t] = s * x[0]
    return s + np.sum(p)


def backwards(x, n):
    total = 0.0
    for k in range(3):
        s = x[k]
        for t in range(n, 0, -1):
            s = np.sin(s) * x[0] + t * 0.01
        total += s * s
    return total


def guarded(x, n):
    if n < 3:
        return x[0]
    s = x[0]
    u = x * 2.0
    for _ in range(n):
        for j in range(2):
            u[j] = u[j] * np.cos(u[1 - j])
        s = s * u[0] + u[1]
    u[0] = u[0] * s
    return u[0] + u[1]


def in_turn(x, n):
    u = x.copy()
    for _ in range(n):
        u[0] = u[0] + 0.1 * np.sin(u[1] * u[0])
        u[1] = u[1] * u[0] * 0.3
    s = np.sum(u * u)
    for _ in range(n):
        u[0] = u[0] + 0.1 * np.sin(u[1] * u[0]) * s
        u[1] = u[1] * np.exp(-(u[0] ** 2))
    return s * u[0] + u[1]


def searching(x, n):
    s = x[0]
    for _ in range(n):
        v = s
        while abs(v) > 0.2:
            v = 0.5 * v * x[1]
        if v > 0.1:
            s = s + v * v
        else:
            s = s + np.sin(v) + x[2]
    return s


def stepped(x, n):
    u = x.copy()
    for _ in range(n):
        w = np.empty(3)
        for i in range(3):
            w[i] = u[i] * u[(i + 1) % 3]
        for i in range(3):
            u[i] = np.cos(w[i]) + 0.1 * x[i]
    return np.sum(u**3)


@pytest.mark.parametrize(
    "function", [swing, chain, path, filled, backwards, guarded, in_turn, searching, stepped], ids=lambda f: f.__name__
)
def test_the_derivative_is_the_same(function):
    x = np.array([0.3, 0.5, 0.7])
    plain = grad(function, jit=False)
    for bound in (True, 2, 3, "100 B"):
        bounded = grad(function, jit=False, checkpoint=bound)
        for n in (0, 1, 2, 3, 7, 40):
            np.testing.assert_allclose(bounded(x, n), plain(x, n), rtol=1e-13, atol=1e-13)
        assert "next_checkpoint" in bounded.source


def test_other_transforms():
    x, v = np.array([0.3, 0.5, 0.7]), np.array([1.0, -2.0, 0.5])
    expected = hvp(in_turn, jit=False)(x, 20, v)
    np.testing.assert_allclose(hvp(in_turn, jit=False, checkpoint=3)(x, 20, v), expected, rtol=1e-12)
    bounded = grad(in_turn, jit=False, checkpoint=3)
    np.testing.assert_allclose(jvp(bounded, wrt="x", jit=False)((x, 20), (v,))[1], expected, rtol=1e-12)
    pullback = vjp(bounded, jit=False)(x, 20)[1]
    np.testing.assert_allclose(pullback(v), expected, rtol=1e-12)
    value, gradient = value_and_grad(in_turn, checkpoint=True)(x, 20)
    assert value == pytest.approx(in_turn(x, 20), rel=1e-13)
    np.testing.assert_allclose(gradient, bounded(x, 20), rtol=1e-12)


def test_memory():
    x = np.array([0.3, 0.5, 0.7])

    def peak(bound):
        gradient = grad(swing, jit=False, checkpoint=bound)
        gradient(x, 2)
        tracemalloc.start()
        gradient(x, 4000)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    unbounded = peak(None)
    assert unbounded > 4000 * 8
    assert peak(True) < unbounded / 5
    assert peak("2 kB") < unbounded / 5


def advances(steps, room):
    """Steps gone forward until all are reversed, and the most snapshots held, as generated code goes about it."""
    count, most, held, due = 0, 0, [], 0
    for t in range(steps):
        if t == due:
            held.append(t)
            due = schedule.next_checkpoint(t, steps, room - len(held))
        count += t < steps - 1
    for t in range(steps - 1, -1, -1):
        due = schedule.next_checkpoint(held[-1], t + 1, room - len(held))
        for r in range(held[-1], t):
            if r == due:
                held.append(r)
                due = schedule.next_checkpoint(r, t + 1, room - len(held))
            count += t < steps - 1
        most = max(most, len(held))
        if held[-1] == t:
            held.pop()
    assert not held
    return count, most


@pytest.mark.parametrize("room", [1, 2, 3, 5, 10])
@pytest.mark.parametrize("steps", [1, 2, 3, 10, 57, 300])
def test_the_schedule_does_the_least_work(steps, room):
    """Griewank & Walther (2000), theorem 1: `r steps - (s + r)! / ((s + 1)! (r - 1)!)` with `s` snapshots."""
    r = 0
    while comb(room + r, room) < steps:
        r += 1
    count, most = advances(steps, room)
    assert most <= room
    assert count == (r * steps - comb(room + r, room + 1) if r else 0)


def test_a_loop_that_tapes_nothing_is_left_alone():
    def total(x):
        s = 0.0
        for i in range(len(x)):
            s += x[i] * x[i]
        return s

    assert "next_checkpoint" not in grad(total, jit=False, checkpoint=True).source_for(np.ones(3))


@pytest.mark.parametrize("bound", [0, -1, 2.5, "much", "0 B", "3 XB"])
def test_bounds_that_are_none(bound):
    with pytest.raises(InvalidArgument, match="number of snapshots"):
        grad(swing, checkpoint=bound)
