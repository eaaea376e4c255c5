"""Derivatives of opaque calls: in forward and in reverse mode, one more call each.

Goal: the rule that somebody gave for a function (`ir.opaque`) takes the place of the function's call, and what it gives
is held to the types of what it is the tangent or adjoint of.  Non-goals: what the rule computes; it is read and inlined
like any function, when all calls of the derivative are.

    y = f(x)                    pair = rule((x,), (x_dot,))         forward mode of a `custom_jvp`
                                y = pair[0]
                                y_dot = pair[1]

                                kept = fwd(x)                       reverse mode of a `custom_vjp`
                                y = kept[0]
                                ...
                                adjoint = bwd(kept[1], y_bar)
                                x_bar += adjoint[0]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from adcompile.analysis.activity import Activity
from adcompile.analysis.aliasing import Roots, roots
from adcompile.analysis.types_of import type_of
from adcompile.chain import ZERO
from adcompile.errors import Span, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Expr,
    For,
    Function,
    Name,
    Names,
    Stmt,
    Store,
    Tuple,
    While,
    base_of,
)
from adcompile.ir.opaque import Opaque, Reverse, is_opaque, passed
from adcompile.ir.show import shown_type
from adcompile.ir.types import Array, Scalar, Static, TupleType, Type, is_float, kind
from adcompile.ir.walk import blocks, core_names, defines, statements, with_blocks
from adcompile.transform.same_arrays import Shared, check_not_seen


# ------------------------------------------------------------------------------------------ types
def check_fits(type_: Type, given: Type, what: str, whose: str, span: Span | None, inside: str) -> None:
    """Refuses a tangent or an adjoint of another structure than its value; of what is no float, none is asked."""
    match type_, given:
        case TupleType(items), TupleType(others) if len(items) == len(others):
            for number, pair in enumerate(zip(items, others, strict=True)):
                check_fits(*pair, f"item {number} of {what}", whose, span, inside)
            return
        case Scalar(), Scalar() if kind(given) in "fiub" or kind(given) == kind(type_):
            return
        case Array(_, rank), Array(_, other) if rank == other and (kind(given) in "fiub" or kind(given) == kind(type_)):
            return
    if isinstance(type_, Static) or (not isinstance(type_, TupleType) and not is_float(type_)):
        return
    if given == Static(None):  # nothing is zero
        return
    shown, asked = shown_type(given), shown_type(type_)
    raise refuse("wrong-derivative-type", f"{what} in the rule of `{whose}` is {shown}, and has to be {asked}",
                 span, "return one for each argument, of its shape; None stands for zero", inside)  # fmt: skip


# ------------------------------------------------------------------------------------------ own memory
class _Later:
    """Which arrays may be written after a statement, while they live."""

    def __init__(self, function: Function, roots: Roots) -> None:
        self.roots = roots
        self.loops: dict[Stmt, tuple[Stmt, ...]] = {}  # around each statement, from the outside
        self.order: dict[Stmt, int] = {}
        self.made: dict[str, Stmt] = {}
        self.stores: dict[str, list[Stmt]] = {}
        self._visit(function.body, ())

    def _visit(self, block: Block, around: tuple[Stmt, ...]) -> None:
        for stmt in block:
            self.order[stmt] = len(self.order)
            self.loops[stmt] = around
            for name in defines(stmt):
                self.made.setdefault(self.roots.find(name), stmt)
            if isinstance(stmt, (Store, Accum)):
                self.stores.setdefault(self.roots.find(stmt.array), []).append(stmt)
            for inner in blocks(stmt):
                self._visit(inner, (*around, stmt) if isinstance(stmt, (For, While)) else around)

    def written(self, stmt: Stmt, names: Iterable[str]) -> bool:
        """Whether one of the arrays is written after `stmt`, or again in a loop around it that the array outlives."""
        for root in {self.roots.find(name) for name in names}:
            outside = self.loops[self.made[root]] if root in self.made else ()
            again = next((loop for loop in self.loops[stmt] if loop not in outside), None)
            for store in self.stores.get(root, ()):
                if self.order[store] > self.order[stmt] or (again is not None and again in self.loops[store]):
                    return True
        return False


def own_results(function: Function) -> Function:
    """`function` where arrays that opaque calls give share no memory with what is written later: they are copied where
    the function called may give an argument back, or one array twice, and any of these is written."""
    later = _Later(function, roots(function))
    items = items_of(function)
    copied: set[str] = set()
    shared: list[Shared] = []
    for stmt in statements(function.body):
        match stmt:
            case Assign(target, Call(Opaque() as fn, args) as call):
                given = tuple(type_of(arg, function.types) for arg in args)
                mine = [name for name in _parts(target, items) if isinstance(function.types[name], Array)]
                if mine and fn.recursive:
                    ours = stmt.span is not None and stmt.span.file.startswith("<adcompile ")
                    if not ours and fn.shares(given):  # in texts of ours what it gives is its own
                        arrays = {name for name in passed(call) if isinstance(function.types[name], Array)}
                        shared.append(Shared(stmt, fn.__name__, arrays, {*mine}))
                elif mine and later.written(stmt, (*mine, *passed(call))) and fn.shares(given):
                    copied.update(mine)
    check_not_seen(function, shared)
    if not copied:
        return function
    names = Names(core_names(function))
    types = dict(function.types)

    def block(old: Block) -> Block:
        out: list[Stmt] = []
        for stmt in old:
            if isinstance(stmt, Assign) and stmt.target in copied:
                shared = names.fresh(stmt.target)
                types[shared] = types[stmt.target]
                out.append(replace(stmt, target=shared))
                stmt = replace(stmt, value=Call(ops.copy, (Name(shared),)))
            out.append(with_blocks(stmt, [block(inner) for inner in blocks(stmt)]))
        return tuple(out)

    return replace(function, body=block(function.body), types=types)


# ------------------------------------------------------------------------------------------ forward mode
class Tangents:
    """Writes the tangents of opaque calls; `dot` names a tangent, and `zeros` makes one of zeros."""

    def __init__(
        self, function: Function, activity: Activity, types: dict[str, Type], names: Names,
        dot: Callable[[str, int], str],
    ) -> None:  # fmt: skip
        self.function = function
        self.activity = activity
        self.types = types
        self.names = names
        self.dot = dot

    def call(self, stmt: Assign, lanes: range, out: list[Stmt]) -> None:
        """The call of the rule, once a lane, and the value and the tangents that it gives."""
        call = stmt.value
        assert isinstance(call, Call) and isinstance(call.fn, Opaque)
        arguments = tuple(type_of(arg, self.types) for arg in call.args)
        for lane in lanes:
            tangents = [self.given(arg, lane, out) for arg in call.args]
            active = [self.activity.passed(arg) for arg in call.args]
            rule = call.fn.tangent(call.args, tangents, arguments, active)
            both = type_of(rule, self.types)
            self.check(stmt, call.fn, both)
            assert isinstance(both, TupleType)
            pair = self.names.fresh(f"{base_of(stmt.target)}_pair")
            self.types[pair] = both
            out.append(Assign(pair, rule, span=stmt.span))
            if lane == lanes[0]:
                out.append(Assign(stmt.target, Call(ops.item, (Name(pair), Const(0))), span=stmt.span))
            dot = self.dot(stmt.target, lane)
            self.types[dot] = both.items[1] if isinstance(both.items[1], TupleType) else self.types[dot]
            tangent: Expr = Call(ops.item, (Name(pair), Const(1)))
            if isinstance(both.items[1], Static):
                tangent = self.nothing(Name(stmt.target))
            out.append(Assign(dot, tangent, span=stmt.span))

    def series(self, stmt: Assign, orders: range, out: list[Stmt]) -> None:
        """The call of what gives all coefficients, and these."""
        call = stmt.value
        assert isinstance(call, Call) and isinstance(call.fn, Opaque)
        arguments = tuple(type_of(arg, self.types) for arg in call.args)
        by = tuple(number for number, arg in enumerate(call.args) if self.activity.passed(arg))
        if not orders:
            out.append(stmt)
            return
        given = [self.given(call.args[number], order, out) for number in by for order in orders]
        every = Call(call.fn.series(arguments, by, len(orders)), (*call.args, *given))
        types = type_of(every, self.types)
        assert isinstance(types, TupleType)
        whole = self.names.fresh(f"{base_of(stmt.target)}_series")
        self.types[whole] = types
        out.append(Assign(whole, every, span=stmt.span))
        out.append(Assign(stmt.target, Call(ops.item, (Name(whole), Const(0))), span=stmt.span))
        for order in orders:
            self.check(stmt, call.fn, TupleType((types.items[0], types.items[order])))
            dot, found = self.dot(stmt.target, order), types.items[order]
            self.types[dot] = found if isinstance(found, TupleType) else self.types[dot]
            one: Expr = Call(ops.item, (Name(whole), Const(order)))
            out.append(Assign(dot, self.nothing(Name(stmt.target)) if isinstance(found, Static) else one,
                              span=stmt.span))  # fmt: skip

    def check(self, stmt: Assign, fn: Opaque, both: Type) -> None:
        value, inside = self.types[stmt.target], self.function.name
        if not isinstance(both, TupleType) or len(both.items) != 2:
            message = f"the rule of `{fn.__name__}` returns {shown_type(both)}, and not a value and its tangent"
            raise refuse("wrong-derivative-type", message, stmt.span, "return two values", inside)
        if both.items[0] != value:
            message = f"the value in the rule of `{fn.__name__}` is {shown_type(both.items[0])}, that of the function "
            hint = "both have to be of one type: write 2.0 for 2"
            raise refuse("wrong-derivative-type", message + shown_type(value), stmt.span, hint, inside)
        check_fits(value, both.items[1], "the tangent", fn.__name__, stmt.span, inside)

    def given(self, arg: Expr, lane: int, out: list[Stmt]) -> Expr:
        """The tangent of an argument: zeros where it does not vary."""
        if isinstance(arg, Tuple):
            return Tuple(tuple(self.given(item, lane, out) for item in arg.items))
        if isinstance(arg, Name) and self.activity.name(arg.id):
            return Name(self.dot(arg.id, lane))
        type_ = type_of(arg, self.types)
        if isinstance(type_, Static):
            return Const(None)
        if not isinstance(type_, Array):
            return ZERO
        zeros = self.names.fresh("zeros")
        self.types[zeros] = type_ if is_float(type_) else Array("float64", type_.ndim)
        out.append(Assign(zeros, self.nothing(arg)))
        return Name(zeros)

    def nothing(self, value: Expr) -> Expr:
        """The zero of a value."""
        type_ = type_of(value, self.types)
        if not isinstance(type_, Array):
            return ZERO
        return Call(np.zeros_like, (value,) if is_float(type_) else (value, Const(np.float64)))


# ------------------------------------------------------------------------------------------ reverse mode
@dataclass(frozen=True)
class Kept:
    """The call of a function whose forward sweep keeps something: what it is of, how it is reversed, and the names
    of the value and of what is kept."""

    of: Call
    way: Reverse
    value: str
    residual: str


def with_residuals(function: Function, activity: Activity, aliases: Roots) -> tuple[Function, dict[str, Kept]]:
    """`function` with the calls in place of which the forward sweep calls another function, by the name of what that
    gives."""
    found: dict[str, Kept] = {}
    names = Names(core_names(function))
    types = dict(function.types)
    later = _Later(function, aliases)
    items = items_of(function)

    def block(old: Block) -> Block:
        out: list[Stmt] = []
        for stmt in old:
            if isinstance(stmt, Assign) and is_opaque(stmt.value) and activity.name(stmt.target):
                out += call(stmt)
            else:
                out.append(with_blocks(stmt, [block(inner) for inner in blocks(stmt)]))
        return tuple(out)

    def call(stmt: Assign) -> list[Stmt]:
        made = stmt.value
        assert isinstance(made, Call)
        if not isinstance(made.fn, Opaque):
            return [stmt]
        arguments = tuple(type_of(arg, types) for arg in made.args)
        way = made.fn.reverse(arguments, [activity.passed(arg) for arg in made.args])
        if way.augmented is None:
            return [stmt]
        both = way.augmented.result(arguments)
        check_pair(both, types[stmt.target], made.fn, stmt, function.name)
        assert isinstance(both, TupleType)
        pair, residual = (names.fresh(f"{base_of(stmt.target)}_{what}") for what in ("pair", "residual"))
        types[pair], types[residual] = both, both.items[1]
        found[pair] = Kept(made, way, stmt.target, residual)
        result: list[Stmt] = [
            replace(stmt, target=pair, value=Call(way.augmented, made.args)),
            replace(stmt, value=Call(ops.item, (Name(pair), Const(0)))),
        ]
        if isinstance(both.items[1], Static):
            return result
        taken = Assign(residual, Call(ops.residual, (Name(pair), Const(1))), span=stmt.span)
        given = [*passed(made), *_parts(stmt.target, items)]
        if later.written(stmt, given) and way.augmented.shares(arguments):
            own: list[Stmt] = []
            found[pair] = replace(found[pair], residual=copied(residual, own))
            return [*result, taken, *own]
        return [*result, taken]

    def copied(name: str, own: list[Stmt]) -> str:
        """The name of a residual in which no array belongs to anybody else; statements go to `own`."""
        type_ = types[name]
        if isinstance(type_, Array):
            copy = names.fresh(name)
            types[copy] = type_
            own.append(Assign(copy, Call(ops.copy, (Name(name),))))
            return copy
        if not isinstance(type_, TupleType):
            return name
        parts: list[Expr] = []
        for number, item in enumerate(type_.items):
            if isinstance(item, Static):
                parts.append(Const(item.value))
                continue
            part = names.fresh(name)
            types[part] = item
            own.append(Assign(part, Call(ops.residual, (Name(name), Const(number)))))
            parts.append(Name(copied(part, own)))
        whole = names.fresh(name)
        types[whole] = type_
        own.append(Assign(whole, Tuple(tuple(parts))))
        return whole

    body = block(function.body)
    return (replace(function, body=body, types=types) if found else function), found


def check_pair(both: Type, value: Type, fn: Opaque, stmt: Stmt, inside: str) -> None:
    """Refuses a forward function that does not return the value and what is kept."""
    if not isinstance(both, TupleType) or len(both.items) != 2:
        message = f"the forward function of `{fn.__name__}` returns {shown_type(both)}, and not (value, residuals)"
        raise refuse("wrong-derivative-type", message, stmt.span, "return two values", inside)
    if both.items[0] != value:
        message = f"the value in the forward function of `{fn.__name__}` is {shown_type(both.items[0])}, that of the "
        hint = "both have to be of one type: write 2.0 for 2"
        raise refuse("wrong-derivative-type", f"{message}function {shown_type(value)}", stmt.span, hint, inside)


def _parts(name: str, items: Mapping[tuple[str, int], str]) -> Iterator[str]:
    """A name, and those of its items."""
    yield name
    for (whole, _), item in items.items():
        if whole == name:
            yield from _parts(item, items)


def items_of(function: Function) -> dict[tuple[str, int], str]:
    """What the items of the tuples that opaque calls give are called."""
    found: dict[tuple[str, int], str] = {}
    for stmt in statements(function.body):
        match stmt:
            case Assign(target, Call(ops.item, (Name(whole), Const(int(number))))):
                found[whole, number] = target
    return found
