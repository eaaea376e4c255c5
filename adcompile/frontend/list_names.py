"""The variables of a function that are lists, by the text alone.

>>> body = cst.parse_module("ys = []\\nfor v in x: ys.append(v)\\nzs = ys[:]").body
>>> sorted(list_changes(*body)[0])
['ys', 'zs']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import libcst as cst

from adcompile.frontend.names import Finder, found, target_names


def assigned_lists(body: cst.CSTNode) -> set[str]:
    """The variables that are assigned `[...]`, `[value] * count` or a list comprehension, and nothing else."""
    finder = _lists_in(body)
    return finder.lists - finder.others


def lists_of_anything(body: cst.CSTNode) -> set[str]:
    """The variables that are assigned lists, changed, and surely or maybe of more than numbers: an item is `None`, a
    text or a list; the variable stands for something else too; or a call on its own line is given the list.

    >>> sorted(lists_of_anything(cst.parse_module("rows = []\\nrows.append([x, y])\\nys = []\\nys.append(x)")))
    ['rows']
    """
    finder = _lists_in(body)
    changed = {*finder.appended, *finder.stored, *finder.extended}
    unclear = finder.mixed | finder.extended | finder.others
    return (finder.lists & ((changed & unclear) | finder.filled)) - (finder.appended.keys() - unclear)


def list_changes(*parts: cst.CSTNode) -> tuple[set[str], set[str]]:
    """The variables that are assigned lists or appended to, and those that are assigned anything else."""
    finder = _lists_in(*parts)
    return finder.lists | finder.appended.keys() | finder.extended, finder.others


def unchanged_lists(body: cst.CSTNode) -> set[str]:
    """The variables that are assigned lists of more than numbers that nothing changes."""
    finder = _lists_in(body)
    return (finder.lists & finder.mixed) - {*finder.appended, *finder.stored, *finder.extended}


def changed_lists(body: cst.CSTNode) -> tuple[Iterable[str], set[str]]:
    """The variables that are appended to, and those with items that are assigned, or found by more than a literal."""
    finder = _lists_in(body)
    return finder.appended, finder.changed


def _lists_in(*parts: cst.CSTNode) -> _Lists:
    finder = _Lists()
    finder.look(*parts)
    finder.follow()
    return finder


def most_appended(node: cst.CSTNode) -> Counter[str]:
    """How many items a branch, or the body of a loop, appends to each variable; loops inside see to themselves."""
    finder = _Lists(loops=False)
    finder.look(node)
    return finder.appended


def made_first(node: cst.If | cst.Try | cst.BaseSuite, name: str) -> bool:
    """Whether each body of a statement that mentions a variable gives it a list before all else."""
    if isinstance(node, cst.BaseSuite):
        lines = [line for line in node.body if any(one.value == name for one in found(line, cst.Name))]
        return not lines or _makes(lines[0], name)
    parts = [node.body, node.orelse, *getattr(node, "handlers", ()), getattr(node, "finalbody", None)]
    bodies = [part if isinstance(part, (cst.If, cst.BaseSuite)) else part.body for part in parts if part is not None]
    tested = isinstance(node, cst.If) and any(one.value == name for one in found(node.test, cst.Name))
    return not tested and all(made_first(body, name) for body in bodies)


def _makes(line: cst.CSTNode, name: str) -> bool:
    """Whether a line gives a variable a new list, without looking at it."""
    match line:
        case cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name(target))], value), *_]) if target == name:
            return bool(is_list(value) or _copied(value)) and all(one.value != name for one in found(value, cst.Name))
    return False


def made_within(whole: cst.CSTNode, suite: cst.BaseSuite, loop: cst.BaseCompoundStatement) -> set[str]:
    """The names that the body around a loop gives a list before it, or the loop itself, and that stand nowhere else in
    the `whole` function: no other path has a list of another length."""
    before = suite.body[: [*suite.body].index(loop)]
    lines = [line for line in before if isinstance(line, cst.SimpleStatementLine)]
    made = set().union(*map(assigned_lists, lines))
    everywhere, around, within = (
        Counter(name.value for name in found(part, cst.Name)) for part in (whole, suite, loop)
    )
    return {name for name in around if everywhere[name] == (around if name in made else within)[name]}


def is_list(node: cst.BaseExpression) -> bool:
    """Whether an expression makes a list: `[...]`, `[value] * count`, a comprehension."""
    match node:
        case cst.BinaryOperation(left=cst.List(elements=[cst.Element()]), operator=cst.Multiply()):
            return True
        case cst.Call(func=cst.Name("list"), args=[]):
            return True
    return isinstance(node, (cst.List, cst.ListComp))


def only_items(node: cst.List) -> bool:
    """Whether a list's display has its items one by one."""
    return all(isinstance(part, cst.Element) for part in node.elements)


def lengthened(node: cst.BaseExpression) -> str:
    """The variable of which an expression is the list with more items: `v + [...]`."""
    match node:
        case cst.BinaryOperation(cst.Name(name), cst.Add(), cst.List() as more) if only_items(more):
            return name
    return ""


