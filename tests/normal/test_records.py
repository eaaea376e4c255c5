"""Dicts, named tuples and dataclasses inside functions: what is asked of them, and who else has them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

from adcompile import Unsupported, check_grads, grad, jvp, vjp


def swapped(p, n):
    old = p
    for _ in range(n):
        kept = p
        p = {"a": kept["b"], "b": kept["a"] * 2.0}
    return p["a"] ** 2 * p["b"] + old["a"]


def test_dicts_that_a_loop_carries():
    for n in range(4):
        check_grads(swapped, ({"a": 1.5, "b": 0.5}, n), jit=False)
        value = jvp(swapped, jit=False)(({"a": 1.5, "b": 0.5}, n), ({"a": 0.0, "b": 0.0},))[0]
        assert value == swapped({"a": 1.5, "b": 0.5}, n)


def unknown_keys(x, n):
    found = {"a": x}
    for _ in range(n):
        found = {"b": x}
    return found["a"]


def test_keys_that_the_run_decides_are_refused():
    with pytest.raises(Unsupported, match="gets a new key in a loop"):
        grad(unknown_keys, jit=False)(1.0, 2)


def norm(p):
    total = 0.0
    for key in p:
        total += p[key] ** 2
    return np.sqrt(total)


class State(NamedTuple):
    x: float
    v: float


def moved(state, n):
    for _ in range(n):
        state = State(state.x + 0.1 * state.v, state.v - 0.1 * np.sin(state.x))
        if state.v < 0.0:
            state = state._replace(v=-state.v)
    return state.x * state.v


def through_branches(d, n):
    kept = d
    for i in range(n):
        if i % 2 == 0:
            d = {"a": d["b"], "b": d["a"] * 1.5}
        else:
            d = {"a": d["a"] ** 2, "b": d["b"]}
    return d["a"] * d["b"] + kept["a"] * norm(d)


def test_structures_in_functions():
    for n in (0, 1, 5):
        check_grads(moved, (State(0.5, 1.0), n), jit=False)
        check_grads(through_branches, ({"a": 1.3, "b": 0.7}, n), jit=False)
    check_grads(norm, ({"a": 3.0, "b": 4.0},), jit=False)


@dataclass
class Spring:
    stiffness: float
    weights: np.ndarray

    def energy(self, x):
        return self.stiffness * np.sum(self.weights * x) ** self.order

    @property
    def order(self):
        return 2

    @staticmethod
    def twice(x):
        return 2.0 * x


def of_methods(spring, x):
    return spring.energy(x) + spring.twice(spring.stiffness)


def copied(d):
    e = dict(d)
    e["a"] = e["a"] * 2.0
    return e["a"] * d["a"] * d.copy()["b"]


def in_order(values):
    first = list(values)
    first[0] = 3.0
    ordered = sorted(values)
    return sum(first) * values[0] + ordered[0] * ordered[-1] ** 2


def comprehended(p, n):
    for _ in range(n):
        slope = {key: 2.0 * value for key, value in p.items()}
        p = {key: p[key] - 0.1 * slope[key] * p["a"] for key in p}
    chosen = {key: value**2 for key, value in p.items() if key != "b"}
    return sum(chosen.values()) + p["b"] * len(chosen)


def test_comprehensions():
    for n in (0, 2):
        check_grads(comprehended, ({"a": 1.3, "b": 0.4}, n), jit=False)
    with pytest.raises(Unsupported, match="which keys `made`, a dict, has is not known before the run"):
        grad(lambda p: sum({k: v for k, v in p.items() if v > 0.0}.values()), jit=False)({"a": 1.0})


def test_copies_and_methods():
    check_grads(of_methods, (Spring(1.5, np.array([1.0, 2.0])), np.array([0.5, 0.2])), jit=False)
    check_grads(copied, ({"a": 1.3, "b": 0.7},), jit=False)
    check_grads(in_order, ([1.0, 3.0, 2.0],), jit=False)
    value, pullback = vjp(in_order, jit=False)([1.0, 3.0, 2.0])
    assert value == in_order([1.0, 3.0, 2.0])
    assert pullback(1.0) == [8.0 + 9.0, 1.0 + 6.0, 1.0]


# ------------------------------------------------------------------------------------------ what a class says itself
class Vector(NamedTuple):
    x: float
    y: float

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __len__(self):
        return 7

    def __getitem__(self, place):
        return 10.0 * tuple.__getitem__(self, place)


@dataclass
class Table:
    a: float
    b: float

    def get(self, key):
        return self.a * 5.0

    def values(self):
        return self.b, self.b


class Doubled(Vector):
    def __new__(cls, x, y):
        return Vector.__new__(cls, 2.0 * x, y)


@dataclass
class Keyed(Table):
    def __getitem__(self, key):
        return self.a * self.b

    def __contains__(self, key):
        return False


def test_methods_with_the_names_of_those_of_dicts():
    check_grads(lambda t: t.get("a") * t.values()[0] * t.b, (Table(1.5, 0.7),), jit=False)
    assert grad(lambda t: t.get("a"), jit=False)(Table(1.5, 0.7)) == Table(5.0, 0.0)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (lambda v: len(v) * v.x, (Vector(1.0, 2.0),)), (lambda v: v[0] * v.y, (Vector(1.0, 2.0),)),
        (lambda v, w: (v + w)[0], (Vector(1.0, 2.0), Vector(3.0, 4.0))),
        (lambda x, y: len(Vector(x, y)) * x, (1.0, 2.0)), (lambda x, y: Doubled(x, y).x, (1.0, 2.0)),
        (lambda t: t["a"] * t.b, (Keyed(1.5, 0.7),)), (lambda t: t.a if "a" in t else t.b, (Keyed(1.5, 0.7),)),
        (lambda t: t["a"] * t.b, (Table(1.5, 0.7),)), (lambda t: len(t) * t.b, (Table(1.5, 0.7),)),
    ],
)  # fmt: skip
def test_a_class_that_says_what_operators_and_items_are_is_no_tuple_and_no_dict(function, args):
    with pytest.raises(Unsupported):
        grad(function, jit=False)(*args)


# ------------------------------------------------------------------------------------------ two names
def after_a_branch(x, y):
    d = {"a": x}
    if x > 1.0:
        d = {"a": y}
        e = d
    else:
        e = {"a": x * y}
    e["a"] = 4.0
    return d["a"] * x


def before_the_other_branch(x, y):
    d = {"a": x}
    if x > 1.0:
        e = {"a": y}
    else:
        e = d
    e["a"] = 4.0
    return d["a"] * x


def in_the_trip_before(x, y):
    d, e, total = {"a": x}, {"a": y}, 0.0
    for _ in range(3):
        e["a"] = 3.0 * x
        total += d["a"]
        e = d
    return total


def in_a_list(x, y):
    d = {"a": x}
    t = [d, d]
    t[0]["a"] = y
    return t[1]["a"] * x


@pytest.mark.parametrize("function", [after_a_branch, before_the_other_branch, in_the_trip_before, in_a_list])
def test_a_dict_that_may_have_another_name_is_not_changed(function):
    with pytest.raises(Unsupported, match="that goes by another name too, is changed"):
        grad(function, jit=False)(1.3, 0.7)
