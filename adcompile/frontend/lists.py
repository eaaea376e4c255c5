"""Lists: displays, comprehensions, `append`, and generators in `sum`, `any`, `all`, `max` and `min`.

Goal: a list that never changes and is indexed by literals is a tuple.  A list that does, or is indexed in a loop, is a
list of numbers (`ops.listed`), and one that is appended to is room for more than it holds, beside how many it holds.
Comprehensions and generators become loops.  Non-goals: lists of lists, `pop`, `insert`, `sort`.

    y = []                              y = listed(8); y_length = 0
    for v in x:                         for v in x:
        y.append(v * v)                     y = grown(y, y_length); y[y_length] = v * v; y_length += 1
    sum(v * v for v in x)               total = 0; for v in x: total += v * v
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import libcst as cst
import numpy as np

from adcompile.frontend.functions import Definition
from adcompile.frontend.list_names import (
    assigned_lists,
    changed_lists,
    is_list,
    lengthened,
    lists_of_anything,
    made_first,
    most_appended,
    unchanged_lists,
)
from adcompile.frontend.loops import Body, Loops
from adcompile.frontend.names import target_names
from adcompile.frontend.resolve import literal
from adcompile.frontend.source import Located
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    If,
    Name,
    Stmt,
    Store,
    Tuple,
    Update,
)
from adcompile.ir.walk import names
from adcompile.runtime import grown

_ROOM = 8
_LIST = (("of", Const(list)),)
_LAZY: Mapping[Any, bool] = {any: True, all: False}
_EXTREMES: Mapping[Any, Any] = {max: np.greater, min: np.less}
Comprehension = cst.ListComp | cst.GeneratorExp | cst.DictComp


class Lists(Loops):
    """Reads the lists of one function."""

    def __init__(self, source: Located, definition: Definition, local: set[str], outliving: frozenset[str]) -> None:
        super().__init__(source, local, outliving)
        self.definition = definition
        self.lengths: dict[str, str] = {}
        self.branches = 0  # how many branches are around, in the loop around
        self.loops = 0  # how many loops are around
        self.suites: list[cst.BaseSuite] = []  # the bodies around, the innermost last
        self.by_items = lists_of_anything(definition.body)
        lists = assigned_lists(definition.body) - self.by_items - unchanged_lists(definition.body)
        appended, changed = changed_lists(definition.body)
        self.appended = frozenset(lists.intersection(appended))
        self.changed = frozenset(lists & changed) - self.appended

    # ------------------------------------------------------------------------------------ variables
    def length_of(self, name: str) -> str:
        """The variable that holds how many items a list has that is appended to."""
        if name not in self.lengths:
            self.lengths[name] = self.fresh(f"{name}_length")
        return self.lengths[name]

    def list_assigned(self, name: str, node: cst.BaseExpression) -> bool:
        """`name = [...]`, or a list of another name, where that is a list that changes."""
        if not is_list(node) and name not in self.appended:
            return False
        if lengthened(node) == name:
            self.append_all(name, node.right)  # type: ignore[attr-defined]
            return True
        if name in self.by_items and not isinstance(node, cst.ListComp):
            value = self.read(node)
            match value:
                case Call(np.multiply, (Tuple(one), Const(int(count)))):
                    value = Tuple(one * count)
            if isinstance(value, Tuple):
                self.give(name, Call(ops.record, (literal(tuple(range(len(value.items)))), *value.items), _LIST))
                return True
        if isinstance(node, cst.Call) and is_list(node):
            node = cst.List([])
        if name not in self.appended | self.changed:
            return False
        if isinstance(node, cst.ListComp) or not is_list(node):
            if name in self.appended and isinstance(node, cst.Name) and node.value in self.appended:
                hint = "make a new list: list(...)"
                self.refuse(node, "a list that gets more items has another name", hint, "unsupported-list")
            elif name in self.appended:
                value = self.comprehended(node) if isinstance(node, cst.ListComp) else self.read(node)
                self.give(name, Call(list, (value,)))
                self.measured(name)
            return name in self.appended
        if isinstance(node, cst.BinaryOperation):
            assert isinstance(node.left, cst.List)
            (item,) = node.left.elements
            self.give(name, Call(ops.repeated, (self.read(item.value), self.read(node.right))))
            if name in self.appended:
                self.measured(name)
            return True
        assert isinstance(node, cst.List)
        items = [self.element(part, listed=True) for part in node.elements]
        if name in self.appended:
            self.stored(name, items)
        else:
            self.give(name, Call(ops.listed, (Tuple(tuple(items)),)))
        return True

    def stored(self, name: str, items: list[Expr]) -> None:
        """`name = [items]` with room for more."""
        items = [self.named("item", item) if name in names(item) else item for item in items]
        self.give(name, Call(ops.listed, (Const(max(_ROOM, len(items) + self.more(name))),)))
        for place, item in enumerate(items):
            self.added(name, Const(place), item)
        self.give(self.length_of(name), Const(len(items)))

    def measured(self, name: str) -> None:
        """How many items a list has that was made in another way, and room for more."""
        length = self.length_of(name)
        self.give(length, Call(len, (Name(name),)))
        if more := self.more(name):
            self.give(name, Call(grown, (Name(name), Call(np.add, (Name(length), Const(more - 1))))))

    def more(self, name: str) -> int:
        """How many items a list made here gets at most that is made in a branch or a loop; loops inside see to
        themselves."""
        return max((most_appended(suite)[name] for suite in self.suites[1:]), default=0)

    def items_of(self, name: str) -> Expr:
        """A list as a value."""
        if name not in self.appended:
            return Name(name)
        return Call(ops.held, (Name(name), Name(self.length_of(name))))

    def appends(self, node: cst.BaseExpression) -> bool:
        """`name.append(value)` on a line of its own."""
        match node:
            case cst.Call(
                func=cst.Attribute(value=cst.Name(name), attr=cst.Name("append")),
                args=[cst.Arg(value=value, keyword=None, star="")],
            ) if name in self.appended:
                self.append(name, self.read(value))
                return True
        return False

    def list_lengthened(self, name: str, node: cst.AugAssign) -> bool:
        """`name += [...]`, where `name` is a list that changes."""
        more = node.value
        if name not in self.appended or not isinstance(more, cst.List) or not isinstance(node.operator, cst.AddAssign):
            return False
        self.append_all(name, more)
        return True

    def append_all(self, name: str, more: cst.List) -> None:
        """`name += [...]`: the items are evaluated before the first is there."""
        for item in [self.settled(self.read(part.value)) for part in more.elements]:
            self.append(name, item)

    def make_room(self, node: cst.If | cst.Try | cst.BaseSuite) -> None:
        """Before a branch outside loops, and at the start of a loop's body, room for what it may append: an array is
        not made longer on some of several paths."""
        for name, most in most_appended(node).items():
            if name in self.appended and not made_first(node, name):
                last: Expr = Name(self.length_of(name))
                last = last if most == 1 else Call(np.add, (last, Const(most - 1)))
                self.give(name, Call(grown, (Name(name), last)))

    def append(self, name: str, value: Expr) -> None:
        """One item more."""
        length = Name(self.length_of(name))
        item = self.named("item", value) if name in names(value) else value
        if not self.branches and not self.loops:
            self.give(name, Call(grown, (Name(name), length)))
        self.added(name, length, item)
        self.out.append(Update(length.id, np.add, Const(1), span=self.span))

    def added(self, name: str, place: Expr, item: Expr) -> None:
        """A new item at a place behind the others."""
        self.out.append(Store(name, (place,), item, appends=True, span=self.span, origin=self.origin))

    # ------------------------------------------------------------------------------------ comprehensions
    def comprehended(self, node: cst.ListComp) -> Expr:
        """`[item for target in items]`: a tuple over a literal tuple, a list of numbers else."""
        first = node.for_in
        if first.inner_for_in is None and not first.ifs and self.is_static(first.iter):
            found: list[Expr] = []
            self.each(node, lambda item: found.append(self.settled(self.argument(item))))
            return Tuple(tuple(found), listed=True)
        name = self.fresh("items")
        self.appended |= {name}
        self.give(name, Call(ops.listed, (Const(_ROOM),)))
        self.give(self.length_of(name), Const(0))

        def append(item: cst.BaseExpression) -> None:
            self.append(name, self.read(item))

        def room() -> None:
            self.give(name, Call(grown, (Name(name), Name(self.length_of(name)))))

        self.each(node, append, room)
        return self.items_of(name)

    def keyed(self, node: cst.DictComp) -> Expr:
        """`{key: value for target in items}`: a dict that a loop fills."""
        name = self.fresh("made")
        self.give(name, Call(ops.record, (Tuple(()),)))

        def store(value: cst.BaseExpression) -> None:
            key = self.read(node.key)
            self.out.append(Store(name, (key,), self.read(value), span=self.span, origin=self.origin))

        self.each(node, store)
        return Name(name)

    def reduced(self, fn: Any, node: Comprehension, start: Expr | None) -> Expr:
        """`sum`, `any`, `all`, `max` or `min` of a generator."""
        if fn in _LAZY:
            return self.decided(_LAZY[fn], node)
        if fn in _EXTREMES:
            return self.extreme(fn, node)
        total = self.named("total", start or Const(0))

        def add(item: cst.BaseExpression) -> None:
            self.out.append(Update(total.id, np.add, self.read(item), span=self.span, origin=self.origin))

        self.each(node, add)
        return total

    def decided(self, by: bool, node: Comprehension) -> Expr:
        """`any` or `all`: what comes after the item that decides is not evaluated."""
        result = self.named("found" if by else "holds", Const(not by))

        def ask(item: cst.BaseExpression) -> None:
            test: Expr = self.read(item)
            test = test if by else Call(ops.negated, (test,))
            self.out.append(If(test, (Assign(result.id, Const(by), span=self.span),), (), span=self.span))

        def unless_decided(item: cst.BaseExpression) -> None:
            undecided: Expr = Call(ops.negated, (result,)) if by else result
            self.out.append(If(undecided, self.apart(lambda: ask(item)), (), span=self.span))

        self.each(node, unless_decided)
        return result

    def extreme(self, fn: Any, node: Comprehension) -> Expr:
        """`max` or `min`: of equal items the first."""
        result, none = self.named("largest" if fn is max else "least", Const(0.0)), self.named("none", Const(True))

        def compare(item: cst.BaseExpression) -> None:
            value = self.named("item", self.read(item))
            better = Call(ops.either, (none, Call(_EXTREMES[fn], (value, result))))
            taken = (Assign(result.id, value, span=self.span), Assign(none.id, Const(False)))
            self.out.append(If(better, taken, (), span=self.span, origin=self.origin))

        self.each(node, compare)
        why = (Const(ValueError), Const(None), Const(f"{fn.__name__}() iterable argument is empty"))
        self.out.append(If(none, (Effect(Call(ops.fail, why), span=self.span),), (), span=self.span))
        return result

    def each(
        self,
        node: Comprehension,
        act: Callable[[cst.BaseExpression], None],
        at_start: Callable[[], None] = lambda: None,
    ) -> None:
        """The loops of a comprehension around what is done with each item."""

        def level(part: cst.CompFor) -> None:
            bound = set(target_names(part.target))
            if part.asynchronous is not None or bound & self.names_in(part.iter):
                self.refuse(part.iter, "this comprehension is not supported", "write the loop out")
                return
            self.loops += 1
            before = self.aliases
            self.aliases = {**before, **{name: self.fresh(name) for name in sorted(bound)}}
            self.over(part.target, part.iter, Body(lambda first: inside(part, first), frozenset(), False))
            self.aliases = before
            self.loops -= 1

        def inside(part: cst.CompFor, first: Callable[[], None]) -> Block:
            def body() -> None:
                first()
                if part.inner_for_in is None:
                    at_start()
                guarded([test.test for test in part.ifs], part)

            return self.apart(body)

        def guarded(tests: list[cst.BaseExpression], part: cst.CompFor) -> None:
            if tests:
                if part.inner_for_in is not None:
                    self.refuse(part.iter, "this comprehension is not supported", "write the loop out")
                test = self.read(tests[0])
                self.branches += 1
                self.out.append(If(test, self.apart(lambda: guarded(tests[1:], part)), (), span=self.span))
                self.branches -= 1
            elif part.inner_for_in is not None:
                level(part.inner_for_in)
            else:
                act(node.value if isinstance(node, cst.DictComp) else node.elt)

        if not self.surely:
            self.refuse(node, "a comprehension that may not be evaluated is not supported", "write the loop out")
            return
        level(node.for_in)

    def apart(self, make: Callable[[], None]) -> Block:
        """What is made, as a block of its own."""
        outer, self.out = self.out, []
        make()
        made: list[Stmt] = self.out
        self.out = outer
        return tuple(made)
