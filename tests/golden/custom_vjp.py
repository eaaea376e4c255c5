import numpy as np


def of_clipped_grad(x):
    x_bar = np.empty_like(x)
    for i in range(x.shape[0]):
        x_bar[i] = x[i] ** 2 + 2.0 * x[i] * np.minimum(np.maximum(x[i], -1.0), 1.0)
    return x_bar
