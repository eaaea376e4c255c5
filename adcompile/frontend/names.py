"""The local names of a function, by the text alone.

>>> body = cst.parse_module("for i in x: s += i\\nt = i").body
>>> sorted(local_names(*body)), sorted(outliving(body, ()))
(['i', 's', 't'], ['i'])
"""

from __future__ import annotations

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
def _method(finder: type[Finder], kind: type[cst.CSTNode]) -> Callable[[Finder, cst.CSTNode], object] | None:
    return getattr(finder, f"visit_{kind.__name__}", None)


class Finder:
    """Looks at every node, outermost first, with its method `visit_KIND`, and not inside where that says `False`.

    (LibCST's own visitors rebuild what they look at, which takes ten times as long.)"""

    def look(self, *nodes: cst.CSTNode) -> None:
        waiting = [*reversed(nodes)]
        while waiting:
            node = waiting.pop()
            method = _method(type(self), type(node))  # type: ignore[arg-type]  # a class is hashable
            if method is None or method(self, node) is not False:
                waiting += reversed(_inside(node))


class _Bound(Finder):
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


class _Reads(Finder):
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


class _Jumps(Finder):
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
