"""`implicit`: functions that are known by the equation that their value solves.

Goal: the derivative of a root or a fixed point by the implicit function theorem, in both modes and all orders, whatever
the solver does: `residual(x, *args) = 0` gives `x_dot = -(d residual / dx)^-1 (d residual / d args) args_dot`.  The
solver itself is never differentiated.  Non-goals: solving; large or structured systems, of which the dense Jacobian is
no option.

Method: Griewank & Walther, *Evaluating Derivatives* (2nd ed.), chapter 15; Christianson, *Reverse accumulation and
implicit functions* (1998).
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from adcompile import pipeline
from adcompile.api.calling import TEXT
from adcompile.api.custom import Python, Tangent
from adcompile.api.kept import Kept, active_positions
from adcompile.api.signatures import identifier, name_of
from adcompile.api.through import all_floats, moved, named
from adcompile.backend.compile import compiled
from adcompile.backend.emit import Emitted
from adcompile.errors import InvalidArgument, refuse
from adcompile.frontend.source import python_function
from adcompile.ir.opaque import Reverse
from adcompile.ir.show import shown_type
from adcompile.ir.types import Array, Scalar, Type, is_float


class implicit(Tangent):
    """The function `solver`, with the derivative of what solves `residual(x, *args) = 0`.

    `solver(*args)` gives `x`: a float, or a vector of floats.  `residual(x, *args)` is zero there, and of the type and
    shape of `x`; for a fixed point `x = g(x, args)` it is `x - g(x, args)`.  Derivatives are by those of `args` that
    are floats and arrays of floats.  The slope of the residual by `x` has to be invertible: `LinAlgError` is raised, or
    a number is infinite, where it is not.  A gradient runs the solver once.  How exact derivatives are depends on how
    exact the solution is.

    >>> def solve(a):
    ...     x = 1.0
    ...     while abs(x * x - a) > 1e-12:
    ...         x = 0.5 * (x + a / x)
    ...     return x
    >>> def is_root(x, a):
    ...     return x * x - a
    >>> root = implicit(solve, is_root)
    >>> from adcompile import grad
    >>> round(grad(root, jit=False)(4.0), 12), round(grad(grad(root, jit=False), jit=False)(4.0), 12)
    (0.25, -0.03125)
    """

    kind = "implicit"

    def __init__(self, solver: Python, residual: Python) -> None:
        super().__init__(solver)
        self.residual = residual
        given = len(inspect.signature(python_function(residual), follow_wrapped=False).parameters)
        taken = len(self.signature.parameters)
        if given != taken + 1:
            message = f"implicit of {self.__name__}: {name_of(residual)} takes {given} arguments, and has to take "
            raise InvalidArgument(f"{message}{taken + 1}: the solution, and what the solver is given")
        self._rules: dict[tuple[Type, ...], Kept] = {}

    def described(self) -> tuple[object, ...]:
        return self.primal, self.residual

    def rule_for(self, arguments: tuple[Type, ...]) -> Kept:
        if arguments not in self._rules:
            self._rules[arguments] = Kept(self._rule(arguments))
        return self._rules[arguments]

    def reverse(self, arguments: tuple[Type, ...], active: Sequence[bool]) -> Reverse:
        by = active_positions(active)
        pullback = self.transposed(arguments, by)
        return Reverse(lambda args, value, seed: pullback.call(*args, value, seed), by, of_value=True)

    def with_value(self, arguments: tuple[Type, ...], by: tuple[int, ...]) -> tuple[Python, tuple[Type, ...]]:
        """The tangent at a solution that is known: the solver does not run again."""
        params, dots = named(len(arguments), by)
        tangents = moved(params, arguments, by)
        name, solution = identifier(self.__name__), self.result(arguments)
        text = f"def {name}({', '.join([*params, 'value', *dots])}):\n"
        text += f"    return tangent({', '.join(['value', *params, *self._moved(arguments, tangents)])})\n"
        imports = {"tangent": self._tangent(arguments), "np": np}
        return compiled(name, Emitted(text, imports), TEXT).python, (solution,)

    def _moved(self, arguments: tuple[Type, ...], parts: Sequence[Any]) -> list[Any]:
        """Of one thing for each argument, those of arguments of floats."""
        return [part for part, type_ in zip(parts, arguments, strict=True) if all_floats(type_)]

    def _rule(self, arguments: tuple[Type, ...]) -> Python:
        params = [f"x{number}" for number in range(len(arguments))]
        dots = self._moved(arguments, [f"tangents[{number}]" for number in range(len(arguments))])
        name = identifier(self.__name__)
        lines = [f"def {name}_jvp(primals, tangents):"]
        lines += [f"    {param} = primals[{number}]" for number, param in enumerate(params)]
        lines.append(f"    x = solution({', '.join(params)})")
        lines.append(f"    return x, tangent({', '.join(['x', *params, *dots])})")
        imports = {"solution": self, "tangent": self._tangent(arguments)}
        return compiled(f"{name}_jvp", Emitted("\n".join(lines) + "\n", imports), TEXT).python

    def _tangent(self, arguments: tuple[Type, ...]) -> Python:
        """The tangent of the solution, as a function of that, of the arguments and of the tangents of these."""
        solution = self.result(arguments)
        self._check(solution, arguments)
        names = list(inspect.signature(python_function(self.residual), follow_wrapped=False).parameters)
        types = (solution, *arguments)
        imports: dict[str, Any] = {
            "np": np,
            "slope": self._tangents(types, (names[0],)),
            "change": self._tangents(types, tuple(self._moved(arguments, names[1:]))),
        }
        given = ", ".join(params := [f"x{number}" for number in range(len(arguments))])
        dots = ", ".join(self._moved(arguments, [f"{param}_dot" for param in params]))
        name = f"{identifier(self.__name__)}_tangent"
        lines = [f"def {name}(x, {given}, {dots}):"]
        if isinstance(solution, Scalar):
            lines.append(f"    return -change(x, {given}, {dots}) / slope(x, {given}, 1.0)")
        else:
            lines += [
                "    n = x.shape[0]",
                "    jacobian = np.empty((n, n))",
                "    for j in range(n):",
                "        along = np.zeros(n)",
                "        along[j] = 1.0",
                f"        jacobian[:, j] = slope(x, {given}, along)",
                f"    return np.linalg.solve(jacobian, -change(x, {given}, {dots}))",
            ]
        return compiled(name, Emitted("\n".join(lines) + "\n", imports), TEXT).python

    def _check(self, solution: Type, arguments: tuple[Type, ...]) -> None:
        vector = isinstance(solution, Array) and solution.ndim == 1
        if not is_float(solution) or not (vector or isinstance(solution, Scalar)):
            raise refuse("wrong-derivative-type", f"`{self.__name__}` returns {shown_type(solution)}",
                         hint="a solution is a float or a vector of floats: ravel what has more axes")  # fmt: skip
        found = Kept(self.residual).result((solution, *arguments))
        if found != solution:
            raise refuse("wrong-derivative-type",
                         f"`{name_of(self.residual)}` returns {shown_type(found)} where the solution is "
                         f"{shown_type(solution)}", hint="there are as many equations as unknowns")  # fmt: skip

    def _tangents(self, types: tuple[Type, ...], wrt: tuple[str, ...]) -> Python:
        """The tangent of the residual along tangents of some parameters, which follow the others."""
        outcome = pipeline.run(pipeline.Job(self.residual, types, "tangents", wrt))
        return compiled(outcome.name, outcome.undivided, TEXT).python
