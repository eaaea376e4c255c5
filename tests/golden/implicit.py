def of_root_grad(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    x_3 = a
    while abs(x_3 * x_3 - a) > 1e-12:
        x_3 = 0.5 * (x_3 + a / x_3)
    a_bar = x + a / (x_3 + x_3)
    return a_bar
