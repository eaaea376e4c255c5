import numpy as np
from adcompile.runtime import check_equal
from adcompile.indices import indices
from numba import prange
from adcompile.runtime import share
from adcompile.runtime import thread_count


def stencil_vjp(x, k, y_bar2):
    x_bar = np.zeros_like(x)
    y_bar = np.zeros_like(x)
    check_equal(x.shape[0], y_bar2.shape[0])
    for i in range(y_bar2.shape[0]):
        y_bar[i] = y_bar2[i]
    threads = thread_count()
    k_bar_parts = np.empty(threads)
    trips = x.shape[0] - 2
    for thread in prange(threads):
        first = 1 + share(trips, threads, thread)
        beyond = 1 + share(trips, threads, thread + 1)
        k_bar = 0.0
        for i in indices(first, min(first + 1, beyond - 2)):
            v_bar = y_bar[i]
            k_bar -= x[i] ** 2 * v_bar
            x_bar[i] -= 2.0 * k * x[i] * v_bar
        for i in indices(first, min(first + 2, beyond - 2)):
            x_bar[i - 1] += x[i + 1] * y_bar[i]
        for i in indices(first + 1, beyond - 3):
            # y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
            v_bar = y_bar[i]
            k_bar -= x[i] ** 2 * v_bar
            x_bar[i] += x[i + 2] * y_bar[i + 1] - 2.0 * k * x[i] * v_bar + x[i - 2] * y_bar[i - 1]
        for i in indices(max(beyond - 3, first + 1), beyond - 2):
            v_bar = y_bar[i]
            k_bar -= x[i] ** 2 * v_bar
            x_bar[i] -= 2.0 * k * x[i] * v_bar
        for i in indices(max(beyond - 4, first), beyond - 2):
            x_bar[i + 1] += x[i - 1] * y_bar[i]
        k_bar_parts[thread] = k_bar
    k_bar = 0.0
    for thread in range(threads):
        k_bar += k_bar_parts[thread]
        beyond = 1 + share(trips, threads, thread + 1)
        for i in indices(max(1 + share(trips, threads, thread), beyond - 2), beyond):
            # y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
            v_bar = y_bar[i]
            x_bar[i - 1] += x[i + 1] * v_bar
            x_bar[i + 1] += x[i - 1] * v_bar
            k_bar -= x[i] ** 2 * v_bar
            x_bar[i] -= 2.0 * k * x[i] * v_bar
    return x_bar, k_bar
