"""What is known before the run, or told by types, decides branches; the others may hold anything."""

import numpy as np
import pytest

from adcompile import Unsupported, grad, jvp

TABLE = {"a": 2.0, "b": 3.0}
SCALES = [1.0, 2.0, 3.0]
FUNCTIONS = {"square": lambda t: t * t, "none": None}


def by_text(x, kind="a", log=None, scale=None):
    if log is not None:
        log.debug({"x": x})
    if scale is None:
        scale = 1.0
    if kind.upper() == "A":
        y = x * x
    elif kind in ("b", "c"):
        y = x * x * x
    else:
        yield_ = {v * 2.0 for v in x}
        with open(kind) as file:
            y = file.read(yield_)
    return y * TABLE.get(kind, 1.0) * scale


def looked_up(x, kind):
    return TABLE[kind] * FUNCTIONS["square"](x) * SCALES[1]


def through_calls(x):
    return by_text(x, "b", scale=2.0) + looked_up(x, "b") + (1.0 if FUNCTIONS["none"] is None else x.nothing)


def by_type(x):
    if isinstance(x, np.ndarray):
        return np.sum(x * x)
    if isinstance(x, (tuple, list)):
        return x[0] * x[1]
    if np.isscalar(x) and isinstance(x, float) and not hasattr(x, "shape_of_things"):
        return x * x
    return {v * 2.0 for v in x}


@pytest.mark.parametrize(
    ("f", "args", "expected"),
    [
        (by_text, (3.0,), 12.0),
        (by_text, (3.0, "a", None, 2.0), 24.0),
        (by_text, (3.0, "b"), 81.0),
        (by_text, (3.0, "c"), 27.0),
        (looked_up, (3.0, "a"), 24.0),
        (through_calls, (3.0,), 162.0 + 36.0),
        (by_type, (3.0,), 6.0),
        (by_type, (np.array([1.0, 2.0]),), [2.0, 4.0]),
    ],
)
@pytest.mark.parametrize("jit", [False, True])
def test_derivatives(f, args, expected, jit):
    np.testing.assert_allclose(grad(f, jit=jit)(*args), expected, rtol=1e-14)


def test_forward_mode_and_tuples():
    assert jvp(by_type)((3.0,), (1.0,)) == (9.0, 6.0)
    assert grad(by_type)((2.0, 5.0)) == (5.0, 2.0)


@pytest.mark.parametrize(
    ("f", "args", "reason"),
    [
        (by_text, (3.0, "d"), "a set comprehension is not supported"),
        (lambda x: x if isinstance(x, np.floating) else 0.0, (3.0,), "whether this float64 is `float` or `float64`"),
        (lambda x: x if isinstance(x, x) else 0.0, (3.0,), "must be known before the run"),
        (lambda x: TABLE[x], (3.0,), "a value that is not an array"),
    ],
)
def test_refusals(f, args, reason):
    with pytest.raises(Unsupported, match=reason):
        grad(f)(*args)


def test_a_name_keeps_what_it_is_only_where_every_path_agrees():
    def f(x, n):
        kind = "a"
        if n > 1:
            kind = "b"
        s = 0.0
        for i in range(n):
            s += x * (2.0 if kind == "a" else 3.0)
            if i == 0:
                kind = "a"
        return s

    assert [grad(f, jit=False)(1.0, n) for n in (0, 1, 2, 4)] == [0.0, 2.0, 5.0, 9.0]

    def of_one(x, n):
        kind = None
        if n > 1:
            kind = "b"
        return x * (2.0 if kind is None else 3.0)

    assert grad(of_one, jit=False)(1.0, 2.0) == 3.0
    by_whole_numbers = grad(of_one)  # which are known before the run, where that is needed
    assert [by_whole_numbers(1.0, 2), by_whole_numbers(1.0, 1), by_whole_numbers(1.0, 2)] == [3.0, 2.0, 3.0]

    def g(x, n):
        kind = "a"
        s = x
        for _ in range(n):
            kind = "a"
            s = s * (x if kind == "a" else 7.0)
        kind = "b"
        return s if kind == "b" else 0.0

    assert grad(g)(2.0, 2) == 12.0


def chosen(x, n):
    kind, mode = None, "long"
    total = 0.0
    for k in range(n):
        total += x * (2.0 if kind is None else 3.0 if kind == "b" else 5.0)
        kind = "b" if x > 1.0 else "cd"
        if kind not in ("b", "z") and k > 2:
            mode = "short"
            break
    if mode[0] == "l":
        return total
    if mode[-1] != "t" or mode == "none of these":
        raise ValueError("no such text")
    return total * x


@pytest.mark.parametrize("jit", [False, True])
def test_texts_that_the_run_chooses(jit):
    gradient = grad(chosen, jit=jit)
    for args in ((2.0, 5), (0.5, 5), (0.5, 2)):
        slope = (chosen(args[0] + 1e-6, args[1]) - chosen(args[0] - 1e-6, args[1])) / 2e-6
        assert np.isclose(gradient(*args), slope)


def returned_text(x):
    kind = "a" if x > 0.0 else "b"
    return x, kind


def joined_text(x):
    kind = "a"
    if x > 0.0:
        kind = "b"
    return x if kind + "c" == "bc" else 2.0 * x


def letter_beyond(x):
    kind = "a"
    if x > 0.0:
        kind = "bc"
    return x if kind[1] == "c" else 2.0 * x


def text_or_number(x):
    kind = "a"
    if x > 0.0:
        kind = 1.0
    return x if kind == "a" else 2.0 * x


def test_a_text_or_a_number():
    assert [grad(text_or_number, jit=False)(x) for x in (1.3, -1.3)] == [2.0, 1.0]


def test_a_letter_that_may_not_be_there():
    gradient = grad(letter_beyond, jit=False)
    assert gradient(1.3) == 1.0
    with pytest.raises(IndexError):
        gradient(-1.3)


@pytest.mark.parametrize("f", [returned_text, joined_text])
def test_texts_that_are_more_than_compared(f):
    with pytest.raises(Unsupported):
        grad(f, jit=False)(1.3)
