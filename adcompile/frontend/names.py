"""The local names of a function, by the text alone.

>>> body = cst.parse_module("for i in x: s += i\\nt = i").body
>>> sorted(local_names(*body)), sorted(outliving(body, ()))
(['i', 's', 't'], ['i'])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import cache
from typing import TypeVar

import libcst as cst


def local_names(*parts: cst.CSTNode) -> set[str]:
    """The names that statements bind, in whatever way, loop variables included."""
    finder = _Bound()
    finder.look(*parts)
    return finder.assigned | finder.loops


def outliving(parts: Sequence[cst.CSTNode], params: Iterable[str]) -> frozenset[str]:
    """The loop variables that something else assigns too, or that are read where none of their loops is around."""
    finder = _Bound()
    finder.look(*parts)
    reads = _Reads(finder.loops)
    reads.look(*parts)
    return frozenset((finder.loops & (finder.assigned | set(params))) | reads.found)


def target_names(target: cst.BaseExpression) -> Iterator[str]:
    """The plain names that an assignment's target binds."""
    match target:
        case cst.Name():
            yield target.value
        case cst.Tuple() | cst.List():
            for item in target.elements:
                yield from target_names(item.value)


def only_names(target: cst.BaseExpression) -> bool:
    """Whether a target consists of plain names."""
    if isinstance(target, (cst.Tuple, cst.List)):
        return all(isinstance(item, cst.Element) and only_names(item.value) for item in target.elements)
    return isinstance(target, cst.Name)


def leaves_its_loop(body: cst.CSTNode) -> bool:
    """Whether a `break` or `continue` in a loop's body is that loop's own."""
    finder = _Jumps()
    finder.look(body)
    return finder.found


def breaks_its_loop(body: cst.CSTNode) -> bool:
    """Whether a `break` in a loop's body is that loop's own."""
    finder = _Jumps(continues=False)
    finder.look(body)
    return finder.found


def assigned_lists(body: cst.CSTNode) -> set[str]:
    """The variables that are assigned `[...]`, `[value] * count` or a list comprehension, and nothing else."""
    finder = _Lists()
    finder.look(body)
    return finder.lists - finder.others


def lists_of_anything(body: cst.CSTNode) -> set[str]:
    """The variables that are assigned lists, changed, and surely or maybe of more than numbers: an item is `None`, a
    text or a list; the variable stands for something else too; or a call on its own line is given the list.

    >>> sorted(lists_of_anything(cst.parse_module("rows = []\\nrows.append([x, y])\\nys = []\\nys.append(x)")))
    ['rows']
    """
    finder = _Lists()
    finder.look(body)
    changed = {*finder.appended, *finder.stored, *finder.extended}
    unclear = finder.mixed | finder.extended | finder.others
    return (finder.lists & ((changed & unclear) | finder.filled)) - (finder.appended.keys() - unclear)


def list_changes(*parts: cst.CSTNode) -> tuple[set[str], set[str]]:
    """The variables that are assigned lists or appended to, and those that are assigned anything else."""
    finder = _Lists()
    finder.look(*parts)
    return finder.lists | finder.appended.keys() | finder.extended, finder.others


def unchanged_lists(body: cst.CSTNode) -> set[str]:
    """The variables that are assigned lists of more than numbers that nothing changes."""
    finder = _Lists()
    finder.look(body)
    return (finder.lists & finder.mixed) - {*finder.appended, *finder.stored, *finder.extended}


def changed_lists(body: cst.CSTNode) -> tuple[Iterable[str], set[str]]:
    """The variables that are appended to, and those with items that are assigned, or found by more than a literal."""
    finder = _Lists()
    finder.look(body)
    return finder.appended, finder.changed


def most_appended(node: cst.CSTNode) -> Counter[str]:
    """How many items a branch, or the body of a loop, appends to each variable; loops inside see to themselves."""
    finder = _Lists(loops=False)
    finder.look(node)
    return finder.appended


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


def is_no_number(node: cst.BaseExpression) -> bool:
    """Whether an expression is surely no number, by its text: `None`, a text, a list, a tuple, a dict, a function."""
    if isinstance(node, cst.Name):
        return node.value == "None"
    return isinstance(node, (cst.BaseString, cst.List, cst.Tuple, cst.Dict, cst.ListComp, cst.Lambda))


