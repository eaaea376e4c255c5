"""An outbreak of influenza, fitted with compiled derivatives: how it spread, how fast, and how sure one may be.

In January 1978 influenza went through an English boarding school of 763 boys.  The counts are the boys confined to
bed on each of 14 days from 22 January: "Influenza in a boarding school", British Medical Journal, 4 March 1978, p. 587.

    python examples/influenza.py [picture.png]
"""

import sys
from time import perf_counter

import numpy as np
from matplotlib.figure import Figure
from numba import njit
from scipy.optimize import minimize

from adcompile import grad, jvp, value_and_grad

BOYS = 763.0
IN_BED = np.array([3, 8, 26, 76, 225, 298, 258, 233, 189, 128, 68, 29, 14, 4], dtype=float)
STEPS = 8  # Runge-Kutta steps a day


@njit
def infections(healthy, ill, beta):
    """How many boys a day fall ill."""
    return beta * healthy * ill / BOYS


@njit
def epidemic(theta, days, steps):
    """How many boys are ill after each step of the SIR model: Runge-Kutta's method, on a state updated in place."""
    beta = np.exp(theta[0])
    gamma = np.exp(theta[1])
    h = 1.0 / steps
    state = np.zeros(3, theta.dtype)  # healthy, ill, immune
    state[1] = np.exp(theta[2])
    state[0] = BOYS - state[1]
    ill = np.empty((days - 1) * steps + 1, theta.dtype)
    ill[0] = state[1]
    for t in range(1, ill.shape[0]):
        s = state[0]
        i1 = state[1]
        f1 = infections(s, i1, beta)
        i2 = i1 + 0.5 * h * (f1 - gamma * i1)
        f2 = infections(s - 0.5 * h * f1, i2, beta)
        i3 = i1 + 0.5 * h * (f2 - gamma * i2)
        f3 = infections(s - 0.5 * h * f2, i3, beta)
        i4 = i1 + h * (f3 - gamma * i3)
        f4 = infections(s - h * f3, i4, beta)
        fallen_ill = h / 6.0 * (f1 + 2.0 * f2 + 2.0 * f3 + f4)
        got_well = h / 6.0 * gamma * (i1 + 2.0 * i2 + 2.0 * i3 + i4)
        state[0] -= fallen_ill
        state[1] += fallen_ill - got_well
        state[2] += got_well
        ill[t] = state[1]
    return ill


@njit
def misfit(theta, counts, steps):
    """Minus the log-likelihood: the square root of a count is normal around that of the model, with one spread."""
    ill = epidemic(theta, counts.shape[0], steps)
    spread = np.exp(theta[3])
    total = 0.0
    for day in range(counts.shape[0]):
        residual = (np.sqrt(counts[day]) - np.sqrt(ill[day * steps])) / spread
        total += 0.5 * residual**2 + theta[3]
    return total


def by_differences(theta, step):
    """The gradient by central differences, of the compiled misfit."""
    ends = [(theta + step * e, theta - step * e) for e in np.eye(theta.size)]
    return np.array([misfit(up, IN_BED, STEPS) - misfit(down, IN_BED, STEPS) for up, down in ends]) / (2.0 * step)


def microseconds(call, *args, tries=500):
    """The median time of a call."""
    times = np.empty(tries)
    for k in range(tries):
        clock = perf_counter()
        call(*args)
        times[k] = perf_counter() - clock
    return 1e6 * np.median(times)


# ---------------------------------------------------- the fit, of the logarithms of beta, gamma, first cases and spread
start = np.log([2.0, 0.5, 1.0, 1.0])
both, gradient, curvature = value_and_grad(misfit), grad(misfit), jvp(grad(misfit), wrt="theta")
asked = perf_counter()
both(start, IN_BED, STEPS)
compiled = perf_counter()
fit = minimize(both, start, args=(IN_BED, STEPS), jac=True, method="BFGS", options={"gtol": 1e-6})
fitted = perf_counter()
theta, (beta, gamma, first, noise) = fit.x, np.exp(fit.x)

