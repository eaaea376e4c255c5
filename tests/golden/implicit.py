def of_root_grad(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    a_bar = x + a / (x + x)
    return a_bar
