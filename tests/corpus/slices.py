"""Slices read and written; where they overlap, the right side is read whole before anything is written."""

import numpy as np

from tests.corpus.registry import case, vector


@case(vector(6), jit=True)
def shift_down(x):
    x[1:] = x[:-1] * 2.0
    return np.sum(x * x)


@case(vector(6))
def shift_up(x):
    x[:-1] = x[1:] ** 2
    return np.sum(x * x)


@case(vector(6))
def add_shifted(x):
    x[1:] += x[:-1]
    x[:-1] -= 0.5 * x[1:] * x[:-1]
    return np.sum(x * x)


@case(vector(6))
def flipped_onto_itself(x):
    x[:] = x[::-1] * x
    return np.sum(x * np.arange(6))


@case(vector(7))
def both_sides(x):
    x[1:-1] = 0.25 * x[:-2] + 0.5 * x[1:-1] + 0.25 * x[2:] ** 2
    return np.sum(x**2)


@case(vector(8), 3)
def diffusion(u, steps):
    for _ in range(steps):
        u[1:-1] += 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return u


@case(vector(5, 5), 2)
def diffusion_2d(u, steps):
    for _ in range(steps):
        u[1:-1, 1:-1] = u[1:-1, 1:-1] + 0.1 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] * u[1:-1, :-2])
    return np.sum(u * u)


@case(vector(3, 3))
def transposed_onto_itself(a):
    a[:] = a.T * a
    a += a.T
    return np.sum(a * a[0])


@case(vector(6), 0.4)
def scalar_into_slice(x, c):
    x[2:4] = c * c
    x[:2] *= c
    return np.sum(np.sin(x))


@case(vector(3, 4))
def row_into_rows(a):
    a[1:] = a[0] * a[0]
    a[:, 1] = a[:, 0] + a[:, 2]
    return np.sum(a * a)


@case(vector(9))
def stepped(x):
    x[::3] = x[1::3] * x[2::3]
    x[1::2] += x[:-1:2]
    return np.sum(x * x)


@case(vector(6), 2, 5)
@case(vector(6), 3, 3)
def bounds_at_run_time(x, lo, hi):
    x[lo:hi] *= x[lo - 1]
    y = x[:hi] * 2.0
    return np.sum(y * y) + x[-1]


@case(vector(6))
def past_the_end(x):
    y = x[2:100] * 2.0
    z = x[-100:3]
    return np.sum(y * y) + np.sum(z**3)


@case(vector(6))
def empty_slice(x):
    x[3:3] = x[2:2] * 2.0
    return np.sum(x[4:2]) + np.sum(x**2)


@case(vector(4, 6))
def red_black(u):
    u[:, 1::2] = 0.5 * (u[:, :-1:2] + u[:, 1::2] ** 2)
    u[1:, ::2] -= u[:-1, ::2] * u[1:, ::2]
    return np.sum(u * u)


@case(vector(5, 4))
def ellipsis_and_newaxis(a):
    b = a[..., 1:] * a[..., :1]
    c = a[:, None, 0] + a[None, :, 1]
    return np.sum(b * b) + np.sum(c**2)


@case(vector(6))
def sum_read_in_its_own_store(x):
    x[1:4] = x[1:4] * np.sum(x[:3])
    return np.sum(x)


_HEAD = slice(0, 3)


@case(vector(8), 5)
def slices_under_names(x, k):
    parts = {"head": slice(k), "tail": slice(k, None, 2)}
    k = 2
    s = np.sum(x[_HEAD] ** 2) * parts["head"].stop
    for name, part in [("a", slice(1, 4)), ("b", slice(None, None, -1))]:
        s += np.prod(x[part] + 0.5) if name == "a" else np.sin(x[part][0])
    return s + np.sum(x[parts["head"]]) * np.sum(x[parts["tail"]] ** 3)


@case(vector(4, 6))
def slices_of_several_axes(A):
    inner, place = (slice(1, -1), slice(1, -1)), np.s_[1:3, ::2]
    B = A.copy()
    B[inner] *= 2.0
    B[np.s_[0]] = A[np.index_exp[1]] ** 2
    return np.sum(B[place] ** 2) + np.sum(B[inner] * B[0, 1])


@case(vector(8))
def a_slice_for_each_iteration(x):
    y = np.zeros(8)
    for i in range(0, 8, 2):
        part = slice(i, i + 2)
        y[part] = x[part] * x[i]
        y[part] += x[0]
    return np.sum(y * y)


@case(vector(4, 6))
@case(-vector(4, 6))
def a_slice_that_a_branch_chooses(A):
    if A[0, 0] > 0.0:
        rows = slice(0, 2)
    else:
        rows = slice(1, 3)
    return np.sum(A[rows, 1] ** 2)
