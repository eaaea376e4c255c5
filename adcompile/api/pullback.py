"""Vector-Jacobian products: a value and the pullback that belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from adcompile import pipeline
from adcompile.api import pickling
from adcompile.api.derivative import Derivative, Request
from adcompile.api.matching import matching
from adcompile.api.structured import Structured, apart, flags_after, structured
from adcompile.errors import Unsupported
from adcompile.ir.given import plain
from adcompile.ir.structure import Part, Structure
from adcompile.ir.types import Static, Type


class Pullback:
    """The reverse half of a `vjp`: from the adjoint of the value to the adjoints of the arguments.

    It holds copies of the arguments, and may be called any number of times; each call runs the function's forward
    sweep again, so that nothing of it has to be kept in between."""

    def __init__(
        self, seeded: Derivative, arguments: tuple[Any, ...], value: Any, result: Type, structure: Part | None = None
    ) -> None:
        self._seeded = seeded
        self._arguments = arguments
        self._value = value
        self._result = result
        self._structure = structure

    def __call__(self, seed: Any, out: Any = None) -> Any:
        if self._seeded.request.out:
            return self._seeded(*self._arguments, self.matched(seed), out)
        if out is not None:
            raise self._seeded.invalid("the pullback takes out where it is that of vjp(f, out=True)")
        return self._seeded(*self._arguments, self.matched(seed))

    def matched(self, seed: Any) -> Any:
        """`seed` in the exact types of the value; what cannot be a seed is refused."""
        return matching(apart(self._structure, seed), self._value, self._result, "the seed", self._seeded.invalid)

    def __repr__(self) -> str:
        return f"<adcompile pullback of {self._seeded.__name__}>"


class StructuredPullback:
    """A pullback of a function whose arguments have structures, which the adjoints have too."""

    def __init__(self, form: Structured, pullback: Pullback) -> None:
        self._form = form
        self._pullback = pullback

    def __call__(self, seed: Any, out: Any = None) -> Any:
        return self._form.gradient(self._pullback(seed, self._form.written(out)))

    def __repr__(self) -> str:
        return repr(self._pullback)


class VectorJacobian:
    """`vjp(f)`: called with the arguments of `f`, it gives the value and the pullback, and `aux` if `f` has one.

    `seeded` is the pullback as one function of the arguments and the seed.  It can be called from compiled code and
    differentiated, which the pair of a value and a Python closure cannot."""

    __adcompile_derivative__ = True

    def __init__(self, primal: Callable[..., Any], request: Request) -> None:
        self.primal = primal
        self.request = request
        self.seeded = Derivative(primal, replace(request, kind="pullback"))
        self._value = Derivative(primal, replace(request, kind="primal", wrt=None, out=False, accumulate=False))
        self._flat: dict[tuple[Part, ...], VectorJacobian] = {}
        self.__signature__ = self._value.__signature__
        self.__name__, self.__qualname__ = self.seeded.__name__, self.seeded.__qualname__
        self.__module__, self.__doc__ = self.seeded.__module__, primal.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        bound = self.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        given = tuple(map(plain, bound.args))
        if (form := structured(self.seeded, given)) is not None:
            return self._of_structures(form, given)
        try:
            return self._of_numbers(given)
        except Unsupported as error:
            if (form := structured(self.seeded, given, flags_after(error))) is None:
                raise
            return self._of_structures(form, given)

    def _of_structures(self, form: Structured, args: tuple[Any, ...]) -> tuple[Any, ...]:
        def call(form: Structured) -> tuple[Any, ...]:
            value, pullback, *aux = self._of_tuples(form)(*form.arguments(args))
            return form.of_value(value), StructuredPullback(form, pullback), *aux

        found: tuple[Any, ...] = form.tried(args, call)
        return found

    def _of_numbers(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        types = self._value.types_of(*args)
        self.seeded.check(types)
        value, *aux = self._evaluated(args)  # refuses arguments that overlap, which copies would not
        arguments, part = tuple(map(copied, args)), self._value.structure(types)
        if self.request.has_aux and isinstance(part, Structure):
            part = part.items[0]
        result = self._value.result_type(types)
        return value, Pullback(self.seeded, arguments, apart(part, value), result, part), *aux

    def _of_tuples(self, form: Structured) -> VectorJacobian:
        """The same for a function of tuples."""
        if form.parts not in self._flat:
            self._flat[form.parts] = VectorJacobian(form.flat.primal, replace(self.request, wrt=form.flat.request.wrt))
        return self._flat[form.parts]

    def _evaluated(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        returned = self._value(*arguments)
        return returned if self.request.has_aux else (returned,)

    @property
    def source(self) -> str:
        """The pullback as Python text, for the types that it was last made for."""
        return self.seeded.source

    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The pullback as Python text, for the types of these arguments."""
        bound = self.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        if (form := structured(self.seeded, bound.args)) is not None:
            return self._of_tuples(form).source_for(*form.arguments(bound.args))
        types = self._value.types_of(*args, **kwargs)
        out = (Static(None),) if self.request.out else ()
        return self.seeded.generated((*types, self._value.result_type(types), *out)).source

    @property
    def stages(self) -> pipeline.Stages:
        """The pullback after each stage of the pipeline, for the types that it was last made for."""
        return self.seeded.stages

    def described(self) -> tuple[object, ...]:
        """What two of these that are the same agree on."""
        return type(self).__name__, self.request.described(), self.primal

    def __repr__(self) -> str:
        return f"<adcompile vjp of {self.__name__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return pickling.rebuilt, (type(self), pickling.reference(self), self.request)


def copied(value: Any) -> Any:
    """A value that shares no memory with this one."""
    if isinstance(value, np.ndarray):
        return value.copy()
    return tuple(map(copied, value)) if type(value) is tuple else value
