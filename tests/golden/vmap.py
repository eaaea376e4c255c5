import numpy as np


def spring_vmap(p, k):
    size = p.shape[0]
    if size == 0:
        raise ValueError('vmap of spring: the batch is empty, and only an item tells the shape of the result')
    out = np.empty((size, p.shape[1]))
    for b in range(size):
        p_bar_2 = np.zeros(p.shape[1])
        v_bar_2 = (p[b, 0] - p[b, 1]) * k
        p_bar_2[0] += v_bar_2
        p_bar_2[1] -= v_bar_2
        for i in range(p.shape[1]):
            out[b, i] = p_bar_2[i]
    return out