_Kind = TypeVar("_Kind", bound=cst.CSTNode)
_NOT_CODE = ("whitespace", "leading_lines", "lpar", "rpar", "lbracket", "rbracket", "comma", "semicolon", "equal")


@cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if not field.name.startswith(_NOT_CODE))


def _inside(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes directly in a node, but its white space and punctuation."""
    inside: list[cst.CSTNode] = []
    for name in _fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            inside.append(value)
        elif isinstance(value, (tuple, list)):
            inside += [item for item in value if isinstance(item, cst.CSTNode)]
    return inside


def found(node: cst.CSTNode, kind: type[_Kind]) -> Iterator[_Kind]:
    """The nodes of a kind in a node, itself included.

    (What `libcst.matchers` is for; importing that takes a quarter of a second.)"""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, kind):
            yield one
        waiting += _inside(one)


@cache
def _method(finder: type[_Finder], kind: type[cst.CSTNode]) -> Callable[[_Finder, cst.CSTNode], object] | None:
    return getattr(finder, f"visit_{kind.__name__}", None)


class _Finder:
    """Looks at every node, outermost first, with its method `visit_KIND`, and not inside where that says `False`.

    (LibCST's own visitors rebuild what they look at, which takes ten times as long.)"""

    def look(self, *nodes: cst.CSTNode) -> None:
        waiting = [*reversed(nodes)]
        while waiting:
            node = waiting.pop()
            method = _method(type(self), type(node))  # type: ignore[arg-type]  # a class is hashable
            if method is None or method(self, node) is not False:
                waiting += reversed(_inside(node))


class _Lists(_Finder):
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

    def visit_Assign(self, node: cst.Assign) -> None:
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

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
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


class _Bound(_Finder):
    def __init__(self) -> None:
        self.assigned: set[str] = set()
        self.loops: set[str] = set()

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self.assigned.update(target_names(node.target))

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self.assigned.update(target_names(node.target))

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self.assigned.update(target_names(node.target))

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self.assigned.update(target_names(node.target))

    def visit_AsName(self, node: cst.AsName) -> None:
        self.assigned.update(target_names(node.name))

    def visit_ImportAlias(self, node: cst.ImportAlias) -> None:
        if node.asname is None:
            self.assigned.add(node.evaluated_name.partition(".")[0])

    def visit_For(self, node: cst.For) -> None:
        self.loops.update(target_names(node.target))

    def visit_CompFor(self, node: cst.CompFor) -> bool:
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.assigned.add(node.name.value)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self.assigned.add(node.name.value)
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False


class _Reads(_Finder):
    """Loop variables read outside their loops, or used again by a loop inside their own."""

    def __init__(self, loops: set[str]) -> None:
        self._loops = loops
        self._around: list[set[str]] = []
        self.found: set[str] = set()

    def visit_For(self, node: cst.For) -> bool:
        names = set(target_names(node.target))
        self.found |= names.intersection(*[set().union(*self._around)])
        self.look(node.iter)
        self._around.append(names)
        if not only_names(node.target):
            self.look(node.target)
        self.look(node.body)
        self._around.pop()
        if node.orelse is not None:
            self.look(node.orelse)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        if node.value in self._loops and not any(node.value in around for around in self._around):
            self.found.add(node.value)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        self.look(node.value)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        self.look(node.value)
        return False


class _Jumps(_Finder):
    def __init__(self, continues: bool = True) -> None:
        self._continues = continues
        self.found = False

    def visit_Break(self, node: cst.Break) -> None:
        self.found = True

    def visit_Continue(self, node: cst.Continue) -> None:
        self.found = self.found or self._continues

    def visit_For(self, node: cst.For) -> bool:
        return self._inner(node)

    def visit_While(self, node: cst.While) -> bool:
        return self._inner(node)

    def _inner(self, node: cst.For | cst.While) -> bool:
        if node.orelse is not None:  # a jump there is the outer loop's
            self.look(node.orelse)
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False