# ------------------------------------------------------ how sure: the inverse of the Hessian, made forward over reverse
hessian = np.array([curvature((theta, IN_BED, STEPS), (e,))[1] for e in np.eye(4)])
covariance = np.linalg.inv(hessian)
sd = np.sqrt(np.diag(covariance))
sd_ratio = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1])  # of log(beta / gamma)
print(gradient.source_for(theta, IN_BED, STEPS))
print(f"value and gradient compiled in {compiled - asked:.1f} s")
print(f"fitted in {1e3 * (fitted - compiled):.1f} ms: {fit.nit} iterations, {fit.nfev} gradients\n")
print(f"a sick boy infects   {beta:6.3f} +- {beta * sd[0]:.3f} a day while nearly all are healthy")
print(f"he stays sick for    {1 / gamma:6.3f} +- {sd[1] / gamma:.3f} days")
print(f"R0 = beta / gamma    {beta / gamma:6.3f} +- {beta / gamma * sd_ratio:.3f}")
print(f"sick on 22 January   {first:6.3f} +- {first * sd[2]:.3f} boys\n")

# ------------------- beside finite differences, with the best of eight steps; the truth is the complex step's, in NumPy
truth = np.array([misfit.py_func(start + 1e-30j * e, IN_BED, STEPS).imag / 1e-30 for e in np.eye(4)])
off = {step: np.max(np.abs(by_differences(start, step) - truth)) for step in 10.0 ** np.arange(-9, -1)}
step = min(off, key=off.get)
inexact, error = np.array([off[step], np.max(np.abs(gradient(start, IN_BED, STEPS) - truth))]) / np.max(np.abs(truth))
print(f"compiled misfit      {microseconds(misfit, start, IN_BED, STEPS):6.1f} us")
print(f"compiled gradient    {microseconds(gradient, start, IN_BED, STEPS):6.1f} us, relative error {error:.0e}")
print(f"central differences  {microseconds(by_differences, start, step):6.1f} us, relative error {inexact:.0e}\n")

# -------------------------------------------------------- data, fit and 95 % band: the spread of a count and of the fit
ill = epidemic(theta, IN_BED.size, STEPS)
slope = jvp(epidemic, wrt="theta")
slopes = [slope((theta, IN_BED.size, STEPS), (e,))[1] for e in np.eye(4)] / (2.0 * np.sqrt(ill))
sigma = np.sqrt(noise**2 + np.sum(slopes * (covariance @ slopes), axis=0))
low, high = np.maximum(np.sqrt(ill) - 1.96 * sigma, 0.0) ** 2, (np.sqrt(ill) + 1.96 * sigma) ** 2
inside = np.sum(np.clip(IN_BED, low[::STEPS], high[::STEPS]) == IN_BED)
print(f"{inside} of the {IN_BED.size} counts lie within the 95 % band")

figure = Figure(figsize=(7, 4), layout="constrained")
axes = figure.subplots()
day = 22 + np.arange(ill.size) / STEPS
axes.fill_between(day, low, high, color="tab:blue", alpha=0.2, lw=0, label="95 % band of a day's count")
axes.plot(day, ill, color="tab:blue", label=f"SIR model, R0 = {beta / gamma:.2f} ± {beta / gamma * sd_ratio:.2f}")
axes.plot(day[::STEPS], IN_BED, "o", color="black", label="boys in bed (BMJ, 4 March 1978)")
axes.set(xlabel="day of January 1978", ylabel="boys", ylim=0)
axes.legend(frameon=False, loc="upper right")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "influenza.png", dpi=120)

assert np.max(np.abs(gradient(theta, IN_BED, STEPS))) < 1e-4, fit.message
assert error < 1e-12 and inexact < 1e-6
assert np.allclose(hessian, hessian.T, rtol=1e-10, atol=1e-9) and np.all(np.linalg.eigvalsh(hessian) > 0.0)
assert inside >= 12
