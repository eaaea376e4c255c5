import numpy as np
from adcompile.indices import indices
from numba import prange
from adcompile.runtime import share
from adcompile.runtime import thread_count


def collisions_vjp(x, idx, k, s_bar):
    x_bar = np.zeros_like(x)
    threads = thread_count()
    x_bar_parts = np.empty((threads, x_bar.shape[0]))
    k_bar_parts = np.empty(threads)
    for thread in prange(threads):
        for i in range(x_bar.shape[0]):
            x_bar_parts[thread, i] = 0.0
        k_bar = 0.0
        for i in indices(share(idx.shape[0], threads, thread), share(idx.shape[0], threads, thread + 1)):
            # s += np.sin(k * x[idx[i]]) * x[idx[i]]
            v_bar = x[idx[i]] * np.cos(k * x[idx[i]]) * s_bar
            k_bar += x[idx[i]] * v_bar
            x_bar_parts[thread, idx[i]] += k * v_bar + np.sin(k * x[idx[i]]) * s_bar
        k_bar_parts[thread] = k_bar
    k_bar = 0.0
    for thread in range(threads):
        k_bar += k_bar_parts[thread]
    for i in prange(x_bar.shape[0]):
        if 0 < threads:
            x_bar_now = x_bar[i]
        else:
            x_bar_now = 0.0
        for thread in range(threads):
            x_bar_now += x_bar_parts[thread, i]
        if 0 < threads:
            x_bar[i] = x_bar_now
    return x_bar, k_bar
