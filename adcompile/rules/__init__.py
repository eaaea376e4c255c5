"""Differentiation rules: importing the package registers those that adcompile comes with.

Five words register more, for functions whose source cannot be read, or shall not be: `elementwise` (partial
derivatives of a function of numbers), `constant` (no derivative), `linear` (its transpose), `pullback` and
`pushforward` (reverse and forward mode of a function of arrays).  A rule is registered before the first derivative of
what uses the function is made.  Numba has to know the function: compiled code calls it, and its types are Numba's.

>>> import numpy as np
>>> from numba import njit
>>> from adcompile import grad
>>> @njit
... def smooth_step(x):
...     return x * x * (3.0 - 2.0 * x)
>>> elementwise(smooth_step, lambda x, y: 6.0 * x * (1.0 - x))
>>> round(grad(lambda x: smooth_step(x) ** 2, jit=False)(0.5), 12)
1.5
"""

from adcompile.rules import complex_numbers as complex_numbers
from adcompile.rules import constants as constants
from adcompile.rules import elementwise as shipped  # the file; the word of this name is the registry's
from adcompile.rules.registry import constant, elementwise, linear, pullback, pushforward, ship

ship()

__all__ = ["constant", "constants", "elementwise", "linear", "pullback", "pushforward", "shipped"]
