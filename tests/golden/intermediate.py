import numpy as np


def of_its_size_grad(x):
    s = 0.0
    for i_2 in range(x.shape[0]):
        s += x[i_2] * x[i_2]
    x_bar = np.empty_like(x)
    z_added_bar = np.empty_like(x)
    s_bar = s / (1.0 + s) + np.log(1.0 + s)
    for i_2 in range(x.shape[0]):
        z_added_bar[i_2] = s_bar
        x_bar[i_2] = x[i_2] * s_bar + x[i_2] * s_bar
    return x_bar, z_added_bar, s_bar
