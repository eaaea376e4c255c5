"""`try`: what is raised in the body, by operations and by functions called, and where the handler leads."""

import math
from math import exp, log, sqrt

import numpy as np

from tests.corpus.registry import case, positive, vector


def truncated_exp(x):
    try:
        return exp(x)
    except:  # noqa: E722
        return 1e300


@case(0.7, jit=True, analytic=False)
def one_of_two_returns(x):
    return truncated_exp(x) * truncated_exp(3000.0 * x) * 1e-300 * x


@case(1.3, 0.8)
@case(1.3, 0.0, wrt=("x",))
@case(-1.3, 0.8, jit=True, analytic=False)
def one_of_two_handlers(x, y):
    r = 1.0
    try:
        q = x / y
        r = log(q)
    except ZeroDivisionError:
        r = x * 2.0
    except ValueError:
        r = x * x * y
    else:
        r = r * y
    return r * x


@case(2.5, 3, analytic=False)
@case(2.5, 5, analytic=False, jit=True)
@case(9.5, 2, analytic=False)
@case(9.5, 20, analytic=False)
@case(2.5, 0, analytic=False)
def raised_in_a_loop(x, n):
    s = 0.0
    try:
        for i in range(n):
            s += x * i
            for j in range(i):
                if i * j > 3:
                    raise ArithmeticError("too many")
                s += sqrt(x - i) * j
    except ValueError:
        s = s * s
    except ArithmeticError:
        s += 100.0 * x
    return s * x


@case(np.array([1.0, 2.0, -1.0, 5.0, -3.0, 2.0]), analytic=False, jit=True)
def attempted_in_a_loop(x):
    s = 0.0
    t = 1.0
    for v in x:
        try:
            t = log(v) * t
            if v > 3.0:
                continue
        except ValueError:
            if v < -2.0:
                break
            t = v * t
        s += t * v
    return s


def below_two(x):
    if x > 2.0:
        raise RuntimeError("too large")
    return x * x


@case(0.5, analytic=False)
@case(1.5, analytic=False)
@case(2.5, analytic=False, jit=True)
def raised_in_a_function(x):
    y = x
    try:
        y = below_two(x)
        z = below_two(2.0 * x)
    except RuntimeError:
        z = 7.0 * y
    return z * y


def long_way(x, n):
    y = 1.0
    for i in range(n):
        y += x * i
        if i % 2:
            y -= x / (i + 1.0)
        if i % 3:
            y *= 1.0 + x / (i + 2.0)
        for j in range(i):
            y += x * j * 0.01
            if j % 2:
                y *= 0.9
            y -= 0.01 * x * x
            y *= 1.001
            y += x
            y *= 0.999
    return y


@case(0.3, analytic=False)
@case(0.8, analytic=False)
@case(1.5, analytic=False)
@case(2.5, analytic=False)
def a_long_handler(x):
    try:
        y = below_two(x)
        z = below_two(2.0 * x)
        w = below_two(4.0 * x)
    except RuntimeError:
        y = long_way(x, 3)
        z = long_way(y * 0.1, 4)
        w = y
    return w * y + z


@case(4.0, 3, analytic=False)
@case(-4.0, 3, analytic=False)
@case(1.5, 0, analytic=False)
def nested(x, k):
    try:
        try:
            y = sqrt(x) / k
        except ZeroDivisionError:
            y = 11.0 * x
        y = y + log(y + 10.0)
    except ValueError:
        y = x * x
    finally:
        z = x
    return y * z


@case(2.0)
@case(np.array([2.0, 3.0]))
def decided_by_types(x):
    try:
        n = len(x)
        first = x[0] * n
    except TypeError:
        first = 3.0 * x
    try:
        first.name = "first"
    except AttributeError:
        pass
    return first * first


@case(vector(3), 1, wrt=("x",))
@case(vector(3), -3, wrt=("x",), jit=True)
@case(vector(3), 3, wrt=("x",))
@case(vector(3), -4, wrt=("x",))
def an_index_beyond(x, i):
    y = x * x
    try:
        y[i] = x[i] * x[0]
    except IndexError:
        y[0] = 2.0
    return np.sum(y * x)


@case(2.0, 3.0)
@case(10.0, 400.0, analytic=False)
@case(0.0, -1.0, wrt=("y",), analytic=False)
def a_power(x, y):
    try:
        r = x**y
    except OverflowError:
        r = 5.0 * x
    except ZeroDivisionError:
        r = y * y
    return r * 1e-3


@case(positive(3))
def nothing_is_raised(x):
    try:
        import math as m

        y = np.asarray(x)
        limit = m.pi
    except (ImportError, NameError):
        y = not_there(x)  # noqa: F821
    try:
        import no_module_of_this_name as m
    except ImportError:
        limit = 2.0 * limit
    try:
        z = y * limit
    except Exception:
        print("not so")
        raise
    return np.sum(z * math.cos(y[0]))


@case(vector(2))
def a_tuple_from_each_way(x):
    try:
        a, b = x[0] * x[0], log(x[1] - 100.0)
    except ValueError:
        a, b = x[1], x[0] * x[1]
    return a * b


@case(np.array([0.7, 0.4, 0.9]), 4, jit=True, analytic=False)
@case(np.array([0.7, -0.4, 0.9]), 4, analytic=False)
def a_dict_changed_until_it_is_raised(x, n):
    d = {"p": x[0], "q": x[1]}
    s = 0.0
    for i in range(n):
        try:
            d["p"] = sqrt(d["q"]) * x[2] + d["p"]
            d["q"] = log(d["p"] + 0.2)
        except ValueError:
            d["q"] = d["p"] * x[i % 3] + 0.1
        s += d["p"] * d["q"]
    return s


@case(np.array([0.7, 0.4, 0.9]), 4, analytic=False)
@case(np.array([0.7, -0.4, 0.9]), 4, analytic=False)
def a_list_made_and_appended_to_until_it_is_raised(x, n):
    try:
        ys = [x[0]]
        for _ in range(n):
            ys.append(sqrt(ys[-1] * x[1]))
        s = sum(ys)
    except ValueError:
        zs = [x[1]]
        for _ in range(n):
            zs.append(zs[-1] * x[2])
        s = zs[-1] * zs[0]
    return s
