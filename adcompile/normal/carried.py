"""What a loop carries: names that its body assigns, that have a value before it, and that an iteration or the code
after it reads.

The body is walked under the assumption that what is carried has the type it came with; where the body yields another,
the assumption is widened and the body walked again.  What turns out not to change is not carried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from adcompile.analysis.liveness import last_place, read_first, targets
from adcompile.errors import Unsupported, refuse
from adcompile.ir.nodes import Call, Carry, Const, Expr, For, Name, Stmt, While
from adcompile.ir.types import INT, Array, Static, Type
from adcompile.normal.branches import atom, branch
from adcompile.normal.building import Typed, constant, require_integer
from adcompile.normal.codes import NUMBER, Coding, coded, coding, is_coded, joined_coding
from adcompile.normal.first_trips import peeled, without_trips
from adcompile.normal.flow import certain, surely
from adcompile.normal.variables import (
    REPORTED,
    UNDEFINED,
    Absent,
    Undefined,
    Value,
    clash,
    joined_type,
    leaves,
    missing,
    path_name,
    structure,
    with_leaves,
    zero,
)
from adcompile.normal.without_axes import assigned_in

if TYPE_CHECKING:
    from adcompile.normal.ssa import Walk

Leaf: TypeAlias = tuple[str, tuple[int, ...]]
"""A variable and the path to an item of it."""

_MOST_PEELED = 4  # loops in each other whose first trips stand apart


@dataclass
class _Plan:
    """What is assumed of a loop's variables."""

    carried: dict[str, Value]  # with their values before the loop
    local: dict[str, Value]  # no value at the start of an iteration
    lost: dict[str, Absent] = field(default_factory=dict)  # no value that one type holds
    types: dict[Leaf, Type] = field(default_factory=dict)  # wider than those before the loop
    fixed: set[Leaf] = field(default_factory=set)  # the same in every iteration


@dataclass(frozen=True)
class _Header:
    """The bounds of a `for` loop; `offset` and `scale` give the index where the step is not a literal."""

    start: Expr
    stop: Expr
    step: Expr
    offset: Typed | None = None
    scale: Typed | None = None


def loop(walk: Walk, stmt: For | While) -> None:
    """A loop, with what it carries.

    Where an array that it makes is read after the loop, or a variable comes as a number and is an array from the first
    trip on, the first trip stands before it, if there is one."""
    header = _header(walk, stmt) if isinstance(stmt, For) else None
    trips = _trips(walk, header)
    if trips is not None and not trips and isinstance(stmt, For):
        walk.env[stmt.index] = missing(stmt.index)
        return
    assigned = set(targets([stmt])) | assigned_in(walk, stmt.body)
    order = [name for name in walk.order if name in assigned]
    before, plan, mark, entry = walk.env, _plan(walk, stmt, order), walk.mark(), walk.x.classes.copy()
    error = None
    try:
        _walked(walk, stmt, header, before, plan)
    except Unsupported as refused_test:
        error = refused_test
    lost = {name for name, value in plan.carried.items() if name in plan.lost and isinstance(value, Undefined)}
    lost &= walk.live[stmt]
    made = surely(stmt.body, frozenset())
    changed = [n for n, why in plan.lost.items() if why.code == "conflicting-types" and n not in lost]
    if not (changed or (lost and made is not None and lost <= made)) or walk.peeled >= _MOST_PEELED:
        if error is not None:
            raise error
        return
    refused = len(walk.refusals) - mark.refused + (error is not None)
    walk.reset(mark)
    walk.env, walk.x.classes, walk.peeled = dict(before), entry.copy(), walk.peeled + 1
    try:
        apart = peeled(walk, stmt, trips is not None)
        if apart is not None:
            branch(walk, apart, unless=without_trips(stmt, changed[0]) if changed else ())
    finally:
        walk.peeled -= 1
    if apart is None or (changed and refused < len(walk.refusals) - mark.refused):  # it is no better
        walk.reset(mark)
        walk.env, walk.x.classes = before, entry
        _walked(walk, stmt, header, before, _plan(walk, stmt, order))


