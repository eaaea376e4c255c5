import numpy as np
from adcompile.runtime import check_same_shape


def layers_grad(x, w):
    result_bar = np.zeros_like(x)
    x_bar = np.empty_like(x)
    result_4 = np.empty_like(x)
    w_bar_2 = 0.0
    for i in range(x.shape[0]):
        result_i = np.tanh(w * x[i])
        result_3_i = np.tanh(w * result_i)
        v_bar = 1.0 - result_3_i * result_3_i
        w_bar_2 += result_i * v_bar
        x_bar[i] = w * v_bar
        result_4[i] = result_i
    check_same_shape(result_bar, x_bar)
    result_bar_3 = np.empty_like(x)
    for i in range(x.shape[0]):
        result_bar[i] += x_bar[i]
        result_bar_3[i] = result_bar[i]
    w_bar_3 = 0.0
    for i_3 in range(x.shape[0] - 1, -1, -1):
        e_2 = result_4[i_3]
        w_bar_3 += (1.0 - e_2 * e_2) * x[i_3] * result_bar_3[i_3]
    w_bar = w_bar_2 + w_bar_3
    return w_bar