def _copied(node: cst.BaseExpression) -> str:
    """The variable that an expression is, or is a copy of as of a list: `v`, `v[:]`, `list(v)`, `v.copy()`."""
    match node:
        case (
            cst.Name(name)
            | cst.Subscript(cst.Name(name), [cst.SubscriptElement(cst.Slice(None, None, step=None))])
            | cst.Call(cst.Name("list"), [cst.Arg(cst.Name(name))])
            | cst.Call(cst.Attribute(cst.Name(name), cst.Name("copy")), [])
        ) if name not in ("None", "True", "False"):
            return name
    return ""


def is_no_number(node: cst.BaseExpression) -> bool:
    """Whether an expression is surely no number, by its text: `None`, a text, a list, a tuple, a dict, a function."""
    if isinstance(node, cst.Name):
        return node.value == "None"
    return isinstance(node, (cst.BaseString, cst.List, cst.Tuple, cst.Dict, cst.ListComp, cst.Lambda))


class _Lists(Finder):
    def __init__(self, loops: bool = True) -> None:
        self._loops = loops  # whether to look into them
        self.lists: set[str] = set()
        self.others: set[str] = set()
        self.appended: Counter[str] = Counter()
        self.changed: set[str] = set()
        self.stored: set[str] = set()  # of those, the ones with items that are assigned
        self.extended: set[str] = set()
        self.mixed: set[str] = set()  # with items that are no numbers
        self.filled: set[str] = set()  # given to a call on a line of its own
        self.linked: list[tuple[str, str]] = []  # variables that are assigned what another is, or a copy of it

    def follow(self) -> None:
        """Takes variables that are assigned lists by their names for lists; if one changes, all of them do."""
        while found := {name for name, of in self.linked if of in self.lists} - self.lists:
            self.lists |= found
        while found := {name for name, of in self.linked if of not in self.lists or of in self.others} - self.others:
            self.others |= found
        for group in (self.changed, self.mixed):
            among = group | (self.appended.keys() if group is self.changed else set())
            pairs = [set(pair) for pair in self.linked if set(pair) <= self.lists]
            while found := set().union(*(pair for pair in pairs if pair & among)) - among:
                among |= found
                group |= found

    def visit_Assign(self, node: cst.Assign) -> None:
        match node.targets:
            case [cst.AssignTarget(cst.Name(name))] if of := _copied(node.value):
                self.linked.append((name, of))
                return
            case [cst.AssignTarget(cst.Name(name))] if lengthened(node.value) == name:
                self.lengthened(name, node.value.right)  # type: ignore[attr-defined]
                return
        items = node.value.left if isinstance(node.value, cst.BinaryOperation) else node.value
        mixed = isinstance(items, cst.List) and any(is_no_number(part.value) for part in items.elements)
        for target in node.targets:
            if mixed:
                self.mixed.update(target_names(target.target))
            match target.target:
                case cst.Subscript(cst.Name(name), [cst.SubscriptElement(cst.Index())]) if is_no_number(node.value):
                    self.mixed.add(name)
            single = isinstance(target.target, cst.Name) and len(node.targets) == 1 and is_list(node.value)
            (self.lists if single else self.others).update(target_names(target.target))

    def lengthened(self, name: str, more: cst.List) -> None:
        """`name += [...]`, or `name = name + [...]`."""
        self.appended[name] += len(more.elements)
        if any(is_no_number(part.value) for part in more.elements):
            self.mixed.add(name)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        match node:
            case cst.AugAssign(cst.Name(name), cst.AddAssign(), cst.List() as more) if only_items(more):
                self.lengthened(name, more)
                return
        self.others.update(target_names(node.target))
        self._stored(node.target)

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._stored(node.target)

    def _stored(self, node: cst.BaseExpression) -> None:
        match node:
            case cst.Subscript(value=cst.Name(name)):
                self.changed.add(name)
                self.stored.add(name)
            case cst.Tuple() | cst.List():
                for item in node.elements:
                    self._stored(item.value)

    def visit_Subscript(self, node: cst.Subscript) -> None:
        match node:
            case cst.Subscript(value=cst.Name(name), slice=[cst.SubscriptElement(cst.Index(index))]):
                minus = isinstance(index, cst.UnaryOperation) and isinstance(index.expression, cst.Integer)
                if not (isinstance(index, cst.Integer) or minus):
                    self.changed.add(name)

    def visit_For(self, node: cst.For) -> bool:
        self._looped(node.iter)
        return self._loops

    def visit_While(self, node: cst.While) -> bool:
        return self._loops

    def visit_CompFor(self, node: cst.CompFor) -> None:
        self._looped(node.iter)

    def _looped(self, node: cst.BaseExpression) -> None:
        match node:
            case cst.Name(name):
                self.changed.add(name)
            case cst.Call():
                for arg in node.args:
                    self._looped(arg.value)

    def visit_Call(self, node: cst.Call) -> None:
        match node.func:
            case cst.Attribute(value=cst.Name(name), attr=cst.Name("append")):
                self.appended[name] += 1
                if any(is_no_number(arg.value) for arg in node.args):
                    self.mixed.add(name)
            case cst.Attribute(value=cst.Name(name), attr=cst.Name("extend")):
                self.extended.add(name)

    def visit_Expr(self, node: cst.Expr) -> None:
        match node.value:
            case cst.Call(func=cst.Name(), args=args):
                self.filled.update(arg.value.value for arg in args if isinstance(arg.value, cst.Name))

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False
