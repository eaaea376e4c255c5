"""Programs on which some tool is silently wrong, and the first traps of prototypes of this one."""

import numpy as np

from tests.corpus.registry import case, positive, vector


@case(vector(3, 4))
def added_to_a_row(x):
    y = np.zeros((2, 4))
    y[0] += x[0] * x[1]
    y[0] += x[2]
    y[1] = y[0] * x[0]
    return np.sum(y * y)


@case(vector(5))
def written_through_a_view(x):
    y = x * 2.0
    v = y[1:]
    v[0] = x[0] * x[3]
    return np.sum(y * y)


@case(vector(6), jit=True)
def branch_in_a_loop(x):
    s = 0.0
    for i in range(x.shape[0]):
        if x[i] > 0.0:
            s = s + x[i] * x[i]
        else:
            s = s * x[i]
    return s


@case(vector(5), np.array([3, 1, 1, 0, 4]))
def indexed_by_an_index(x, idx):
    s = 0.0
    for i in range(5):
        s += x[idx[i]] * x[i]
    return s


def relax(u, rate):
    for i in range(1, u.shape[0]):
        u[i] = u[i] * (1.0 - rate * u[i - 1])


@case(vector(5), 0.3, 3)
def updated_by_a_callee(u, rate, n):
    for _ in range(n):
        relax(u, rate)
    return np.sum(u * u)


@case(np.array([-1.0, 4.0, -3.0, 2.25]), analytic=False)
def root_in_where(x):
    return np.sum(np.where(x > 0.0, np.sqrt(x), x * x))


@case(np.array([-1.0, 4.0, -3.0, 2.25]), analytic=False)
def root_of_the_positive(x):
    s = 0.0
    for i in range(x.shape[0]):
        s += np.sqrt(x[i]) * x[i] if x[i] > 0.0 else x[i] ** 2
    return s


@case(np.array([-1.0, 4.0, -3.0, 2.25]))
def root_in_its_branch(x):
    s = 0.0
    for i in range(x.shape[0]):
        y = 0.0
        if x[i] > 0.0:
            y = np.sqrt(x[i])
        s += y * y * x[i]
    return s


@case(vector(4), 3)
def overwritten_each_trip(x, n):
    y = np.zeros(4)
    for k in range(n):
        for i in range(4):
            y[i] = np.sin(x[i] * (k + 1)) + y[i] * x[i - 1]
    return np.sum(y)


@case(vector(4), 2)
def condition_whose_operands_change(x, n):
    s = 0.0
    for _ in range(n):
        for i in range(4):
            if s * x[i] < 0.2:
                t = np.exp(x[i])
                s = s + t
                x[i] = t * s
            else:
                s = s - np.exp(s * x[i]) * 0.01
                x[i] = s
    return s + np.sum(x)


@case(positive(3))
def second_derivative_of_a_product(x):
    return x[0] * x[1] * x[2] + np.exp(x[0] * x[1]) + x[2] ** 3


@case(vector(5))
def zero_times_something(x):
    s = 0.0
    for i in range(5):
        s += 0.0 * np.log(2.0 + x[i]) + x[i] * 0.5
    return s * s


@case(vector(5), 3)
def last_value_of_a_scalar(x, n):
    t = x[0]
    for _ in range(n):
        for i in range(5):
            t = x[i] * 0.9
        x[1] = t * x[0]
    return t + x[1]


@case(vector(3, 3))
def diagonal_read_and_written(a):
    for i in range(3):
        a[i, i] = a[i, i - 1] * a[i - 1, i]
    s = 1.0
    for i in range(3):
        s *= 1.0 + a[i, i]
    return s


@case(vector(5))
def overwritten_by_constant(x):
    y = x.copy()
    s = 0.0
    for i in range(5):
        s += y[i] ** 2
        y[i] = 0.0
        y[i - 1] += x[i]
    return s + np.sum(y)


@case(vector(4))
def filled_from_the_last_round(x):
    y = np.zeros(len(x))
    s = 0.0
    for i in range(-1, len(x)):  # the last element twice
        y[i] = x[i] * (i + 3.0)
        s += y[i] ** 2
    return s


@case(vector(4))
def added_from_the_last_round(x):
    y = np.zeros(len(x))
    s = 0.0
    for i in range(-1, len(x)):
        y[i] += x[i] * (i + 2.0)
        s += y[i] ** 2
    return s


@case(vector(4))
def times_the_last_at_first(x):
    y = x.copy()
    for i in range(len(x)):
        y[i] = y[i] * y[i - 1]
    return np.sum(y)


@case(vector(4), np.array([2, 0, 1, 2]))
def gathered_then_written(x, ix):
    y = x[ix]  # a copy
    y[0] = 7.0
    return np.sum(x * x) + np.sum(y * x)


@case(vector(4), np.array([2, 0, 1, 2]))
def gathered_then_source_written(x, ix):
    z = x * 2.0
    y = z[ix]
    z[0] = 9.0
    y *= y
    return np.sum(y * z)


@case(vector(4), np.array([2, 0, 1, 2]))
def gathered_in_a_loop(x, ix):
    s = 0.0
    z = x * 1.0
    for v in z[ix]:
        z[0] = v * 2.0
        s += v * z[0]
    return s


@case(vector(4), jit=True)
def guarded_neighbour(x):
    s = 0.0
    for i in range(4):
        right = x[i + 1] if i < 3 else 0.0
        left = x[i - 1] if i > 0 else x[3]
        s += (right - x[i]) ** 2 * left
    return s


