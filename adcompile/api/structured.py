"""Arguments and results that are dicts, lists, named tuples or dataclasses, around derivatives by numbers.

Goal: a derivative by `params` has the structure of `params`; what is no float in it (an integer, a text) has no
derivative, and `None` stands in its place.  The function is called by one written for the structures at hand, which
takes their numbers and arrays one by one, puts them together, and is differentiated like any other.

    def loss(params, x): ...             is called, for params = {"w": ..., "b": ..., "steps": 3}, by

    def loss(params_w, params_b, params_steps, x):
        return loss_1({'w': params_w, 'b': params_b, 'steps': params_steps}, x)

Non-goals: structures in compiled callers, which pass and get tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from adcompile.api.flattened import flat_names, flattened_function
from adcompile.api.paths import Found, NoPart, object_apart, part_at, root_of
from adcompile.errors import InvalidArgument, Unsupported
from adcompile.ir.given import trouble
from adcompile.ir.structure import (
    Known,
    Leaf,
    NoStructure,
    Part,
    Structure,
    columns,
    is_structure,
    joined,
    rebuilt,
    rows,
    taken_apart,
)

if TYPE_CHECKING:
    from adcompile.api.derivative import Derivative

_PASSED = (
    "numbers, arrays, texts, None and functions can be passed, and dicts (with texts or integers for keys), lists, "
    "tuples, named tuples and dataclasses of those"
)
_MOST_ITEMS = 64
_SETTLED = ("dynamic-argument", "conflicting-types", "dynamic-tuple-index")
"""Refusals that may go where integers are known before the run."""
_BY_GRADIENT = ("grad", "value_and_grad")
_OF_ARGUMENTS = (*_BY_GRADIENT, "jacobian", "hessian", "laplacian")  # those with the parameters of the primal
_ALONG = ("hvp", "vhp", "taylor")  # those that take a direction behind
_KINDS = (*_BY_GRADIENT, "jvp", "pullback", "primal", "jacobian", "hessian", "laplacian", "vmap", *_ALONG)
_WRITTEN = (*_BY_GRADIENT, "pullback", "hvp", "vhp")  # those that write into structures


@dataclass(frozen=True)
class Structured:
    """A derivative for arguments of given structures: `flat` is that of the function of numbers, `of` the user's."""

    flat: Derivative
    of: Derivative
    names: tuple[str, ...]  # of the primal's parameters
    parts: tuple[Part, ...]  # the structure of each
    bound: tuple[Any, ...] = ()  # the object that a method is bound to, which is its first argument
    inner: Structured | None = None  # the same of its primal, if that is a derivative
    whole: bool = True  # whether lists of floats are arrays
    itemised: Structured | None = None  # the same with each item of a list by itself, where that is needed

    # ------------------------------------------------------------------------------------ calls
    def __call__(self, *values: Any) -> Any:
        """The derivative of these arguments, which have the structures that it is for."""
        return self.tried(values, lambda form: form.result(form.flat(*form.given(values))))

    def tried(self, values: Sequence[Any], call: Callable[[Structured], Any]) -> Any:
        """`call` of this, or where that is refused, of the same with each item of a list by itself: it can be unpacked,
        joined and compared."""
        if self.itemised is not None:
            return call(self.itemised)
        try:
            return call(self)
        except Unsupported as refused:
            other = self._by_items(values)
            if other is None:
                raise
            try:
                found = call(other)
            except Unsupported:
                raise refused from None
            self.of.remembered(self.parts, replace(self, itemised=other))
            return found

    def _by_items(self, values: Sequence[Any]) -> Structured | None:
        """The derivative for the same arguments with each item of a list of floats by itself."""
        given = self.primals(values)
        if not self.whole or not any(_lists_in(part) for part in self.parts):
            return None
        parts = [
            taken_apart(value, name, whole=False)[0] if isinstance(part, Structure) or part is Leaf.NUMBERS else part
            for name, part, value in zip(self.names, self.parts, given, strict=True)
        ]
        if sum(len(list(part.leaves())) for part in parts if isinstance(part, Structure)) > _MOST_ITEMS:
            return None
        return made_for(self.of, tuple(parts), self.bound, whole=False)

    def primals(self, values: Sequence[Any]) -> Sequence[Any]:
        """The arguments of the primal, of those of the derivative."""
        given = values[0] if self.of.request.kind == "jvp" else values[: len(self.names) - len(self.bound)]
        return (*self.bound, *given)

    def given(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """What `flat` is called with for these arguments of the user's derivative."""
        kind, count = self.of.request.kind, len(self.names) - len(self.bound)
        if kind == "jvp":
            primals, tangents = values
            if not isinstance(tangents, tuple) or len(tangents) != len(self.by):
                raise self.of.invalid(f"tangents must be a tuple with one entry for each of {', '.join(self.by)}")
            along = self.along(tangents, [f"tangents[{number}]" for number in range(len(tangents))])
            return self.arguments(primals), along
        more = list(values[count:])
        written = (self.written(more.pop()),) if self.of.request.out else ()
        if kind in _ALONG:
            several = isinstance(self.of.request.wrt, tuple)
            vectors = self.along(*((more[0], [f"v[{k}]" for k in range(len(self.by))]) if several else (more, ["v"])))
            more = [vectors if self.packed else vectors[0]]
        return (*self.arguments(values[:count]), *more, *written)

    def written(self, out: Any) -> Any:
        """What the derivative of numbers writes to, of the structures that the user gives."""
        if out is None:
            return None
        several = isinstance(self.of.request.wrt, tuple)
        found: list[Any] = []
        if several and (not isinstance(out, tuple) or len(out) != len(self.by)):
            raise self.of.invalid(f"out must be a tuple with one entry for each of {', '.join(self.by)}")
        for part, value, name in zip(self.by_parts, out if several else (out,), self.by, strict=True):
            leaves = list(part.leaves()) if isinstance(part, Structure) else [part]
            if Leaf.NUMBERS in leaves:
                raise self.of.invalid(f"{name} holds a list of floats, which cannot be written to: make it an array")
            self._collect(part, value, f"out[{len(found)}]" if several else "out", found)
        return tuple(found) if self.packed else found[0]

    @property
    def packed(self) -> bool:
        """Whether a derivative of `flat` is a tuple."""
        return isinstance(self.flat.request.wrt, tuple)

    @property
    def by(self) -> tuple[str, ...]:
        """The parameters that the derivative is by."""
        if self.of.wrt_names or self.of.request.kind not in ("jvp", "primal"):
            return self.of.wrt_names
        return tuple(name for name, part in zip(self.names, self.parts, strict=True) if _numbers_in(part))

    def found(self, one: str) -> Found:
        """What the derivative is by, of all leaves of its parameter."""
        if one in self.of.intermediates:
            return Found(Leaf.NUMBER, 0)
        return part_at(self.parts[self.names.index(root_of(one))], one)

    @property
    def by_parts(self) -> list[Part]:
        """The structures of what the derivative is by."""
        return [self.found(one).part for one in self.by]

    def arguments(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments of the function of numbers, of those of the derivative."""
        found: list[Any] = []
        for name, part, value in zip(self.names, self.parts, (*self.bound, *values), strict=True):
            if isinstance(part, Structure) or part is Leaf.NUMBERS:
                apart = object_apart(value, name) if self.bound and value is self.bound[0] else None
                found += (apart or taken_apart(value, name, self.whole))[1]
            elif not isinstance(part, Known):
                found.append(value)
        return tuple(found)

    def along(self, tangents: Sequence[Any], paths: Sequence[str]) -> tuple[Any, ...]:
        """A tangent for each number that the derivative is by."""
        found: list[Any] = []
        for part, tangent, path in zip(self.by_parts, tangents, paths, strict=True):
            self._collect(part, tangent, path, found)
        return tuple(found)

    def _collect(self, part: Part, value: Any, path: str, found: list[Any]) -> None:
        match part:
            case Structure(kind, keys, items):
                for key, item in zip(keys, items, strict=True):
                    inner = f"{path}[{key!r}]" if kind in (dict, list, tuple) else f"{path}.{key}"
                    try:
                        self._collect(item, _item(part, value, key), inner, found)
                    except (LookupError, TypeError, AttributeError):
                        message = f"{inner} is missing: it must have the structure of the argument"
                        raise self.of.invalid(message) from None
            case Leaf.NUMBER:
                found.append(value)
            case Leaf.NUMBERS:
                found.append(np.asarray(value, float))

    # ------------------------------------------------------------------------------------ results
    def result(self, found: Any) -> Any:
        """What the derivative of numbers gave, in the structures of the user."""
        request = self.of.request
        match request.kind:
            case "value_and_grad":
                return self.of_value(found[0]), self.gradient(found[1])
            case "grad" if request.has_aux:
                return self.gradient(found[0]), self.of_value(found[1])
            case "grad" | "pullback" | "hvp" | "vhp":
                return self.gradient(found)
            case "jvp":
                return tuple(map(self.of_value, found))
            case "jacobian":
                return _each(self.flat.latest_result(), found, self.gradient)
            case "hessian":
                return self.gradient(tuple(map(self.gradient, found)) if self.packed else self.gradient(found), rows)
        return self.of_value(found)

    def of_value(self, value: Any) -> Any:
        """A value of the primal, or a tangent of it."""
        return value if self.inner is None else self.inner.result(value)

    def gradient(self, found: Any, items: Callable[[Any], list[Any]] = columns) -> Any:
        """A derivative by the parameters of `wrt`, each in its structure."""
        given = iter(found if self.packed else (found,))
        results = tuple(rebuilt(part, given, items) for part in self.by_parts)
        return results if isinstance(self.of.request.wrt, tuple) else results[0]


def _each(part: Part, value: Any, of: Callable[[Any], Any]) -> Any:
    """`of` each end of a structure, in the structure."""
    if not isinstance(part, Structure):
        return of(value)
    parts = zip(part.keys, part.items, strict=True)
    values = [None if isinstance(item, Known) else _each(item, _item(part, value, key), of) for key, item in parts]
    return part.holding(values)


def _item(part: Structure, value: Any, key: Any) -> Any:
    """What a value of a structure has under one of its keys."""
    return value[key] if part.kind in (dict, list, tuple) else getattr(value, key)


def structured(derivative: Derivative, values: Sequence[Any], flags: tuple[type, ...] = ()) -> Structured | None:
    """The derivative for arguments of the structures of these, or nothing if none of them has one.

    Arguments of these types are known before the run: see `flags_after`."""
    request, own = derivative.request, derivative.arguments
    primals = values[0] if request.kind == "jvp" else tuple(values[: len(own)])
    if type(primals) is not tuple or len(primals) != len(own):
        return None
    known = [_is_known(value, request.kind, flags) for value in primals]
    if not any(known) and not any(map(is_structure, primals)) and not derivative.always_structured:
        return None
    if request.kind not in _KINDS or (request.out and request.kind not in _WRITTEN):
        if flags:
            return None
        what = f"{request.kind} with out=True" if request.out else request.kind
        raise derivative.invalid(
            f"{what} takes numbers, arrays and tuples: pass the items of a dict or a list as arguments of their own"
        )
    deep = {root_of(one) for one in derivative.paths}
    parts: list[Part] = []
    bound: tuple[Any, ...] = ()
    try:
        if derivative.receiver is not None:
            of, value = derivative.receiver
            own, bound = (of, *own), (value,)
            parts.append(object_apart(value, of)[0])
        for name, value, settled in zip(derivative.arguments, primals, known, strict=True):
            if settled:
                parts.append(Known(value))
                continue
            part = taken_apart(value, name)[0]
            if not is_structure(value) and name not in deep:  # a number, an array, or a tuple of those
                inner = list(part.leaves()) if isinstance(part, Structure) else [part]
                part = Leaf.NUMBER if inner and all(leaf is Leaf.NUMBER for leaf in inner) else Leaf.HELD
            parts.append(part)
    except NoStructure as error:
        told = trouble(error.value, error.path) or (error.path, type(error.value).__name__, _PASSED)
        raise derivative.invalid("{} is {}: {}".format(*told)) from None
    try:
        for one in derivative.wrt_names:
            part = Leaf.NUMBER if one in derivative.intermediates else part_at(parts[own.index(root_of(one))], one).part
            if not _numbers_in(part):
                raise derivative.invalid(f"{one} holds no float and no array of floats to differentiate by")
    except NoPart as error:
        raise derivative.invalid(f"wrt: {error}") from None
    found: Structured = derivative.structured_for(tuple(parts), bound)
    return found


def flags_after(refused: Unsupported) -> tuple[type, ...]:
    """The types of arguments that have to be known where a derivative for all their values was refused: truth values,
    and integers where one of them is an axis, a count of items or another option, or decides the type of a variable."""
    dynamic = any(refusal.code in _SETTLED for refusal in refused.refusals)
    return (bool, int) if dynamic else (bool,)


def _is_known(value: Any, kind: str, flags: tuple[type, ...]) -> bool:
    """Whether an argument becomes part of the function: a flag, or what a tuple of primals cannot hold."""
    if type(value) in (bool, int):
        return type(value) in flags
    return kind == "jvp" and (
        value is None or isinstance(value, str) or (callable(value) and not isinstance(value, np.generic))
    )


def made_for(
    derivative: Derivative, parts: tuple[Part, ...], bound: tuple[Any, ...] = (), whole: bool = True
) -> Structured:
    """The derivative for arguments of these structures."""
    names, primal, request = derivative.arguments, derivative.primal, derivative.request
    inner = None
    function: Any = primal
    written: Any = primal
    if derivative.receiver is not None:
        names = (derivative.receiver[0], *names)
    if hasattr(function, "structured_for"):
        if function.request.kind not in _OF_ARGUMENTS:
            raise derivative.invalid(f"{request.kind} of {primal!r} takes numbers, arrays and tuples")
        inner = function.structured_for(parts, bound) if whole else made_for(function, parts, bound, whole)
        function = inner.flat
    else:
        function = flattened_function(written.__func__ if bound else written, names, parts)
    made = Structured(derivative, derivative, names, parts, bound, inner, whole)
    flat = dict(zip(names, flat_names(names, parts), strict=True))
    by: list[str] = []
    for one in made.by:
        at = made.found(one)
        leaves = list(at.part.leaves()) if isinstance(at.part, Structure) else [at.part]
        passed = [leaf for leaf in leaves if isinstance(leaf, Leaf)]
        own = [one] if one in derivative.intermediates else flat[root_of(one)][at.first : at.first + len(passed)]
        by += [name for name, leaf in zip(own, passed, strict=True) if leaf is not Leaf.HELD]
    details = derivative.details_of(flat, parts)
    wrt: Any = None if request.kind in ("primal", "vmap") else tuple(by)
    if len(by) == 1 and request.kind != "jvp" and not isinstance(request.wrt, tuple):
        wrt = by[0]
    return replace(made, flat=type(derivative)(function, replace(request, wrt=wrt, details=details)))


def received(part: Part, request: Any) -> Callable[[Any], Any] | None:
    """What a call gives, from what compiled code returns, where the result of the primal has a structure."""
    match request.kind:
        case "value_and_grad":
            return lambda found: (joined(part, found[0]), found[1])
        case "grad" if request.has_aux and isinstance(part, Structure):
            return lambda found: (found[0], joined(part.items[1], found[1]))
        case "jvp":
            return lambda found: tuple(joined(part, each) for each in found)
        case "primal" | "jacobian" | "vmap" | "taylor":
            return lambda found: joined(part, found)
    return None


def _lists_in(part: Part) -> bool:
    return part is Leaf.NUMBERS or (isinstance(part, Structure) and Leaf.NUMBERS in part.leaves())


def _numbers_in(part: Part) -> bool:
    if isinstance(part, Structure):
        return any(leaf in (Leaf.NUMBER, Leaf.NUMBERS) for leaf in part.leaves())
    return part in (Leaf.NUMBER, Leaf.NUMBERS)


def apart(part: Part | None, value: Any) -> Any:
    """A value of a structure as tuples: the other way round as `joined`."""
    if not isinstance(part, Structure):
        return value
    pairs = zip(part.keys, part.items, strict=True)
    try:
        of = [apart(item, _item(part, value, key)) for key, item in pairs if not isinstance(item, Known)]
    except (LookupError, TypeError, AttributeError):
        raise InvalidArgument("the seed must have the structure of the value") from None
    return tuple(of)
