"""An influenza outbreak, fitted with compiled derivatives: what spread it, how fast, and how sure one may be.

In January 1978 influenza went through an English boarding school of 763 boys.  The counts are the boys confined to
bed on each of 14 days from 22 January: "Influenza in a boarding school", British Medical Journal, 4 March 1978, p. 587.

    python examples/influenza.py [picture.png]
"""

import sys
from time import perf_counter

import matplotlib
import numpy as np
from numba import njit
from scipy.optimize import minimize

from adcompile import grad, jvp, value_and_grad

matplotlib.use("Agg")
import matplotlib.pyplot as plt

BOYS = 763.0
IN_BED = np.array([3, 8, 26, 76, 225, 298, 258, 233, 189, 128, 68, 29, 14, 4], dtype=float)
STEPS = 8  # Runge-Kutta steps a day


def flow(state, beta, gamma, rate):
    """The SIR model: how many boys a day fall ill, and how many get well."""
    infections = beta * state[0] * state[1] / BOYS
    recoveries = gamma * state[1]
    rate[0] = -infections
    rate[1] = infections - recoveries


def epidemic(theta, days, steps):
    """The number of ill boys after each step, by the classical Runge-Kutta method, on a state updated in place."""
    beta = np.exp(theta[0])
    gamma = np.exp(theta[1])
    h = 1.0 / steps
    state = np.empty(2, theta.dtype)
    state[1] = np.exp(theta[2])
    state[0] = BOYS - state[1]
    k1, k2, k3, k4 = np.empty_like(state), np.empty_like(state), np.empty_like(state), np.empty_like(state)
    ill = np.empty((days - 1) * steps + 1, theta.dtype)
    ill[0] = state[1]
    for t in range((days - 1) * steps):
        flow(state, beta, gamma, k1)
        flow(state + 0.5 * h * k1, beta, gamma, k2)
        flow(state + 0.5 * h * k2, beta, gamma, k3)
        flow(state + h * k3, beta, gamma, k4)
        state += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        ill[t + 1] = state[1]
    return ill


def misfit(theta, counts, steps):
    """Minus the log-likelihood: the square root of a count is normal around that of the model, with one spread."""
    ill = epidemic(theta, counts.shape[0], steps)
    spread = np.exp(theta[3])
    total = 0.0
    for day in range(counts.shape[0]):
        residual = (np.sqrt(counts[day]) - np.sqrt(ill[day * steps])) / spread
        total += 0.5 * residual**2 + theta[3]
    return total


def by_differences(f, theta, step):
    return np.array([(f(theta + step * e) - f(theta - step * e)) / (2.0 * step) for e in np.eye(theta.size)])


def microseconds(call, tries=200):
    times = []
    for _ in range(tries):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return 1e6 * float(np.median(times))


# ------------------------------------------------------------------- the fit, on log beta, log gamma, log I0, log spread
start = np.log([2.0, 0.5, 1.0, 1.0])
value_and_gradient, gradient, hessian_column = value_and_grad(misfit), grad(misfit), jvp(grad(misfit), wrt="theta")
clock = perf_counter()
fit = minimize(value_and_gradient, start, args=(IN_BED, STEPS), jac=True, method="BFGS")
seconds = perf_counter() - clock
theta, beta, gamma, first = fit.x, *np.exp(fit.x[:3])

# ------------------------------------------------------------------- how sure: the inverse Hessian, forward over reverse
hessian = np.array([hessian_column((theta, IN_BED, STEPS), (e,))[1] for e in np.eye(4)])
covariance = np.linalg.inv(hessian)
deviation = np.sqrt(np.diag(covariance))
ratio = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1])  # of log(beta / gamma)
print(gradient.source_for(theta, IN_BED, STEPS))
print(f"fitted in {fit.nit} iterations, {fit.nfev} gradients, {seconds:.1f} s with compiling them")
print(f"a sick boy infects       {beta:7.3f} +- {beta * deviation[0]:.3f} a day while all are healthy")
print(f"boys stay sick for       {1 / gamma:7.3f} +- {deviation[1] / gamma:.3f} days")
print(f"R0 = beta / gamma        {beta / gamma:7.3f} +- {beta / gamma * ratio:.3f}")
print(f"sick on 22 January       {first:7.3f} +- {first * deviation[2]:.3f} boys")

# ------------------------------------------------------------------- beside finite differences; truth by complex step
compiled = njit(misfit)
truth = np.array([misfit(start + 1e-30j * e, IN_BED, STEPS).imag / 1e-30 for e in np.eye(4)])
error = np.max(np.abs(gradient(start, IN_BED, STEPS) - truth)) / np.max(np.abs(truth))
differences = {
    step: np.max(np.abs(by_differences(lambda v: compiled(v, IN_BED, STEPS), start, step) - truth)) / np.max(np.abs(truth))
    for step in 10.0 ** np.arange(-10, -2)
}
step = min(differences, key=differences.__getitem__)
time_value = microseconds(lambda: compiled(start, IN_BED, STEPS))
time_gradient = microseconds(lambda: gradient(start, IN_BED, STEPS))
time_differences = microseconds(lambda: by_differences(lambda v: compiled(v, IN_BED, STEPS), start, step))
print(f"\n{'':24} {'time':>10} {'relative error':>16}")
print(f"{'the function':24} {time_value:7.1f} us")
print(f"{'its compiled gradient':24} {time_gradient:7.1f} us {error:16.1e}")
print(f"{'central differences':24} {time_differences:7.1f} us {differences[step]:16.1e}  (the best step of 8: {step:.0e})")

# ------------------------------------------------------------------- data, fit and 95 % band
ill = epidemic(theta, IN_BED.size, STEPS)
tangents = [jvp(epidemic, wrt="theta")((theta, IN_BED.size, STEPS), (e,))[1] for e in np.eye(4)]
root_tangents = np.array(tangents) / (2.0 * np.sqrt(ill))
spread = np.sqrt(np.exp(2.0 * theta[3]) + np.einsum("it,ij,jt->t", root_tangents, covariance, root_tangents))
low, high = np.maximum(np.sqrt(ill) - 1.96 * spread, 0.0) ** 2, (np.sqrt(ill) + 1.96 * spread) ** 2
days = np.arange(ill.size) / STEPS + 22
plt.figure(figsize=(7, 4))
plt.fill_between(days, low, high, color="tab:blue", alpha=0.2, lw=0, label="95 % band for a day's count")
plt.plot(days, ill, color="tab:blue", label=f"SIR model, R0 = {beta / gamma:.2f}")
plt.plot(np.arange(IN_BED.size) + 22, IN_BED, "o", color="black", label="boys in bed (BMJ, 4 March 1978)")
plt.xlabel("day of January 1978")
plt.legend()
plt.savefig(sys.argv[1] if len(sys.argv) > 1 else __file__.replace(".py", ".png"), dpi=120, bbox_inches="tight")
inside = np.mean((low[::STEPS] <= IN_BED) & (IN_BED <= high[::STEPS]))
print(f"{inside:.0%} of the counts lie within the 95 % band")

assert fit.success or np.max(np.abs(fit.jac)) < 1e-4, fit.message
assert error < 1e-12 and np.allclose(hessian, hessian.T, rtol=1e-10, atol=1e-9)
assert np.all(np.linalg.eigvalsh(hessian) > 0.0) and inside >= 0.75
