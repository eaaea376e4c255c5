import numpy as np


def growth_grad(theta, ts):
    theta_bar = np.zeros_like(theta)
    theta_bar_sum = 0.0
    theta_bar_sum2 = 0.0
    for t_index in range(ts.shape[0]):
        t = ts[t_index]
        s_bar_part = np.exp(theta[1] * t)
        # total += (grad(u)(t) - u(t)) ** 2
        v_bar = 2.0 * (s_bar_part * theta[1] * theta[0] - theta[0] * s_bar_part)
        theta_bar_sum -= s_bar_part * v_bar
        theta_bar_sum2 -= s_bar_part * t * (theta[0] * v_bar)
        # s_bar = np.exp(theta[1] * s) * theta[1] * theta[0]
        v_bar2 = theta[0] * v_bar
        theta_bar_sum2 += s_bar_part * v_bar2
        theta_bar_sum += s_bar_part * theta[1] * v_bar
        theta_bar_sum2 += s_bar_part * t * (theta[1] * v_bar2)
    if 0 < ts.shape[0]:
        # total += (grad(u)(t) - u(t)) ** 2
        theta_bar[0] += theta_bar_sum
    if 0 < ts.shape[0]:
        # s_bar = np.exp(theta[1] * s) * theta[1] * theta[0]
        theta_bar[1] += theta_bar_sum2
    return theta_bar
