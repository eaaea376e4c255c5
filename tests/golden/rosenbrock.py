import numpy as np


def rosenbrock_grad(x):
    x_bar = np.zeros_like(x)
    s = 0.0
    for i in range(x.shape[0] - 1):
        a = x[i + 1] - x[i] ** 2
        b = 1.0 - x[i]
        s += 100.0 * a ** 2 + b ** 2
        # s += 100.0 * a ** 2 + b ** 2
        a_bar = 200.0 * a
        # a = x[i + 1] - x[i] ** 2
        x_bar[i + 1] += a_bar
        # b = 1.0 - x[i] ; a = x[i + 1] - x[i] ** 2
        x_bar[i] -= 2.0 * b + 2.0 * x[i] * a_bar
    return s, x_bar
