import numpy as np


def of_softplus_grad(x):
    x_bar = np.empty_like(x)
    for i in range(x.shape[0]):
        x_bar[i] = 3.0 / (1.0 + np.exp(-(3.0 * x[i])))
    return x_bar
