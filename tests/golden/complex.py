def impedance_grad(r, w):
    t = 1.0 + 1j * w
    t2 = 1j * w / t
    z = r + t2
    # return abs(z) ** 2
    z_bar = 0.0 if abs(z) == 0 else z.conjugate() * (2.0 * abs(z) / abs(z))
    # z = r + 1j * w / (1.0 + 1j * w)
    r_bar = z_bar.real
    t = z_bar / t
    w_bar = -(t.imag + (1j * t2 * t).real)
    return r_bar, w_bar
