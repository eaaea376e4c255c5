import numpy as np


def spring_laplacian(p, k):
    size = p.shape[0]
    seed = np.zeros_like(p)
    seed_1 = np.zeros_like(p)
    seed_2 = np.zeros_like(p)
    seed_3 = np.zeros_like(p)
    total = 0.0
    for first in range(0, size, 4):
        seed[first] = 1.0
        at_1 = min(first + 1, size - 1)
        seed_1[at_1] = 1.0
        at_2 = min(first + 2, size - 1)
        seed_2[at_2] = 1.0
        at_3 = min(first + 3, size - 1)
        seed_3[at_3] = 1.0
        p_bar_dot = np.zeros_like(p)
        p_bar_dot2 = np.zeros_like(p)
        p_bar_dot3 = np.zeros_like(p)
        p_bar_dot4 = np.zeros_like(p)
        v_bar_dot = k * (seed[0] - seed[1])
        v_bar_dot2 = k * (seed_1[0] - seed_1[1])
        v_bar_dot3 = k * (seed_2[0] - seed_2[1])
        v_bar_dot4 = k * (seed_3[0] - seed_3[1])
        p_bar_dot[0] += v_bar_dot
        p_bar_dot2[0] += v_bar_dot2
        p_bar_dot3[0] += v_bar_dot3
        p_bar_dot4[0] += v_bar_dot4
        p_bar_dot[1] -= v_bar_dot
        p_bar_dot2[1] -= v_bar_dot2
        p_bar_dot3[1] -= v_bar_dot3
        p_bar_dot4[1] -= v_bar_dot4
        total += p_bar_dot[first]
        seed[first] = 0.0
        if first + 1 < size:
            total += p_bar_dot2[at_1]
        seed_1[at_1] = 0.0
        if first + 2 < size:
            total += p_bar_dot3[at_2]
        seed_2[at_2] = 0.0
        if first + 3 < size:
            total += p_bar_dot4[at_3]
        seed_3[at_3] = 0.0
    return total
