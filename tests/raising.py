"""Functions that raise exceptions (pytest would rewrite the `assert`s of a test file)."""


class OutOfRange(ValueError):
    pass


class Unconverged(Exception):
    def __init__(self, message, iterations=None, err=0.5, point=None):
        super().__init__(message, iterations, err, point)


LIMIT = "the limit"


def texts(x, n, kind):
    if n == 0:
        raise ValueError
    if n == 1:
        raise ValueError()
    if n == 2:
        raise OutOfRange("plain {text} 100%")
    if n == 3:
        raise ValueError(f"{x:.3f} of {n!r}, {kind} {{}} {x=}")
    if n == 4:
        raise ValueError("%5.1f%% of %d: %s" % (x, n, kind))  # noqa: UP031
    if n == 5:
        raise ValueError("{1} of {0:>4} {name:+.1f}".format(n, kind, name=x))  # noqa: UP032
    if n == 6:
        raise ValueError("x is " + str(x) + " above " + LIMIT)
    if n == 7:
        raise ValueError("several", x, n)
    if n == 8:
        raise TypeError(kind)
    if n == 9:
        raise ValueError(f"{x}" f" and {n + 1:03d}")
    if n == 12:
        raise Unconverged("no root", point=x, iterations=n)
    if n == 13:
        raise Unconverged(f"no root near {x}", err=x * n)
    assert n != 10
    assert n != 11, f"not {n}"
    return x * x * n
