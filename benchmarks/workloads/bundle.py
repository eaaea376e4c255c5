"""Bundle adjustment, as in the ADBench suite (Srajer, Kukelova & Fitzgibbon 2018): for each observation, the 2 x 15
block of the Jacobian of the weighted reprojection error by 11 camera parameters, 3 of the point and the weight."""

from __future__ import annotations

from functools import partial

import numpy as np
from numba import njit

from adcompile import jacobian
from benchmarks.workload import Workload, by_hand


def residual(p, feature):
    """`p`: rotation vector (3), centre (3), focal length, principal point (2), distortion (2), point (3), weight."""
    s = p[0] * p[0] + p[1] * p[1] + p[2] * p[2] + 1e-20
    theta = np.sqrt(s)
    cos, sin = np.cos(theta), np.sin(theta) / theta
    a, b, c = p[11] - p[3], p[12] - p[4], p[13] - p[5]
    along = (p[0] * a + p[1] * b + p[2] * c) * (1.0 - cos) / s
    x = a * cos + (p[1] * c - p[2] * b) * sin + p[0] * along
    y = b * cos + (p[2] * a - p[0] * c) * sin + p[1] * along
    z = c * cos + (p[0] * b - p[1] * a) * sin + p[2] * along
    x, y = x / z, y / z
    r2 = x * x + y * y
    bend = 1.0 + p[9] * r2 + p[10] * r2 * r2
    out = np.empty(2)
    out[0] = p[14] * (p[6] * x * bend + p[7] - feature[0])
    out[1] = p[14] * (p[6] * y * bend + p[8] - feature[1])
    return out


block = jacobian(residual, out=True)


@njit(fastmath={"reassoc"}, error_model="numpy")
def blocks(parameters, features):
    """The block of every observation: a derivative is called in compiled code like any function."""
    out = np.empty((parameters.shape[0], 2, 15))
    for i in range(parameters.shape[0]):
        block(parameters[i], features[i], out[i])
    return out


def residuals(parameters, features):
    out = np.empty((parameters.shape[0], 2))
    for i in range(parameters.shape[0]):
        out[i] = _residual(parameters[i], features[i])
    return out


_residual = njit(residual)


@by_hand
def hand(parameters, features):
    out = np.empty((parameters.shape[0], 2, 15))
    for i in range(parameters.shape[0]):
        p = parameters[i]
        s = p[0] * p[0] + p[1] * p[1] + p[2] * p[2] + 1e-20
        theta = np.sqrt(s)
        over_theta = 1.0 / theta
        over_s = over_theta * over_theta
        cos, sin = np.cos(theta), np.sin(theta) * over_theta
        a, b, c = p[11] - p[3], p[12] - p[4], p[13] - p[5]
        dot = p[0] * a + p[1] * b + p[2] * c
        rate = (1.0 - cos) * over_s
        along = dot * rate
        u, v, w = p[1] * c - p[2] * b, p[2] * a - p[0] * c, p[0] * b - p[1] * a
        x = a * cos + u * sin + p[0] * along
        y = b * cos + v * sin + p[1] * along
        z = c * cos + w * sin + p[2] * along
        over = 1.0 / z
        xn, yn = x * over, y * over
        r2 = xn * xn + yn * yn
        bend = 1.0 + p[9] * r2 + p[10] * r2 * r2
        slope = p[9] + 2.0 * p[10] * r2
        weight, focal = p[14], p[6]
        scale = weight * focal
        # by the normalised coordinates, then by the rotated point
        xx = scale * (bend + 2.0 * slope * xn * xn)
        xy = scale * 2.0 * slope * xn * yn
        yy = scale * (bend + 2.0 * slope * yn * yn)
        first = xx * over, xy * over, -(xx * xn + xy * yn) * over
        rows = (first, (xy * over, yy * over, -(xy * xn + yy * yn) * over))
        # derivatives of sin(t)/t, cos(t) and (1 - cos t)/t^2 by half of t^2
        dcos = -sin
        dsin = (cos - sin) * over_s
        drate = (sin - 2.0 * rate) * over_s
        for row in range(2):
            gx, gy, gz = rows[row]
            gp = p[0] * gx + p[1] * gy + p[2] * gz
            shared = (
                dcos * (a * gx + b * gy + c * gz) + dsin * (u * gx + v * gy + w * gz) + dot * drate * gp
            )
            out[i, row, 0] = shared * p[0] + sin * (b * gz - c * gy) + along * gx + rate * a * gp
            out[i, row, 1] = shared * p[1] + sin * (c * gx - a * gz) + along * gy + rate * b * gp
            out[i, row, 2] = shared * p[2] + sin * (a * gy - b * gx) + along * gz + rate * c * gp
            ga = cos * gx + sin * (p[2] * gy - p[1] * gz) + rate * p[0] * gp
            gb = cos * gy + sin * (p[0] * gz - p[2] * gx) + rate * p[1] * gp
            gc = cos * gz + sin * (p[1] * gx - p[0] * gy) + rate * p[2] * gp
            out[i, row, 3], out[i, row, 4], out[i, row, 5] = -ga, -gb, -gc
            out[i, row, 11], out[i, row, 12], out[i, row, 13] = ga, gb, gc
            q = xn if row == 0 else yn
            out[i, row, 6] = weight * q * bend
            out[i, row, 7] = weight if row == 0 else 0.0
            out[i, row, 8] = weight if row == 1 else 0.0
            out[i, row, 9] = scale * q * r2
            out[i, row, 10] = scale * q * r2 * r2
            out[i, row, 14] = focal * q * bend + p[7 + row] - features[i, row]
    return out


