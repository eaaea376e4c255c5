"""Surface expressions to expressions of the core with arrays: names looked up, attributes and methods resolved, calls
in canonical form, what is known before the run folded."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np

from adcompile.analysis.types_of import described, name_of, type_of_value
from adcompile.errors import Unsupported, refuse
from adcompile.frontend.functions import is_function_value
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Effect, Expr, If, Index, Name, Slice, Tuple
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import BOOL, Array, Scalar, Static, kind
from adcompile.normal.array_calls import FORMS
from adcompile.normal.attributes import attribute, function, method
from adcompile.normal.building import (
    Builder,
    Typed,
    constant,
    require_integer,
    takes_statements,
    tuple_of,
    value_of,
)
from adcompile.normal.codes import Codes, Coding, is_coded
from adcompile.normal.failures import condition
from adcompile.normal.floating import Flagged
from adcompile.normal.lists import is_list, list_of, mentions_list, passed
from adcompile.normal.number_classes import BITS, NUMBER, NumberClasses
from adcompile.normal.opaque_calls import opaque
from adcompile.normal.questions import QUESTIONS, answered
from adcompile.normal.random_numbers import Draws
from adcompile.normal.rearranged import atleast_2d
from adcompile.normal.records import values_of_each
from adcompile.normal.variables import MADE_TEXT, Absent, Undefined, Value, converted_constant, joined_type, missing
from adcompile.normal.written_out import block_diag, written_out

_OPERATORS: Mapping[Any, Any] = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.divide,
    operator.floordiv: np.floor_divide, operator.mod: np.remainder, operator.neg: np.negative,
    operator.pow: ops.power, operator.matmul: np.matmul, operator.eq: np.equal, operator.ne: np.not_equal,
    operator.lt: np.less, operator.le: np.less_equal, operator.gt: np.greater, operator.ge: np.greater_equal,
    operator.not_: ops.negated,
}  # fmt: skip

_SAME: Mapping[Any, bool] = {operator.is_: True, operator.is_not: False, np.equal: True, np.not_equal: False}


class Expressions:
    """Turns surface expressions into typed ones, under an environment of variables."""

    def __init__(self, builder: Builder, lists: frozenset[str]) -> None:
        self.b = builder
        self.lists = lists  # the variables that may hold a list which stands for a tuple
        self.env: dict[str, Value] = {}
        self.classes = NumberClasses({})  # of the numbers that variables stand for
        self.arrays: dict[int, Typed] = {}  # arrays known before the run, by identity
        self.branched: Callable[[Expr, Expr, Expr], Typed] = self._unbranched
        self.codes = Codes(builder)
        self.draws = Draws(builder)

    def value(self, expr: Expr) -> Typed:
        """The expression, resolved; a number where it may be `None` too."""
        if isinstance(expr, Tuple):
            return tuple_of([self.value(item) for item in expr.items])
        return self.codes.number(self.raw(expr))

    def raw(self, expr: Expr) -> Typed:
        """The expression, resolved, as it is kept: a text or `None` that the run decides has a code."""
        match expr:
            case Const(value):
                return self._constant(value)
            case Name(name):
                return self._variable(name)
            case Tuple(items):
                return tuple_of([self.raw(item) for item in items])
            case Slice(start, stop, step):
                parts = [self._bound(part) for part in (start, stop, step)]
                return Typed(Slice(*(part.expr for part in parts)), Static(slice))
            case Index(Const(of), index) if of is np.s_ or of is np.index_exp:
                parts = [self.value(part) for part in index]
                return tuple_of(parts) if of.maketuple or len(parts) > 1 else parts[0]
            case Index(array, (place,)) if values := values_of_each(array):
                return self._looked_up(values, self.raw(place))
            case Index(array, index):
                if is_coded((base := self.raw(array)).expr) and isinstance(index[0], Const):
                    return self.codes.letter(base, index[0].value)
                found = self.b.index(base, self.index(index))
                return self.b.call(ops.copy, found) if is_list(base) and base.ndim == found.ndim == 1 else found
            case Call():
                return self._call(expr)

    def _looked_up(self, values: Mapping[Any, Expr], key: Typed) -> Typed:
        """The value of a dict for a text or `None` that the run decides."""
        if isinstance(key.expr, Const) and isinstance(key.expr.value, str | None) and key.expr.value in values:
            return self.raw(values[key.expr.value])
        if not is_coded(key.expr):
            raise refuse("unsupported-dict", "a key that the run decides", hint="use an if")
        told = self.codes.told(key)
        if not isinstance(told[-1][1], Const):
            raise refuse("unsupported-dict", "a key that may be a number, as the run decides", hint="use an if")
        found: Typed | None = None
        for test, one in reversed(told):
            assert isinstance(one, Const)
            if one.value not in values:
                if self.b.is_lazy:
                    raise refuse("takes-statements", "a key that may not be there is looked up", hint="use an if")
                failure = Effect(Call(ops.fail, (Const(KeyError), Const(None), one)), span=self.b.span)
                which = self.codes.equal(key, constant(one.value))
                self.b.out.append(If(which.expr, (failure,), (), span=self.b.span))
                continue
            value = self.raw(values[one.value])
            found = value if found is None else self.selected(Typed(test, BOOL), value, found)
        return found or constant(0.0)

    def index(self, parts: Sequence[Expr]) -> list[Typed]:
        """The parts of an index; a list among them, which means the places that it holds, has to be known as one."""
        found = [self.value(part) for part in parts]
        for part, item in zip(parts, found, strict=True):
            if item.is_tuple and mentions_list(part, self.lists):
                message = "which list this index is, or whether it is a tuple, is not known before the run"
                raise refuse("unsupported-index", message, hint="make it an array: `rows = np.array([0, 1])`")
        return found

    def condition(self, expr: Expr) -> Typed:
        """The expression as a condition."""
        found = self.raw(expr)
        if is_coded(found.expr):
            return self.codes.truth(found)
        self.classes.require_no_complement(expr, found.type == BOOL)
        return self.b.truth(found)

    def _constant(self, value: object) -> Typed:
        if isinstance(value, slice):
            return self.value(Slice(Const(value.start), Const(value.stop), Const(value.step)))
        if not isinstance(value, np.ndarray):
            return constant(value)
        found = self.arrays.get(id(value))
        if found is None:
            raise refuse(
                "array-constant",
                f"an array of {value.size} numbers from outside the function is used",
                hint="pass it as an argument",
            )
        return found

    def _variable(self, name: str) -> Typed:
        value = self.env.get(name, missing(name))
        if isinstance(value, Absent):
            raise value.refusal()
        if isinstance(value, Undefined):
            raise missing(name).refusal()
        return self.typed(value)

    def typed(self, value: Expr) -> Typed:
        """A value of the environment with its type."""
        match value:
            case Name(id):
                return self.b.name(id)
            case Tuple(items):
                return tuple_of([self.typed(item) for item in items])
            case Slice():
                return Typed(value, Static(slice))
            case Call(ops.coded, (_, number)):
                type_ = self.typed(number).type
                return Typed(value, Static(Coding(type_ if isinstance(type_, Scalar) else None)))
            case Call(fn, args):
                return self.b.call(fn, *(self.typed(arg) for arg in args))
        assert isinstance(value, Const), value
        return Typed(value, type_of_value(value.value))

    def is_array(self, name: str) -> bool:
        """Whether a variable is an array with axes here."""
        value = self.env.get(name)
        found = self.b.types.get(value.id) if isinstance(value, Name) else None
        return isinstance(found, Array) and not found.listed

    def _bound(self, expr: Expr) -> Typed:
        bound = self.value(expr)
        return bound if bound.expr == Const(None) else require_integer(bound, "a bound of a slice")

    # -------------------------------------------------------------------------------------- calls
    def _call(self, call: Call) -> Typed:
        fn, args = _OPERATORS.get(call.fn, call.fn), call.args
        if fn is ops.both or fn is ops.either:
            return self._lazy_pair(fn, *args)
        if fn is ops.select:
            return self._select(*args)
        if fn is slice and 0 < len(args) <= 3 and not call.kwargs:
            start, stop, step = ((Const(None), *args, Const(None)) if len(args) == 1 else (*args, Const(None)))[:3]
            return self.value(Slice(start, stop, step))
        if fn in _SAME:
            sides = [self.raw(arg) for arg in args]
            if any(is_coded(side.expr) for side in sides):
                same = self.codes.equal(*sides)
                return same if _SAME[fn] else self._negated(same)
        if fn is ops.negated:
            return self._negated(self.condition(args[0]))
        if fn is ops.undefined:
            return constant(0.0)
        if fn is ops.refused:
            assert isinstance(args[0], Const)
            raise Unsupported(args[0].value)  # if that is nothing, what stands before it says why
        if fn is ops.text:
            raise MADE_TEXT.refusal()
        if is_function_value(call):
            hint = "call it where it is made, or pass it to a function that does: grad(u)(x)"
            raise refuse("derivative-inside", "a function, or a derivative, is used as a value of the run", hint=hint)
        values = [self.value(arg) for arg in args]
        if fn is np.invert and values[0].type == BOOL:  # of Python's own truths, which generated code has, `~` is -2
            return self._negated(values[0])
        if not any(fn is one for one in BITS):
            for arg, value in zip(args, values, strict=True):
                self.classes.require_no_complement(arg, value.type == BOOL)
        kwargs = {key: self.value(value) for key, value in call.kwargs}
        if (found := self.draws.called(fn, values, kwargs)) is not None:
            return found
        if isinstance(fn, Opaque):
            return opaque(self.b, fn, values)
        if fn is ops.snapshot:
            return self.b.call(ops.copy, values[0]) if values[0].is_array else values[0]
        if fn is ops.held:
            items = Slice(Const(None), Call(ops.within, (values[1].expr,)), Const(None))
            return self.b.index(values[0], [Typed(items, Static(slice))])
        if fn is ops.raises:
            kind, function = (value_of(value, "what is asked") for value in values[:2])
            about = Call(function.fn, args[2:]) if isinstance(function, Flagged) else args[2]
            return condition(self.b, kind, function, values[2:], self.classes.of(about))
        if (fn is list or fn is tuple) and len(values) == 1 and values[0].is_tuple and not kwargs:
            return values[0]
        if (
            (fn is list or fn is sorted)
            and len(values) == 1
            and not kwargs
            and (made := list_of(self.b, fn, values[0]))
        ):
            return made
        if any(fn is one for one in (range, map, zip, enumerate, list, tuple, sorted)):
            hint = "loop over a range, an array, enumerate, zip or reversed, directly in the `for`"
            raise refuse("unsupported-expression", f"`{fn.__name__}` gives no number and no array", hint=hint)
        if fn is ops.contains:
            raise refuse("unsupported-expression", "`in` is not supported", hint="compare the values one by one")
        if fn in (ops.attribute, ops.method):
            name = values[1].expr
            assert isinstance(name, Const) and isinstance(name.value, str)
            if fn is ops.attribute:
                return attribute(self.b, values[0], name.value)
            drawn = self.draws.method(values[0], name.value, values[2:], kwargs)
            return drawn or method(self.b, values[0], name.value, values[2:], kwargs)
        if fn in QUESTIONS and not kwargs:
            return answered(fn, values, self.classes.of(args[0]) if args else NUMBER)
        return self.call_known(fn, values, kwargs)

    def call_known(self, fn: Callable[..., Any], args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
        """A call with resolved arguments."""
        if fn in QUESTIONS and not kwargs:
            return answered(fn, args, NUMBER)
        if fn in (np.asarray, np.asanyarray) and any(map(is_list, args)):
            fn = np.array
        args = passed(fn, args)
        if any(arg.is_tuple for arg in args) and not kwargs and (found := self._of_tuples(fn, args)) is not None:
            return found
        if (written := written_out(fn)) is block_diag and args and not kwargs:  # of any number of matrices
            first = self.b.call(ops.copy, self.b.written(atleast_2d, args[0]))
            return reduce(partial(self.b.written, block_diag), args[1:], first)
        if written is not None:
            return self.b.written(written, *args, **kwargs)
        if fn in FORMS:
            return function(self.b, fn, args, kwargs)
        if isinstance(fn, np.ufunc):
            if kwargs and len(args) == fn.nin and kwargs.keys() <= {"where", "out"}:
                return self._where(fn, args, kwargs)
            if kwargs or len(args) > fn.nin:
                raise refuse("unsupported-argument", f"keyword arguments of `{name_of(fn)}` are not supported")
            args = [self.b.call(np.array, arg) if arg.is_tuple else arg for arg in args]
        return self.b.call(fn, *args, **{key: value.expr for key, value in kwargs.items()})

    def _where(self, fn: np.ufunc, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
        """An elementwise function of some elements: the others are those of `out`, which is made for this call.

        NumPy says nothing of the others where there is no `out`: they are zeros here."""
        out, where = kwargs.get("out"), kwargs.get("where")
        if out is not None and isinstance(out.expr, Const) and out.expr.value is None:
            out = None
        value = self.call_known(fn, args, {})
        if out is not None and (where is None or isinstance(out.expr, Name) or out.type != value.type):
            message = f"`out` of `{name_of(fn)}` is an array with a name, of another type, or of all elements"
            raise refuse("unsupported-argument", message, hint="assign the result: out = np.where(...)")
        if where is None:
            return value
        other = out or constant(kind(value.type) != "b" and 0.0)
        return self.call_known(np.where, (where, value, other), {})

    def _of_tuples(self, fn: Callable[..., Any], args: Sequence[Typed]) -> Typed | None:
        """Joining, repeating and comparing tuples."""
        b = self.b
        match fn, args:
            case (np.add, (left, right)) if left.is_tuple and right.is_tuple:
                return tuple_of([*left.items, *right.items])
            case (np.multiply, (Typed() as left, Typed(Const(int() as count)))) if left.is_tuple:
                return tuple_of(left.items * count)
            case (np.multiply, (left, right)) if left.is_tuple != right.is_tuple:
                number = right if left.is_tuple else left
                if isinstance(number.type, Scalar) and kind(number.type) in "iub":
                    hint = "use an array: np.full(n, value)"
                    raise refuse(
                        "unsupported-list", "a tuple is repeated a number of times known only in the run", hint=hint
                    )
            case (np.equal | np.not_equal, (Typed() as left, Typed(Const(int())))) if left.is_tuple:
                return constant(fn is np.not_equal)  # `x.shape == 1`
            case (np.equal | np.not_equal, (left, right)) if left.is_tuple and right.is_tuple:
                if len(left.items) != len(right.items):
                    return constant(fn is np.not_equal)
                if not left.items:
                    return constant(fn is np.equal)
                pairs = [self.call_known(fn, pair, {}) for pair in zip(left.items, right.items, strict=True)]
                return b.folded(ops.both if fn is np.equal else ops.either, pairs)
        return None

    def _negated(self, x: Typed) -> Typed:
        return constant(not x.expr.value) if isinstance(x.expr, Const) else self.b.call(ops.negated, x)

    def _lazy_pair(self, fn: Callable[..., Any], left: Expr, right: Expr) -> Typed:
        first = self.condition(left)
        if isinstance(first.expr, Const):
            return self.condition(right) if first.expr.value is (fn is ops.both) else first
        try:
            with self.b.lazily(), self.codes.given(first.expr, fn is ops.both):
                second = self.condition(right)
        except Unsupported as error:
            if self.b.is_lazy or not takes_statements(error):
                raise
            sides = (right, Const(False)) if fn is ops.both else (Const(True), right)
            return self.branched(left, *sides)
        if isinstance(second.expr, Const) and second.expr.value is (fn is ops.both):
            return first
        return self.b.call(fn, first, second)

    def _select(self, test: Expr, then: Expr, orelse: Expr) -> Typed:
        condition = self.condition(test)
        if isinstance(condition.expr, Const):
            return self.raw(then if condition.expr.value else orelse)
        try:
            sides = []
            for number, side in enumerate((then, orelse)):
                with self.b.lazily(), self.codes.given(condition.expr, not number):
                    sides.append(self._side(side))
        except Unsupported as error:
            if self.b.is_lazy or not takes_statements(error):
                raise
            return self.branched(test, then, orelse)
        known = [side for side in sides if side is not None]
        if len(known) < 2:
            return known[0] if known else constant(0.0)
        return self.selected(condition, *known)

    def _unbranched(self, test: Expr, then: Expr, orelse: Expr) -> Typed:
        raise NotImplementedError

    def _side(self, expr: Expr) -> Typed | None:
        """One side of a conditional; nothing where it is undefined, hence never chosen."""
        if isinstance(expr, Name) and isinstance(self.env.get(expr.id), Undefined):
            return None
        return self.raw(expr)

    def selected(self, condition: Typed, then: Typed, orelse: Typed) -> Typed:
        """A conditional on resolved values: item by item for tuples."""
        if then.expr == orelse.expr:
            return then
        if then.is_tuple and orelse.is_tuple and len(then.items) == len(orelse.items):
            pairs = zip(then.items, orelse.items, strict=True)
            return tuple_of([self.selected(condition, *pair) for pair in pairs])
        if isinstance(then.type, Array) and isinstance(orelse.type, Array):
            raise refuse(
                "array-conditional",
                "a conditional between arrays inside an expression",
                hint="choose with an if statement, or with np.where element by element",
            )
        if (found := self.codes.selected(condition, then, orelse)) is not None:
            return found
        if not (isinstance(then.type, Scalar) and isinstance(orelse.type, Scalar)):
            raise refuse(
                "conflicting-types",
                f"a conditional is {described(then.type)} on one side, {described(orelse.type)} on the other",
            )
        sides = [self._as(side, then.type, orelse.type) for side in (then, orelse)]
        return self.b.call(ops.select, condition, *sides)

    def _as(self, x: Typed, *types: Scalar) -> Typed:
        """A literal as the type of number that the whole conditional has."""
        wanted = joined_type(*types)
        if isinstance(x.expr, Const) and wanted is not None:
            return Typed(converted_constant(x.expr, wanted), wanted)
        return x
