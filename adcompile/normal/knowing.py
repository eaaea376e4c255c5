"""What variables stand for while calls are inlined: values known before the run, tuples and dicts by their parts.

Goal: what a call gives decides the branches, calls and unpackings after it.  A tuple of the run is known by variables
of its items, and so is a dict, in which each assignment of an item is one of a variable.  Knowledge is of one point of
the program: a branch and a loop forget what they change.  Non-goals: arithmetic on numbers; types.

    args = (x, y + 1.0)         becomes     args_1 = y + 1.0
    return f(*args)                         return f(x, args_1)

    d = {"a": x}                            d_a = x
    d["b"] = 2.0 * d["a"]                   d_b = 2.0 * d_a
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from adcompile.errors import Refusal, Span, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Expr,
    For,
    Index,
    Name,
    Stmt,
    Store,
    Tuple,
    Update,
    While,
)
from adcompile.ir.types import Static, TupleType, Type
from adcompile.ir.walk import expressions, names, nodes, statements
from adcompile.normal.contents import Contents
from adcompile.normal.flow import assigned_in
from adcompile.normal.order import temporary
from adcompile.normal.records import is_list, kind_of, record, values_of
from adcompile.normal.specialise import has_closure, is_settled


class Knowledge(Contents):
    """What variables stand for at the point where a walk of the program is."""

    def of(self, name: str) -> Expr | None:
        """What a variable stands for, if that is known."""
        return self.values.get(name)

    # ------------------------------------------------------------------------------------ expressions
    def whole(self, name: str) -> Expr | None:
        """What a variable stands for where it is used as it is: a dict may have another name after that."""
        value = self.values.get(name)
        if value is not None and values_of(value) is not None:
            self.shared.add(name)
        return value

    def passed(self, call: Call) -> Call:
        """A call with the lists among its arguments that have one name, and stand there once, marked as those: what
        it does to them is done to that name."""
        of_ours = getattr(call.fn, "__module__", "") == ops.__name__ and call.fn is not ops.call
        if of_ours or (isinstance(call.fn, type) and call.fn.__module__ != "builtins"):
            return call
        uses = Counter(names(call))

        def marked(arg: Expr) -> Expr:
            value = self.values.get(arg.id) if isinstance(arg, Name) else None
            if not is_list(value) or not isinstance(arg, Name) or arg.id in self.shared or uses[arg.id] > 1:
                return arg
            assert isinstance(value, Call)
            return replace(value, kwargs=(*value.kwargs, ("by", Const(arg.id))))

        args, kwargs = map(marked, call.args), ((key, marked(arg)) for key, arg in call.kwargs)
        return replace(call, args=tuple(args), kwargs=tuple(kwargs))

    def looked_at(self, expr: Expr) -> Expr:
        """An expression that looks into a dict, with the dict in it; others as they are."""

        def inside(owner: Expr) -> Expr:
            value = self.values.get(owner.id) if isinstance(owner, Name) else None
            return owner if value is None else value

        match expr:
            case Index(owner, index):
                return Index(inside(owner), index)
            case Call(ops.method | ops.attribute | ops.unpacked, (owner, *rest)) if (
                values_of(inside(owner)) is not None
            ):
                return Call(expr.fn, (inside(owner), *rest), expr.kwargs)
            case Call(fn, (owner,), ()) if fn is len or fn is dict:
                return Call(fn, (inside(owner),))
            case Call(ops.contains, (value, owner)):
                return Call(ops.contains, (value, inside(owner)))
        if isinstance(expr, Call) and any(key == "**" for key, _ in expr.kwargs):
            return replace(expr, kwargs=tuple((k, inside(v) if k == "**" else v) for k, v in expr.kwargs))
        return expr

    # ------------------------------------------------------------------------------------ statements
    def assigned(self, stmt: Assign, whole: Expr) -> list[Stmt]:
        """What `stmt` becomes; `whole` is its value as the user wrote it."""
        self.forget([stmt.target])
        value = stmt.value
        if (values := values_of(value)) is not None:
            new = isinstance(whole, Call) and (
                whole.fn is ops.record or whole.fn is list or whole.fn is dict or whole.args[1:] == (Const("copy"),)
            )
            self.shared -= {stmt.target}
            self.shared |= set() if new else {stmt.target, *names(whole)}
            return self.dict_of(stmt, values)
        if isinstance(value, Name) and self.holds_dict(value):  # another name for it, with variables of its own
            self.shared |= {stmt.target, value.id}
            return self.assigned(replace(stmt, value=self.values[value.id]), whole)
        if is_settled(value):
            self.values[stmt.target] = value
            return [] if has_closure(value) else [stmt]
        made: list[Stmt] = []
        if isinstance(value, Call) and value.fn is range:
            bounds = (self.part(stmt.target, "bound", bound, stmt, made) for bound in value.args)
            self.values[stmt.target] = Call(range, tuple(bounds))
            return made
        if isinstance(value, Call) and value.fn is ops.text:
            parts = tuple(self.part(stmt.target, "value", part, stmt, made) for part in value.args)
            self.values[stmt.target] = Call(ops.text, parts)
            return [*made, replace(stmt, value=self.values[stmt.target])]
        if isinstance(value, Call) and value.fn is bool and len(value.args) == 1:  # Python's own, also of NumPy's
            self.values[stmt.target] = Call(bool, (Name(stmt.target),))
            return [stmt]
        if isinstance(value, Call) and value.fn is type and len(value.args) == 1:
            self.values[stmt.target] = Call(type, (self.part(stmt.target, "like", value.args[0], stmt, made),))
            return made
        if isinstance(value, Tuple):
            items = tuple(self.part(stmt.target, str(k), item, stmt, made) for k, item in enumerate(value.items))
            whole = self.values[stmt.target] = Tuple(items, value.listed)
            if self.holds_dict(whole):  # which is no value of the run
                return made
            return [*made, Assign(stmt.target, whole, span=stmt.span, origin=stmt.origin)]
        return [stmt]

    def counted(self, stmt: Update) -> Assign | None:
        """`n += 1` of a whole number that is known, as what it comes to."""
        match self.values.get(stmt.target), stmt.value:
            case Const(before), Const(more) if type(before) is int and type(more) is int and stmt.fn is np.add:
                return Assign(stmt.target, Const(before + more), span=stmt.span, origin=stmt.origin)
        return None

    def part(self, owner: str, key: str, item: Expr, stmt: Stmt, made: list[Stmt]) -> Expr:
        """An item of a tuple: a literal, or a variable of its own that nothing assigns again."""
        if isinstance(item, Tuple):
            inner = (self.part(f"{owner}_{key}", str(k), part, stmt, made) for k, part in enumerate(item.items))
            return Tuple(tuple(inner), item.listed)
        if isinstance(item, Name) and self.holds_dict(item):
            self.shared.add(item.id)
            item = self.values[item.id]
        if isinstance(item, Tuple):
            return self.part(owner, key, item, stmt, made)
        if (values := values_of(item)) is not None:
            name = self.fresh.name(f"{owner}_{key}")
            made += self.dict_of(Assign(name, item, span=stmt.span, origin=stmt.origin), values)
            self.shared.add(name)
            return Name(name)
        if is_settled(item) or isinstance(item, Const):
            return item
        name = self.fresh.name(f"{owner}_{key}")
        made.append(temporary(name, item, stmt.span))
        return Name(name)

    def holds_dict(self, value: Expr) -> bool:
        """Whether a value is a dict, or a tuple with one in it."""
        if isinstance(value, Name):
            value = self.values.get(value.id, value)
        if isinstance(value, Tuple):
            return any(map(self.holds_dict, value.items))
        return values_of(value) is not None

    def in_full(self, expr: Expr) -> Expr:
        """An expression with the dicts in it that its names stand for."""
        if isinstance(expr, Name) and self.holds_dict(expr):
            expr = self.values[expr.id]
        values = values_of(expr)
        if values is None and not isinstance(expr, Tuple):
            return expr
        items = []
        for item in expr.items if isinstance(expr, Tuple) else (values or {}).values():
            known = self.values.get(item.id, item) if isinstance(item, Name) else item
            items.append(known if is_settled(known) else self.in_full(item))
        return replace(expr, args=(expr.args[0], *items)) if isinstance(expr, Call) else Tuple(tuple(items))

    def parameter(self, name: str, type_: TupleType) -> list[Stmt]:
        """A parameter that is a tuple: variables for its items."""
        made: list[Assign] = []

        def part(base: str, item: Expr, type_: Type) -> Expr:
            if isinstance(type_, TupleType):
                inner = enumerate(type_.items)
                return Tuple(tuple(part(f"{base}_{k}", Index(item, (Const(k),)), one) for k, one in inner))
            if isinstance(type_, Static):
                return Const(type_.value)
            made.append(temporary(self.fresh.name(base), item, None))
            return Name(made[-1].target)

        self.values[name] = part(f"{name}_item", Name(name), type_)
        return [*made]

    def common(
        self,
        name: str,
        values: Sequence[Expr],
        ends: Sequence[dict[str, Expr]],
        ways: Sequence[list[Stmt]],
        into: Expr | None = None,
    ) -> Expr | None:
        """What has, after several ways, what a variable of that name stands for at the end of each: dicts of the same
        keys are a dict of variables that each way assigns (those of `into`, if it is given); else nothing."""
        pairs = zip(values, ends, strict=True)
        full = [end.get(value.id, value) if isinstance(value, Name) else value for value, end in pairs]
        if into is not None and isinstance(into, Name):
            into = self.carried.get(into.id, into)
        if all(value == full[0] for value in full) and into is None and isinstance(full[0], Const):
            return full[0]
        parts = [values_of(value) for value in full]
        if parts[0] is None:
            if any(map(self.holds_dict, full)) or any(isinstance(value, Call) for value in full):
                return None
            target = into.id if isinstance(into, Name) else self.fresh.name(name)
            for way, value in zip(ways, values, strict=True):
                way.append(temporary(target, value, None))
            return Name(target)
        inner = values_of(into) if into is not None else None
        if any(part is None or tuple(part) != tuple(parts[0]) for part in parts) or (
            into is not None and (inner is None or tuple(inner) != tuple(parts[0]))
        ):
            return None
        if any(kind_of(value) is not kind_of(full[0]) for value in full):
            return None
        found: dict[Any, Expr] = {}
        for key in parts[0]:
            each = [part[key] for part in parts if part is not None]
            one = self.common(f"{name}_{key}" if str(key).isidentifier() else name, each, ends, ways,
                              None if inner is None else inner[key])  # fmt: skip
            if one is None:
                return None
            found[key] = one
        first = full[0]
        assert isinstance(first, Call)
        return replace(record(found), kwargs=first.kwargs)

    # ------------------------------------------------------------------------------------ control
    def forget(self, changed: Iterable[str]) -> None:
        """These variables are assigned: nothing is known of them, or of what holds them (dicts go by variables)."""
        gone = set(changed)
        for name, value in list(self.values.items()):
            if name in gone or (values_of(value) is None and not gone.isdisjoint(names(value))):
                del self.values[name]

    def changed_in(self, block: Block) -> set[str]:
        """The variables that a block assigns, those of the values of dicts that it stores into included."""
        stores = {inner.array for inner in statements(block) if isinstance(inner, (Store, Accum))}
        held = (name for array in stores for name in names(self.values.get(array, Const(None))))
        return assigned_in(block) | {*held}

    @contextmanager
    def side(self) -> Iterator[dict[str, Expr]]:
        """One side of a branch; gives what is known at its end.  A dict that has another name may have it after all
        sides, whatever one of them makes of it."""
        outside, shared = dict(self.values), set(self.shared)
        end: dict[str, Expr] = {}
        try:
            yield end
        finally:
            end.update(self.values)
            self.values = outside
            self.shared |= shared

    def brought_together(self, ends: Sequence[dict[str, Expr]]) -> list[list[Stmt]]:
        """What each side of a branch has to assign at its end, so that a dict of the same keys is one after it."""
        ways: list[list[Stmt]] = [[] for _ in ends]
        for name in [name for name in ends[0] if name in ends[1]]:
            values = [end[name] for end in ends]
            if values[0] == values[1] or any(values_of(value) is None for value in values):
                continue
            new: list[list[Stmt]] = [[] for _ in ends]
            both = self.common(name, values, ends, new)
            if both is not None:
                for end, way, more in zip(ends, ways, new, strict=True):
                    end[name] = both
                    way += more
        return ways

    def joined(self, ends: Sequence[dict[str, Expr]], span: Span | None, inside: str) -> None:
        """What is known where several sides join."""
        first, *rest = ends
        self.values = {name: value for name, value in first.items() if all(end.get(name) == value for end in rest)}
        for name in sorted({*first}.union(*rest) - self.values.keys()):
            found = [end[name] for end in ends if values_of(end.get(name, Const(None))) is not None]
            if any(map(is_list, found)):
                message = f"how many items `{name}`, a list, has is not known before the run"
                why = Refusal("unsupported-list", message, span, "give it all its items before the branch", inside)
                self.values[name] = Call(ops.refused, (Const((why,)),))
            elif found:
                message = f"which keys `{name}`, a dict, has is not known before the run"
                why = Refusal("unsupported-dict", message, span, "give it all its keys before the branch", inside)
                self.values[name] = Call(ops.refused, (Const((why,)),))

    def dicts_of(self, assigned: Iterable[str]) -> tuple[dict[str, Expr], set[str]]:
        """Those of some variables that stand for dicts, with the dicts in them, and the variables of their values."""
        dicts: dict[str, Expr] = {}
        held: set[str] = set()
        wanted = list(assigned)
        while wanted:
            name = wanted.pop()
            parts = values_of(self.values.get(name, Const(None)))
            if parts is None:
                held.add(name)
            elif name not in dicts:
                dicts[name] = self.values[name]
                wanted += [part.id for part in parts.values() if isinstance(part, Name)]
        return dicts, held

    @contextmanager
    def loop(self, stmt: For | While, inside: str) -> Iterator[None]:
        """The body of a loop: what it changes is not known in it, nor after it."""
        stores = {inner.array for inner in statements(stmt.body) if isinstance(inner, Store)}
        self.shared |= {name for name in stores if name in self.values and bare(stmt.body, name)}
        changed = self.changed_in((stmt,))
        self.shared |= stores & assigned_in(stmt.body)  # of the trip before, it may have another name
        carried, held = self.dicts_of(changed)
        self.forget(changed | held)
        self.values |= carried
        outer, self.carried = self.carried, {**self.carried, **carried}
        with self.side() as end:
            yield
        self.carried = outer
        for name, value in self.values.items():
            if is_list(value) and end.get(name) != value:
                message = f"`{name}`, a list of anything but numbers, gets more items in a loop"
                hint = "append to a list for each value, or use an array"
                raise refuse("unsupported-list", message, stmt.span, hint, inside)
            if values_of(value) is not None and end.get(name) != value:
                message = f"`{name}`, a dict, gets a new key in a loop"
                raise refuse("unsupported-dict", message, stmt.span, "give it all its keys before the loop", inside)


def bare(block: Block, name: str) -> bool:
    """Whether a block uses a variable other than by its items."""
    for stmt in statements(block):
        for expr in expressions(stmt):
            owners = [node.array for node in nodes(expr) if isinstance(node, Index)]
            if sum(n == name for n in names(expr)) > owners.count(Name(name)):
                return True
    return False
