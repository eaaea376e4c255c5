"""Derivatives as objects: called like functions, from Python and from compiled code, read, pickled, differentiated.

Goal: everything between a user and the pipeline for one derivative: which parameters, which types, clear words for
what cannot be.  Nothing here stands between a call and the compiled code once the types of its arguments are known.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from adcompile import pipeline
from adcompile.analysis.typing import first_line, static_or_typed
from adcompile.api import intermediates, keeping, pickling, saving
from adcompile.api.calling import TEXT, calling
from adcompile.api.explaining import Explained
from adcompile.api.of_structures import OfStructures
from adcompile.api.paths import receiver_name
from adcompile.api.signatures import (
    NotGiven,
    Wrt,
    called_with,
    identifier,
    name_of,
    place_of,
    positions,
    signature_of,
    signature_through,
    with_out,
)
from adcompile.api.structured import structured
from adcompile.backend.compile import Compiled, Options, compiled
from adcompile.backend.dispatch import Specialised
from adcompile.backend.records import Record
from adcompile.errors import AdcompileError, InvalidArgument, refuse
from adcompile.ir.given import plain, trouble
from adcompile.ir.opaque import Opaque
from adcompile.ir.show import shown_type
from adcompile.ir.structure import Part
from adcompile.ir.types import Static, TupleType, Type, is_float, leaves
from adcompile.transform.into import Out
from adcompile.transform.plan import Bound

_WHAT = {
    "grad": "the gradient",
    "value_and_grad": "the gradient",
    "jvp": "the tangent",
    "pullback": "the pullback",
    "primal": "the value",
    "jacobian": "the Jacobian",
    "hessian": "the Hessian",
    "hvp": "the product with the Hessian",
    "vhp": "the product with the Hessian",
    "laplacian": "the Laplacian",
    "vmap": "the function of batches",
    "taylor": "the series",
    "sets": "the pattern",
    "sparse_jacobian": "the Jacobian",
    "sparse_hessian": "the Hessian",
}


@dataclass(frozen=True)
class Request:
    """What a user asked for: `wrt` is nothing where it is left to the rule of the kind."""

    kind: str
    wrt: Wrt | None = None
    options: Options = field(default_factory=Options)
    mode: str = "auto"  # of a Jacobian: "auto", "forward" or "reverse"
    checkpoint: Bound | None = None  # of the memory of reverse mode
    has_aux: bool = False  # whether the function returns `(result, aux)`
    out: bool = False  # whether the result goes into arrays of the caller
    accumulate: bool = False  # and is added to what they hold
    details: tuple[Any, ...] = ()  # what the kind alone takes: the axes of a batch, the order of a series

    def described(self) -> tuple[object, ...]:
        """All of it, in plain values."""
        options = f"jit={self.options.jit} {self.options.described()}"
        asked = (self.mode, self.checkpoint, self.has_aux, self.out, self.accumulate, self.details)
        return (self.kind, self.wrt, options, *asked)


class Derivative(OfStructures, Explained, Specialised):
    """A derivative of a function, compiled for each combination of argument types when it is first called with it."""

    __adcompile_derivative__ = True  # says to the stages that read calls: never to be taken for its primal

    def __init__(self, primal: Callable[..., Any], request: Request) -> None:
        self.primal = primal
        self.request = request
        self._own = signature_of(primal, request.kind)
        parameters = tuple(self._own.parameters)
        self.intermediates = intermediates.asked_for(primal, request.wrt, request.kind, parameters)
        known = receiver_name(primal)
        self._wrt = positions(request.wrt, request.kind, name_of(primal), parameters, (*self.intermediates, *known))
        self.captured: tuple[str, ...] = getattr(primal, "captured", ())  # by which it is only if it is told
        self._made: dict[tuple[Type, ...], Record] = {}
        self._outcomes: dict[tuple[Type, ...], pipeline.Outcome] = {}
        self._texts: dict[tuple[Type, ...], Callable[..., Any]] = {}
        self._last: tuple[Type, ...] | None = None
        signature = self._signature(self._own)
        out = ""
        if request.out:
            signature, out = with_out(signature)
        OfStructures.__init__(self, primal, self._wrt)
        Specialised.__init__(self, signature, identifier(name_of(primal)), request.options.jit, out)
        self.__name__ = name_of(primal)
        self.__qualname__ = getattr(primal, "__qualname__", self.__name__)
        self.__module__ = getattr(primal, "__module__", __name__)
        self.__doc__ = primal.__doc__
        # `__wrapped__` would let `inspect` and other compilers take the primal's source for the derivative's.
        del self.__wrapped__

    # ------------------------------------------------------------------------------------ what a user looks at
    @property
    def source(self) -> str:
        """The derivative as Python text, for the types that it was last made for."""
        if self._form is not None:
            return self._form.flat.source
        return self.generated(self._latest("source")).source

    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The derivative as Python text, for the types of these arguments."""
        bound = self._bound(*args, **kwargs)
        if (form := structured(self, bound)) is not None:
            return form.flat.source_for(*form.given(bound))
        return self.generated(self.types_of(*args, **kwargs)).source

    @property
    def stages(self) -> pipeline.Stages:
        """The function after each stage of the pipeline, for the types that the derivative was last made for."""
        return self._form.flat.stages if self._form is not None else self.outcome(self._latest("stages")).stages

    def save(self, path: str | os.PathLike[str], *args: Any, **kwargs: Any) -> None:
        """Writes a module that holds the derivative for the types of these arguments, or those it was last made for.

        The module needs NumPy and Numba alone.  Comments name the primal's lines.  It is compiled when it is imported,
        for contiguous and for strided arrays of these types; arguments that were known before the run (`None`, strings,
        functions) are passed as `None`; dicts and lists are passed as their numbers, one by one.  Raises `OSError` if
        it cannot be written, `InvalidArgument` if the function names an object that no module can hold.

        >>> import tempfile
        >>> from adcompile import grad
        >>> with tempfile.NamedTemporaryFile("r", suffix=".py") as file:
        ...     grad(lambda x: x**3, jit=False).save(file.name, 2.0)
        ...     print(file.read().partition("# ")[2], end="")
        2: return x ** 3
            x_bar = 3.0 * x ** 2
            return x_bar
        """
        of, given = self, self._bound(*args, **kwargs) if args or kwargs else ()
        if given and (form := structured(self, given)) is not None:
            of, given = form.flat, form.given(given)
        elif not given and self._form is not None:
            of = self._form.flat
        text = saving.module_of(of, of.types_of(*given) if given else of._latest("save"))
        Path(path).write_text(text, encoding="utf-8")

    def __repr__(self) -> str:
        return f"<adcompile {self.request.kind} of {self.__name__}>"

    def described(self) -> tuple[object, ...]:
        """What two derivatives that are the same agree on: for `frontend.fingerprint`."""
        return type(self).__name__, self.request.described(), self.primal

    def _latest(self, what: str) -> tuple[Type, ...]:
        if self._last is None:
            raise InvalidArgument(
                f"{what} of {self!r}: it depends on the types of the arguments, and none are known before the first "
                f"call; source_for(...) takes arguments and does not call"
            )
        return self._last

    # ------------------------------------------------------------------------------------ how it is made
    def _signature(self, own: inspect.Signature) -> inspect.Signature:
        """How the derivative is called, of a function that is called so."""
        return called_with(own, self.request.kind)

    def generated(self, arguments: tuple[Type, ...]) -> Compiled:
        return self._make(arguments).compiled

    def structure(self, arguments: tuple[Type, ...]) -> Part | None:
        """The structure of the primal's result, if it is more than numbers, arrays and tuples."""
        return self._make(arguments).structure

    def result_type(self, arguments: tuple[Type, ...]) -> Type:
        """The type of the primal's result for these types of arguments, without what it returns beside it."""
        return self._make(arguments).result

    def outcome(self, arguments: tuple[Type, ...]) -> pipeline.Outcome:
        """What the pipeline gives for these types; it runs once, and only if it is asked."""
        if arguments not in self._outcomes:
            if self.always_structured:
                by = ", ".join(self._wrt) or "parts of what it is given"
                raise self.invalid(f"by {by} it can be called from Python alone, where there are structures")
            given = arguments[:-1] if self.request.out else arguments
            job, by_parameters = intermediates.through(self, given) if self.intermediates else (self._job(given), None)
            if self.request.out:
                whose = f"{self.request.kind} of {self.__name__}"
                job = replace(job, out=Out(arguments[-1], self.request.accumulate, whose))
            outcome = pipeline.run(job)
            if by_parameters is not None:
                outcome = replace(outcome, result=by_parameters.result, structure=by_parameters.structure)
            elif self.request.kind == "pullback":
                self._check_seed(given[-1], outcome.result)
            self._outcomes[arguments] = outcome
        return self._outcomes[arguments]

    def function_for(self, arguments: tuple[Type, ...]) -> Callable[..., Any]:
        """The generated Python function for these types: an ordinary function, to be read and differentiated."""
        outcome = self.outcome(arguments)
        if outcome.undivided is outcome.emitted:
            return self.generated(arguments).python
        if arguments not in self._texts:
            self._texts[arguments] = compiled(outcome.name, outcome.undivided, TEXT).python
        return self._texts[arguments]

    def _make(self, arguments: tuple[Type, ...]) -> Record:
        if arguments not in self._made:
            self._made[arguments] = keeping.made(self, arguments)
        self._last, self._form = arguments, None
        return self._made[arguments]

    def _job(self, arguments: tuple[Type, ...]) -> pipeline.Job:
        """What the pipeline has to write for these types."""
        primals, chosen = self._by(arguments)
        function, wrt = self._primal_for(primals, chosen)
        request = self.request
        return pipeline.Job(
            function, primals, request.kind, wrt, isinstance(request.wrt, tuple), checkpoint=request.checkpoint,
            parallel=request.options.parallel, aux=request.has_aux, reorder=request.options.reorder,
        )  # fmt: skip

    def _primal_for(
        self, primals: tuple[Type, ...], wrt: tuple[str, ...] | None = None
    ) -> tuple[Callable[..., Any], tuple[str, ...]]:
        """The function to differentiate, one with source, and what its parameters of `wrt` are called."""
        function, wrt = self.primal, self._wrt if wrt is None else wrt
        if isinstance(function, Opaque):
            return calling(function, function.signature), wrt
        if signature_through(function) is not None:
            given = zip(self._own.parameters, primals, strict=True)
            left_out = [name for name, type_ in given if isinstance(type_, Static) and type_.value is NotGiven]
            return calling(function, self._own, left_out), wrt
        function_for = getattr(function, "function_for", None)
        if function_for is None:
            return function, wrt
        function = function_for(primals)
        named = dict(zip(self._own.parameters, inspect.signature(function).parameters, strict=True))
        return function, tuple(named[name] for name in wrt)

    def _bound(self, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The arguments of a call, defaults included, in order."""
        bound = self.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        return tuple(map(plain, bound.args))

    def types_of(self, *args: Any, **kwargs: Any) -> tuple[Type, ...]:
        """The types of the arguments of a call."""
        types = []
        for parameter, value in zip(self.__signature__.parameters, self._bound(*args, **kwargs), strict=True):
            ours = static_or_typed(value)
            if ours is None:
                raise self.not_typed(parameter, value)
            types.append(ours)
        return tuple(types)

    def _by(self, arguments: tuple[Type, ...]) -> tuple[tuple[Type, ...], tuple[str, ...]]:
        """The types of the primal's arguments and the names of those to differentiate by; what cannot be is refused."""
        if self.request.kind == "jvp":
            return self._by_tangents(*arguments)
        primals = arguments[: len(self._own.parameters)]
        self.check(primals)
        return primals, self._wrt

    def check(self, primals: tuple[Type, ...]) -> None:
        """Refuses arguments that the derivative is by and that are no floats."""
        for name, type_ in zip(self._own.parameters, primals, strict=True):
            if name in self._wrt:
                self._check_float(name, type_)

    def primal_of(self, function: Callable[..., Any]) -> Derivative:
        """A function as this would run it."""
        return Derivative(function, Request("primal", None, self.request.options))

    @property
    def wrt_names(self) -> tuple[str, ...]:
        """The parameters of `wrt`; none where the types of the arguments decide."""
        return self._wrt

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the primal's parameters."""
        return tuple(self._own.parameters)

    def moved(self, primals: tuple[Type, ...]) -> tuple[str, ...]:
        """The parameters that a derivative is by: where nothing was said, those that hold floats and nothing else."""
        typed = [pair for pair in zip(self.arguments, primals, strict=True) if pair[0] not in self.captured]
        return self._wrt or tuple(name for name, type_ in typed if all(map(is_float, leaves(type_))))

    def _by_tangents(self, primals: Type, tangents: Type) -> tuple[tuple[Type, ...], tuple[str, ...]]:
        names = self.arguments
        expected = f"({', '.join(names)}{',' if len(names) == 1 else ''})"
        if not isinstance(primals, TupleType) or len(primals.items) != len(names):
            raise self.invalid(f"primals must be a tuple of all the arguments of {self.__name__}, {expected}")
        typed = dict(zip(names, primals.items, strict=True))
        wrt = self.moved(primals.items)
        if not isinstance(tangents, TupleType) or len(tangents.items) != len(wrt):
            which = "wrt" if self._wrt else "the arguments that are floats or arrays of floats; choose others with wrt="
            raise self.invalid(
                f"tangents must be a tuple with one entry for each of {', '.join(wrt) or 'no argument'}: {which}"
            )
        for number, (name, tangent) in enumerate(zip(wrt, tangents.items, strict=True)):
            self._check_float(name, typed[name])
            if tangent != typed[name]:
                raise self.invalid(
                    f"tangents[{number}] is {shown_type(tangent)}, and {name}, whose tangent it is, is "
                    f"{shown_type(typed[name])}: the types must agree"
                )
        return primals.items, wrt

    def _check_float(self, name: str, type_: Type) -> None:
        own = tuple(leaves(type_))
        if own and all(map(is_float, own)):
            return
        way_out = {"Scalar": "pass 2.0 for 2", "Array": "pass x.astype(float)"}.get(type(type_).__name__, "")
        choose = "choose other parameters with wrt="
        raise self.invalid(
            f"{name} is {shown_type(type_)}, and {_WHAT[self.request.kind]} is by {name}, which has to be a float "
            f"or an array of floats: {f'{way_out}, or {choose}' if way_out else choose}"
        )

    def _check_seed(self, seed: Type, result: Type) -> None:
        """The adjoint of a result has the structure and the types of the result; what is no float has none."""
        if isinstance(result, TupleType):
            if isinstance(seed, TupleType) and len(seed.items) == len(result.items):
                for one, other in zip(seed.items, result.items, strict=True):
                    self._check_seed(one, other)
                return
        elif seed == result or not is_float(result):
            return
        raise self.invalid(
            f"the seed has {shown_type(seed)} where the result of {self.__name__} is {shown_type(result)}"
        )

    # ------------------------------------------------------------------------------------ what is said
    def invalid(self, message: str) -> InvalidArgument:
        """An error about an argument of this derivative."""
        return InvalidArgument(f"{self.request.kind} of {self.__name__}: {message}")

    def not_typed(self, parameter: str, value: object) -> AdcompileError:
        way_out = "real numbers, arrays and tuples of those, strings, None and functions can be passed"
        what = str(value) if type(value).__module__.startswith("numba.") else type(value).__name__
        if isinstance(value, np.ndarray):
            what = f"an array of {value.ndim} axes of {value.dtype}"
        if (found := trouble(value, parameter)) is not None:
            parameter, what, way_out = found
        elif parameter == self._written:
            way_out = "pass the arrays that the result is to be written to, in a tuple where the result is one"
        elif "list" in what:
            way_out = "pass a tuple" if self.request.kind == "jvp" else "pass np.array(...), or a tuple"
        return self.invalid(f"{parameter} is {what}: {way_out}")

    def not_writable(self, path: str) -> AdcompileError:
        return self.invalid(f"{path} is a read-only array, and the result has to be written to it")

    def not_compiled(self, error: Exception) -> AdcompileError:
        return refuse(
            "not-compilable",
            f"Numba cannot compile {_WHAT[self.request.kind]} of this function: {first_line(error)}",
            place_of(self.primal),
            "jit=False runs the same source without Numba; .source shows it",
            self.__name__,
        )

    # ------------------------------------------------------------------------------------ pickling
    def __reduce__(self) -> tuple[Any, ...]:
        return pickling.rebuilt, (type(self), pickling.reference(self), self.request)

    def __copy__(self) -> Derivative:
        return self

    def __deepcopy__(self, memo: object) -> Derivative:
        return self