def _of(xp, p, feature):
    s = p[0] * p[0] + p[1] * p[1] + p[2] * p[2] + 1e-20
    theta = xp.sqrt(s)
    cos, sin = xp.cos(theta), xp.sin(theta) / theta
    a, b, c = p[11] - p[3], p[12] - p[4], p[13] - p[5]
    along = (p[0] * a + p[1] * b + p[2] * c) * (1.0 - cos) / s
    x = a * cos + (p[1] * c - p[2] * b) * sin + p[0] * along
    y = b * cos + (p[2] * a - p[0] * c) * sin + p[1] * along
    z = c * cos + (p[0] * b - p[1] * a) * sin + p[2] * along
    x, y = x / z, y / z
    r2 = x * x + y * y
    bend = 1.0 + p[9] * r2 + p[10] * r2 * r2
    return p[14] * (p[6] * x * bend + p[7] - feature[0]), p[14] * (p[6] * y * bend + p[8] - feature[1])


def jax(parameters, features):
    import jax
    import jax.numpy as jnp

    derivative = jax.jit(jax.vmap(jax.jacrev(lambda p, f: jnp.stack(_of(jnp, p, f)))))
    parameters, features = jnp.asarray(parameters), jnp.asarray(features)
    return lambda: jax.block_until_ready(derivative(parameters, features))


def _in_torch(wrap, parameters, features):
    import torch

    derivative = wrap(torch.func.vmap(torch.func.jacrev(lambda p, f: torch.stack(_of(torch, p, f)))))
    parameters, features = torch.tensor(parameters), torch.tensor(features)
    return lambda: derivative(parameters, features).detach().numpy()


def torch(*args):
    return _in_torch(lambda f: f, *args)


def torch_compiled(*args):
    import torch

    return _in_torch(torch.compile, *args)


def autograd(parameters, features):
    import autograd
    import autograd.numpy as anp

    derivative = autograd.jacobian(lambda p, f: anp.array(_of(anp, p, f)))
    return lambda: np.stack([derivative(p, f) for p, f in zip(parameters, features, strict=True)])


def casadi(parameters, features):
    import casadi as ca

    p, f = ca.SX.sym("p", 15), ca.SX.sym("f", 2)
    one = ca.Function("one", [p, f], [ca.jacobian(ca.vertcat(*_of(ca, p, f)), p)])
    every = one.map(len(parameters))

    def run():
        flat = np.asarray(every(parameters.T, features.T))
        return flat.reshape(2, len(parameters), 15).transpose(1, 0, 2)

    return run


def _views(n):
    rng = np.random.default_rng(9)
    parameters = rng.standard_normal((n, 15))
    parameters[:, 6] = 500.0
    parameters[:, 9:11] *= 0.01
    parameters[:, 13] += 8.0
    parameters[:, :3] *= 0.3
    return parameters, rng.standard_normal((n, 2))


WORKLOADS = [
    Workload(
        "Bundle adjustment, 1,000 blocks of 2 x 15", residuals, blocks, hand, partial(_views, 1000), partial(_views, 5),
        {"jax": jax, "torch": torch, "torch compiled": torch_compiled, "autograd": autograd, "casadi": casadi},
    )
]  # fmt: skip