@case(vector(4), 2)
@case(vector(4), 10**12, jit=True)
def guarded_element(x, k):
    r = x[k] if k < 4 else 0.0
    return r * r + x[0]


@case(-1.0, analytic=False)
@case(1.5, analytic=False)
def root_of_a_maximum(x):
    return np.sqrt(max(x, 0.0))


@case(-1.0, analytic=False)
def root_of_a_choice(x):
    return np.sqrt(x if x > 0.0 else 0.0)


@case(-1.0, 0.7, analytic=False, jit=True)
def root_of_a_named_maximum(x, y):
    v = max(x, 0.0)
    return np.sqrt(v * 2.0) * y * x


@case(vector(5), 0.3, analytic=False, jit=True)
def variance_cut_at_zero(z, v):
    total = 0.0
    for i in range(5):
        root = np.sqrt(max(v, 0.0))
        total += root * z[i] + max(v, 0.0) ** 1.5 + max(v, 0.0) ** (0.5 + z[0] ** 2)
        v = v + 0.1 * (0.2 - max(v, 0.0)) + 2.0 * root * z[i]
    return total * total + v


@case(1.3, 0.4)
def roots_beside_constants(x, y):
    a = np.zeros((3, 2))
    a[0, 0], a[1, 1] = x, x * y
    return np.sum(np.sqrt(a) * y) + np.sum(a**0.5 * x) + np.sum(np.arccos(1.0 - 0.1 * a))


@case(vector(2, 2) ** 2 + 0.1, np.array([[1.0, 0.0], [0.0, 1.0]]), 0, wrt=("x",))
def root_of_which_one_is_taken(x, mask, k):
    r = np.sqrt(x * mask)
    return np.sum(r * mask * x) + np.sqrt(np.dot(x[k], x[k]))


@case(0.0, 1.2, 0, analytic=False)
def root_that_is_not_taken(x, y, k):
    r = np.sqrt(x)
    s = 2.0 * x * y + y
    if k > 0:
        s += r * y
    return s * s


@case(np.array([0.0, 2.0, 0.0]), 1, analytic=False)
def one_root_of_several(x, k):
    return np.sqrt(x)[k] * x[k] + np.arctan2(x, x * x)[k]


@case(0.7, vector(6), 3)
def run_again_in_a_branch_of_a_branch(b, x, n):
    if n > 0:
        x[0] = np.sin(b) * x[1]
        if n > 1:
            k = 0
            while k < n:
                x[k] = np.sin(x[0] * x[k + 1])
                k += 1
    return np.sum(x * x)


@case(0.7, vector(6), vector(6, shift=1.0), 3)
def slice_updated_in_a_branch_of_a_branch(b, x, w, n):
    if b < 0.0:
        return b
    x[n - 4] = np.sin(b)
    if n != 2:
        x[:3] += np.sin(w[1:-2] * x[3:])
    return np.sum(np.sin(x))


@case(vector(3), vector(2), 2)
def added_to_in_a_branch_run_again(x, w, n):
    s = 0.0
    if n > 0:
        k = 0
        t = 0.3
        while k < n:
            t = np.sin(t * x[k])
            k += 1
        w[1] += t
        for i in range(w.shape[0]):
            s += np.sin(w[i])
    return s


@case(vector(3), vector(4), 2, jit=True)
def scratch_of_dear_values(x, w, n):
    t = np.empty(3)
    s = 0.3
    for k in range(n):
        for i in range(3):
            t[i] = np.exp(x[i] * s)
        for i in range(3):
            w[i] += t[i] * t[i - 1]
        s += np.sin(w[k] * t[k])
    return s + np.sum(w)


@case(1.5, 2**40, jit=True)
def multiplied_by_a_count_twice(x, n):
    """The product of the counts alone is more than an integer holds."""
    return np.where(x > 0, x * n, 0.0) * n * 2.0**-80


@case(0.4, 1.3)
def functions_of_tuples_are_of_arrays(x, y):
    pair = (x, y)
    return np.prod(np.add(pair, (2.0 * y, 3.0))) * np.sum(np.multiply(pair, 2)) + len(pair + pair) * x


@case(positive(3, 3), jit=True)
def places_under_a_name(A):
    """A list as an index means the rows that it names, a tuple one element."""
    rows, place = [0, 2], (1, 1)
    A[rows] = np.sin(A[rows]) * A[place]
    return np.sum(A[rows] * A[1]) + A[place] ** 2


@case(0.7)
def an_array_without_axes_is_no_plain_number(x):
    """Which branch runs depends on what `np.asarray` makes of a number."""
    a = np.asarray(x)
    y = 2.0 * x if isinstance(a, np.ndarray) else 3.0 * x
    return y * (x if np.isscalar(a) else np.sin(x))


@case(1.7, jit=True)
def an_item_of_an_array_without_axes(x):
    """It is assigned, where that of a number raises a `TypeError`."""
    y = np.zeros_like(x)
    z = np.cos(x)
    try:
        y[...] = 3.0 * x
        y[y > 1.0] *= x
        z[...] = 2.0
    except TypeError:
        z = x * z
    return y * z


@case(1.7)
def a_truth_of_numpy_inverted(x):
    """`~` of a `bool` of Python's, which generated code has, is another number."""
    above = np.asarray(x) > 1.0
    return x * (x if ~above else 3.0)
