import numpy as np


def energy_grad(self_k, x):
    # return self.k * (1.0 - np.cos(x))
    self_k_bar = 1.0 - np.cos(x)
    x_bar = np.sin(x) * self_k
    return self_k_bar, x_bar
