"""Five functions that stand for what people write: the goldens are their derivatives."""

import numpy as np

from tests.corpus.registry import case, vector


@case(vector(6), jit=True)
def rosenbrock(x):
    s = 0.0
    for i in range(x.shape[0] - 1):
        a = x[i + 1] - x[i] ** 2
        b = 1.0 - x[i]
        s += 100.0 * a ** 2 + b ** 2
    return s


@case(0.3, 0.7, 1.2, 20, 0.05, wrt=("q", "p", "k"), jit=True)
@case(0.3, 0.7, 1.2, 5, 0.05)
@case(0.3, 0.7, 1.2, 0, 0.05, wrt=("q", "p", "k"))
def pendulum(q, p, k, n, h):
    for i in range(n):
        p = p - h * k * np.sin(q)
        q = q + h * p
    return 0.5 * p ** 2 - k * np.cos(q)


@case(vector(7), 4, jit=True)
@case(vector(2), 3)
def smooth(u, steps):
    n = u.shape[0]
    for t in range(steps):
        for i in range(1, n - 1):
            u[i] = u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1]) - 0.05 * u[i] * (u[i + 1] - u[i - 1])
    return np.sum(u ** 2)


# Newton stops at a tolerance: the derivative of the iteration is that of the solution to its square root only.
@case(0.4, np.linspace(0.1, 3.0, 5), jit=True, analytic=False)
def kepler(e, m):
    s = 0.0
    for i in range(m.shape[0]):
        x = m[i]
        d = 1.0
        while abs(d) > 1e-12:
            d = (x - e * np.sin(x) - m[i]) / (1.0 - e * np.cos(x))
            x = x - d
        s += np.sin(x)
    return s


@case(vector(3), vector(3, shift=1.0), 2.0 * vector(6, shift=2.0), wrt=("mu", "logw"), jit=True, analytic=False)
@case(vector(3), vector(3, shift=1.0), 2.0 * vector(4, shift=2.0), analytic=False)
def log_mixture(mu, logw, x):
    total = 0.0
    for i in range(x.shape[0]):
        t = np.empty(mu.shape[0])
        top = -np.inf
        for k in range(mu.shape[0]):
            t[k] = logw[k] - 0.5 * (x[i] - mu[k]) ** 2
            top = max(top, t[k])
        s = 0.0
        for k in range(mu.shape[0]):
            s += np.exp(t[k] - top)
        total += top + np.log(s)
    return total
