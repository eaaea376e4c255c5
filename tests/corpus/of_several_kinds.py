"""Variables that are a number first and an array later, `None` first and a value later, or one of several texts."""

import numpy as np

from tests.corpus.registry import case, vector


@case(vector(4, 3), jit=True)
@case(vector(1, 3))
@case(np.zeros((0, 3)))
def a_sum_of_rows(A):
    total = 0
    for row in A:
        total = total + row**2
    return np.sum(total) + np.mean(np.sin(total))


@case(vector(4, 3))
@case(np.zeros((0, 3)))
def a_product_of_rows(A):
    p = 1.0
    for i in range(A.shape[0]):
        p *= 1.0 + A[i]
    q = p + 1.0
    return np.sum(q * q)


@case(vector(4, 3))
@case(np.zeros((0, 3)))
def two_sums_of_which_one_uses_the_other(A):
    mean = sum(row for row in A) / max(len(A), 1)
    spread = 0
    for row in A:
        spread = spread + np.outer(row - mean, row - mean)
    return np.sum(spread**2) + np.sum(mean)


@case(vector(4, 3))
def a_sum_until_it_is_enough(A):
    total = 0.0
    for row in A:
        total = total + row**2
        if np.sum(total) > 1.0:
            break
    return np.sum(total * total)


@case(vector(4, 3))
def a_sum_in_two_loops(A):
    total = 0
    for i in range(len(A)):
        for j in range(3):
            total = total + A[i] * A[i, j]
    return np.sum(total)


@case(vector(4, 3), jit=True)
@case(np.zeros((0, 3)))
def the_row_before(A):
    before, s = None, 0.0
    for row in A:
        if before is not None:
            s += np.sum((row - before) ** 2)
        before = row
    return s


@case(vector(4, 3))
def the_row_that_is_largest(A):
    best = None
    for row in A:
        if best is None or np.sum(row) > np.sum(best):
            best = row * 2.0
    return np.sum(best**2)


@case(vector(4, 3), 0.5)
@case(vector(4, 3), -0.5)
def a_weight_for_all_or_for_each(A, x):
    w = x
    if x > 0.0:
        w = A[0]
    scaled = w * 2.0
    return np.sum(scaled * A) + np.sum(scaled)


@case(vector(4, 3), 0.5)
@case(vector(4, 3), -0.5)
def a_tuple_with_a_number_or_an_array(A, x):
    pair = (x, 1.0)
    for k in range(len(A)):
        pair = (pair[0] + A[k], pair[1] * x)
    return np.sum(pair[0]) * pair[1]


@case(vector(2), np.array([1, 2]))
def bounds_that_the_first_trip_changes(x, k):
    k = k.copy()
    for i in range(k[0], 4):
        k[0] = 3
        y = x * (i + 1)
    return np.sum(y * y)


@case(vector(3), jit=True)
def a_thermostat(p):
    state, T, used = "idle", p[0], 0.0
    for _ in range(30):
        if state == "idle":
            T -= 0.1 * p[1]
            if T < 0.2:
                state = "heat"
        elif state == "heat":
            T += 0.2 * p[2] ** 2 + 0.1
            used += T
            if T > 1.0:
                state = "idle"
        else:
            raise ValueError(f"no such state: {state}")
    return used + T


def _next(state, y):
    if state is None:
        return "up", y + 0.1
    if state in ("up", "over") and y > 1.0:
        return ("over" if state == "up" else None), y * 0.7
    return state, y * 1.3


@case(1.2)
@case(0.6)
def states_of_a_callee(y):
    state = None
    for _ in range(9):
        state, y = _next(state, y)
    return y if state != "over" else y * y


@case(vector(6), jit=True)
def the_least_number(x):
    best = None
    for v in x:
        if best is None or v < best:
            best = v
    return best**2


@case(vector(6), 0.1)
@case(vector(6), 9.0)
def the_time_of_an_event(x, level):
    hit, y, t = None, level, 0.0
    for k in range(len(x)):
        y += x[k] ** 2
        t += 0.1 * x[0]
        if hit is None and y > level + 0.5:
            hit = t * y
    return y if hit is None else hit * y


@case(vector(6))
def a_position_that_is_opened_and_closed(x):
    position, cash, entry = None, 0.0, 0.0
    for k in range(1, len(x)):
        if position is None and x[k] > x[k - 1]:
            position, entry = "long", x[k]
        elif position == "long" and x[k] < x[k - 1]:
            cash += x[k] * entry
            position = None
    return cash + (x[-1] if position else 0.5 * x[0])


@case(0.7, 2.0)
def a_loop_while_a_text_says_so(x, limit):
    status, n = "running", 0
    while status == "running":
        x = x * 1.1 + 0.1
        n += 1
        if x > limit:
            status = "done"
        elif n > 100:
            status = "failed"
    return x * x if status == "done" else 0.0


_RATES = {"go": 0.3, "stop": 0.05, None: 0.0}


@case(vector(6))
def dicts_by_a_text_of_the_run(x):
    after, weights = {"go": "stop", "stop": None, None: "go"}, {"go": x[1], "stop": x[2] ** 2, None: x[3]}
    state, y = "go", x[0] ** 2
    for k in range(6):
        y = y + _RATES[state] * x[k] ** 2 + weights[state]
        if y > 0.8:
            state, y = after[state], 0.5 * y
    return y * {"go": 1.0, "stop": x[4]}[state] if state is not None else y


@case(vector(4, 3), twice=False)
def momentum(A):
    w, v = np.zeros(3), 0
    for _ in range(3):
        g = 0
        for row in A:
            g = g - 2.0 * (row - w) * row
        v = 0.9 * v + g
        w = w - 0.05 * v
    return np.sum((A - w) ** 2)


@case(vector(4, 3))
def a_row_that_was_a_number(A):
    A = A.copy()
    before, s = 0.0, 0.0
    for i in range(len(A)):
        s += np.sum(before * A[i])
        before = A[i]
        A[i] *= 2.0
    return s + np.sum(before)


@case(vector(4, 3))
def a_row_that_is_changed_where_it_is_one(A):
    A = A.copy()
    first = 1.0
    if A[0, 0] > -9.0:
        first = A[0]
    first += 1.0
    return np.sum(first) * np.sum(A)
