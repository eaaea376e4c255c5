"""Variables that are a list first and something else later, as two variables.

Goal: `ys = np.array(ys)` behind the loop that fills the list `ys`; and `ts, ys = [], []` as two assignments.  What the
text says is kept for messages and comments.  Non-goals: lists that a branch turns into something else, and those that a
function defined inside reads.

    ys = []                         ys = []
    for v in x:                     for v in x:
        ys.append(v * v)                ys.append(v * v)
    ys = np.array(ys)               ys_2 = np.array(ys)
    return ys.sum()                 return ys_2.sum()
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import libcst as cst

from adcompile.frontend.list_names import is_list, list_changes
from adcompile.frontend.names import found, local_names, target_names
from adcompile.frontend.source import Located


def separated(source: Located) -> Located:
    """`source` with a variable of its own for what a list becomes."""
    node = source.node
    if not isinstance(node, cst.FunctionDef):
        return source
    several = [line for line in found(node, cst.Assign) if _pairs(line)]
    if several:
        source = _changed(source, _Apart(set(several)))
        node = source.node
    assert isinstance(node, cst.FunctionDef)
    renamed = {one: new for later, name, new in _later(node) for one in _mentions(later, name)}
    return _changed(source, _Renamed(renamed)) if renamed else source


def _later(node: cst.FunctionDef) -> Iterator[tuple[Sequence[cst.CSTNode], str, str]]:
    """The statements from which on a name of a list stands for something else, and its new name."""
    lists, others = list_changes(node.body)
    candidates = lists & others - set(target_names_of(node.params))
    inner = [part for kind in (cst.FunctionDef, cst.Lambda) for part in found(node.body, kind)]
    candidates -= {one.value for part in inner for one in found(part, cst.Name)}
    taken = local_names(node.body)
    for suite in found(node.body, cst.IndentedBlock) if candidates else ():
        for name in sorted(candidates):
            body = [part for line in suite.body for part in _statements(line)]
            place = _turning(node, body, name)
            if place is not None:
                new = next(f"{name}_{k}" for k in range(2, 99) if f"{name}_{k}" not in taken)
                taken.add(new)
                yield body[place:], name, new


def target_names_of(params: cst.Parameters) -> list[str]:
    """The names of parameters."""
    return [param.name.value for param in found(params, cst.Param)]


def _turning(node: cst.FunctionDef, body: Sequence[cst.CSTNode], name: str) -> int | None:
    """The statement of a body that turns a list into something else, where the name is used in this body alone, from
    where it is a list on."""
    values = [_value(stmt, name) for stmt in body]
    first = next((k for k, value in enumerate(values) if value is not None and is_list(value)), len(body))
    place = next((k for k in range(first, len(body)) if (value := values[k]) is not None and not is_list(value)), None)
    if place is None or _count([node], name) != _count(body[first:], name):
        return None
    if name in list_changes(*body[first:place])[1] or name in list_changes(*body[place + 1 :])[0]:
        return None
    return place


def _statements(line: cst.CSTNode) -> Sequence[cst.CSTNode]:
    return line.body if isinstance(line, cst.SimpleStatementLine) else [line]


def _value(stmt: cst.CSTNode, name: str) -> cst.BaseExpression | None:
    """What a statement gives a name that is all that it assigns."""
    match stmt:
        case cst.Assign(targets=[cst.AssignTarget(cst.Name(target))], value=value):
            return value if target == name else None
    return None


def _count(parts: Sequence[cst.CSTNode], name: str) -> int:
    return sum(one.value == name for part in parts for one in found(part, cst.Name))


def _mentions(later: Sequence[cst.CSTNode], name: str) -> set[cst.Name]:
    """Where a variable stands: in the first statement as what is assigned, in the others everywhere."""
    first, *others = later
    targets = [part.target for part in found(first, cst.AssignTarget)]
    here = {one for part in (*targets, *others) for one in found(part, cst.Name) if one.value == name}
    here -= {part.attr for other in others for part in found(other, cst.Attribute)}
    return here - {part.keyword for other in others for part in found(other, cst.Arg) if part.keyword is not None}


def _pairs(line: cst.Assign) -> list[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """The targets and the values of `a, b = [], []`, where they may be assigned one by one."""
    match line:
        case cst.Assign(targets=[cst.AssignTarget(cst.Tuple(elements=left))], value=cst.Tuple(elements=right)) if len(
            left
        ) == len(right) and all(isinstance(part, cst.Element) for part in (*left, *right)):
            bound = [name for part in left for name in target_names(part.value)]
            plain = all(isinstance(part.value, cst.Name) for part in left) and len(set(bound)) == len(bound)
            read = {one.value for part in right for one in found(part, cst.Name)}
            if plain and not read & set(bound) and any(is_list(part.value) for part in right):
                return [(a.value, b.value) for a, b in zip(left, right, strict=True)]
    return []


# ------------------------------------------------------------------------------------------ changed texts
def _changed(source: Located, change: _Change) -> Located:
    node: Any = source.node.visit(change)
    return replace(source, node=node, originals={**source.originals, **change.originals})


class _Change(cst.CSTTransformer):
    """A change of a text that remembers what each part was."""

    def __init__(self) -> None:
        super().__init__()
        self.originals: dict[cst.CSTNode, cst.CSTNode] = {}

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        new = super().on_leave(original_node, updated_node)
        if new is not original_node and isinstance(new, cst.CSTNode):
            self.originals[new] = original_node
        return new


class _Apart(_Change):
    """`a, b = [], []` as `a = []; b = []`."""

    def __init__(self, lines: set[cst.Assign]) -> None:
        super().__init__()
        self._lines = lines

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> Any:
        if original_node not in self._lines:
            return updated_node
        made = [cst.Assign([cst.AssignTarget(target)], value) for target, value in _pairs(original_node)]  # type: ignore[arg-type]
        self.originals.update((one, original_node) for one in made)
        self.originals.update((one.targets[0], original_node) for one in made)
        return cst.FlattenSentinel(made)


class _Renamed(_Change):
    """Variables by other names."""

    def __init__(self, new: Mapping[cst.Name, str]) -> None:
        super().__init__()
        self._new = new

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return updated_node.with_changes(value=self._new.get(original_node, original_node.value))
