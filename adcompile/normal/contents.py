"""What dicts and lists hold that are known by their parts, and how that changes.

Goal: a variable for each value; an assignment of an item is one of a variable, and `append` makes one more.  One that
may have another name is not changed: the other would not see it.  Non-goals: keys and places that the run decides.

    d["b"] = 2.0 * d["a"]       becomes     d_b = 2.0 * d_a
    rows.append([x, y])                     rows_2 = (x, y)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adcompile.errors import Span, Unsupported, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Accum, Assign, Call, Const, Effect, Expr, Index, Name, Stmt, Store, Update
from adcompile.normal.fresh import Fresh
from adcompile.normal.records import asked, is_key, kind_of, record, values_of

_ELSEWHERE = "make a new dict, or use variables"


class Contents(ABC):
    """The values of dicts and lists at the point where a walk of the program is."""

    def __init__(self, fresh: Fresh) -> None:
        self.fresh = fresh
        self.values: dict[str, Expr] = {}
        self.shared: set[str] = set()  # the dicts and lists that may have another name
        self.carried: dict[str, Expr] = {}  # those that a loop around assigns: they keep their variables

    @abstractmethod
    def assigned(self, stmt: Assign, whole: Expr) -> list[Stmt]:
        """What `stmt` becomes; `whole` is its value as the user wrote it."""

    @abstractmethod
    def looked_at(self, expr: Expr) -> Expr:
        """An expression that looks into a dict, with the dict in it; others as they are."""

    @abstractmethod
    def common(
        self,
        name: str,
        values: Sequence[Expr],
        ends: Sequence[dict[str, Expr]],
        ways: Sequence[list[Stmt]],
        into: Expr | None = None,
    ) -> Expr | None:
        """What has, after several ways, what a variable of that name stands for at the end of each."""

    def dict_of(self, stmt: Assign, values: dict[Any, Expr]) -> list[Stmt]:
        """A dict is a variable for each of its values."""
        made: list[Stmt] = []
        mine = {key: self.variable(stmt.target, key) for key in values}
        for key, value in values.items():
            made.append(Assign(mine[key], value, span=stmt.span, origin=stmt.origin))
        kept: dict[Any, Expr] = {}
        for one, (key, value) in zip(list(made), values.items(), strict=True):
            assert isinstance(one, Assign)
            made.remove(one)
            made += self.assigned(one, value)
            kept[key] = Name(one.target)
        assert isinstance(stmt.value, Call)
        new = replace(record(kept), kwargs=tuple(pair for pair in stmt.value.kwargs if pair[0] != "by"))
        self.values[stmt.target] = new
        if stmt.target in self.carried:
            ways: list[list[Stmt]] = [[]]
            if (kept_in := self.common(stmt.target, [new], [self.values], ways, self.carried[stmt.target])) is not None:
                made += ways[0]
                self.values[stmt.target] = kept_in
        return made

    def variable(self, owner: str, key: object) -> str:
        """A variable for a value of a dict."""
        text = str(key)
        return self.fresh.name(f"{owner}_{text}" if text.isidentifier() or text.isdigit() else f"{owner}_item")

    def stored(self, stmt: Store, span: Span | None, inside: str) -> list[Stmt] | None:
        """`d[key] = value` of a dict; nothing for an array."""
        whole = self.values.get(stmt.array)
        if isinstance(whole, Call) and whole.fn is ops.refused and isinstance(whole.args[0], Const):
            raise Unsupported(whole.args[0].value)
        values = None if whole is None else values_of(whole)
        if values is None or not isinstance(whole, Call):
            return None
        if kind_of(whole) not in (dict, list):
            message = f"an item of `{stmt.array}`, which is no dict, is assigned"
            raise refuse("unsupported-dict", message, span, _ELSEWHERE, inside)
        match stmt.index:
            case (Const(key),) if kind_of(whole) is dict and is_key(key):
                pass
            case (Const(int(key)),) if kind_of(whole) is list and -len(values) <= key < len(values):
                key %= len(values)
            case _ if kind_of(whole) is list:
                message = "a place in a list of anything but numbers that the run decides, or that there is not"
                raise refuse("unsupported-list", message, span, "use an array", inside)
            case _:
                raise refuse("unsupported-dict", "a key that the run decides", span, _ELSEWHERE, inside)
        return self.put(stmt.array, key, Assign("", stmt.value, span=stmt.span, origin=stmt.origin), span, inside)

    def put(self, name: str, key: Any, given: Assign, span: Span | None, inside: str) -> list[Stmt]:
        """A value of a dict or a list gets what `given` has."""
        whole = self.values[name]
        values = values_of(whole)
        assert isinstance(whole, Call) and values is not None
        if name in self.shared:
            kind = kind_of(whole).__name__
            message = f"`{name}`, a {kind} that goes by another name too, is changed"
            raise refuse(f"unsupported-{kind}", message, span, f"make a new {kind}, or use variables", inside)
        known = values.get(key)
        target = known.id if isinstance(known, Name) else self.variable(name, key)
        made = self.assigned(replace(given, target=target), given.value)
        self.values[name] = replace(whole, args=record({**values, key: Name(target)}).args)
        return made

    def appended(self, name: str, items: Sequence[Expr], given: Effect, inside: str) -> list[Stmt]:
        """A list gets more items."""
        made: list[Stmt] = []
        for item in items:
            stmt = Assign("", item, span=given.span, origin=given.origin)
            made += self.put(name, len(values_of(self.values[name]) or ()), stmt, given.span, inside)
        return made

    def item_updated(self, stmt: Accum | Store) -> Stmt:
        """`d[key] += value` of a dict: of the variable that holds the value."""
        fn: Callable[..., Any] = np.add
        value = stmt.value
        if isinstance(stmt, Store):
            assert isinstance(value, Call)
            fn, value = value.fn, value.args[1]
        held = asked(Index(self.values[stmt.array], stmt.index))
        if isinstance(held, Name):
            return Update(held.id, fn, value, span=stmt.span, origin=stmt.origin)
        return Store(stmt.array, stmt.index, Call(fn, (held, value)), span=stmt.span, origin=stmt.origin)