def _walked(walk: Walk, stmt: For | While, header: _Header | None, before: Mapping[str, Value], plan: _Plan) -> None:
    """The loop as it stands, under a plan that is amended until it holds."""
    mark, classes = walk.mark(), walk.x.classes.copy()
    classes.statement(stmt)
    classes.loop(stmt.body)
    walk.x.classes = classes.copy()
    while not _Attempt(walk, stmt, header, before, plan).succeeds():
        walk.reset(mark)
        walk.x.classes = classes.copy()
    walk.x.classes.join(classes)


def _plan(walk: Walk, stmt: For | While, assigned: list[str]) -> _Plan:
    carried: dict[str, Value] = {}
    local: dict[str, Value] = {}
    early, late = read_first(stmt), walk.live[stmt]
    for name in assigned:
        value = walk.env.get(name, missing(name))
        if isinstance(stmt, For) and name == stmt.index:
            continue
        if name not in early and name not in late:
            local[name] = missing(name)
        elif not isinstance(value, Absent):
            carried[name] = value
        elif value != REPORTED and name not in early and certain(stmt):
            carried[name] = UNDEFINED
        else:
            local[name] = value
    return _Plan(carried, local)


def _header(walk: Walk, stmt: For) -> _Header:
    b = walk.b
    start, stop, step = (
        require_integer(walk.x.value(part), "a bound of range") for part in (stmt.start, stmt.stop, stmt.step)
    )
    if isinstance(step.expr, Const):
        if step.expr.value == 0:
            raise refuse("zero-step", "a range with a step of zero")
        return _Header(start.expr, stop.expr, step.expr)
    start, step = b.shared(start, f"{stmt.index}_start"), b.shared(step, f"{stmt.index}_step")
    whole = b.call(np.floor_divide, b.call(np.subtract, start, stop), step)
    trips = b.call(max, constant(0), b.call(np.negative, whole))
    return _Header(Const(0), trips.expr, Const(1), start, step)


def _trips(walk: Walk, header: _Header | None) -> range | None:
    """What a `for` loop's index is on each trip, if that is known before the run."""
    if header is None or header.offset is not None:
        return None
    parts = (header.start, header.stop, header.step)
    up, goes = isinstance(header.step, Const) and header.step.value > 0, Call(np.less, (header.start, header.stop))
    if up and walk.x.codes.facts.get(goes) is False:
        return range(0)
    bounds = [part.value for part in parts if isinstance(part, Const)]
    return range(*bounds) if len(bounds) == 3 else None


