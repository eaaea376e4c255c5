"""Arrays that loops rebind and branches choose: the same results as Python's references, or a refusal."""

from __future__ import annotations

import numpy as np
import pytest

from adcompile.errors import Unsupported
from adcompile.ir.nodes import For, If, Name, While
from adcompile.ir.types import Array
from adcompile.ir.walk import statements
from tests.normal.lowering_cases import Code, check, check_gradient, core_of, refused

RNG = np.random.default_rng(3)
X, A = RNG.normal(size=6), RNG.normal(size=(3, 4))


# ------------------------------------------------------------------------------------------ rebound in loops
def steps(x):
    for _ in range(3):
        x = x + 0.1 * np.sin(x)
    return x


def swap(x):
    u = x.copy()
    w = np.zeros_like(x)
    for _ in range(4):
        for i in range(1, x.shape[0] - 1):
            w[i] = u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, w = w, u
    return u + 2.0 * w


def rotate_three(x):
    a, b, c = x * 1.0, x * 2.0, x * 3.0
    for t in range(4):
        a[0] += t
        a, b, c = b, c, a
    return a, b, c


def previous(x):
    old = x * 0.0
    new = x * 1.0
    for _ in range(3):
        newer = new * 0.5 + old[0]
        old = new
        new = newer
    return old, new


def nested(x):
    total = 0.0
    for i in range(3):
        y = x * (i + 1.0)
        for j in range(2):
            y = y + x[j]
            for _ in range(2):
                y = y * 0.9 + y[0]
        total += np.sum(y)
    return total


def nested_from_outside(x):
    y = x * 1.0
    z = x * 0.0
    for i in range(3):
        z = y
        for _ in range(2):
            z = z * 0.5 + i
        y = y + z
    return y, z


def restart(x):
    start = x * 2.0
    total = 0.0
    for i in range(3):
        u = start
        for _ in range(2):
            u = u * 0.5
        total += np.sum(u) * (i + start[0])
    return total


def while_loop(x):
    n = 0
    while np.max(np.abs(x)) > 0.2 and n < 30:
        x = x * 0.8
        n += 1
    return x, n


def conditional_in_loop(x):
    best = x * 1.0
    for i in range(4):
        trial = np.sin(best * (i + 1))
        if np.sum(trial) > np.sum(best):
            best = trial
    return best


def zero_trips(x, n):
    y = x
    for _ in range(n):
        y = y * 2.0
    return y * 1.0, x * 1.0


def early_result(x):
    result = np.zeros_like(x)
    for i in range(4):
        if x[i] > 0.5:
            result = x * i
            break
    return result


def columns(a):
    for j in range(1, a.shape[1]):
        a = a * 0.5
        a[:, j] = a[:, j - 1] + a[:, j]
    return a


def inner_written(x):
    y = x * 1.0
    for i in range(3):
        y = y + 1.0
        y[i] = 2.0 * y[i + 1]
        y[1:] += y[:-1]
    return y


def shape_settles(x):
    y = np.zeros(1)
    for i in range(3):
        y = np.zeros(1) + x[i] * y[0] + 1.0
    return y


@pytest.mark.parametrize(
    "fn",
    [steps, swap, rotate_three, previous, nested, nested_from_outside, restart, while_loop, conditional_in_loop,
     early_result, inner_written, shape_settles],
)  # fmt: skip
def test_rebound(fn: Code) -> None:
    check(fn, X, written=False)
    check(fn, X[::-1], written=False)
    check(fn, np.asfortranarray(np.stack((X, X)))[0], written=False)


def test_rebound_otherwise() -> None:
    check(columns, A, written=False)
    for n in range(3):
        check(zero_trips, X, n, written=False)


def test_no_array_is_carried() -> None:
    for fn in (steps, swap, rotate_three, previous, nested, nested_from_outside, while_loop, conditional_in_loop):
        core = core_of(fn, X)
        for stmt in statements(core.body):
            if isinstance(stmt, (For, While)):
                assert not any(isinstance(core.types[c.inner], Array) for c in stmt.carried)


# ------------------------------------------------------------------------------------------ chosen by branches
def either_name(x, k):
    y = np.cos(x)
    if k > 0:
        z = np.sin(x)
    else:
        z = y
    return z * y


def one_side(x, k):
    if k > 0:
        x = x * 2.0
    elif k < 0:
        x = x[::-1] + 1.0
    return np.sum(x * x), x * 1.0


