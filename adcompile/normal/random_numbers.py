"""Random numbers of a generator that the function makes, with a seed known before the run, are constants.

Goal: `rng = np.random.default_rng(0)`, `np.random.RandomState(3)` and `np.random.seed(1)` in the function, and what is
drawn there, however often, as long as how often and how many is known before the run.  NumPy itself draws the numbers,
in the order of the run, when the derivative is made; in loops they are a table with a row for each trip.  `normal` and
`uniform` of numbers that the run decides are made of standard ones, as NumPy makes them.  Non-goals: generators of
outside, and seeds or counts of the run: what they give is not known.

    rng = np.random.default_rng(0)          normal = table
    for k in range(9):              becomes for k in range(9):
        s += x * rng.normal()                   s += x * normal[k]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adcompile.errors import Span, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Effect, Expr, For, If, Index, Name, Names, Return, Stmt
from adcompile.ir.types import Array, Scalar, Static, Type
from adcompile.ir.walk import blocks, names, statements, with_blocks
from adcompile.normal.building import EVERYTHING, Builder, Typed, constant
from adcompile.normal.untouched import Untouched

_MADE: Mapping[Any, Callable[[Any], Any]] = {
    np.random.default_rng: np.random.default_rng,
    np.random.RandomState: np.random.RandomState,
}
_OF_NUMPY = getattr(np.random.rand, "__self__", None)
"""The generator whose methods `np.random` has as functions."""

_METHODS = (
    "random", "rand", "randn", "random_sample", "standard_normal", "normal", "uniform", "standard_exponential",
    "exponential", "lognormal", "beta", "gamma", "chisquare", "poisson", "binomial", "geometric", "integers", "randint",
    "permutation", "choice", "laplace", "standard_t", "standard_gamma", "triangular", "weibull", "rayleigh",
    "multivariate_normal", "logistic", "gumbel",
)  # fmt: skip
_SCALED: Mapping[str, tuple[str, str, str]] = {  # the standard one, and the parameters
    "normal": ("standard_normal", "loc", "scale"),
    "uniform": ("random", "low", "high"),
    "exponential": ("standard_exponential", "", "scale"),
}
_MOST = 10_000_000
"""Random numbers of one function."""


class Generator:
    """A generator that a function makes, or that of `np.random`."""

    def __init__(self, make: Callable[[Any], Any], name: str) -> None:
        self.make = make
        self.name = name

    def __repr__(self) -> str:
        return f"a generator of {self.name}"


@dataclass(eq=False)
class Drawn:
    """A call that draws, and what it gave on each trip."""

    by: Generator
    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    span: Span | None
    given: list[Any] = field(default_factory=list)

    def once(self, generator: Any) -> Any:
        """What a generator gives."""
        try:
            found = getattr(generator, self.method)(*self.args, **self.kwargs)
        except (TypeError, ValueError, AttributeError) as error:
            raise refuse("no-type", f"`{self.method}` of {self.by!r}: {error}", self.span) from None
        return found


class Draws:
    """What a walk draws: calls of generators, as expressions that `settled` fills in."""

    def __init__(self, builder: Builder) -> None:
        self.b = builder
        self.of_numpy = Generator(np.random.RandomState, "numpy.random")

    def called(self, fn: Any, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed | None:
        """The call of a function that makes, seeds or draws; nothing if it is another."""
        for one, make in _MADE.items():
            if fn is one:
                return self._made(Generator(make, f"numpy.random.{one.__name__}"), args, kwargs)
        if fn is np.random.seed:
            return self._made(self.of_numpy, args, kwargs)
        if _OF_NUMPY is not None and getattr(fn, "__self__", None) is _OF_NUMPY:
            return self.drawn(self.of_numpy, fn.__name__, args, kwargs)
        return None

    def method(self, x: Typed, name: str, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed | None:
        """A method of a generator; nothing if `x` is none."""
        if isinstance(x.expr, Const) and isinstance(x.expr.value, Generator):
            return self.drawn(x.expr.value, name, args, kwargs)
        return None

    def _made(self, generator: Generator, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
        given = [*args, *kwargs.values()]
        if len(given) != 1 or given[0].expr == Const(None):
            hint = "seed it with a number, or pass the numbers as an argument"
            raise refuse("random-numbers", "a random generator without a seed", hint=hint)
        self._ahead()
        seed = given[0].expr
        if not isinstance(seed, Const) and not _is_whole(seed):
            raise refuse("dynamic-argument", "a seed must be known before the run", hint="give it as a literal")
        self.b.out.append(Effect(Call(ops.seeded, (Const(generator), seed)), span=self.b.span))
        return Typed(Const(generator), Static(generator))

    def drawn(self, by: Generator, method: str, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
        """A call that draws."""
        if method not in _METHODS:
            hint = "draw with normal, uniform, integers, permutation and the like"
            raise refuse("random-numbers", f"`{method}` of {by!r} is not supported", hint=hint)
        self._ahead()
        given = (*args, *(x for key, x in kwargs.items() if key != "size"))
        if method in _SCALED and any(isinstance(x.type, Scalar) and not isinstance(x.expr, Const) for x in given[:2]):
            return self._scaled(by, method, args, kwargs)
        values = [_known(x) for x in args]
        named = {key: _known(x) for key, x in kwargs.items()}
        call = Drawn(by, method, tuple(values), named, self.b.span)
        example = call.once(by.make(0))
        type_ = _type(example, method)
        made = self.b.defined(self.b.spare(method), Typed(Call(ops.drawn, (Const(call),)), type_))
        if isinstance(example, np.ndarray) and isinstance(made.expr, Name):
            self.b.lengths[made.expr.id] = example.shape
        return made

    def _scaled(self, by: Generator, method: str, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
        """`normal(mean, deviation)` of numbers of the run: from the standard one."""
        standard, low, high = _SCALED[method]
        order = [name for name in (low, high, "size") if name]
        given = {**dict(zip(order, args, strict=False)), **kwargs}
        if given.keys() - set(order) or len(args) > len(order):
            hint = "give it numbers that are known, or scale standard ones"
            raise refuse("random-numbers", f"these arguments of `{method}` of {by!r} are not supported", hint=hint)
        first, last = given.get(low, constant(0.0)), given.get(high, constant(1.0))
        if not isinstance(first.type, Scalar) or not isinstance(last.type, Scalar):
            hint = f"scale `{standard}(size)` yourself"
            raise refuse("random-numbers", f"`{method}` with an array of parameters", hint=hint)
        if standard == "random" and by.make is np.random.RandomState:
            standard = "random_sample"
        size = {"size": given["size"]} if "size" in given else {}
        z, b = self.drawn(by, standard, [], size), self.b
        first, last = b.shared(first, "first"), b.shared(last, "last")
        if method != "uniform":
            failure = Effect(Call(ops.fail, (Const(ValueError), Const(None), Const("scale < 0"))), span=b.span)
            b.out.append(If(b.call(np.less, last, constant(0.0)).expr, (failure,), (), span=b.span))
            scaled = b.call(np.multiply, last, z)
        else:
            scaled = b.call(np.multiply, b.call(np.subtract, last, first), z)
        return b.call(np.add, first, scaled) if low else scaled

    def _ahead(self) -> None:
        if self.b.is_lazy:
            what = "a random number takes statements, where it may not be drawn"
            raise refuse("takes-statements", what, hint="give it a name in a statement of its own")


def _known(x: Typed) -> Any:
    """An argument of a call that draws, which is known before the run."""
    if x.is_tuple:
        return tuple(map(_known, x.items))
    if isinstance(x.expr, Const):
        return x.expr.value
    hint = "give it as a literal or as an argument of the function, or pass the random numbers as an argument"
    raise refuse("dynamic-argument", "how many random numbers are drawn must be known before the run", hint=hint)


def _type(example: Any, method: str) -> Type:
    """The type of what is drawn."""
    if isinstance(example, np.ndarray) and example.ndim and example.dtype.kind in "fiub":
        return Array(example.dtype.name, example.ndim)
    if isinstance(example, (bool, int, float, np.number)):
        return Scalar(np.asarray(example).dtype.name)
    raise refuse("random-numbers", f"what `{method}` gives is no number and no array of numbers")


def _is_whole(seed: Expr) -> bool:
    """Whether a seed is computed from the indices of loops."""
    match seed:
        case Call(fn, args) if fn in (np.add, np.subtract, np.multiply):
            return all(map(_is_whole, args))
    return isinstance(seed, Name) or (isinstance(seed, Const) and isinstance(seed.value, int))


# ------------------------------------------------------------------------------------------ after the walk
def settled(body: Sequence[Stmt], types: dict[str, Type], fresh: Names) -> Block:
    """The statements of a function in SSA with what is drawn in it as tables."""
    draws = [call for call in map(_drawn, statements(body)) if call is not None]
    if not draws:
        return tuple(body)
    _Run().block(body, {})
    return _Tables(body, types, fresh).whole()


def _drawn(stmt: Stmt) -> Drawn | None:
    match stmt:
        case Assign(_, Call(ops.drawn, (Const(Drawn() as call),))):
            return call
    return None


def _draws(block: Sequence[Stmt]) -> bool:
    """Whether something is drawn or seeded in a block."""
    return any(
        _drawn(stmt) is not None or (isinstance(stmt, Effect) and stmt.call.fn is ops.seeded)
        for stmt in statements(block)
    )


class _Run:
    """Runs the loops that draw, as far as that is known, and draws."""

    def __init__(self) -> None:
        self.states: dict[Generator, Any] = {}
        self.numbers = 0

    def block(self, block: Sequence[Stmt], indices: Mapping[str, int]) -> None:
        for stmt in block:
            call = _drawn(stmt)
            if call is not None:
                self.draw(call)
            elif isinstance(stmt, Effect) and stmt.call.fn is ops.seeded:
                generator, seed = stmt.call.args
                assert isinstance(generator, Const)
                self.states[generator.value] = generator.value.make(_whole(seed, indices))
            elif isinstance(stmt, For) and _draws(stmt.body):
                for trip in _trips(stmt):
                    self.block(stmt.body, {**indices, stmt.index: trip})
            elif any(map(_draws, blocks(stmt))):
                what = "random numbers are drawn in a branch, or in a loop that may end early"
                raise refuse("random-numbers", what, _place(stmt), "draw them before, as an array, and use them there")

    def draw(self, call: Drawn) -> None:
        """The numbers of one call."""
        if call.by not in self.states:
            hint = "seed it there, or pass the random numbers as an argument"
            raise refuse("random-numbers", f"{call.by!r} is not seeded in the function", call.span, hint)
        call.given.append(call.once(self.states[call.by]))
        self.numbers += 1 + np.size(call.given[-1])
        if self.numbers > _MOST:
            what = f"more than {_MOST} random numbers are drawn"
            raise refuse("random-numbers", what, call.span, "pass them as an argument")


def _trips(loop: For) -> range:
    bounds = [part.value for part in (loop.start, loop.stop, loop.step) if isinstance(part, Const)]
    if len(bounds) < 3:
        what = "random numbers are drawn in a loop whose number of trips is not known before the run"
        hint = "give it as a literal or as an argument of the function, or pass the random numbers as an argument"
        raise refuse("dynamic-argument", what, loop.span, hint)
    return range(*bounds)


def _place(stmt: Stmt) -> Span | None:
    return next((call.span for call in map(_drawn, statements((stmt,))) if call is not None), stmt.span)


def _whole(seed: Expr, indices: Mapping[str, int]) -> Any:
    match seed:
        case Const(value):
            return value
        case Name(name) if name in indices:
            return indices[name]
        case Call(fn, (left, right)):
            return int(fn(_whole(left, indices), _whole(right, indices)))
    raise refuse("dynamic-argument", "a seed must be known before the run", hint="give it as a literal")


class _Tables:
    """Puts what was drawn where it is used."""

    def __init__(self, body: Sequence[Stmt], types: dict[str, Type], fresh: Names) -> None:
        self.body = body
        self.types = types
        self.fresh = fresh
        self.memory = Untouched(tuple(body))
        self.returned = {name for stmt in body if isinstance(stmt, Return) for name in names(stmt.value)}
        self.made: list[Stmt] = []

    def whole(self) -> Block:
        body = self.block(self.body, ())
        return (*self.made, *body)

    def block(self, block: Sequence[Stmt], loops: tuple[For, ...]) -> Block:
        done: list[Stmt] = []
        for stmt in block:
            call = _drawn(stmt)
            if call is not None and isinstance(stmt, Assign):
                done += self.taken(stmt, call, loops)
            elif isinstance(stmt, For) and _draws(stmt.body):
                done.append(with_blocks(stmt, [self.block(stmt.body, (*loops, stmt))]))
            elif not (isinstance(stmt, Effect) and stmt.call.fn is ops.seeded):
                done.append(stmt)
        return tuple(done)

    def taken(self, stmt: Assign, call: Drawn, loops: tuple[For, ...]) -> list[Stmt]:
        """What was drawn by a call, on the trip that this is."""
        type_ = self.types[stmt.target]
        assert isinstance(type_, (Array, Scalar))
        if not loops and isinstance(type_, Scalar):
            return [Assign(stmt.target, Const(np.asarray(call.given[0]).item()), span=stmt.span, origin=stmt.origin)]
        rank = type_.ndim if isinstance(type_, Array) else 0
        if not call.given:  # a loop around makes no trip
            call.given.append(call.once(call.by.make(0)))
        found = np.asarray(call.given, dtype=type_.dtype)
        shape = tuple(max(len(_trips(loop)), 1) for loop in loops) if len(call.given) > 1 else (1,) * len(loops)
        table = self.fresh.fresh(f"{stmt.target.partition('.')[0]}_drawn")
        self.types[table] = Array(type_.dtype, len(loops) + rank)
        numbers = found.reshape(*shape, *found.shape[1:])
        self.made.append(Assign(table, Call(ops.table, (Const(ops.Contents(numbers)),)), span=stmt.span))
        value: Expr = Name(table)
        if loops:
            value = Index(value, (*map(_trip, loops), *[EVERYTHING] * rank))
        if isinstance(type_, Array) and self.is_changed(stmt.target):
            value = Call(ops.copy, (value,))
        return [Assign(stmt.target, value, span=stmt.span, origin=stmt.origin)]

    def is_changed(self, name: str) -> bool:
        """Whether an array may be written, or returned."""
        return name in self.returned or self.memory.is_touched([name])


def _trip(loop: For) -> Expr:
    """The number of a trip."""
    assert isinstance(loop.start, Const) and isinstance(loop.step, Const)
    counted: Expr = Name(loop.index)
    if loop.start.value:
        counted = Call(np.subtract, (counted, loop.start))
    return counted if loop.step.value == 1 else Call(np.floor_divide, (counted, loop.step))
