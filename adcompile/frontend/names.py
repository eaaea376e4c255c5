"""The local names of a function, by the text alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import libcst as cst


def assigned_names(body: cst.CSTNode) -> Counter[str]:
    """The names that statements assign, with how often; a loop's own variable does not count as often as its loops."""
    finder = _Assigned()
    body.visit(finder)
    return finder.found + Counter({name: 1 for name in finder.loops if name not in finder.found})


def outlives_its_loops(body: cst.CSTNode, assigned: Mapping[str, int]) -> frozenset[str]:
    """The loop variables that are assigned otherwise too, or read where none of their loops is around."""
    finder = _Assigned()
    body.visit(finder)
    reads = _Reads(finder.loops)
    body.visit(reads)
    return frozenset({name for name in finder.loops if name in finder.found} | reads.found)


def target_names(target: cst.BaseExpression) -> Iterator[str]:
    """The plain names that an assignment's target assigns."""
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for item in target.elements:
            yield from target_names(item.value)


class _Assigned(cst.CSTVisitor):
    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.loops: set[str] = set()

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self.found.update(target_names(node.target))

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self.found.update(target_names(node.target))

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self.found.update(target_names(node.target))

    def visit_For(self, node: cst.For) -> None:
        self.loops.update(target_names(node.target))

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.found[node.name.value] += 1
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False


class _Reads(cst.CSTVisitor):
    """Loop variables read outside their loops, or used again by a loop inside their own."""

    def __init__(self, loops: set[str]) -> None:
        self._loops = loops
        self._around: list[set[str]] = []
        self.found: set[str] = set()

    def visit_For(self, node: cst.For) -> bool:
        names = set(target_names(node.target))
        inside = {name for around in self._around for name in around}
        self.found |= names & inside
        node.iter.visit(self)
        self._around.append(names)
        node.body.visit(self)
        self._around.pop()
        if node.orelse is not None:
            node.orelse.visit(self)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        if node.value in self._loops and not any(node.value in around for around in self._around):
            self.found.add(node.value)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        node.value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False
