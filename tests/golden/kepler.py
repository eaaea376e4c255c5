import numpy as np
from adcompile.runtime import grown
from adcompile.runtime import scratch


def kepler_grad(e, m):
    m_bar = np.empty_like(m)
    x_each = scratch(64, np.float64)
    d_each = scratch(64, np.float64)
    k_each = scratch(64, np.int64)
    on_each = scratch(64, np.bool_)
    x_bar_each = scratch(64, np.float64)
    e_bar_each = scratch(64, np.float64)
    m_bar_sum_each = scratch(64, np.float64)
    bound_each = scratch(64, np.int64)
    e_bar = 0.0
    for first in range(0, m.shape[0], 64):
        size = min(64, m.shape[0] - first)
        x_tape = np.empty((8, 64))
        for lane in range(size):
            i = first + lane
            x = m[i]
            x_each[lane] = x
            d_each[lane] = 1.0
            k_each[lane] = 0
        left = 0
        for lane in range(size):
            going = abs(1.0) > 1e-12
            on_each[lane] = going
            left += 1 if going else 0
        k = 0
        while left > 0:
            x_tape = grown(x_tape, k)
            k2 = k + 1
            for lane in range(size):
                x = x_each[lane]
                i = first + lane
                if on_each[lane]:
                    x_tape[k, lane] = x
                    d = (x - e * np.sin(x) - m[i]) / (1.0 - e * np.cos(x))
                    x -= d
                    x_each[lane] = x
                    d_each[lane] = d
                    k_each[lane] = k2
            left = 0
            for lane in range(size):
                d = d_each[lane]
                going = on_each[lane] and abs(d) > 1e-12
                on_each[lane] = going
                left += 1 if going else 0
            k = k2
        for lane in range(size):
            x = x_each[lane]
            # s += np.sin(x)
            x_bar = np.cos(x)
            x_bar_each[lane] = x_bar
            e_bar_each[lane] = 0.0
            m_bar_sum_each[lane] = 0.0
        bound = -1
        for lane in range(size):
            k = k_each[lane]
            bound2 = k - 1
            bound_each[lane] = bound2
            bound = max(bound, bound2)
        for j in range(bound, -1, -1):
            for lane in range(size):
                x_bar = x_bar_each[lane]
                i = first + lane
                e_bar2 = e_bar_each[lane]
                m_bar_sum = m_bar_sum_each[lane]
                bound = bound_each[lane]
                if j <= bound:
                    # d = (x - e * np.sin(x) - m[i]) / (1.0 - e * np.cos(x))
                    x = x_tape[j, lane]
                    cos_x = np.cos(x)
                    t = 1.0 - e * cos_x
                    v_bar = -(x_bar / t)
                    sin_x = np.sin(x)
                    v_bar2 = (x - e * sin_x - m[i]) / t * v_bar
                    x_bar += v_bar - e * cos_x * v_bar - e * sin_x * v_bar2
                    e_bar2 += cos_x * v_bar2 - sin_x * v_bar
                    m_bar_sum -= v_bar
                    x_bar_each[lane] = x_bar
                    e_bar_each[lane] = e_bar2
                    m_bar_sum_each[lane] = m_bar_sum
        for lane in range(size):
            i = first + lane
            m_bar_sum = m_bar_sum_each[lane]
            x_bar = x_bar_each[lane]
            e_bar2 = e_bar_each[lane]
            # d = (x - e * np.sin(x) - m[i]) / (1.0 - e * np.cos(x)) ; x = m[i]
            m_bar[i] = m_bar_sum + x_bar
            e_bar += e_bar2
    return e_bar, m_bar
