"""Complex numbers: in between, as arguments, as results; what is not analytic keeps the complex step away from all."""

import cmath
import math

import numpy as np

from tests.corpus.registry import case, complex_vector, positive, vector

Z = 0.6 + 0.8j


# ------------------------------------------------------------------------------------------ real in, real out
@case(1.0, 2.0, 3.0, 0.7, analytic=False)
def impedance(r, h, c, w):
    z = r + 1j * (w * h - 1.0 / (w * c))
    return abs(z)


@case(0.3, 0.4, analytic=False)
def parts(x, y):
    z = complex(x, y)
    w = np.exp(1j * z) * z.conjugate() / (1.0 + z**2)
    return w.real**2 + 3.0 * w.imag + cmath.phase(w) + np.angle(z) + abs(w) * x


@case(-0.3, 0.7, analytic=False)
@case(0.3, 1.2, analytic=False, twice=False)
def every_function(x, y):
    z = x + 1j * y
    s = np.sqrt(z) + np.exp(z) + np.log(z) + np.sin(z) * np.cos(z) + np.tan(z) + np.square(z) + np.reciprocal(z)
    s += np.sinh(z) * np.cosh(z) + np.tanh(z) + np.log10(z) + np.log1p(z) + np.expm1(z) + np.log2(z) + np.exp2(z)
    s += np.arcsin(z) + np.arccos(z) * np.arctan(z) + np.arcsinh(z) + np.arccosh(z) + np.arctanh(z)
    return s.real - 0.7 * s.imag


@case(-0.3, -1.2, analytic=False, twice=False)
@case(0.3, 0.0, analytic=False, twice=False)
def every_function_of_cmath(x, y):
    z = complex(x, y)
    s = cmath.sqrt(x - 2.0) * cmath.sqrt(z) + cmath.exp(z) + cmath.log(z + 1.7) + cmath.sin(z) * cmath.cos(z)
    s += cmath.tan(z) + cmath.sinh(z) * cmath.cosh(z) + cmath.tanh(z) + cmath.log10(z + 2.0) + cmath.log(z + 3.0, 2.0)
    s += cmath.asin(z) + cmath.acos(z) * cmath.atan(z) + cmath.asinh(z) + cmath.acosh(z + 0.5j) + cmath.atanh(z)
    r, phi = cmath.polar(s)
    t = cmath.rect(r, 0.5 * phi)
    return t.real + 2.0 * t.imag + cmath.phase(z + 1.0 + 1j)


@case(0.7, 1.3, analytic=False)
def powers(x, p):
    z = x + 0.5j
    a = z**2 + z**3 + z**-2 + z**0.5 + z**p + p**z + z**z + 2.0**z + (-x) ** z + z ** (1j * p)
    return a.real * a.imag


@case(0.7, analytic=False)
def power_of_nothing(x):
    z = (x - 0.7) * 1j
    a = z**2 + z**1 + z**0 + (z + 1.0) ** 0
    return a.real + a.imag + 3.0 * x


@case(0.7, 0.4, analytic=False)
def squares(x, y):
    z = x - 1j * y
    return abs(z) ** 2 + (z * z.conjugate()).real + (z * np.conj(z**2)).imag


@case(0.7, 0.4, analytic=False)
def of_real_numbers(x, y):
    return x.real * y.conjugate() + np.real(x) + np.imag(y) * x + np.conj(x) + np.angle(x + 0j) + np.abs(complex(y))


@case(1.1, 0.3, analytic=False)
def chosen(x, y):
    z = x + 1j * y if x > 1.0 else x
    w = z * 1j
    if abs(w) > 0.5:
        w = w * w
    else:
        w = y
    return abs(w + x)


@case(0.4, 0.9, 5, analytic=False, jit=True)
@case(0.4, 0.9, 0, analytic=False, twice=False)
def damped_wave(k, w, n):
    s = 0.0
    z = 1.0
    for i in range(n):
        z = z * np.exp(1j * k - 0.1 * w) + 0.1 * w
        s = s + abs(z) * np.cos(i * k)
    return s + z.real


@case(0.31, 0.12, analytic=False)
def escapes(x, y):
    z = 0j
    c = complex(x, y)
    n = 0
    while abs(z) < 2.0 and n < 9:
        z = z * z + c
        n += 1
    return z.real - z.imag * abs(z)


@case(0.55, 1.4, 0.3, analytic=False, twice=False)
def thin_film(d, n, angle):
    ki = np.sqrt(n**2 - np.sin(angle) ** 2 + 0.05j)
    delta = 2.0 * math.pi * ki * d
    m00, m01 = np.cos(delta), 1j * np.sin(delta) / ki
    m10, m11 = 1j * ki * np.sin(delta), np.cos(delta)
    b, c = m00 + m01 * 1.5, m10 + m11 * 1.5
    q = math.cos(angle)
    r = (q * b - c) / (q * b + c)
    return (r * r.conjugate()).real


# ------------------------------------------------------------------------------------------ arrays
@case(vector(3), 0.8, analytic=False)
def fourier_coefficient(x, w):
    s = 0j
    for i in range(x.shape[0]):
        s += x[i] * np.exp(-1j * w * i)
    return s.real**2 + s.imag**2


