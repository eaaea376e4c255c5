"""What is known before the run: tuples and dicts by their parts, any number of arguments, `type(x)(value)`."""

import numpy as np

from tests.corpus.registry import case, positive, vector


def scaled(a, b, scale=1.0, **others):
    return a * b * scale + others.get("shift", 0.0) * others.get("none", 2.0)


@case(1.5, 0.7, jit=True)
def handed_on(x, y):
    args = (x, y * 2.0)
    named = {"scale": x, "shift": y}
    return scaled(*args, **named) + scaled(*args, scale=y)


@case(1.5, 0.7)
@case(-1.5, 0.7, jit=True)
def a_dict(x, y):
    d = {"a": x, "unused": None}
    d["b"] = d["a"] * y
    if x > 0:
        d["a"] = y * y
    else:
        d["a"] += x
    for _ in range(3):
        d["b"] = d["b"] * x + d["a"]
    s = 0.0
    for key, value in d.items():
        if key != "unused":
            s = s + value * value
    return s + d.get("c", 2.0) * d["b"] * len(d) + (1.0 if "b" in d else x)


@case(vector(3))
def a_dict_of_arrays(x):
    d = dict(first=x, second=x * x)
    d["first"] = d["first"] * 2.0
    d["second"] += x[0]
    again = d.copy()
    again["second"] = again["second"] * d["first"]
    return np.sum(d["first"] * d["second"]) + np.sum(again["second"])


LIMITS = {"low": (0.1, 0.5), "high": (2.0, 3.0)}


@case(positive(2))
def a_table(x):
    table = {"low": (0.1, 0.5), "high": (2.0, 3.0)}
    least, most = table["high"]
    total = 0.0
    for name in ("low", "high"):
        if name not in table:
            raise KeyError(name)
        a, b = table[name]
        total += a * x[0] ** 2 + b * x[1] * LIMITS[name][0]
    return total * (most - least)


@case(0.5, jit=True)
def functions_in_a_tuple(x):
    def squared(t):
        return t * t * x

    ways = (squared, np.sin, lambda t: t + 1.0)
    s = 0.0
    for weight, way in zip((1.0, 2.0, 3.0), ways):
        s += weight * way(x)
    return s * len(ways)


def summed(*values, start=0.0):
    total = start
    for k, value in enumerate(values):
        total += value * (k + 1)
    return total * len(values)


@case(vector(3))
def any_number(x):
    return summed() + summed(x[0]) + summed(x[0], x[1], x[2], start=x[0]) + summed(*(x[1], x[2]))


@case(1.5, 2)
def as_another_number(x, n):
    number = type(x)
    return number(0.5) * x + number(n) * x * type(x)(3) + type(n)(2.9) * x


@case((1.5, (0.5, 2.0)))
def a_tuple_taken_apart(t):
    def product(a, b):
        return a * b[0] * b[1]

    return product(*t) + summed(*t[1])


@case(vector(3))
def decided_by_a_dict_that_changes(x):
    d = {"first": True, "seen": 0, "kind": "a"}
    s = 0.0
    for v in x:
        if d["first"]:
            s += v
            d["first"] = False
        elif d["seen"] == 0:
            s += v * v * 2.0
            d["seen"] = 1
        else:
            s += v**3
    try:
        d["kind"] = "b"
        s = s * (1.0 / (d["first"] * 1))
    except ZeroDivisionError:
        s = s * 3.0 if d["kind"] == "b" else 0.0
    return s
