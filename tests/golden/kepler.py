import numpy as np
from adcompile.runtime import grown


def kepler_grad(e, m):
    m_bar = np.empty_like(m)
    e_bar = 0.0
    for i in range(m.shape[0]):
        x = m[i]
        x_tape = np.empty(8)
        d = 1.0
        k = 0
        while abs(d) > 1e-12:
            x_tape = grown(x_tape, k)
            x_tape[k] = x
            d = (x - e * np.sin(x) - m[i]) / (1.0 - e * np.cos(x))
            x -= d
            k += 1
        # s += np.sin(x)
        x_bar = np.cos(x)
        m_bar_sum = 0.0
        for j in range(k - 1, -1, -1):
            # d = (x - e * np.sin(x) - m[i]) / (1.0 - e * np.cos(x))
            x = x_tape[j]
            cos_x = np.cos(x)
            t = 1.0 - e * cos_x
            v_bar = -(x_bar / t)
            sin_x = np.sin(x)
            v_bar2 = (x - e * sin_x - m[i]) / t * v_bar
            x_bar += v_bar - e * cos_x * v_bar - e * sin_x * v_bar2
            e_bar += cos_x * v_bar2 - sin_x * v_bar
            m_bar_sum -= v_bar
        # d = (x - e * np.sin(x) - m[i]) / (1.0 - e * np.cos(x)) ; x = m[i]
        m_bar[i] = m_bar_sum + x_bar
    return e_bar, m_bar