@case(vector(3), vector(3, shift=1.0), analytic=False, twice=False)
def whole_arrays(x, y):
    z = x + 1j * y
    w = np.exp(z) * z.conj() / (2.0 + np.abs(z))
    return np.sum(np.abs(w) ** 2) + np.sum(w.real * x) - np.mean(w).imag + np.real(np.vdot(z, w)) + np.linalg.norm(z)


@case(vector(4), analytic=False)
def stored(x):
    a = np.zeros(4, dtype=complex)
    b = np.empty(4, dtype=np.complex128)
    for i in range(4):
        a[i] = x[i]
        b[i] = 1j * x[i] ** 2
        a[i] += b[i] * x[3 - i]
        b[i] += x[i]
        b[i] *= a[i]
    a[1:3] = x[:2]
    return np.sum(np.abs(a) ** 2) + np.sum((a * b).real) + b[1].imag


@case(vector(2, 3), 0.6, analytic=False)
def transfer_matrices(n, k):
    m = np.eye(2, dtype=complex)
    for i in range(2):
        t = np.zeros((2, 2), complex)
        t[0, 0] = np.cos(k * n[i, 0])
        t[0, 1] = 1j * np.sin(k * n[i, 1])
        t[1, 0] = 1j * k * n[i, 2]
        t[1, 1] = t[0, 0]
        m = m @ t
    return abs(m[0, 0]) ** 2 + m[0, 1].imag


@case(vector(2, 3), vector(3), analytic=False, twice=False)
def products(a, v):
    z = a + 1j * np.cos(a)
    u = z @ (v * (1.0 + 0.5j))
    return np.abs(np.dot(u, u)) + np.abs(np.vdot(u, u + 1j)) + np.sum(np.outer(u, v).imag) + (z @ z.T).real[0, 1]


@case(positive(4), analytic=False)
def overwritten(x):
    z = x * (1.0 + 0.5j)
    for t in range(2):
        for i in range(1, 3):
            z[i] = z[i] * z[i - 1] * 0.5 + 0.3 * z[i + 1].conjugate()
    return np.sum(np.abs(z))


@case(vector(3), analytic=False, twice=False)
def variances(x):
    z = x * np.exp(1j * x)
    return np.var(z) + np.std(z) + np.linalg.norm(z) + np.sum(np.cumsum(z)).real + np.prod(z).imag


@case(0.3, vector(4), analytic=False)
def chosen_elements(a, x):
    z = np.where(x > a, x * 1j, 2.0 * x) + a
    z[x > 0.0] = a
    return np.sum(np.abs(z) ** 2)


# ------------------------------------------------------------------------------------------ complex in
@case(Z, analytic=False)
def of_complex(z):
    w = z * z
    return (w * w.conjugate()).real + z.imag + abs(z) * cmath.phase(z)


@case(Z, 0.3, analytic=False)
def of_both(z, x):
    return abs(z * x + 1j) + (z**x).real + np.imag(x * z)


@case(complex_vector(3), vector(3), analytic=False, jit=True)
def of_complex_array(z, x):
    s = 0.0
    for i in range(3):
        z[i] = z[i] * x[i] + np.conj(z[0])
        s += abs(z[i]) ** 2 - z[i].imag
    return s


@case(complex_vector(2, 2), complex_vector(2, shift=0.4), analytic=False)
def quadratic_form(a, z):
    return np.real(np.vdot(z, a @ z)) + np.sum((a @ a).imag)


@case(complex_vector(4, dtype=np.complex64), vector(4, dtype=np.float32), analytic=False, twice=False)
def in_single_precision(z, x):
    s = 0.0
    for i in range(4):
        z[i] = z[i] * x[i] * 2.0
        s += abs(z[i]) ** 2
    return s + np.sum(z * x).real


# ------------------------------------------------------------------------------------------ complex out
@case(0.4, 1.2, analytic=False)
def phasor(a, w):
    return a * np.exp(1j * w)


@case(vector(4), Z, analytic=False, jit=True)
def array_of_phasors(x, z):
    out = np.empty(4, dtype=complex)
    for i in range(4):
        out[i] = z * x[i] + z.conjugate() ** 2
    return out, abs(z), z.imag * 1j


# ------------------------------------------------------------------------------------------ Fourier transforms
@case(vector(4), analytic=False, jit=True)
def power_spectrum(x):
    s = np.fft.rfft(x)
    return np.sum(np.abs(s) ** 2 * np.arange(s.shape[0]))


@case(vector(3), 0.3, 2, analytic=False, twice=False)
def steps_in_frequency_space(u, a, n):
    for _ in range(n):
        s = np.fft.fft(u) * np.exp(-a * np.fft.fftfreq(u.shape[0]) ** 2)
        s[1] *= 0.5
        u = np.fft.ifft(s * s).real + u
    return np.sum(u * u)


# ------------------------------------------------------------------------------------------ memory
@case(vector(3), analytic=False, twice=False)
def conjugates_of_real_arrays(x):
    y = np.conjugate(x)
    y[0] = 5.0 * x[1]
    z = x.conj()
    z[1] = y[0] * x[2]
    return np.sum(x**2) + y[1] * z[0]


@case(vector(3), analytic=False, twice=False)
def parts_before_a_write(x):
    z = x * (1.0 + 1j)
    r, i = z.real, z.imag.copy()
    s = np.sum(r * i)
    z[0] = x[1]
    return s + np.sum(i) + abs(z[0])
