"""What a derivative is by, written as in the function: `wrt="params['w']"`, `"layers[0].w"`, `"self.k"`.

Goal: one spelling, Python's own: an item of a dict, a list or a tuple in brackets, a field of a named tuple, of a
dataclass or of an object behind a dot.  Non-goals: elements of arrays.

>>> parsed("layers[0].w")
('layers', (0, '.w'))
>>> parsed("x + 1") is None
True
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from adcompile.ir.structure import Known, Leaf, NoStructure, Part, Structure, contents, taken_apart

Step = str | int  # a field is ".name", a key of a dict "['name']"


def parsed(text: str) -> tuple[str, tuple[Step, ...]] | None:
    """The variable and the steps from it; nothing where the text is no path."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    steps: list[Step] = []
    while not isinstance(node, ast.Name):
        match node:
            case ast.Attribute():
                steps.append(f".{node.attr}")
            case ast.Subscript(slice=ast.Constant(value=str(key))):
                steps.append(f"[{key!r}]")
            case ast.Subscript(slice=ast.Constant(value=int(key))) if not isinstance(key, bool):
                steps.append(key)
            case ast.Subscript(slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(key)))):
                steps.append(-key)
            case _:
                return None
        node = node.value
    return node.id, tuple(reversed(steps))


def root_of(text: str) -> str:
    """The variable that a path begins with."""
    found = parsed(text)
    return text if found is None else found[0]


def is_path(wrt: object) -> bool:
    """Whether something that a derivative is by is a part of a parameter."""
    return isinstance(wrt, str) and not wrt.isidentifier() and parsed(wrt) is not None


@dataclass(frozen=True)
class Found:
    """A part of a parameter: the first of its leaves, of those that are passed."""

    part: Part
    first: int


class NoPart(Exception):
    """Says what is wrong with a path."""


def part_at(part: Part, text: str) -> Found:
    """The part of a parameter's structure that a path leads to; raises `NoPart`."""
    name, steps = parsed(text) or (text, ())
    first, path = 0, name
    for step in steps:
        if not isinstance(part, Structure):
            what = "a list of floats" if part is Leaf.NUMBERS else "no container"
            raise NoPart(f"{path} is {what}: differentiate by {path}, and take of the result what you want")
        place = _place(part, step)
        if place is None:
            raise NoPart(f"{path} has {', '.join(_spelled(path, part))}, and no {_written(path, step)}")
        first += sum(map(_passed, part.items[:place]))
        part, path = part.items[place], _written(path, step)
    return Found(part, first)


def _passed(part: Part) -> int:
    if isinstance(part, Structure):
        return sum(isinstance(leaf, Leaf) for leaf in part.leaves())
    return int(isinstance(part, Leaf))


def _place(part: Structure, step: Step) -> int | None:
    """Where the item of a step stands in a structure."""
    if isinstance(step, int) and (part.kind is not dict and issubclass(part.kind, (list, tuple))):
        return step % len(part.items) if -len(part.items) <= step < len(part.items) else None
    keys = [key if isinstance(key, int) and part.kind is dict else _step(part, key) for key in part.keys]
    return keys.index(step) if step in keys else None


def _step(part: Structure, key: Any) -> Step:
    if part.kind is dict:
        return f"[{key!r}]"
    return key if part.kind in (list, tuple) else f".{key}"


def _spelled(path: str, part: Structure) -> list[str]:
    return [_written(path, key if isinstance(key, int) else _step(part, key)) for key in part.keys] or ["no items"]


def _written(path: str, step: Step) -> str:
    return f"{path}[{step}]" if isinstance(step, int) else f"{path}{step}"


# ------------------------------------------------------------------------------------------ the object of a method
def receiver_name(primal: Any) -> tuple[str, ...]:
    """What a method calls the object that it is bound to; nothing for other functions."""
    if isinstance(primal, MethodType):
        code = getattr(getattr(primal.__func__, "py_func", primal.__func__), "__code__", None)
        return code.co_varnames[: min(code.co_argcount, 1)] if code is not None else ()
    receiver = getattr(primal, "receiver", None)
    return () if receiver is None else (receiver[0],)


def receiver_of(primal: Any, roots: list[str]) -> tuple[str, Any] | None:
    """The object that a method is bound to, and its name, where one of these variables is that."""
    if isinstance(primal, MethodType):
        own = receiver_name(primal)
        return (own[0], primal.__self__) if own and own[0] in roots else None
    receiver: tuple[str, Any] | None = getattr(primal, "receiver", None)
    return receiver


def object_apart(value: Any, path: str) -> tuple[Part, list[Any]]:
    """The structure of an object that a method is bound to, and its numbers and arrays: its attributes, those of its
    class included; what is nothing to differentiate is part of the structure.  Attributes that lead back to the object
    (its own bound methods, say) are left out, and may not be read: they would see its numbers as constants."""
    found = contents(value)
    attributes: dict[str, Any] = dict(zip(found[1], found[2], strict=True)) if found is not None else {}
    for kind in reversed(type(value).__mro__[:-1]) if found is None else ():
        attributes |= {
            name: one for name, one in vars(kind).items()
            if not name.startswith("__") and not callable(one) and not hasattr(type(one), "__get__")
        }  # fmt: skip
    attributes |= getattr(value, "__dict__", {}) if found is None else {}
    parts: dict[str, Part] = {}
    leaves: list[Any] = []
    for name, one in attributes.items():
        try:
            part, inner = (Known(one), []) if isinstance(one, bool) else taken_apart(one, f"{path}.{name}")
        except NoStructure:
            if isinstance(one, (dict, list, tuple, set)) and not hasattr(type(value), name):
                continue  # of what is not of the language: it may not be read
            part, inner = Known(one), []
        ends = part.leaves() if isinstance(part, Structure) else [part]
        if any(isinstance(end, Known) and _leads_to(end.value, value) for end in ends):
            if hasattr(type(value), name):  # which would be read in its place
                raise NoStructure(f"{path}.{name}", one)
            continue
        parts[name] = part
        leaves += inner
    return Structure(type(value), tuple(parts), tuple(parts.values())), leaves


_MOST_OBJECTS = 10_000


def _leads_to(one: Any, value: Any) -> bool:
    """Whether an object holds another, itself or in what it holds; of very many objects it is taken to."""
    seen: set[int] = set()
    waiting = [one]
    while waiting:
        here = waiting.pop()
        if here is value or len(seen) > _MOST_OBJECTS:
            return True
        if id(here) in seen or isinstance(here, (str, bytes, int, float, complex, ModuleType, type, np.ndarray)):
            continue
        seen.add(id(here))
        if isinstance(here, FunctionType):
            waiting += [cell.cell_contents for cell in here.__closure__ or () if cell != CellType()]
            waiting += here.__defaults__ or ()
        elif isinstance(here, dict):
            waiting += here.values()
        elif isinstance(here, (list, tuple, set, frozenset)):
            waiting += here
        else:
            waiting += [getattr(here, name, None) for name in ("__self__", "__func__", "func", "args", "keywords")]
            waiting += getattr(here, "__dict__", {}).values()
    return False
