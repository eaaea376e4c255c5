import numpy as np


def log_mixture_grad(mu, logw, x):
    mu_bar = np.zeros_like(mu)
    logw_bar = np.zeros_like(logw)
    t = np.empty(mu.shape[0])
    top_tape = np.empty(mu.shape[0])
    s_part_tape = np.empty(mu.shape[0])
    t_bar = np.empty_like(t)
    for i in range(x.shape[0]):
        top = -np.inf
        for k in range(mu.shape[0]):
            top_tape[k] = top
            t[k] = logw[k] - 0.5 * (x[i] - mu[k]) ** 2
            top = max(top, t[k])
        s = 0.0
        for k in range(mu.shape[0]):
            s_part = np.exp(t[k] - top)
            s_part_tape[k] = s_part
            s += s_part
        # total += top + np.log(s)
        s_bar = 1.0 / s
        top_bar = 1.0
        for k in range(mu.shape[0] - 1, -1, -1):
            v_bar = s_part_tape[k] * s_bar
            t_bar[k] = v_bar
            top_bar -= v_bar
        for k in range(mu.shape[0] - 1, -1, -1):
            # top = max(top, t[k])
            top = top_tape[k]
            top_bar2 = 0.0 if t[k] > top else top_bar
            # t[k] = logw[k] - 0.5 * (x[i] - mu[k]) ** 2
            v_bar = t_bar[k] + (top_bar if t[k] > top else 0.0)
            logw_bar[k] += v_bar
            mu_bar[k] += (x[i] - mu[k]) * v_bar
            top_bar = top_bar2
    return mu_bar, logw_bar
