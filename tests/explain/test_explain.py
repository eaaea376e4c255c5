"""What an explanation says: partners, activity, tapes and their bytes, loops; and that its page is HTML."""

from dataclasses import dataclass
from html.parser import HTMLParser

import numpy as np
import pytest

from adcompile import custom_vjp, grad, hessian, jvp, value_and_grad, vjp
from adcompile.explain.loops import _APART, _HINDRANCES, _SCATTERED, _WAYS
from adcompile.optimise.fuse import Apart
from adcompile.optimise.gather import Scattered
from adcompile.transform.ways import Hindrance, Way


def inner(y, q):
    z = np.sin(y)
    return z * q


def outer(x, k, n):
    s = 1.0
    w = k * 2
    for i in range(x.shape[0]):
        s += inner(x[i], w)
    for _ in range(n):
        s = s * inner(s, w)
    return s


def swapped(u0, k, steps):
    u = u0.copy()
    new = np.empty_like(u)
    for _ in range(steps):
        for i in range(u.shape[0]):
            new[i] = np.exp(k * u[i])
        u, new = new, u
    return np.sum(u)


def pairs(told):
    """For each line of the function, the lines of the derivative that light up with it."""
    found = {}
    for code in told.primal:
        for line in code.lines:
            if line.group is not None:
                partners = [each.text.strip() for each in told.derivative.lines if each.group == line.group]
                found[line.text.strip()] = partners
    return found


def marked(told, mark):
    return [line.text.strip() for line in told.derivative.lines if mark in line.marks]


def test_lines_have_the_partners_that_came_from_them():
    told = grad(outer, jit=False).explain(np.ones(4), 0.3, 5)
    found = pairs(told)
    assert found["w = k * 2"] == ["w = k * 2"]
    assert found["for _ in range(n):"] == ["for _ in range(n):", "s_bar = 1.0", "for _ in range(n - 1, -1, -1):"]
    assert "# s = s * inner(s, w)" in found["s = s * inner(s, w)"]
    assert "s_tape[_] = s" in found["s = s * inner(s, w)"]
    assert found["s += inner(x[i], w)"]
    assert [code.lines[0].text for code in told.primal] == ["def outer(x, k, n):", "def inner(y, q):"]
    assert all(line.number for code in told.primal for line in code.lines)


def test_what_trades_places_is_where_it_was_written():
    found = pairs(grad(swapped, jit=False).explain(np.ones(3), 0.1, 2))
    assert "# u, new = new, u" in found["u, new = new, u"]
    assert not any("u, new" in partner for partner in found["for _ in range(steps):"])


def test_what_varies_is_told_from_what_does_not():
    told = grad(outer, jit=False).explain(np.ones(4), 0.3, 5)
    assert told.activity.active == ("s", "x", "y", "z")
    assert told.activity.passive == ("i", "j", "k", "n", "q", "w") or "q" not in told.activity.passive
    by_k = grad(outer, wrt="k", jit=False).explain(np.ones(4), 0.3, 5)
    assert {"k", "w"} <= set(by_k.activity.active)
    assert "x" in by_k.activity.passive
    (passive,) = [line for line in told.primal[0].lines if "w = k * 2" in line.text]
    assert "active" not in passive.marks


def test_tapes_are_as_large_as_they_become():
    told = grad(outer, jit=False).explain(np.ones(4), 0.3, 5)
    assert [(tape.name, tape.shape, tape.bytes) for tape in told.tapes] == [("s_tape", (5,), 40)]
    assert marked(told, "taped") == ["s_tape = np.empty(max(n, 0))", "s_tape[_] = s"]
    assert marked(told, "read") == ["s = s_tape[_]"]


def test_what_is_computed_again_is_told_from_what_is_kept():
    def stepped(x, n):
        for _ in range(n):
            y = x * x + 1.0
            x = np.sin(y) * y
        return x

    told = grad(stepped, jit=False).explain(0.5, 3)
    assert marked(told, "again") == ["y = x * x + 1.0"]
    assert marked(told, "read") == ["x = x_tape[_]"]


def test_a_tape_that_grows_is_measured_at_its_end():
    def halved(x):
        while x > 1.0:
            x = np.sin(x) * x / 2.0
        return x

    told = grad(halved, jit=False).explain(3.0)
    assert told.tapes
    assert all(tape.bytes >= 64 for tape in told.tapes)