def then_written(x, k):
    y = x * 1.0
    if k > 0:
        y = x * 3.0
    y[0] = 7.0
    y[1:] += y[:-1]
    return y


def written_in_branch(x, k):
    y = x * 1.0
    if k > 0:
        y = x * 3.0
        y[1] = y[0] * 2.0
    else:
        y[2] = 4.0
    return y


def in_a_loop(x, k):
    y = x * 1.0
    for i in range(4):
        if i % 2 == k:
            y = y * 2.0
        else:
            y[i] = y[i - 1] + 1.0
    return y


def two_merges(x, k):
    a, b = x * 1.0, x * 2.0
    if k > 0:
        a, b = b, a
    return a, b


@pytest.mark.parametrize("k", [-1, 0, 1])
@pytest.mark.parametrize("fn", [either_name, one_side, then_written, written_in_branch, in_a_loop, two_merges])
def test_chosen(fn: Code, k: int) -> None:
    check(fn, X, k, written=False)


def test_merged_arrays_are_made_in_their_branch() -> None:
    core = core_of(either_name, X, 1)
    (branch,) = [s for s in statements(core.body) if isinstance(s, If)]
    (merge,) = branch.merges
    assert isinstance(merge.orelse, Name)
    assert merge.orelse.id != "y"


# ------------------------------------------------------------------------------------------ two names for one array
def alias_before_loop(x):
    y = x * 1.0
    u = y
    for _ in range(2):
        u = u * 2.0
        u[0] = 5.0
    return u, y


def alias_written_first(x):
    y = x * 1.0
    u = y
    for _ in range(2):
        u[0] += 5.0
        u = u * 2.0
    return u, y


def alias_in_loop(x):
    keep = x * 1.0
    u = x * 2.0
    for i in range(3):
        keep = u
        u[i] = 9.0
        u = u * 0.5
    return u, keep


def kept_and_written(x):
    u = x * 1.0
    keep = u
    for i in range(3):
        keep = u
        u[i] += 1.0
    return keep


def outer_array_carried(x):
    y = x * 1.0
    u = x * 2.0
    for i in range(3):
        u = y
        y[i] += 1.0
    return u, y


def result_written(x):
    y = x * 1.0
    u = y
    for _ in range(1):
        u = u[:]
    u[0] = 3.0
    return y


def merged_then_written(x, k):
    y = x * 1.0
    z = x * 2.0
    if k > 0:
        z = y
    z[0] = 100.0
    return y, z


def merged_original_written(x, k):
    y = x * 1.0
    z = x * 2.0
    if k > 0:
        z = y
    y[0] = 100.0
    return y, z


def merged_in_loop(x):
    y = x * 1.0
    z = x * 2.0
    for i in range(3):
        if i == 1:
            z = y
        z[i] = 50.0
    return y, z


def written_in_while(x):
    y = x * 1.0
    z = y
    n = 0
    while n < 3:
        z = z * 1.5
        y[n] = z[n]
        n += 1
    return y, z


def yielded_twice(x):
    a, b = x * 1.0, x * 2.0
    for i in range(3):
        c = a + b
        a = c
        b = c
        a[i] = 0.0
    return a, b


def written_after_yielded_twice(x):
    a, b = x * 1.0, x * 2.0
    for _ in range(3):
        c = a + b
        a = c
        b = c
    a[0] = 5.0
    return a, b


def swapped_with_alias(x):
    a, b = x * 1.0, x * 2.0
    keep = a
    for i in range(3):
        a[i] = 5.0
        a, b = b, a
    return a, b, keep


def view_before_loop(x):
    u = x * 1.0
    v = u[1:]
    for i in range(3):
        u = u * 2.0
        v[i] = 3.0
    return u, v * 1.0


def view_of_carried(x):
    u = x * 1.0
    s = 0.0
    v = u[1:]
    for i in range(3):
        v = u[1:]
        u = u * 2.0
        s += v[i]
    return u, s


def view_of_last(x):
    u = x * 1.0
    v = u[1:] * 1.0
    for i in range(3):
        s = v[0]
        v = u[1:]
        u[1] += s + i
    return u, v * 1.0


def outer_loop_again(x):
    y = x * 1.0
    s = 0.0
    for i in range(2):
        u = y
        for _ in range(2):
            u = u * 2.0
            u[0] = 1.0
        s += np.sum(u) + y[0]
        y[i] = s
    return s, y


