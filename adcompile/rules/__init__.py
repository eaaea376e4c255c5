"""Differentiation rules: importing the package registers them all."""

from adcompile.rules import complex_numbers as complex_numbers
from adcompile.rules import constants as constants
from adcompile.rules import elementwise as elementwise
from adcompile.rules.registry import ship

ship()