def test_without_arguments_nothing_is_run():
    derivative = grad(outer, jit=False)
    assert derivative._repr_html_() is None
    derivative(np.ones(4), 0.3, 5)
    told = derivative.explain()
    assert [tape.bytes for tape in told.tapes] == [None]
    assert "Sizes are those of a call" in derivative._repr_html_()


def test_loops_say_what_became_of_them():
    told = grad(outer, jit=False).explain(np.ones(4), 0.3, 5)
    first, second = told.loops
    assert (first.text, second.text) == ("for i in range(x.shape[0]):", "for _ in range(n):")
    assert second.way == _WAYS[Way.IN_ORDER]
    assert second.why == "`s` goes from one iteration to the next, and is no sum"

    def summed(x, y):
        total = 0.0
        for i in range(x.shape[0]):
            total += x[i] * y[i]
        return total

    (loop,) = grad(summed, jit=False).explain(np.ones(3), np.ones(3)).loops
    assert (loop.way, loop.why) == (_WAYS[Way.TOGETHER], "")

    def rows(a, v):
        total = 0.0
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                total += a[i, j] * v[j] * v[i]
        return total

    told = grad(rows, wrt="v", jit=False).explain(np.ones((2, 2)), np.ones(2))
    assert any("v_bar[j]" in note and _SCATTERED[Scattered.MOVES] in note for note in told.loops[1].notes)


def test_loops_that_are_joined_say_with_which():
    def two(x):
        p = np.empty_like(x)
        for i in range(x.shape[0]):
            p[i] = np.exp(x[i])
        total = 0.0
        for i in range(x.shape[0]):
            total += p[i] * x[i]
        return total

    told = grad(two, jit=False).explain(np.ones(3))
    assert any("joined with the loop of line" in note for loop in told.loops for note in loop.notes)


def test_every_decision_has_words():
    for words, kinds in ((_WAYS, Way), (_HINDRANCES, Hindrance), (_APART, Apart), (_SCATTERED, Scattered)):
        assert set(words) == set(kinds)


class Checked(HTMLParser):
    """Tags that close in the order in which they open."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.text = []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def checked(html):
    parser = Checked()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return "".join(parser.text)


def compared(x, name="<script>alert(1)</script>"):
    if name == "<script>alert(1)</script>" and x[0] < 2.0 and x[1] > 0.0:
        return x[0] * x[1]
    return x[1]


def test_text_is_text():
    html = grad(compared, jit=False).explain(np.ones(2)).html()
    assert "<script>alert" not in html
    assert "<script>alert(1)</script>" in checked(html)
    assert "http" not in html


@dataclass
class Params:
    w: np.ndarray
    b: float


@custom_vjp
def cubed(x):
    return x**3


cubed.defvjp(lambda x: (x**3, x), lambda x, y_bar: (3.0 * x**2 * y_bar,))


def of_structure(p, x):
    return np.sum(p.w * x) + p.b


def of_custom(x):
    return cubed(x) * x


@pytest.mark.parametrize(
    "told",
    [
        lambda: value_and_grad(outer, wrt=("x", "k"), jit=False).explain(np.ones(2), 0.1, 1),
        lambda: jvp(outer, wrt="x", jit=False).explain((np.ones(2), 0.1, 1), (np.ones(2),)),
        lambda: vjp(swapped, jit=False).seeded.explain(np.ones(2), 0.1, 1, 1.0),
        lambda: jvp(grad(outer, jit=False), wrt="x", jit=False).explain((np.ones(2), 0.1, 1), (np.ones(2),)),
        lambda: hessian(outer, jit=False).explain(np.ones(2), 0.1, 1),
        lambda: grad(of_structure, jit=False).explain(Params(np.ones(2), 1.0), np.ones(2)),
        lambda: grad(of_custom, jit=False).explain(2.0),
        lambda: grad(swapped, checkpoint=2, jit=False).explain(np.ones(2), 0.1, 5),
    ],
    ids=["value", "jvp", "vjp", "nested", "hessian", "structure", "custom", "checkpoint"],
)
def test_every_kind_of_derivative_is_explained(told):
    html = told().html()
    assert html.startswith("<!DOCTYPE html>")
    assert "Derivative" in checked(html)
