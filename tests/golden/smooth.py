import numpy as np


def smooth_grad(u, steps):
    u = u.copy()
    n = u.shape[0]
    u_tape = np.empty((max(steps, 0), max(n - 2, 0)))
    for t in range(steps):
        for i in range(1, n - 1):
            u_tape[t, i - 1] = u[i]
            u[i] = u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1]) - 0.05 * u[i] * (u[i + 1] - u[i - 1])
    u_bar = np.empty_like(u)
    for i in range(u.shape[0]):
        # return np.sum(u ** 2)
        u_bar[i] = 2.0 * u[i]
    for t in range(steps - 1, -1, -1):
        for i in range(n - 2, 0, -1):
            # u[i] = u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1]) - 0.05 * u[i] * (u[i + 1] - u[i - 1])
            u[i] = u_tape[t, i - 1]
            v_bar = u_bar[i]
            v_bar2 = 0.1 * v_bar
            v_bar3 = -(0.05 * u[i] * v_bar)
            u_bar[i] = v_bar - 2.0 * v_bar2 - 0.05 * (u[i + 1] - u[i - 1]) * v_bar
            u_bar[i - 1] += v_bar2 - v_bar3
            u_bar[i + 1] += v_bar2 + v_bar3
    return u_bar
