"""Structures of values: dicts, lists, tuples, named tuples and dataclasses, apart from the numbers and arrays in them.

Goal: compiled code sees the leaves, one after another, and a user sees structures; what is no number and no array (a
text, `None`, a function) is part of the structure.  Non-goals: containers of other kinds.

>>> import numpy as np
>>> structure, leaves = taken_apart({"w": np.ones(2), "b": 0.5, "n": 3, "name": "tanh"})
>>> leaves
[array([1., 1.]), 0.5, 3]
>>> structure.rebuilt([4.0, 5.0])
{'w': 4.0, 'b': 5.0, 'n': None, 'name': None}
>>> structure.names("p")
['p_w', 'p_b', 'p_n']
>>> print(structure.text(structure.names("p"), {}))
{'w': p_w, 'b': p_b, 'n': p_n, 'name': 'tanh'}
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

import numpy as np

from adcompile.ir import ops
from adcompile.ir.given import is_foreign, plain
from adcompile.ir.types import TupleType, Type


class Leaf(Enum):
    """What stands at the end of a structure."""

    NUMBER = "a float or an array of floats: it may carry a derivative"
    NUMBERS = "a list of floats"
    HELD = "an integer, a truth value, or an array of those"


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A value that is part of the structure: a text, `None`, a function; of an object, whatever has no derivative."""

    value: Any

    def _key(self) -> object:
        plain = self.value is None or isinstance(self.value, (str, bool, int)) or callable(self.value)
        return self.value if plain else id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and type(self.value) is type(other.value) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


@dataclass(frozen=True, slots=True)
class Structure:
    """A container: `keys` are those of a dict or the names of fields, and the places in a tuple or a list."""

    kind: type
    keys: tuple[Any, ...]
    items: tuple[Part, ...]

    def leaves(self) -> Iterator[Leaf | Known]:
        """All ends, in order."""
        for item in self.items:
            if isinstance(item, Structure):
                yield from item.leaves()
            else:
                yield item

    def rebuilt(self, values: Iterable[Any]) -> Any:
        """The structure with these values for its floats, and `None` for the rest."""
        return rebuilt(self, iter(values))

    def holding(self, values: Sequence[Any]) -> Any:
        """The container with these for its items."""
        if self.kind in (list, tuple):
            return self.kind(values)
        if self.kind is dict:
            return dict(zip(self.keys, values, strict=True))
        if issubclass(self.kind, tuple):
            return tuple.__new__(self.kind, values)
        made = object.__new__(self.kind)  # whose `__init__` may ask of a derivative what holds of a value
        for key, value in zip(self.keys, values, strict=True):
            object.__setattr__(made, key, value)
        return made

    def names(self, name: str) -> list[str]:
        """A name for each leaf, by its path from `name`."""
        found = []
        for key, item in zip(self.keys, self.items, strict=True):
            path = f"{name}_{key}" if str(key).isidentifier() or str(key).isdigit() else f"{name}_item"
            found += item.names(path) if isinstance(item, Structure) else [path] if isinstance(item, Leaf) else []
        return found

    def text(self, names: Iterable[str], namespace: dict[str, Any]) -> str:
        """Python text that makes the structure of variables, one for each leaf; what else it names goes into
        `namespace`."""
        return Structure(tuple, (0,), (self,)).texts(names, namespace)[0]

    def texts(self, names: Iterable[str], namespace: dict[str, Any]) -> list[str]:
        """The same of each item."""
        variables = list(names)
        given = iter(variables)

        def global_name(value: Any) -> str:
            if value is None or isinstance(value, (str, bool, int)):
                return repr(value)
            name = str(getattr(value, "__name__", "known"))
            name = name if name.isidentifier() else "known"
            while namespace.get(name, value) is not value or name in variables:
                name += "_"
            namespace[name] = value
            return name

        def made(part: Part) -> str:
            match part:
                case Structure(kind, keys, items):
                    parts = list(map(made, items))
                    if kind is dict:
                        return "{" + ", ".join(f"{key!r}: {one}" for key, one in zip(keys, parts, strict=True)) + "}"
                    if kind is list:
                        return f"[{', '.join(parts)}]"
                    if kind is tuple:
                        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
                    fields = ", ".join(f"{key}={one}" for key, one in zip(keys, parts, strict=True))
                    return f"{global_name(ops.instance)}({global_name(kind)}, {fields})"
                case Known(value):
                    return global_name(value)
            name = next(given)
            return f"[item for item in {name}]" if part is Leaf.NUMBERS else name

        return list(map(made, self.items))


Part: TypeAlias = Structure | Leaf | Known


def of_type(type_: Type) -> Part:
    """The structure of values of a type."""
    if not isinstance(type_, TupleType):
        return Leaf.NUMBER
    return Structure(tuple, tuple(range(len(type_.items))), tuple(map(of_type, type_.items)))


