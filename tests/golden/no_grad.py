import numpy as np
from adcompile.runtime import detached


def normalised_grad(x):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] * x[i]
    x_bar = np.empty_like(x)
    # return np.sum(x * x) / scale
    s_bar = 1.0 / detached(np.sqrt(s))
    for i in range(x.shape[0]):
        x_bar[i] = x[i] * s_bar + x[i] * s_bar
    return x_bar
