import numpy as np
from adcompile.runtime import check_same_shape


def spring_hvp(p, k, v):
    check_same_shape(p, v)
    p_bar_dot = np.zeros_like(p)
    v_bar_dot = k * (v[0] - v[1])
    p_bar_dot[0] += v_bar_dot
    p_bar_dot[1] -= v_bar_dot
    return p_bar_dot
