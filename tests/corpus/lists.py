"""Lists that are appended to, changed and comprehended; generators."""

import math

import numpy as np

from tests.corpus.registry import case, positive, vector


@case(vector(5), jit=True)
def appended(x):
    ys = []
    for v in x:
        ys.append(v * v)
        if v > 0.0:
            ys.append(math.sin(v))
            ys.append(ys[-1] * ys[0])
        elif v < -10.0:
            ys.append(0.0)
    s = 0.0
    for k, y in enumerate(ys):
        s += y * k
    return s + ys[-1] * ys[0] + len(ys)


@case(vector(20))
def appended_beyond_the_first_room(x):
    ys = [x[0], 1.0]
    for i in range(20):
        ys.append(ys[i] * x[i] + ys[-2])
    return sum(ys) + np.sum(np.array(ys[3:]) ** 2)


@case(positive(2))
def a_history(x):
    history = [x[0]]
    while history[-1] < 10.0:
        history.append(history[-1] * 1.5 + x[1])
    t = 0.0
    for i in range(1, len(history)):
        t += (history[i] - history[i - 1]) * history[i]
    return t


@case(vector(4), jit=True, analytic=False)
def generated(x):
    s = sum(v * v for v in x) + sum(x[i] * x[j] for i in range(len(x)) for j in range(i) if i != j + 1)
    m = max(abs(v) * v for v in x) + min([v * 2.0 for v in x])
    if any(v > 100.0 for v in x):
        s = 0.0
    elif not all(v < 100.0 for v in x):
        s = 1.0
    return s * m + sum((v for v in (x[0], x[1])), x[2])


@case(vector(4))
def comprehended(x):
    squares = [v * v for v in x]
    table = [0.0] * len(x)
    for i in range(len(x)):
        table[i] += squares[i] * i
        table[i - 1] = table[i] * x[0]
    weights = [x[0], x[1], 2.0]
    s = 0.0
    for i in range(3):
        s += weights[i] * table[i]
    for w in weights:
        s = s * 0.5 + w
    few = np.array([math.exp(v) for v in x if v < 0.5])
    pair = [x[0], x[1]]
    a, b = pair
    return s + np.sum(np.array(table) ** 2) + pair[0] * a * b + few.sum() + sum([t * t for t in (a, b, 1.0)])


@case(vector(3))
def lists_in_loops(x):
    out = []
    for i in range(3):
        row = []
        for j in range(i + 1):
            row.append(x[j] * x[i])
        out.append(sum(row))
    rows = [sum(x[i] * x[j] for j in range(i)) for i in range(3)]
    return np.dot(np.array(out), np.array(rows))


@case(vector(4))
@case(vector(30), twice=False)
def appended_after_jumps(x):
    """A list is not made longer on one of several paths alone, whatever the jumps around it become."""
    ys = []
    zs = [1.0]
    for v in x:
        if v < -1.0:
            continue
        t = v * v
        ys.append(t)
        if t > 5.0:
            break
        ys.append(ys[-1] * t + zs[0])
        zs.append(t * zs[-1] + 1.0)
    return sum(ys) * ys[0] + zs[-1] * zs[len(zs) // 2]


@case(vector(4))
def appended_by_several_loops(x):
    zs = [x[0]]
    for v in x:
        zs.append(zs[-1] * v + zs[0])
    i = 0
    while i < 12:
        i += 1
        if i % 3 == 0:
            continue
        zs[0] = zs[0] * x[1] + zs[-1] * 0.1
        zs.append(zs[0] * zs[len(zs) // 2] + x[i % 4])
        if zs[-1] > 50.0:
            break
    for v in x:
        zs.append(v * zs[0] * zs[3])
    return sum(zs)


@case(vector(4), twice=False)
def sliced_lists_are_copies(x):
    a = [x[0], x[1], x[2]]
    b = a[:]
    for i in range(3):
        b[i] = b[i] * x[3]
    c = [x[3]]
    c.append(x[0] * x[1])
    d = c[0:2]
    d[0] = 7.0 * x[2]
    c.append(d[0] * c[0])
    total = 0.0
    for v in a:
        total += v * v
    return total + sum(b) * sum(c) + d[1] + c[-1] * len(c[1:])


def polynomial(coefficients, t):
    value = 0.0
    for c in coefficients:
        value = value * t + c
    return value


@case(vector(3), np.zeros(0))
def passed_on_and_empty(x, nothing):
    none = []
    for v in nothing:
        none.append(v)
    return polynomial([x[0], 2.0, x[1]], x[2]) + polynomial([v * 2.0 for v in x], 0.5) + len(none) + sum(none)


@case(vector(4), analytic=False)
def appended_beside_an_inner_loop(x):
    ys = []
    for v in x:
        t = abs(v) + 1.0
        while t > 0.3:
            t = t * 0.5 * (1.0 + 0.1 * v)
        ys.append(t * v)
        if t * v > 0.0:
            ys.append(v * t)
    return sum(ys) + ys[1] * ys[-1]


@case(vector(3), 5, jit=True, analytic=False)
@case(-np.abs(vector(3)), 5, analytic=False)
@case(positive(3), 0, analytic=False)
def made_and_appended_in_a_branch(x, n):
    s = x[2]
    for k in range(2):
        if x[k] > 0.0:
            ys = [x[k], x[2]]
            for i in range(n + 7 * k):
                zs = []
                ys.append(ys[-1] * np.sin(x[i % 3]) + ys[k - 1])
                for j in range(2):
                    zs.append(ys[j] * x[1])
                ys.append(sum(zs))
            s += ys[-1] * ys[len(ys) // 2]
        else:
            ts = [x[k]]
            for _ in range(n):
                ts.append(ts[-1] * ts[0] - x[1])
            s *= ts[-1]
    return s


@case(positive(5), jit=True)
@case(-positive(5))
def made_anew_and_appended_in_branches_and_loops(x):
    ys = [x[0]]
    if x[0] > 0.0:
        ys = [x[1]]
        ys.append(x[0])
        ys.append(x[1] * x[2])
        ys.append(x[3])
        ys.append(x[4])
        ys.append(x[0] * x[1])
        ys.append(x[2])
        ys.append(x[3] * x[4])
        ys.append(x[0])
        ys.append(x[1])
    total = 0.0
    for i in range(3):
        zs = [v for v in x]
        zs.append(x[i])
        zs.append(x[i] * zs[0])
        new = ys[:]
        new.append(x[i])
        total += sum(zs) * zs[-1] + sum(new) * len(new)
    if x[1] > 0.0:
        ws = []
        ws.append(x[0])
        ws.append(x[1])
        total += ws[0] * ws[-1]
    return sum(ys) * ys[-1] + total
