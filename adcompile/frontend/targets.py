"""What assignments assign to: names, items, elements of arrays, and tuples of those.

Goal: statements that assign one place each, in Python's order: the value first, then the targets from left to right.
Names for what has to wait: `a, b = b, a` needs them, `a, b = x[0], x[1]` does not.

    a, b = b, a         becomes     a_new = b; b_new = a; a = a_new; b = b_new
    a = b = x * y                   a_value = x * y; a = a_value; b = a_value
    A[i] -= x                       A[i] += -x      (`Accum`)
    A[f(i)] *= x                    index = f(i); A[index] = A[index] * x
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence

import libcst as cst
import numpy as np

from adcompile.errors import Span
from adcompile.frontend.calls import Calls
from adcompile.frontend.expressions import may_act
from adcompile.frontend.grammar import BINARY
from adcompile.frontend.names import only_names, target_names
from adcompile.frontend.resolve import MISSING
from adcompile.frontend.source import Located
from adcompile.ir.nodes import Accum, Assign, Call, Const, Effect, Expr, Index, Name, Slice, Stmt, Store, Tuple, Update
from adcompile.ir.walk import names, nodes, rebuilt


class Targets(Calls):
    """Reads the assignments of one function into `out`."""

    def __init__(self, source: Located, local: set[str]) -> None:
        super().__init__(source, local)
        self.taken = set(local)
        self.out: list[Stmt] = []  # the block being read
        self.span: Span | None = None  # of the statement being read, with its text
        self.origin = ""

    # ------------------------------------------------------------------------------------ statements made
    def fresh(self, like: str) -> str:
        """A readable name that the function does not use."""
        name, number = like, 1
        while name in self.taken:
            number += 1
            name = f"{like}_{number}"
        self.taken.add(name)
        return name

    def named(self, like: str, value: Expr) -> Name:
        """A new variable of this value."""
        name = self.fresh(like)
        self.give(name, value)
        return Name(name)

    def give(self, name: str, value: Expr) -> None:
        """`name = value`."""
        self.out.append(Assign(name, value, span=self.span, origin=self.origin))

    # ------------------------------------------------------------------------------------ assignments
    @abstractmethod
    def list_assigned(self, name: str, node: cst.BaseExpression) -> bool:
        """`name = [...]`, where that is a list that changes."""

    @abstractmethod
    def list_lengthened(self, name: str, node: cst.AugAssign) -> bool:
        """`name += [...]`, where `name` is a list that changes."""

    def assign(self, node: cst.Assign) -> None:
        """`a = value`, `a = b = value`."""
        targets = [target.target for target in node.targets]
        name = targets[0].value if len(targets) == 1 and isinstance(targets[0], cst.Name) else ""
        if name and self.list_assigned(name, node.value):
            return
        value = self.read(node.value)
        if len(targets) > 1:
            bound = [name for target in targets for name in target_names(target)]
            if not isinstance(value, (Name, Const)) or (isinstance(value, Name) and value.id in bound):
                value = self.named(f"{bound[0]}_value" if bound else "value", value)
        for target in targets:
            self.target(target, value)

    def target(self, node: cst.BaseExpression, value: Expr) -> None:
        """`node = value`."""
        match node:
            case cst.Name():
                self.give(self.spelled(node.value), value)
            case cst.Tuple() | cst.List():
                self.unpack(node, value)
            case cst.Subscript():
                array, index = self.place(node)
                if array is not None:
                    self.out.append(Store(array, index, value, span=self.span, origin=self.origin))
            case cst.Attribute():
                owner = self.known(node.value)
                if owner is not MISSING:
                    self.refuse(node, "an attribute is assigned", "return the value instead", "unsupported-statement")
                    return
                call = Call(setattr, (self.read(node.value), Const(node.attr.value), value))
                self.out.append(Effect(call, span=self.source.span(node), origin=self.origin))
            case _:
                self.unsupported(node)

    def unpack(self, node: cst.Tuple | cst.List, value: Expr) -> None:
        """`a, b = value`."""
        if any(isinstance(item, cst.StarredElement) for item in node.elements):
            self.refuse(node, "a starred target is not supported", "name every item", "unsupported-statement")
            return
        targets = [item.value for item in node.elements]
        if isinstance(value, Tuple):
            if len(value.items) != len(targets):
                message = f"{len(targets)} targets for {len(value.items)} values"
                self.refuse(node, message, "give every value one target", "unsupported-statement")
                return
            items = list(value.items)
        else:
            if not isinstance(value, Name):
                value = self.named("_".join(target_names(node)) or "items", value)
            items = [Index(value, (Const(number),)) for number in range(len(targets))]
        if not _independent(targets, items):
            items = [self.kept(target, item) for target, item in zip(targets, items, strict=True)]
        for target, item in zip(targets, items, strict=True):
            self.target(target, item)

    def kept(self, target: cst.BaseExpression, value: Expr) -> Expr:
        """A value that does not change when the targets before this one are assigned."""
        if isinstance(value, Const):
            return value
        return self.named(f"{target.value}_new" if isinstance(target, cst.Name) else "item", value)

    def assignment(self, node: cst.NamedExpr) -> Expr:
        """`(name := value)`: the assignment goes before the statement, which may not have read the name till then."""
        name = node.target
        assert isinstance(name, cst.Name)
        late = not self.surely or self.acted or name.value in self.read_names
        value = self.read(node.value)
        if late:
            hint = "assign on a line of its own"
            return self.refuse(node, "an assignment inside an expression is not supported here", hint)
        self.give(name.value, value)
        return Name(name.value)

    # ------------------------------------------------------------------------------------ elements of arrays
    def place(self, node: cst.Subscript) -> tuple[str | None, tuple[Expr, ...]]:
        """The array and the index that a subscript assigns to; no array where it was refused."""
        refused = len(self.refusals)
        array = self.read(node.value)
        readable = len(self.refusals) == refused
        index = self.index(node)
        if isinstance(array, (Const, Tuple)):
            if readable:
                self.refuse(
                    node,
                    f"`{self.source.code(node.value)}` comes from outside the function and is written",
                    "pass it as an argument",
                    "unsupported-statement",
                )
            return None, index
        if not isinstance(array, Name):
            array = self.named(f"{next(iter(names(array)), 'array')}_part", array)
        return array.id, index

    def update(self, node: cst.AugAssign) -> None:
        """`target op= value`."""
        fn = BINARY[type(node.operator)]
        match node.target:
            case cst.Name(name) if self.list_lengthened(name, node):
                pass
            case cst.Name(name):
                self.out.append(Update(name, fn, self.read(node.value), span=self.span, origin=self.origin))
            case cst.Subscript():
                array, index = self.place(node.target)
                if array is not None:
                    self.update_element(array, index, fn, self.read(node.value))
            case _:
                self.refuse(node.target, "this cannot be updated", code="unsupported-statement")

    def update_element(self, array: str, index: tuple[Expr, ...], fn: np.ufunc, value: Expr) -> None:
        """`array[index] op= value`; the index is evaluated once."""
        if fn in (np.add, np.subtract):
            amount = value if fn is np.add else _opposite(value)
            self.out.append(Accum(array, index, amount, span=self.span, origin=self.origin))
            return
        index = tuple(map(self.once, index))
        result = Call(fn, (Index(Name(array), index), value))
        self.out.append(Store(array, index, result, update=True, span=self.span, origin=self.origin))

    def once(self, expr: Expr) -> Expr:
        """An index that can be evaluated twice."""
        if isinstance(expr, Slice):
            return rebuilt(expr, map(self.once, (expr.start, expr.stop, expr.step)))
        return self.named("index", expr) if any(map(may_act, nodes(expr))) else expr


def _independent(targets: Sequence[cst.BaseExpression], items: Sequence[Expr]) -> bool:
    """Whether each target may be assigned its item before the next item is evaluated."""
    if not all(map(only_names, targets)):
        return False
    bound = Counter(name for target in targets for name in target_names(target))
    if any(count > 1 for count in bound.values()):
        return False
    before: set[str] = set()
    for target, item in zip(targets, items, strict=True):
        if before.intersection(names(item)):
            return False
        before.update(target_names(target))
    return True


def _opposite(value: Expr) -> Expr:
    if isinstance(value, Const) and type(value.value) in (int, float):
        return Const(-value.value)
    return Call(np.negative, (value,))