def parameter_twice(x):
    u = x
    for i in range(2):
        u[i] = 5.0
        u = u * 2.0
    return u, x * 1.0


def merged_after_a_loop(x):
    w = x * 2.0
    if x[0] < 10.0:
        y = x * 1.0
        z = y
        for _ in range(2):
            z = z * 2.0
        w = y
    return w


def yielded_after_a_loop(x):
    w = x * 2.0
    for _ in range(2):
        y = w * 1.0
        z = y
        for _ in range(2):
            z = z * 2.0
        w = y + z[0]
        w = y
    return w


def kept_across_iterations(x):
    u = x * 1.0
    old = x * 2.0
    s = 0.0
    for i in range(3):
        old[i] = s
        s += u[i] + old[0]
        old = u
        u = u * 0.5
    return u, old, s


def kept_and_read_after_a_write(x):
    u = x * 1.0
    old = x * 2.0
    s = 0.0
    for i in range(3):
        u[i] = 4.0 + s
        s += old[i]
        old = u
    return s


def chosen_twice(x):
    a, b, c = x * 1.0, x * 2.0, x * 3.0
    if x[0] < 10.0:
        a = c
        b = c
    a[0] = 9.0
    return b * 1.0


def chosen_then_overwritten_in_whole(x):
    a, c = x * 1.0, x * 3.0
    if x[0] < 10.0:
        a = c
    a[0] = 9.0
    c[:] = a[::-1]
    c[1] = 0.0
    return c


def stale_then_rebound(x):
    y = x * 1.0
    z = x * 2.0
    for i in range(3):
        z[i] = 5.0
        z = y
        y = y * 0.5
    return z


ALIASES = [
    merged_after_a_loop, yielded_after_a_loop, kept_across_iterations, kept_and_read_after_a_write, chosen_twice,
    chosen_then_overwritten_in_whole, stale_then_rebound,
    alias_before_loop, alias_written_first, alias_in_loop, kept_and_written, outer_array_carried, result_written,
    written_in_while, yielded_twice, written_after_yielded_twice, swapped_with_alias, view_before_loop,
    view_of_carried, view_of_last, outer_loop_again, parameter_twice, merged_in_loop,
]  # fmt: skip


@pytest.mark.parametrize("fn", ALIASES)
def test_two_names(fn: Code) -> None:
    right_or_refused(fn, X)


@pytest.mark.parametrize("fn", [merged_then_written, merged_original_written])
@pytest.mark.parametrize("k", [0, 1])
def test_two_names_after_a_branch(fn: Code, k: int) -> None:
    right_or_refused(fn, X, k)


def right_or_refused(fn: Code, *args: object) -> None:
    try:
        core_of(fn, *args)
    except Unsupported as error:
        assert {refusal.code for refusal in error.refusals} <= {"array-rebound"}, error
        return
    check(fn, *args, written=False)


def test_which_are_refused() -> None:
    for fn in (alias_written_first, written_after_yielded_twice, swapped_with_alias, result_written, parameter_twice):
        refused("array-rebound", fn, X)
    refused("array-rebound", merged_then_written, X, 1)
    refused("array-rebound", merged_original_written, X, 1)


# ------------------------------------------------------------------------------------------ gradients
def loss_swap(x):
    u = x.copy()
    w = np.zeros_like(x)
    for _ in range(4):
        for i in range(1, x.shape[0] - 1):
            w[i] = u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1]) + 0.01 * u[i] ** 2
        u, w = w, u
    return np.sum(u * u) + np.sum(w)


def loss_nested(x):
    y = x * 1.0
    for i in range(3):
        z = y
        for _ in range(2):
            z = np.sin(z) * 0.5 + i
            z[1:] += z[:-1]
        y = y + z * y[0]
    return np.sum(y * y)


def loss_branch(x):
    y = x * 1.0
    for i in range(4):
        if x[i] > 0.0:
            y = y * x[i]
        else:
            y[i] = y[i - 1] + np.sum(x)
    return np.sum(y * y)


def loss_while(x):
    n = 0
    while np.sum(x * x) > 0.5 and n < 30:
        x = x * 0.8 + 0.01 * x[0]
        n += 1
    return np.sum(np.exp(x))


@pytest.mark.parametrize("fn", [loss_swap, loss_nested, loss_branch, loss_while])
def test_gradients(fn: Code) -> None:
    check_gradient(fn, X)
