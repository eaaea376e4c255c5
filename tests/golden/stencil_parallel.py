import numpy as np
from adcompile.runtime import check_equal
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
        for i in range(first, beyond - 2):
            # y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
            x_bar[i - 1] += x[i + 1] * y_bar[i]
        for i in range(first, beyond - 2):
            # y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
            x_bar[i + 1] += x[i - 1] * y_bar[i]
        for i in range(first, beyond - 2):
            # y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
            x_bar[i] -= 2.0 * k * x[i] * y_bar[i]
        k_bar = 0.0
        for i in range(first, beyond - 2):
            # y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
            k_bar -= x[i] ** 2 * y_bar[i]
        k_bar_parts[thread] = k_bar
    k_bar = 0.0
    for thread in range(threads):
        k_bar += k_bar_parts[thread]
        first = 1 + share(trips, threads, thread)
        beyond = 1 + share(trips, threads, thread + 1)
        for i in range(max(first, beyond - 2), beyond):
            # y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
            x_bar[i - 1] += x[i + 1] * y_bar[i]
        for i in range(max(first, beyond - 2), beyond):
            # y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
            x_bar[i + 1] += x[i - 1] * y_bar[i]
        for i in range(max(first, beyond - 2), beyond):
            # y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
            x_bar[i] -= 2.0 * k * x[i] * y_bar[i]
        for i in range(max(first, beyond - 2), beyond):
            # y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
            k_bar -= x[i] ** 2 * y_bar[i]
    return x_bar, k_bar
