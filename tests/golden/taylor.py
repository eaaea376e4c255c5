import numpy as np


def wave_taylor(x, v):
    c_4 = 2.0 * x * v
    sin_x = np.sin(x)
    t = 1.0 + x * x
    v_2 = sin_x / t
    c2 = np.cos(x) * v
    c3 = (c2 - c_4 * v_2) / t
    c4 = v * v
    c5 = -(0.5 * sin_x * v * v)
    c5 = (c5 - (c_4 * c3 + c4 * v_2)) / t
    c2 = -(0.16666666666666666 * c2 * v * v)
    y = np.empty(4)
    y[0] = v_2
    y[1] = c3
    y[2] = c5
    y[3] = (c2 - (c_4 * c5 + c4 * c3)) / t
    return y
