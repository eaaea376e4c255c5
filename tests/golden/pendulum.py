import numpy as np


def pendulum_grad(q, p, k, n, h):
    q_tape = np.empty(max(n, 0))
    for i in range(n):
        q_tape[i] = q
        p -= h * k * np.sin(q)
        q += h * p
    # return 0.5 * p ** 2 - k * np.cos(q)
    k_bar = -np.cos(q)
    q_bar = np.sin(q) * k
    p_bar = p
    for i in range(n - 1, -1, -1):
        # q = q + h * p
        p_bar += h * q_bar
        # p = p - h * k * np.sin(q)
        q = q_tape[i]
        k_bar -= np.sin(q) * h * p_bar
        q_bar -= h * k * np.cos(q) * p_bar
    return q_bar, p_bar, k_bar
