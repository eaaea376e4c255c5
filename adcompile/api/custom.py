"""`custom_vjp` and `custom_jvp`: functions whose derivative a user has written, by JAX's conventions.

Goal: the user's rules are functions of the language like any other: they are read, inlined where the derivative calls
them, and differentiated again for higher orders.  Both may be called, stepped through and jitted as they stand.
Non-goals: rules of numbers by a formula (`adcompile.rules.elementwise`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import MethodType
from typing import Any

import numpy as np

from adcompile import pipeline
from adcompile.api import through
from adcompile.api.calling import TEXT
from adcompile.api.kept import Kept, active_positions
from adcompile.api.signatures import identifier
from adcompile.api.through import all_floats, moved, named, tuple_text, zero
from adcompile.api.transposed import check_linear, transposed
from adcompile.backend.compile import compiled
from adcompile.backend.dispatch import numba_type_of
from adcompile.backend.emit import Emitted
from adcompile.errors import InvalidArgument, refuse
from adcompile.ir.nodes import Call, Expr, Tuple
from adcompile.ir.opaque import Reverse
from adcompile.ir.types import Type

Python = Callable[..., Any]


class Custom(Kept):
    """A function with a derivative of its own: called, it is the function."""

    kind: str

    def __init__(self, function: Python, nondiff_argnums: Sequence[int] = ()) -> None:
        if not callable(function):
            raise InvalidArgument(f"{self.kind} takes a function, not {function!r}")
        super().__init__(function)
        self.written = self
        self.primal = function
        count = len(self.signature.parameters)
        for number in nondiff_argnums:
            if not -count <= number < count:
                message = f"{self.kind} of {self.__name__}: nondiff_argnums={nondiff_argnums!r}, and the function has "
                raise InvalidArgument(f"{message}{count} parameters")
        self._through: dict[object, Kept] = {}
        self.nondiff = tuple(sorted({number % count for number in nondiff_argnums}))
        self.__qualname__ = getattr(function, "__qualname__", self.__name__)
        self.__module__ = getattr(function, "__module__", __name__)
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.primal(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """As a method: bound to the object, which is the first argument and has to be among the `nondiff_argnums`."""
        if instance is None:
            return self
        if 0 not in self.nondiff:
            message = f"{self.kind} of {self.__name__}: a method's object has no derivative"
            raise InvalidArgument(f"{message}: say nondiff_argnums=(0,), and its rules take the object first")
        numbers = tuple(number - 1 for number in self.nondiff[1:])
        made = type(self)(MethodType(self.primal, instance), nondiff_argnums=numbers)
        made.take_rules(self, instance)
        return made

    def take_rules(self, of: Any, instance: object) -> None:
        """The rules of a function of which this is the method of an object."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<adcompile {self.kind} of {self.__name__}>"

    def __reduce__(self) -> str:
        return str(self.__qualname__)

    @property
    def _numba_type_(self) -> Any:
        """Compiled code that calls it calls the function."""
        return numba_type_of(self.primal)

    def split(self, parts: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Of one thing for each argument, those of arguments without and with a derivative."""
        fixed = [parts[number] for number in self.nondiff]
        return fixed, [part for number, part in enumerate(parts) if number not in self.nondiff]

    def linear(self, arguments: tuple[Type, ...], by: tuple[int, ...]) -> Python:
        """The tangent of the value as a function of the arguments and of the tangents of those numbered `by`."""
        params, dots = named(len(arguments), by)
        rule, given = self.rule_called(params, moved(params, arguments, by), arguments)
        name = identifier(self.__name__)
        text = f"def {name}({', '.join([*params, *dots])}):\n    return rule({given})[1]\n"
        return compiled(name, Emitted(text, {"rule": rule, "np": np}), TEXT).python

    def rule_called(
        self, params: Sequence[str], tangents: Sequence[str], arguments: tuple[Type, ...]
    ) -> tuple[Python, str]:
        """What gives `(value, tangent of the value)`, and with which arguments, as text."""
        raise NotImplementedError

    def sets(self, arguments: tuple[Type, ...], by: tuple[int, ...]) -> Kept:
        if ("sets", arguments, by) not in self._through:
            linear = self.linear(arguments, by)
            self._through["sets", arguments, by] = through.sets(identifier(self.__name__), linear, arguments, by)
        return self._through["sets", arguments, by]

    def series(self, arguments: tuple[Type, ...], by: tuple[int, ...], order: int) -> Kept:
        if (order, arguments, by) not in self._through:
            linear, name = self.linear(arguments, by), identifier(self.__name__)
            self._through[order, arguments, by] = through.series(self, linear, name, arguments, by, order)
        return self._through[order, arguments, by]

    def check_fixed(self, active: Sequence[bool]) -> None:
        """Refuses an argument that varies and was said to have no derivative."""
        for number in self.nondiff:
            if active[number]:
                name = list(self.signature.parameters)[number]
                raise refuse(
                    "nondiff-argument",
                    f"`{name}` of `{self.__name__}` varies here, and is among its nondiff_argnums",
                    hint="leave it out of nondiff_argnums, or pass stop_gradient(...) of it",
                )

    def unfinished(self, what: str) -> Exception:
        return refuse("no-rule", f"`{self.__name__}` is a {self.kind} without a rule", hint=f"give it one: {what}")


class custom_vjp(Custom):
    """A function with reverse mode of its own.

    `fwd` takes the arguments of the function and returns `(value, residuals)`; `bwd` takes the residuals and the
    adjoint of the value, and returns a tuple of the adjoints of the arguments: of each its shape, or `None` for zero.
    Arguments numbered in `nondiff_argnums` (functions, strings, numbers that no derivative is by) are given to `bwd`
    first, and have no adjoint.  Both are functions of the language; they are inlined, compiled, and differentiated for
    second derivatives.  Neither may write to what it is given.  Forward mode takes the transpose of `bwd`,
    which has to be linear in the adjoint of the value for that; where it is not (it clips, say), it is refused.

    >>> import numpy as np
    >>> @custom_vjp
    ... def steps(x):
    ...     return np.round(x)
    >>> def steps_fwd(x):
    ...     return steps(x), None
    >>> def steps_bwd(residuals, y_bar):      # the straight-through estimator
    ...     return (y_bar,)
    >>> steps.defvjp(steps_fwd, steps_bwd)
    >>> from adcompile import grad
    >>> grad(lambda x: 3.0 * steps(x) ** 2, jit=False)(1.7).item()
    12.0
    """

    kind = "custom_vjp"

    def __new__(cls, function: Python | None = None, **options: Any) -> Any:
        return partial(cls, **options) if function is None else super().__new__(cls)

    def __init__(self, function: Python, nondiff_argnums: Sequence[int] = ()) -> None:
        super().__init__(function, nondiff_argnums)
        self.fwd: Kept | None = None
        self.bwd: Kept | None = None

    def defvjp(self, fwd: Python, bwd: Python) -> None:
        """Gives the function its forward and its backward function."""
        self._through.clear()
        self.fwd, self.bwd = Kept(fwd), Kept(bwd)

    def take_rules(self, of: custom_vjp, instance: object) -> None:
        if of.fwd is not None and of.bwd is not None:
            self.defvjp(MethodType(of.fwd.written, instance), MethodType(of.bwd.written, instance))

    def described(self) -> tuple[object, ...]:
        return self.primal, self.nondiff, self.fwd and self.fwd.written, self.bwd and self.bwd.written

    def forward(self, args: Sequence[Expr], tangents: Sequence[Expr], arguments: tuple[Type, ...]) -> Call:
        return self.transposed(arguments).call(*args, *(tangents[number] for number in self.varying(arguments)))

    def rule_called(
        self, params: Sequence[str], tangents: Sequence[str], arguments: tuple[Type, ...]
    ) -> tuple[Python, str]:
        dots = [tangents[number] for number in self.varying(arguments)]
        return self.transposed(arguments).written, ", ".join((*params, *dots))

    def varying(self, arguments: tuple[Type, ...]) -> tuple[int, ...]:
        """The numbers of the arguments that may have tangents."""
        of_floats = (number for number, type_ in enumerate(arguments) if all_floats(type_))
        return tuple(number for number in of_floats if number not in self.nondiff)

    def transposed(self, arguments: tuple[Type, ...]) -> Kept:
        """The value and its tangent, as a function of the arguments and the tangents of those that vary: the tangent is
        what the backward function, which is linear in the adjoint of the value, is the transpose of."""
        if self.fwd is None or self.bwd is None:
            raise self.unfinished("f.defvjp(fwd, bwd)")
        if ("forward", arguments) not in self._through:
            by = self.varying(arguments)
            self._through["forward", arguments] = transposed(self, self.fwd, self.bwd, arguments, self.nondiff, by)
        return self._through["forward", arguments]

    def reverse(self, arguments: tuple[Type, ...], active: Sequence[bool]) -> Reverse:
        if self.fwd is None or self.bwd is None:
            raise self.unfinished("f.defvjp(fwd, bwd)")
        self.check_fixed(active)
        bwd = self.bwd
        by = tuple(number for number in range(len(arguments)) if number not in self.nondiff)

        def call(args: Sequence[Expr], residual: Expr, seed: Expr) -> Call:
            return bwd.call(*self.split(args)[0], residual, seed)

        return Reverse(call, by, self.fwd)


class Tangent(Custom):
    """A function with a rule for the tangent of its value, of which reverse mode takes the transpose."""

    def __init__(self, function: Python, nondiff_argnums: Sequence[int] = ()) -> None:
        super().__init__(function, nondiff_argnums)
        self._transposed: dict[object, Kept] = {}

    def rule_for(self, arguments: tuple[Type, ...]) -> Kept:
        """The rule for arguments of these types: a function of those without a derivative, the tuple of the others,
        and the tuple of their tangents, that gives the value and its tangent."""
        raise NotImplementedError

    def forward(self, args: Sequence[Expr], tangents: Sequence[Expr], arguments: tuple[Type, ...]) -> Call:
        fixed, primals = self.split(args)
        _, dots = self.split(tangents)
        return self.rule_for(arguments).call(*fixed, Tuple(tuple(primals)), Tuple(tuple(dots)))

    def rule_called(
        self, params: Sequence[str], tangents: Sequence[str], arguments: tuple[Type, ...]
    ) -> tuple[Python, str]:
        fixed, primals = self.split(params)
        given = ", ".join([*fixed, tuple_text(primals), tuple_text(self.split(tangents)[1])])
        return self.rule_for(arguments).written, given

    def reverse(self, arguments: tuple[Type, ...], active: Sequence[bool]) -> Reverse:
        self.check_fixed(active)
        by = active_positions(active)
        pullback = self.transposed(arguments, by)

        def call(args: Sequence[Expr], residual: Expr, seed: Expr) -> Call:
            return pullback.call(*args, seed)

        return Reverse(call, by)

    def transposed(self, arguments: tuple[Type, ...], by: tuple[int, ...]) -> Kept:
        """The pullback of the tangent of the value, as a function of the tangents: of the arguments and the seed."""
        if (arguments, by) not in self._transposed:
            self._transposed[arguments, by] = Kept(self._pullback(arguments, by))
        return self._transposed[arguments, by]

    def with_value(self, arguments: tuple[Type, ...], by: tuple[int, ...]) -> tuple[Python, tuple[Type, ...]]:
        """The linear function that is transposed, which may take the value after the arguments, and its type then."""
        return self.linear(arguments, by), ()

    def _pullback(self, arguments: tuple[Type, ...], by: tuple[int, ...]) -> Python:
        params, dots = named(len(arguments), by)
        name = identifier(self.__name__)
        linear, value = self.with_value(arguments, by)
        types = (*arguments, *value, *(arguments[number] for number in by))
        outcome = pipeline.run(pipeline.Job(linear, types, "pullback", tuple(dots), packed=True))
        check_linear(self.__name__, outcome, dots)
        pullback = compiled(outcome.name, outcome.undivided, TEXT).python
        zeros = [zero(params[number], arguments[number]) for number in by]
        taken = [*params, "value"] if value else params
        whole = f"def {name}_transposed({', '.join([*taken, 'seed'])}):\n"
        whole += f"    return pullback({', '.join([*taken, *zeros, 'seed'])})\n"
        return compiled(f"{name}_transposed", Emitted(whole, {"pullback": pullback, "np": np}), TEXT).python


class custom_jvp(Tangent):
    """A function with a derivative of its own, for both modes.

    The rule takes the tuple of the arguments and the tuple of their tangents, and returns `(value, tangent of the
    value)`; the tangent has to be linear in the tangents, which is checked where reverse mode transposes it.  Arguments
    numbered in `nondiff_argnums` come before, one by one.  The rule is a function of the language; it is inlined,
    compiled, and differentiated for second derivatives.  It may not write to what it is given.

    >>> import numpy as np
    >>> @custom_jvp
    ... def softplus(x):
    ...     return np.log1p(np.exp(-abs(x))) + max(x, 0.0)
    >>> @softplus.defjvp
    ... def softplus_jvp(primals, tangents):
    ...     x, = primals
    ...     x_dot, = tangents
    ...     return softplus(x), x_dot / (1.0 + np.exp(-x))
    >>> from adcompile import grad, jvp
    >>> grad(softplus, jit=False)(0.0).item(), jvp(softplus, jit=False)((0.0,), (2.0,))[1].item()
    (0.5, 1.0)
    """

    kind = "custom_jvp"

    def __new__(cls, function: Python | None = None, **options: Any) -> Any:
        return partial(cls, **options) if function is None else super().__new__(cls)

    def __init__(self, function: Python, nondiff_argnums: Sequence[int] = ()) -> None:
        super().__init__(function, nondiff_argnums)
        self.rule: Kept | None = None

    def defjvp(self, rule: Python) -> Python:
        """Gives the function its rule; also as a decorator of it."""
        self.rule = Kept(rule)
        self._transposed.clear()
        self._through.clear()
        return rule

    def defjvps(self, *rules: Python | None) -> None:
        """Gives the function a rule for each argument: of `(tangent, value, *arguments)`, the tangent of the value
        that is due to that of the argument; `None` for one that has no part in it.  The value is a number or an array.

        >>> @custom_jvp
        ... def scaled(x, k):
        ...     return k * x
        >>> scaled.defjvps(lambda x_dot, y, x, k: k * x_dot, None)   # k is held constant
        >>> from adcompile import grad
        >>> grad(scaled, wrt=("x", "k"), jit=False)(2.0, 3.0)
        (3.0, 0.0)
        """
        params = list(self.signature.parameters)
        given = [(number, rule) for number, rule in enumerate(rules) if rule is not None]
        if self.nondiff or len(rules) != len(params) or not given:
            what = f"defjvps takes a rule for each of {len(params)} arguments, and one that is not None"
            what = "nondiff_argnums go with defjvp, and not with defjvps" if self.nondiff else what
            raise InvalidArgument(f"{self.kind} of {self.__name__}: {what}")
        primals, dots = ([f"{which}[{number}]" for number in range(len(params))] for which in ("primals", "tangents"))
        namespace: dict[str, Any] = {"function": self}
        terms = []
        for number, rule in given:
            namespace[f"rule_{number}"] = rule
            terms.append(f"rule_{number}({', '.join([dots[number], 'value', *primals])})")
        name = f"{identifier(self.__name__)}_rule"
        text = f"def {name}(primals, tangents):\n    value = function({', '.join(primals)})\n"
        text += f"    return value, {' + '.join(terms)}\n"
        self.defjvp(compiled(name, Emitted(text, namespace), TEXT).python)

    def take_rules(self, of: custom_jvp, instance: object) -> None:
        if of.rule is not None:
            self.defjvp(MethodType(of.rule.written, instance))

    def described(self) -> tuple[object, ...]:
        return self.primal, self.nondiff, self.rule and self.rule.written

    def rule_for(self, arguments: tuple[Type, ...]) -> Kept:
        if self.rule is None:
            raise self.unfinished("f.defjvp(rule)")
        return self.rule