def joined(part: Part, value: Any) -> Any:
    """The structure of a result with what the run gave: tuples in place of its containers.

    >>> joined(Structure(dict, ("loss", "kind"), (Leaf.NUMBER, Known("l2"))), (0.5,))
    {'loss': 0.5, 'kind': 'l2'}
    """
    match part:
        case Structure(items=items):
            given = iter(value)
            return part.holding([i.value if isinstance(i, Known) else joined(i, next(given)) for i in items])
    return value


class NoStructure(Exception):
    """A value that is no structure, number, array or known value; `path` says where it stands."""

    def __init__(self, path: str, value: Any) -> None:
        super().__init__(path, value)
        self.path, self.value = path, value


def is_structure(value: Any) -> bool:
    """Whether a value is a container that is more than a tuple of numbers and arrays."""
    return (
        isinstance(value, (dict, list))
        or _fields(value) is not None
        or (type(value) is tuple and any(map(is_structure, value)))
    )


def taken_apart(value: Any, path: str = "", whole: bool = True) -> tuple[Part, list[Any]]:
    """The structure of a value, and its numbers and arrays; a list of floats is an array if lists are taken `whole`.

    Raises `NoStructure` at what is none of these."""
    leaves: list[Any] = []

    def part(value: Any, path: str) -> Part:
        value = plain(value)
        if whole and isinstance(value, list) and value and all(type(item) is float for item in value):
            leaves.append(np.array(value))
            return Leaf.NUMBERS
        if (found := contents(value)) is not None:
            kind, keys, items = found
            where = (f"{path}.{key}" if kind not in (dict, list, tuple) else f"{path}[{key!r}]" for key in keys)
            return Structure(kind, keys, tuple(map(part, items, where)))
        if is_foreign(value):
            raise NoStructure(path, value)
        if value is None or isinstance(value, str) or (callable(value) and not isinstance(value, np.generic)):
            return Known(value)
        dtype = getattr(value, "dtype", None)
        kind_of_number = (
            np.dtype(type(value)).kind if type(value) in (bool, int, float, complex) else getattr(dtype, "kind", "")
        )
        if kind_of_number in ("f", "c") and isinstance(value, (float, complex, np.generic, np.ndarray)):
            leaves.append(value)
            return Leaf.NUMBER
        if kind_of_number in ("b", "i", "u") and isinstance(value, (int, np.generic, np.ndarray)):
            leaves.append(value)
            return Leaf.HELD
        raise NoStructure(path, value)

    return part(value, path), leaves


def contents(value: Any) -> tuple[type, tuple[Any, ...], tuple[Any, ...]] | None:
    """The kind, the keys and the items of a container; nothing for anything else."""
    if type(value) is dict:
        if any(not isinstance(key, (str, int)) for key in value):
            return None
        return dict, tuple(value), tuple(value.values())
    if type(value) in (list, tuple):
        return type(value), tuple(range(len(value))), tuple(value)
    fields = _fields(value)
    return None if fields is None else (type(value), fields, tuple(getattr(value, name) for name in fields))


def _fields(value: Any) -> tuple[str, ...] | None:
    """The names of the fields of a named tuple or of a plain dataclass."""
    if isinstance(value, tuple) and (names := getattr(type(value), "_fields", None)) is not None:
        return tuple(names)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return tuple(field.name for field in fields)
    return None


def rebuilt(part: Part, given: Iterator[Any], items: Callable[[Any], list[Any]] | None = None) -> Any:
    """A structure with the next values for its floats; `items` makes a list of what there is for a list of floats."""
    match part:
        case Structure(items=inner):
            return part.holding([rebuilt(item, given, items) for item in inner])
        case Known() | Leaf.HELD:
            return None
        case Leaf.NUMBERS:
            return (items or columns)(next(given))
    return next(given)


def columns(block: Any) -> list[Any]:
    """A derivative by a vector as those by its items: the last axis is that of the vector."""
    return np.moveaxis(block, -1, 0).tolist() if np.ndim(block) == 1 else list(np.moveaxis(block, -1, 0))


def rows(block: Any) -> list[Any]:
    """A structure of arrays as a list of such, one for each item of their first axis."""

    def length(value: Any) -> int:
        if isinstance(value, np.ndarray):
            return len(value)
        return max((length(item) for item in (contents(value) or ((), (), ()))[2]), default=0)

    def at(value: Any, place: int) -> Any:
        if isinstance(value, np.ndarray):
            return value[place].item() if value.ndim == 1 else value[place]
        found = contents(value)
        if found is None:
            return value
        kind, keys, inner = found
        return Structure(kind, keys, ()).holding([at(item, place) for item in inner])

    return [at(block, place) for place in range(length(block))]
