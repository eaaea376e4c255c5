"""What each pass makes of a text, and what it must leave alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adcompile.ir.nodes import Function
from adcompile.optimise import optimised
from adcompile.optimise.cse import cse
from adcompile.optimise.dce import dce
from adcompile.optimise.dead_stores import dead_stores
from adcompile.optimise.exchange import exchange
from adcompile.optimise.fuse import fuse
from adcompile.optimise.held import held
from adcompile.optimise.hoist import hoist
from adcompile.optimise.merge import merge
from adcompile.optimise.neighbours import neighbours
from adcompile.optimise.propagate import propagate
from adcompile.optimise.rows import rows
from adcompile.optimise.scalarise import scalarise
from adcompile.optimise.sink import sink
from adcompile.optimise.upward import upward
from adcompile.optimise.zeros import zeros
from tests.optimise.reading import core, lines, text

UNCHANGED = ""

CASES: list[tuple[str, Callable[[Function], Function], str, str]] = []


def case(name: str, change: Callable[[Function], Function], before: str, after: str) -> None:
    CASES.append((name, change, before, after))


# ------------------------------------------------------------------------------------------ dce
case("stores to a local array that nobody reads", dce, """
    def f(x: vec, a):
        y = np.zeros_like(x)
        for i in range(x.shape[0]):
            y[i] = x[i]
        return a
    """, """
    def f(x, a):
        return a
    """)  # fmt: skip
case("the shape of a dead array is asked of its source", dce, """
    def f(x: vec):
        y = np.empty_like(x)
        for i in range(x.shape[0]):
            y[i] = np.sin(x[i])
        z = np.zeros_like(y)
        for j in range(y.shape[0]):
            z[j] += x[j]
        return z
    """, """
    def f(x):
        z = np.zeros_like(x)
        for j in range(x.shape[0]):
            z[j] += x[j]
        return z
    """)  # fmt: skip
case("the shape of a dead array is what it was made with", dce, """
    def f(n: int, m: int):
        y = np.empty((n, m))
        y[0, 0] = 1.0
        z = np.zeros_like(y)
        z[0, 0] = float(y.shape[1])
        return z
    """, """
    def f(n, m):
        z = np.zeros((n, m))
        z[0, 0] = float(m)
        return z
    """)  # fmt: skip
case("a tape that grew is one array", dce, """
    def f(x):
        tape = np.empty(8)
        k = 0
        while x < 10.0:
            tape = grown(tape, k)
            tape[k] = x
            k = k + 1
            x = x * 2.0
        return tape[k - 1]
    """, UNCHANGED)  # fmt: skip
case("a carried value that only feeds itself", dce, """
    def f(x: vec):
        s = 0.0
        t = 0.0
        for i in range(x.shape[0]):
            s = s + x[i]
            t = t + s
        return s
    """, """
    def f(x):
        s = 0.0
        for i in range(x.shape[0]):  # s.1 = s, then s.2, after s.3
            s.2 = s.1 + x[i]
        return s.3
    """)  # fmt: skip
case("random numbers are drawn all the same", dce, """
    def f(x):
        t = np.random.normal() + 1.0
        return x
    """, UNCHANGED)  # fmt: skip

# ------------------------------------------------------------------------------------------ propagate
case("copies, zeros, known branches", propagate, """
    def f(x: vec, b):
        a = 0.0
        c = b
        for i in range(x.shape[0]):
            x[i] += a
            if 0 > 0:
                x[i] = 0.0
            x[i] += c
        return x
    """, """
    def f(x, b):
        for i in range(x.shape[0]):
            x[i] += b
        return x
    """)  # fmt: skip
case("a named number used twice keeps its name", propagate, """
    def f(x):
        g = 9.81
        a = x * g
        return a * g
    """.replace("return a * g", "b = a * g\n        return b"), UNCHANGED)  # fmt: skip
case("a carried value that never changes", propagate, """
    def f(x: vec, a):
        for i in range(x.shape[0]):
            x[i] = a
            a = a
        return a
    """, """
    def f(x, a):
        for i in range(x.shape[0]):
            x[i] = a
        return a
    """)  # fmt: skip

# ------------------------------------------------------------------------------------------ sink
case("a temporary used once", sink, """
    def f(x: vec, a):
        t = a * a
        x[0] = 1.0 - t
        return x
    """, """
    def f(x, a):
        x[0] = 1.0 - a * a
        return x
    """)  # fmt: skip
case("not past a store to what it loads", sink, """
    def f(x: vec, a):
        t = x[0] + a
        x[1] = 2.0
        x[2] = t
        return x
    """, UNCHANGED)  # fmt: skip
case("not into a loop", sink, """
    def f(x: vec, a):
        t = a * a
        for i in range(x.shape[0]):
            x[i] = t
        return x
    """, UNCHANGED)  # fmt: skip
case("into the branch that needs it", sink, """
    def f(x: vec, a):
        t = np.sin(a)
        if a > 0.0:
            x[0] = t * t
        return x
    """, """
    def f(x, a):
        if a > 0.0:
            t = np.sin(a)
            x[0] = t * t
        return x
    """)  # fmt: skip
case("not into a branch where it is wanted after", sink, """
    def f(x: vec, a):
        t = np.sin(a)
        if a > 0.0:
            x[0] = t * t
        x[1] = t
        return x
    """, UNCHANGED)  # fmt: skip
case("steps of a person's sum stay", sink, """
    def f(x: vec, s):
        s += x[0]
        s += x[1]
        return s
    """, UNCHANGED)  # fmt: skip
case("steps of an adjoint's sum are one", sink, """
    def f(x: vec, a_bar):
        a_bar -= x[0]
        a_bar -= x[1]
        return a_bar
    """, """
    def f(x, a_bar):
        a_bar.2 = a_bar - (x[0] + x[1])
        return a_bar.2
    """)  # fmt: skip

# ------------------------------------------------------------------------------------------ cse
case("a repeat gets a name", cse, """
    def f(x: vec, a):
        x[0] = np.sin(a) * 2.0
        x[1] = np.sin(a) + 1.0
        return x
    """, """
    def f(x, a):
        sin_a = np.sin(a)
        x[0] = sin_a * 2.0
        x[1] = sin_a + 1.0
        return x
    """)  # fmt: skip
case("a repeat of what has a name", cse, """
    def f(x: vec, a):
        g = 1.0 - a * a
        x[0] = 2.0 / (1.0 - a * a)
        for i in range(x.shape[0]):
            x[i] = x[i] + (1.0 - a * a)
        return x
    """, """
    def f(x, a):
        g = 1.0 - a * a
        x[0] = 2.0 / g
        for i in range(x.shape[0]):
            x[i] = x[i] + g
        return x
    """)  # fmt: skip
case("not past a store to what it loads, nor round a loop", cse, """
    def f(x: vec):
        a = np.sin(x[0])
        x[1] = a
        b = np.sin(x[0])
        for i in range(x.shape[0]):
            c = np.cos(x[0])
            x[i] = c + b
        d = np.cos(x[0])
        x[2] = d
        return x
    """, UNCHANGED)  # fmt: skip
case("not out of a branch", cse, """
    def f(x: vec, a):
        if a > 0.0:
            x[0] = np.log(a)
        else:
            x[1] = 0.0
        x[2] = 1.0 if a < 0.0 else np.log(a)
        return x
    """, UNCHANGED)  # fmt: skip

# ------------------------------------------------------------------------------------------ fuse
case("element by element", fuse, """
    def f(x: vec, y: vec, z: vec):
        n = x.shape[0]
        for i in range(n):
            y[i] = 2.0 * x[i]
        s = 0.0
        for j in range(n):
            z[j] += y[j]
            s += y[j]
        return s
    """, """
    def f(x, y, z):
        n = x.shape[0]
        s = 0.0
        for i in range(n):  # s.1 = s, then s.2, after s.3
            y[i] = 2.0 * x[i]
            z[i] += y[i]
            s.2 = s.1 + y[i]
        return s.3
    """)  # fmt: skip
for name, loops in {
    "a neighbour's element": "y[i] = x[i]|z[j] = y[j + 1]",
    "an element that may wrap round": "y[i - 1] = x[i]|z[j] = y[j - 1]",
    "a sum read by the other": "y[0] += x[i]|y[1] += y[0] + x[j]",
    "nothing in common": "y[i] = 1.0|z[j] = 2.0",
}.items():
    first, second = loops.split("|")
    case(name, fuse, f"""
    def f(x: vec, y: vec, z: vec):
        for i in range(x.shape[0]):
            {first}
        for j in range(x.shape[0]):
            {second}
        return y
    """, UNCHANGED)  # fmt: skip
case("sums into one array", fuse, """
    def f(x: vec, y: vec):
        for i in range(x.shape[0] - 1):
            y[i + 1] += x[i]
        for j in range(x.shape[0] - 1):
            y[j] += x[j]
        return y
    """, """
    def f(x, y):
        for i in range(x.shape[0] - 1):
            y[i + 1] += x[i]
            y[i] += x[i]
        return y
    """)  # fmt: skip
case("not where the second needs what the first carried", fuse, """
    def f(x: vec, y: vec):
        s = 0.0
        for i in range(x.shape[0]):
            s += x[i]
        for j in range(x.shape[0]):
            y[j] = s * x[j]
        return y
    """, UNCHANGED)  # fmt: skip
case("what stands between moves out of the way", fuse, """
    def f(x: vec, y: vec):
        s = 0.0
        for i in range(x.shape[0]):
            s += x[i]
        z = np.zeros_like(x)
        y[0] = s
        for j in range(x.shape[0]):
            z[j] = 2.0 * x[j]
        return z
    """, """
    def f(x, y):
        s = 0.0
        z = np.zeros_like(x)
        for i in range(x.shape[0]):  # s.1 = s, then s.2, after s.3
            s.2 = s.1 + x[i]
            z[i] = 2.0 * x[i]
        y[0] = s.3
        return z
    """)  # fmt: skip

# ------------------------------------------------------------------------------------------ merge
case("additions to one element", merge, """
    def f(y: vec, i: int, a, b):
        y[i] -= a
        y[i + 1] += a
        y[i] -= b
        return y
    """, """
    def f(y, i, a, b):
        y[i + 1] += a
        y[i] += -(a + b)
        return y
    """)  # fmt: skip
case("an addition to what was stored", merge, """
    def f(y: vec, i: int, a, b):
        y[i] = 0.0
        y[i - 1] += b
        y[i] += a
        return y
    """, """
    def f(y, i, a, b):
        y[i] = a
        y[i - 1] += b
        return y
    """)  # fmt: skip
case("not past a read or a store", merge, """
    def f(y: vec, i: int, a):
        y[i] += a
        t = y[i - 1]
        y[i] += t
        y[i - 1] = 0.0
        y[i] += a
        return y
    """, UNCHANGED)  # fmt: skip

# ------------------------------------------------------------------------------------------ arrays that go
case("a loop over every element", zeros, """
    def f(x: mat):
        y = np.zeros_like(x)
        for i in range(x.shape[0]):
            for j in range(x.shape[1] - 1, -1, -1):
                y[i, j] += x[i, j]
        return y
    """, """
    def f(x):
        y = np.empty_like(x)
        for i in range(x.shape[0]):
            for j in range(x.shape[1] - 1, -1, -1):
                y[i, j] = x[i, j]
        return y
    """)  # fmt: skip
case("a loop over a diagonal", zeros, """
    def f(x: mat):
        y = np.zeros_like(x)
        for i in range(x.shape[0]):
            y[i, i] += x[i, i]
        return y
    """, """
    def f(x):
        y = np.zeros_like(x)
        for i in range(x.shape[0]):
            y[i, i] = x[i, i]
        return y
    """)  # fmt: skip
case("neighbours are added to", zeros, """
    def f(x: vec):
        y = np.zeros_like(x)
        for i in range(x.shape[0] - 1):
            y[i] += x[i]
            y[i + 1] += x[i]
        return y
    """, UNCHANGED)  # fmt: skip
case("an array that passes values on", scalarise, """
    def f(x: vec, z: vec):
        y = np.empty_like(x)
        for i in range(x.shape[0]):
            y[i] = np.sin(x[i])
            z[i] += y[i] * x[i]
        return z
    """, """
    def f(x, z):
        y = np.empty_like(x)
        for i in range(x.shape[0]):
            y_i = np.sin(x[i])
            y[i] = y_i
            z[i] += y_i * x[i]
        return z
    """)  # fmt: skip
case("not an array that is read elsewhere", scalarise, """
    def f(x: vec, z: vec):
        y = np.zeros_like(x)
        for i in range(x.shape[0]):
            y[i] = np.sin(x[i])
            z[i] += y[i] * y[0]
        return z
    """, UNCHANGED)  # fmt: skip
case("zeros that nothing reads", dead_stores, """
    def f(x: vec, z: vec):
        y = x.copy()
        for i in range(x.shape[0]):
            t = y[i]
            y[i] = 0.0
            z[i] += t
        return z
    """, """
    def f(x, z):
        y = x.copy()
        for i in range(x.shape[0]):
            t = y[i]
            z[i] += t
        return z
    """)  # fmt: skip
for name, body in {
    "zeros that the next iteration reads": "t = y[i - 1]|y[i] = 0.0|z[i] += t",
    "zeros that the same iteration reads": "y[i] = 0.0|t = y[i]|z[i] += t",
}.items():
    case(name, dead_stores, f"""
    def f(x: vec, z: vec):
        y = x.copy()
        for i in range(x.shape[0]):
            {body.replace("|", chr(10) + " " * 12)}
        return z
    """, UNCHANGED)  # fmt: skip
case("zeros that an outer iteration reads", dead_stores, """
    def f(x: vec, z: vec):
        y = x.copy()
        for k in range(2):
            for i in range(x.shape[0]):
                t = y[i]
                y[i] = 0.0
                z[i] += t
        return z
    """, UNCHANGED)  # fmt: skip

case("an addition that only the next line reads", dead_stores, """
    def f(x: vec, z: vec):
        y = x.copy()
        for i in range(x.shape[0]):
            y[i] += x[i] * x[i]
            t = y[i]
            y[i] = 0.0
            z[i] += t
        return z
    """, """
    def f(x, z):
        y = x.copy()
        for i in range(x.shape[0]):
            t = y[i] + x[i] * x[i]
            z[i] += t
        return z
    """)  # fmt: skip
case("scratch leaves its loops", hoist, """
    def f(x: vec, n: int):
        for i in range(n):
            t = np.empty(x.shape[0])
            w = np.empty_like(t)
            u = np.empty(n)
            z = np.zeros(x.shape[0])
            t[0] = x[0]
            w[0] = t[0]
            u[i] = w[0]
            z[i] += u[i]
            x[0] = z[0]
        return x
    """, """
    def f(x, n):
        t = np.empty(x.shape[0])
        w = np.empty_like(t)
        for i in range(n):
            u = np.empty(n)
            z = np.zeros(x.shape[0])
            t[0] = x[0]
            w[0] = t[0]
            u[i] = w[0]
            z[i] += u[i]
            x[0] = z[0]
        return x
    """)  # fmt: skip
case("a tape that grows stays in its loop", hoist, """
    def f(x: vec):
        for i in range(x.shape[0]):
            tape = np.empty(8)
            k = 0
            while x[i] < 10.0:
                tape = grown(tape, k)
                tape[k] = x[i]
                k = k + 1
                x[i] += 1.0
        return x
    """, UNCHANGED)  # fmt: skip

# ------------------------------------------------------------------------------------------ all together
case("the value and the gradient in one pass", optimised, """
    def f(x: vec):
        s = 0.0
        for i in range(x.shape[0] - 1):
            a = x[i + 1] - x[i] ** 2
            b = 1.0 - x[i]
            s += 100.0 * a ** 2 + b ** 2
        x_bar = np.zeros_like(x)
        s_bar = 1.0
        for j in range(x.shape[0] - 1):
            a = x[j + 1] - x[j] ** 2
            b = 1.0 - x[j]
            v_bar = s_bar
            a_bar = 200.0 * a * v_bar
            b_bar = 2.0 * b * v_bar
            x_bar[j] -= b_bar
            x_bar[j + 1] += a_bar
            x_bar[j] -= 2.0 * x[j] * a_bar
        return s, x_bar
    """.replace("a = x[j", "c = x[j").replace("200.0 * a", "200.0 * c").replace("b = 1.0 - x[j]", "d = 1.0 - x[j]")
    .replace("2.0 * b *", "2.0 * d *"), """
    def f(x):
        x_bar = np.zeros_like(x)
        for i in range(x.shape[0] - 1):  # s.1 = 0.0, then s.2, after s.3
            a = x[i + 1] - x[i] ** 2
            b = 1.0 - x[i]
            s.2 = s.1 + (100.0 * a ** 2 + b ** 2)
            a_bar = 200.0 * a
            x_bar[i + 1] += a_bar
            x_bar[i] += -(2.0 * b + 2.0 * x[i] * a_bar)
        return s.3, x_bar
    """)  # fmt: skip
case("array expressions and their adjoints without arrays", optimised, """
    def f(x: vec):
        y = np.empty_like(x)
        for i in range(x.shape[0]):
            y[i] = np.sin(x[i])
        s = 0.0
        for j in range(y.shape[0]):
            s += y[j] * y[j]
        x_bar = np.zeros_like(x)
        y_bar = np.zeros_like(y)
        for k in range(y.shape[0]):
            y_bar[k] += 2.0 * y[k]
        for l in range(x.shape[0]):
            t = y_bar[l]
            y_bar[l] = 0.0
            x_bar[l] += np.cos(x[l]) * t
        return s, x_bar
    """, """
    def f(x):
        x_bar = np.empty_like(x)
        for i in range(x.shape[0]):  # s.1 = 0.0, then s.2, after s.3
            y_i = np.sin(x[i])
            s.2 = s.1 + y_i * y_i
            x_bar[i] = np.cos(x[i]) * (2.0 * y_i)
        return s.3, x_bar
    """)  # fmt: skip

# ------------------------------------------------------------------------------------------ neighbours
_NEIGHBOURS = """
    def f(x_bar: vec, y_bar: vec, k):
        for i in range(1, y_bar.shape[0] - 1):
            v = k * y_bar[i]
            x_bar[i + 1] += v
            x_bar[i - 1] += v * v
            x_bar[i] += y_bar[i]
            y_bar[i] = 0.0
        return 0.0
    """
case("three neighbours, in front of what they read being written", neighbours, _NEIGHBOURS, """
    def f(x_bar, y_bar, k):
        for i.5 in range(1, min(2, y_bar.shape[0] - 1)):
            x_bar[i.5] += y_bar[i.5]
        for i.6 in range(1, min(3, y_bar.shape[0] - 1)):
            v.7 = k * y_bar[i.6]
            x_bar[i.6 - 1] += v.7 * v.7
        for i.7 in range(2, y_bar.shape[0] - 2):
            v.9 = k * y_bar[i.7 + 1]
            x_bar[i.7] += y_bar[i.7] + k * y_bar[i.7 - 1] + v.9 * v.9
        for i.8 in range(max(y_bar.shape[0] - 2, 2), y_bar.shape[0] - 1):
            x_bar[i.8] += y_bar[i.8]
        for i.9 in range(max(y_bar.shape[0] - 3, 1), y_bar.shape[0] - 1):
            x_bar[i.9 + 1] += k * y_bar[i.9]
        for i in range(1, y_bar.shape[0] - 1):
            y_bar[i] = 0.0
        return 0.0
    """)  # fmt: skip
_CHAIN = """
    def f(x: vec):
        x_bar = np.zeros_like(x)
        for i in range(x.shape[0] - 1):
            v = x[i + 1] - x[i]
            x_bar[i + 1] += 2.0 * v
            x_bar[i] += -2.0 * v
        return x_bar
    """
case("two neighbours in fresh zeros: one is handed on", neighbours, _CHAIN, """
    def f(x):
        x_bar = np.empty_like(x)
        for i.1 in range(max(x.shape[0] - 1, 0), x.shape[0]):
            x_bar[i.1] = 0.0
        for i in range(x.shape[0] - 1):  # x_bar_next = 0.0, then x_bar_next.2, after x_bar_next.1
            v = x[i + 1] - x[i]
            x_bar[i] = x_bar_next + -2.0 * v
            x_bar_next.2 = 2.0 * v
        if 0 < x.shape[0] - 1:
            x_bar[x.shape[0] - 1] += x_bar_next.1
        return x_bar
    """)  # fmt: skip
case("two neighbours in what is not zero", neighbours, _CHAIN.replace("like(x)", "like(x)\n        x_bar[0] = 1.0"), """
    def f(x):
        x_bar = np.zeros_like(x)
        x_bar[0] = 1.0
        for i in range(x.shape[0] - 1):  # x_bar_next = 0.0, then x_bar_next.2, after x_bar_next.1
            v = x[i + 1] - x[i]
            x_bar[i] += x_bar_next + -2.0 * v
            x_bar_next.2 = 2.0 * v
        if 0 < x.shape[0] - 1:
            x_bar[x.shape[0] - 1] += x_bar_next.1
        return x_bar
    """)  # fmt: skip
case("downward", neighbours, _CHAIN.replace("x.shape[0] - 1)", "x.shape[0] - 2, -1, -1)"), """
    def f(x):
        x_bar = np.empty_like(x)
        for i.1 in range(min(1, x.shape[0])):
            x_bar[i.1] = 0.0
        for i in range(x.shape[0] - 2, -1, -1):  # x_bar_next = 0.0, then x_bar_next.2, after x_bar_next.1
            v = x[i + 1] - x[i]
            x_bar[i + 1] = x_bar_next + 2.0 * v
            x_bar_next.2 = -2.0 * v
        if x.shape[0] - 2 > -1:
            x_bar[0] += x_bar_next.1
        return x_bar
    """)  # fmt: skip
_WRITTEN = _CHAIN.replace("2.0 * v\n", "x[i + 1]\n", 1).replace("x[i]\n", "x[i]\n            x[i] = v\n", 1)
case("what is handed on is read before it is written", neighbours, _WRITTEN, """
    def f(x):
        x_bar = np.empty_like(x)
        for i.1 in range(max(x.shape[0] - 1, 0), x.shape[0]):
            x_bar[i.1] = 0.0
        for i in range(x.shape[0] - 1):  # x_bar_next = 0.0, then x_bar_next.2, after x_bar_next.1
            v = x[i + 1] - x[i]
            x[i] = v
            x_bar_next.2 = x[i + 1]
            x_bar[i] = x_bar_next + -2.0 * v
        if 0 < x.shape[0] - 1:
            x_bar[x.shape[0] - 1] += x_bar_next.1
        return x_bar
    """)  # fmt: skip
_THREE = _CHAIN.replace("x_bar[i] +=", "x_bar[i + 2] += v\n            x_bar[i] +=").replace("- 1)", "- 2)")
case("three neighbours in fresh zeros, gathered in the loop itself", neighbours, _THREE, """
    def f(x):
        x_bar = np.empty_like(x)
        for i.1 in range(min(2, x.shape[0])):
            x_bar[i.1] = 0.0
        for i.2 in range(max(x.shape[0] - 2, 2), x.shape[0]):
            x_bar[i.2] = 0.0
        for i.6 in range(min(2, x.shape[0] - 2)):
            x_bar[i.6] += -2.0 * (x[i.6 + 1] - x[i.6])
        for i.3 in range(min(1, x.shape[0] - 2)):
            x_bar[i.3 + 1] += 2.0 * (x[i.3 + 1] - x[i.3])
        for i in range(2, x.shape[0] - 2):
            v = x[i + 1] - x[i]
            v.2 = x[i - 1] - x[i - 2]
            x_bar[i] = -2.0 * v + 2.0 * (x[i] - x[i - 1]) + v.2
        for i.4 in range(max(x.shape[0] - 3, 1), x.shape[0] - 2):
            x_bar[i.4 + 1] += 2.0 * (x[i.4 + 1] - x[i.4])
        for i.5 in range(max(x.shape[0] - 4, 0), x.shape[0] - 2):
            x_bar[i.5 + 2] += x[i.5 + 1] - x[i.5]
        return x_bar
    """)  # fmt: skip
for _what, _part, _instead in (
    ("places that are read from memory", "x_bar[i + 1]", "x_bar[int(x[i])]"),
    ("two places that are the same", "x_bar[i + 1]", "x_bar[i]"),
    ("neighbours far apart", "x_bar[i + 1]", "x_bar[i + 9]"),
    ("an array that is stored to", "x_bar[i + 1] +=", "x_bar[i + 1] ="),
):
    case(_what, neighbours, _CHAIN.replace(_part, _instead), UNCHANGED)
for _what, _part, _instead in (
    ("two neighbours of what is written", "x_bar[i] += y_bar[i]", "x_bar[i - 1] += y_bar[i]"),
    ("neighbours on lines of their own", "x_bar[i - 1] += v * v", "x_bar[0] += v * v"),
    ("a dear value", "v = k * y_bar[i]", "v = np.exp(y_bar[i])"),
    ("a quotient", "v = k * y_bar[i]", "v = k / y_bar[i]"),
    ("a value from what is written before", "v = k * y_bar[i]", "y_bar[i] = k\n            v = k * y_bar[i]"),
    ("a value from what a neighbour writes", "v = k * y_bar[i]", "v = k * y_bar[i - 1]"),
    ("an array that is read too", "v = k * y_bar[i]", "v = k * x_bar[i]"),
):
    case(_what, neighbours, _NEIGHBOURS.replace(_part, _instead), UNCHANGED)

# ------------------------------------------------------------------------------------------ rows
_ROWS = """
    def f(x: vec, c):
        m = np.empty((2, x.shape[0]))
        a = np.zeros_like(x)
        a[1] += c
        for i in range(x.shape[0]):
            m[0, i] = a[i]
        b = np.empty_like(x)
        for i in range(x.shape[0]):
            b[i] = x[i] * c
        for i in range(x.shape[0]):
            m[1, i] = b[i]
        return m
    """
case("arrays that are copied into rows", rows, _ROWS, """
    def f(x, c):
        m = np.empty((2, x.shape[0]))
        for i.3 in range(x.shape[0]):
            m[0, i.3] = 0.0
        m[0, 1] += c
        for i.1 in range(x.shape[0]):
            m[1, i.1] = x[i.1] * c
        return m
    """)  # fmt: skip
for _what, _part, _instead in (
    ("a row that is touched before", "a[1] += c", "a[1] += m[0, 0]"),
    ("an array that is read later", "return m", "return a[0]"),
    ("a part of an array", "range(x.shape[0]):\n            m[0, i]", "range(1, x.shape[0]):\n            m[0, i]"),
    ("a row that may not be there", "m[0, i]", "m[2, i]"),
    ("more than a copy", "m[0, i] = a[i]", "m[0, i] = 2.0 * a[i]"),
):
    case(_what, rows, _ROWS.replace(_part, _instead).replace("b[i]\n", "b[i] + c\n"), UNCHANGED)

# ------------------------------------------------------------------------------------------ exchange
_EXCHANGED = """
    def f(x: vec, n: int):
        u = np.empty_like(x)
        v = np.zeros_like(x)
        for t in range(n):
            for i in range(x.shape[0]):
                u_i = u[i]
                v_i = v[i]
                u[i] = v_i
                v[i] = u_i
            u[0] = 2.0 * v[0]
        return u[0]
    """
case("at the end of a body, the rest of the loop before it", exchange, """
    def f(x: vec, n: int):
        u = np.empty_like(x)
        v = np.zeros_like(x)
        tape = np.empty((n, x.shape[0]))
        for t in range(n):
            v[0] = 0.5 * u[0]
            for i in range(x.shape[0]):
                u_i = u[i]
                tape[t, i] = u[i]
                u[i] = v[i]
                v[i] = u_i
        return u[0] + tape[0, 0]
    """, """
    def f(x, n):
        u = np.empty_like(x)
        v = np.zeros_like(x)
        tape = np.empty((n, x.shape[0]))
        for t in range(n):  # u.1 = u, then v.1, after u.2; v.1 = v, then u.1, after v.2
            v.1[0] = 0.5 * u.1[0]
            for i in range(x.shape[0]):
                tape[t, i] = u.1[i]
        return u.2[0] + tape[0, 0]
    """)  # fmt: skip
case("at the beginning of a body, under the names of after it", exchange, _EXCHANGED, """
    def f(x, n):
        u = np.empty_like(x)
        v = np.zeros_like(x)
        for t in range(n):  # v.1 = u, then u.1, after u.2; u.1 = v, then v.1, after v.2
            u.1[0] = 2.0 * v.1[0]
        return u.2[0]
    """)  # fmt: skip
for _what, _part, _instead in (
    ("all elements but the first", "i in range(x.shape[0])", "i in range(1, x.shape[0])"),
    ("more than an exchange", "v[i] = u_i", "v[i] = 2.0 * u_i"),
    ("orders in memory that may differ", "v = np.zeros_like(x)", "v = np.zeros(x.shape[0])"),
    ("an array that changes before it is read", "v_i = v[i]", "v[i] = 0.0\n                v_i = v[i]"),
    ("neighbours", "v_i = v[i]", "v_i = v[i - 1]"),
):
    case(_what, exchange, _EXCHANGED.replace(_part, _instead), UNCHANGED)

# ------------------------------------------------------------------------------------------ upward
case("a stencil's adjoint", upward, """
    def f(x_bar: mat, y_bar: mat, k):
        s = 0.0
        for i in range(y_bar.shape[0] - 2, 0, -1):
            for j in range(y_bar.shape[1] - 2, 0, -1):
                v = k * y_bar[i, j]
                y_bar[i, j] = 0.0
                x_bar[i + 1, j] += v
                x_bar[i, j - 1] -= v
                s += v
        return s
    """, """
    def f(x_bar, y_bar, k):
        s = 0.0
        for i in range(1, y_bar.shape[0] - 1):  # s.1 = s, then s.4, after s.5
            for j in range(1, y_bar.shape[1] - 1):  # s.2 = s.1, then s.3, after s.4
                v = k * y_bar[i, j]
                y_bar[i, j] = 0.0
                x_bar[i + 1, j] += v
                x_bar[i, j - 1] += -v
                s.3 = s.2 + v
        return s.5
    """)  # fmt: skip
case("a recurrence keeps its order, the loop inside has none", upward, """
    def f(x_bar: mat, k):
        for i in range(x_bar.shape[0] - 1, 0, -1):
            for j in range(x_bar.shape[1] - 1, -1, -1):
                x_bar[i - 1, j] += k * x_bar[i, j]
        return 0.0
    """, """
    def f(x_bar, k):
        for i in range(x_bar.shape[0] - 1, 0, -1):
            for j in range(x_bar.shape[1]):
                x_bar[i - 1, j] += k * x_bar[i, j]
        return 0.0
    """)  # fmt: skip
case("what may count from the end", upward, """
    def f(x_bar: vec, n: int):
        for i in range(n, -3, -1):
            x_bar[i] = 2.0 * x_bar[i]
        return 0.0
    """, UNCHANGED)  # fmt: skip
case("a value that one iteration hands to the next", upward, """
    def f(x_bar: vec, s):
        for i in range(x_bar.shape[0] - 1, -1, -1):
            x_bar[i] = s
            s = 0.5 * s
        return s
    """, UNCHANGED)  # fmt: skip


# ------------------------------------------------------------------------------------------ held
_RECURRENCE = """
    def f(a: vec, n: int):
        x = np.empty_like(a)
        for i in range(n, 0, -1):
            x[i - 1] = a[i] * x[i]
            x[i] = 0.0
        return x
    """
case("what is there next is here now", held, _RECURRENCE, """
    def f(a, n):
        x = np.empty_like(a)
        if n > 0:  # x_now.3 = x_now.2 or 0.0
            x_now.2 = x[n]
        for i in range(n, 0, -1):  # x_now = x_now.3, then x_now.1, after x_now.4
            x_now.1 = a[i] * x_now
            x[i] = 0.0
        if n > 0:
            x[0] = x_now.4
        return x
    """)  # fmt: skip
case("it might count from the end", held, _RECURRENCE.replace("n, 0, -1", "n, -1, -1"), UNCHANGED)
case("the caller's array may be another's as well", held,
     _RECURRENCE.replace("a: vec", "a: vec, x: vec").replace("x = np.empty_like(a)", "s = 0.0"), UNCHANGED)  # fmt: skip
case("what is stored before it is read", held, _RECURRENCE.replace("i - 1", "i + 1"), UNCHANGED)
_PLACES = """
    def f(a: vec, n: int):
        x = np.zeros_like(a)
        for i in range(n):
            x[0] += a[i] * x[1]
            x[1] = x[0] + 1.0
        return x
    """
case("places that stay where they are", held, _PLACES, """
    def f(a, n):
        x = np.zeros_like(a)
        if 0 < n:  # x_1.3 = x_1.2 or 0.0; x_0.3 = x_0.2 or 0.0
            x_1.2 = x[1]
            x_0.2 = x[0]
        for i in range(n):  # x_1 = x_1.3, then x_1.1, after x_1.4; x_0 = x_0.3, then x_0.1, after x_0.4
            x_0.1 = x_0 + a[i] * x_1
            x_1.1 = x_0.1 + 1.0
        if 0 < n:
            x[1] = x_1.4
            x[0] = x_0.4
        return x
    """)  # fmt: skip
case("places that may be one", held, _PLACES.replace("x[0]", "x[n]"), UNCHANGED)
case(
    "one of them is touched in a branch",
    held,
    _PLACES.replace("x[1] = ", "if n > 3:\n                x[1] = "),
    UNCHANGED,
)


@pytest.mark.parametrize(("change", "before", "after"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_form(change: Callable[[Function], Function], before: str, after: str) -> None:
    function = core(before)
    changed = change(function)
    if after == UNCHANGED:
        assert text(changed) == text(function)
        assert changed is function
    else:
        assert text(changed) == lines(after)