class _Attempt:
    """One walk of the body under a plan; a plan that does not hold is amended."""

    def __init__(
        self, walk: Walk, stmt: For | While, header: _Header | None, before: Mapping[str, Value], plan: _Plan
    ) -> None:
        self.walk = walk
        self.stmt = stmt
        self.header = header
        self.before = before
        self.plan = plan
        self.amended = self.widened = False

    def succeeds(self) -> bool:
        """Whether the plan held: then the loop is written, and the environment is that after it."""
        walk, plan, stmt = self.walk, self.plan, self.stmt
        codes = len(walk.x.codes)
        walk.env = {**self.before, **plan.local, **plan.lost}
        inner = {name: self.enter(name, value) for name, value in plan.carried.items() if name not in plan.lost}
        walk.env.update(inner)
        test, index = None, ""
        if isinstance(stmt, While):
            with walk.b.lazily():
                test = walk.x.condition(stmt.test)
            if test.expr == Const(False):
                walk.env = dict(self.before)
                return True
        else:
            index = self.index(stmt)
        body = self.body(index)
        after = walk.env
        walk.at(stmt)
        for name, value in inner.items():
            self.check(name, value, after.get(name, missing(name)))
        if self.widened:
            plan.fixed.clear()  # that was found where tests of texts were decided which no longer are
        has_code = any(is_coded(part) for value in inner.values() for _, part in leaves(value))
        if self.amended or (has_code and codes < len(walk.x.codes)):
            return False
        ends = {name: after[name] for name in inner}
        walk.env = {**self.before, **plan.lost}
        for name, start in plan.local.items():
            end = after.get(name, start)
            walk.env[name] = end if end == REPORTED else missing(name)
        carried: list[Carry] = []
        for name in inner:
            walk.env[name] = self.leave(name, inner[name], ends[name], body, carried)
        self.write(index, test, body, tuple(carried))
        return True

    def index(self, stmt: For) -> str:
        """The loop's index, as a name."""
        own = self.header is not None and self.header.offset is not None
        name = self.walk.b.fresh.fresh(self.walk.b.spare(f"{stmt.index}_trip") if own else stmt.index)
        self.walk.b.types[name] = INT
        if not own:
            self.walk.env[stmt.index] = Name(name)
        return name

    def body(self, index: str) -> list[Stmt]:
        """The statements of one iteration."""
        walk, stmt, header = self.walk, self.stmt, self.header
        outer, walk.b.out = walk.b.out, []
        try:
            if header is not None and header.offset is not None and header.scale is not None:
                assert isinstance(stmt, For)
                b = walk.b
                trip = b.call(np.multiply, b.name(index), header.scale)
                walk.env[stmt.index] = walk.kept(stmt.index, b.call(np.add, header.offset, trip))
            return [*walk.b.out, *walk.block(stmt.body)]
        finally:
            walk.b.out = outer

    # -------------------------------------------------------------------------------------- one variable
    def enter(self, name: str, value: Value) -> Value:
        """A carried variable at the start of an iteration."""
        return with_leaves(value, [self.enter_leaf((name, path), leaf) for path, leaf in leaves(value)])  # type: ignore[arg-type]

    def enter_leaf(self, leaf: Leaf, init: Expr | Undefined) -> Expr | Undefined:
        """One item of it: a name of its own, unless it does not change."""
        type_ = self.plan.types.get(leaf)
        if type_ is None and not isinstance(init, Undefined):
            type_ = self.walk.x.typed(init).type
        b, base = self.walk.b, path_name(*leaf)
        if leaf in self.plan.fixed or type_ is None:
            return init
        if isinstance(type_, Static):
            if not isinstance(type_.value, Coding):
                return init
            return coded(self.part(f"{base}_is", INT), self.part(base, type_.value.number))
        id = b.fresh.fresh(b.spare(base) if leaf[1] else base)
        b.types[id] = type_
        if isinstance(init, Name) and init.id in self.walk.frozen:
            self.walk.frozen |= {id}
        return Name(id)

    def part(self, base: str, type_: Type | None) -> Expr:
        """A name for a part of what has a code; nothing where it has no number."""
        if type_ is None:
            return Const(None)
        id = self.walk.b.fresh.fresh(self.walk.b.spare(base))
        self.walk.b.types[id] = type_
        return Name(id)

    def check(self, name: str, inner: Value, end: Value) -> None:
        """Compares what an iteration leaves with what was assumed."""
        plan, start = self.plan, self.plan.carried[name]
        if isinstance(end, Absent):
            self.lose(name, end)
        elif structure(end) != structure(start):
            if isinstance(start, Undefined):
                plan.carried[name] = with_leaves(end, [UNDEFINED] * len(leaves(end)))
                self.amended = True
            elif not isinstance(end, Undefined):
                self.lose(name, clash(name, None, None))
        else:
            rows = zip(leaves(start), leaves(inner), leaves(end), strict=True)
            for (path, init), (_, assumed), (_, found) in rows:
                self.check_leaf((name, path), init, assumed, found)  # type: ignore[arg-type]

    def lose(self, name: str, why: Absent) -> None:
        """A variable that has no value to carry."""
        self.plan.lost[name] = why
        self.amended = True

    def check_leaf(
        self, leaf: Leaf, init: Expr | Undefined, assumed: Expr | Undefined, found: Expr | Undefined
    ) -> None:
        """One item of a carried variable."""
        plan, typed = self.plan, self.walk.x.typed
        if leaf in plan.fixed or isinstance(found, Undefined):
            return
        type_ = typed(found).type
        if isinstance(assumed, Undefined):
            if isinstance(type_, Array):
                self.lose(leaf[0], missing(leaf[0]))
            elif isinstance(type_, Static):
                code = coding(type_)
                if code is None:
                    self.lose(leaf[0], clash(leaf[0], type_, None))
                else:
                    plan.types[leaf] = Static(code)
                    self.amended = self.widened = True
            else:
                plan.types[leaf] = type_
                self.amended = True
        elif found in (assumed, init):
            if not isinstance(type_, Static):
                plan.fixed.add(leaf)
                self.amended = True
        else:
            was = typed(assumed).type
            wanted = joined_type(was, type_) or joined_coding(was, type_)
            if wanted is None:
                self.lose(leaf[0], clash(leaf[0], was, type_))
            elif wanted != was:
                plan.types[leaf] = wanted
                self.amended = True
                self.widened |= isinstance(was, Static)

    def leave(self, name: str, inner: Value, end: Value, body: list[Stmt], carried: list[Carry]) -> Value:
        """A carried variable after the loop; its carries are added."""
        walk, start = self.walk, self.plan.carried[name]
        if isinstance(end, Undefined):
            end = with_leaves(inner, [UNDEFINED] * len(leaves(inner)))
        results: list[Expr | Undefined] = []
        for (path, init), (_, assumed), (_, found) in zip(leaves(start), leaves(inner), leaves(end), strict=True):
            if is_coded(assumed) and (name, path) not in self.plan.fixed:
                results.append(self.leave_coded(path_name(name, path), init, assumed, found, body, carried))  # type: ignore[arg-type]
                continue
            if not isinstance(assumed, Name) or (name, path) in self.plan.fixed:
                results.append(assumed)  # type: ignore[arg-type]
                continue
            type_, base = walk.b.types[assumed.id], path_name(name, path)
            base = walk.b.spare(base) if path else base
            ends = [self.end(side, type_, base, out) for side, out in ((init, walk.b.out), (found, body))]
            result = walk.b.fresh.fresh(base)
            walk.b.types[result] = type_
            carried.append(Carry(assumed.id, ends[0], ends[1], result, last_place(self.stmt.body, name)))
            if assumed.id in walk.frozen or (isinstance(ends[1], Name) and ends[1].id in walk.frozen):
                walk.frozen |= {result}
            results.append(Name(result))
        return with_leaves(inner, results)

    def leave_coded(
        self, base: str, init: Expr | Undefined, assumed: Expr, found: Expr | Undefined, body: list[Stmt],
        carried: list[Carry],
    ) -> Expr:  # fmt: skip
        """A variable that has a code, after the loop: its code and its number are carried."""
        x, b = self.walk.x, self.walk.b
        type_ = x.typed(assumed).type
        assert isinstance(type_, Static) and isinstance(type_.value, Coding)
        nothing = coded(Const(NUMBER), Const(None))
        ends = [x.typed(nothing if isinstance(side, Undefined) else side) for side in (init, found)]
        sides = [x.codes.parts(end, type_.value) for end in ends]
        results: list[Expr] = []
        for inner, first, last in zip(assumed.args, *sides, strict=True):  # type: ignore[union-attr]
            if not isinstance(inner, Name):
                results.append(inner)
                continue
            like = b.types[inner.id]
            one = atom(self.walk, b.out, inner.id, first.expr, like)
            other = atom(self.walk, body, inner.id, last.expr, like)
            result = b.fresh.fresh(inner.id)
            b.types[result] = like
            carried.append(Carry(inner.id, one, other, result, last_place(self.stmt.body, base)))
            results.append(Name(result))
        return coded(*results)

    def end(self, value: object, type_: Type, base: str, out: list[Stmt]) -> Const | Name:
        """An initial or yielded value as an atom of the carried type."""
        if isinstance(value, Undefined):
            return zero(type_)  # type: ignore[arg-type]
        return atom(self.walk, out, base, value, type_)  # type: ignore[arg-type]

    def write(self, index: str, test: Typed | None, body: list[Stmt], carried: tuple[Carry, ...]) -> None:
        """The loop itself."""
        walk, stmt, header = self.walk, self.stmt, self.header
        if isinstance(stmt, While):
            assert test is not None
            made: Stmt = While(test.expr, tuple(body), carried, span=stmt.span, origin=stmt.origin)
        else:
            assert header is not None
            walk.env[stmt.index] = missing(stmt.index)
            if not body and not carried:
                return
            trips = header.start, header.stop, header.step
            made = For(index, *trips, tuple(body), carried, stmt.parallel, span=stmt.span, origin=stmt.origin)
        walk.b.out.append(made)
