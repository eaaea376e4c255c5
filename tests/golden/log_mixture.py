import numpy as np
from adcompile.runtime import scratch


def log_mixture_grad(mu, logw, x):
    mu_bar = np.zeros_like(mu)
    logw_bar = np.zeros_like(logw)
    top_each = scratch(64, np.float64)
    s_each = scratch(64, np.float64)
    top_bar_each = scratch(64, np.float64)
    top_bar_each2 = scratch(64, np.float64)
    s_bar_each = scratch(64, np.float64)
    t = np.empty((mu.shape[0], 64))
    top_tape = np.empty((mu.shape[0], 64))
    s_part_tape = np.empty((mu.shape[0], 64))
    t_bar = np.empty((t.shape[0], 64))
    for first in range(0, x.shape[0], 64):
        size = min(64, x.shape[0] - first)
        for lane in range(size):
            top_each[lane] = -np.inf
        for k in range(mu.shape[0]):
            logw_part = logw[k]
            mu_part = mu[k]
            for lane in range(size):
                top = top_each[lane]
                i = first + lane
                top_tape[k, lane] = top
                t[k, lane] = logw_part - 0.5 * (x[i] - mu_part) ** 2
                top = max(top, t[k, lane])
                top_each[lane] = top
        for lane in range(size):
            s_each[lane] = 0.0
        for k in range(mu.shape[0]):
            for lane in range(size):
                top = top_each[lane]
                s = s_each[lane]
                s_part = np.exp(t[k, lane] - top)
                s_part_tape[k, lane] = s_part
                s += s_part
                s_each[lane] = s
        for lane in range(size):
            s = s_each[lane]
            # total += top + np.log(s)
            s_bar = 1.0 / s
            top_bar_each[lane] = 1.0
            s_bar_each[lane] = s_bar
        for k in range(mu.shape[0] - 1, -1, -1):
            for lane in range(size):
                s_bar = s_bar_each[lane]
                top_bar = top_bar_each[lane]
                v_bar = s_part_tape[k, lane] * s_bar
                t_bar[k, lane] = v_bar
                top_bar -= v_bar
                top_bar_each[lane] = top_bar
        for lane in range(size):
            top_bar = top_bar_each[lane]
            top_bar_each2[lane] = top_bar
        for k in range(mu.shape[0] - 1, -1, -1):
            mu_part = mu[k]
            logw_bar_sum = 0.0
            mu_bar_sum = 0.0
            for lane in range(size):
                top_bar = top_bar_each2[lane]
                i = first + lane
                # top = max(top, t[k])
                top = top_tape[k, lane]
                top_bar2 = 0.0 if t[k, lane] > top else top_bar
                # t[k] = logw[k] - 0.5 * (x[i] - mu[k]) ** 2
                v_bar = t_bar[k, lane] + (top_bar if t[k, lane] > top else 0.0)
                top_bar_each2[lane] = top_bar2
                logw_bar_sum += v_bar
                mu_bar_sum += (x[i] - mu_part) * v_bar
            # t[k] = logw[k] - 0.5 * (x[i] - mu[k]) ** 2
            logw_bar[k] += logw_bar_sum
            mu_bar[k] += mu_bar_sum
    return mu_bar, logw_bar
