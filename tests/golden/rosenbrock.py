import numpy as np
from adcompile.indices import indices


def rosenbrock_grad(x):
    x_bar = np.empty_like(x)
    for i in indices(max(x.shape[0] - 1, 0), x.shape[0]):
        x_bar[i] = 0.0
    s = 0.0
    x_bar_next = 0.0
    for i in range(x.shape[0] - 1):
        a = x[i + 1] - x[i] ** 2
        b = 1.0 - x[i]
        s += 100.0 * a ** 2 + b ** 2
        # s += 100.0 * a ** 2 + b ** 2
        a_bar = 200.0 * a
        # b = 1.0 - x[i] ; a = x[i + 1] - x[i] ** 2
        x_bar[i] = x_bar_next - (2.0 * b + 2.0 * x[i] * a_bar)
        # a = x[i + 1] - x[i] ** 2
        x_bar_next = a_bar
    if 0 < x.shape[0] - 1:
        x_bar[x.shape[0] - 1] += x_bar_next
    return s, x_bar
