"""A generated function as a module that needs NumPy and Numba, and not adcompile.

Goal: the text of a function, compiled for the types it was made for, with the functions of ours that it calls written
out above it: each definition of their modules that is named on the way, and no other.  Non-goals: objects that no
import gives (of a user's `__main__`, say), which are refused; functions of the user's own modules, which are imported.

>>> from adcompile.backend.emit import Emitted
>>> from adcompile.ir.types import FLOAT
>>> from adcompile.runtime import check_equal
>>> text = "def f(n):\\n    check_equal(n, 3)\\n    return 2.0 * n\\n"
>>> print(standalone("f", Emitted(text, {"check_equal": check_equal}), (FLOAT,), Options(), "Twice n."))
\"\"\"Twice n.\"\"\"
<BLANKLINE>
from __future__ import annotations
<BLANKLINE>
from numba import njit
from numba.extending import register_jitable
<BLANKLINE>
<BLANKLINE>
@register_jitable
def check_equal(n: int, m: int) -> None:
    \"\"\"Refuses two lengths that must agree and differ.\"\"\"
    if m != n:
        raise ValueError("lengths that must agree differ")
<BLANKLINE>
<BLANKLINE>
@njit(["(float64,)"], fastmath={"reassoc"}, error_model="numpy")
def f(n):
    check_equal(n, 3)
    return 2.0 * n
<BLANKLINE>
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import types

from adcompile import special
from adcompile.analysis.typing import numba_type
from adcompile.backend.compile import Options, import_of
from adcompile.backend.emit import Emitted
from adcompile.errors import InvalidArgument
from adcompile.ir.types import Static, Type

LONGEST = 10_000  # numbers of an array of outside
_OURS = "adcompile"
_ATTACH = ("overload", "type_callable", "lower_builtin", "register_model")  # decorators: how something is compiled


def standalone(name: str, emitted: Emitted, arguments: Iterable[Type], options: Options, says: str) -> str:
    """The text of a module that defines `name`, compiled for these types when it is imported; `says` is its docstring.

    What cannot be written is an `InvalidArgument`."""
    needed = _Needed()
    ours = {name for name, value in emitted.imports.items() if _is_ours(getattr(value, "__module__", None))}
    renamed = []
    for called, value in sorted(emitted.imports.items()):
        if called in ours:
            original = value.__name__
            needed.add(value.__module__, original)
            if called != original:
                renamed.append(f"{called} = {original}")
        else:
            line = import_of(called, value)
            if isinstance(value, np.ndarray) and value.size <= LONGEST:
                needed.imports.add("import numpy as np")
                renamed.append(f"{called} = np.array({_numbers(value.tolist())}, np.{value.dtype.name})")
                continue
            if value is special.module():
                raise InvalidArgument("functions of scipy.special cannot be called from a module without adcompile")
            if line is None:
                raise InvalidArgument(
                    f"{called} is a {type(value).__name__} that the function finds outside of itself, which cannot be "
                    f"written into a module: make it a parameter"
                )
            needed.imports.add(line)
    own = {text[len("def ") : text.index("(")] for text in emitted.above}
    if taken := needed.names() & {*(emitted.imports.keys() - ours), *own}:
        raise InvalidArgument(
            f"a function that {name} calls is called {min(taken)}, and so is what it finds outside: rename that"
        )
    needed.imports.add("from numba import njit")
    blocks = [f'"""{says}"""\n\nfrom __future__ import annotations', _sorted(needed.imports)]
    body = [*needed.definitions(), *(["\n".join(renamed)] if renamed else [])]
    signatures = [f'"{signature}"' for signature in _signatures(tuple(map(_passed, arguments)))]
    listed = f"[{signatures[0]}]"
    if len(signatures) > 1:
        listed = "\n".join(["[", *(f"    {signature}," for signature in signatures), "]"])
    above = [f"@njit({_keywords(options)})\n{text}".rstrip() for text in emitted.above]
    decorated = f"@njit({listed}, {_keywords(options)})\n{emitted.text}"
    return "\n\n".join(blocks) + "\n\n\n" + "\n\n\n".join([*body, *above, decorated])


def _is_ours(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] == _OURS


def _passed(ours: Type) -> types.Type:
    """The type of what is passed: nothing where the value is known in the text."""
    return types.none if isinstance(ours, Static) else numba_type(ours)


def _signatures(arguments: tuple[types.Type, ...]) -> list[str]:
    """Arrays as they mostly lie in memory, and as they may."""
    each = [f"({', '.join(_spelled(argument, strided) for argument in arguments)},)" for strided in (False, True)]
    return list(dict.fromkeys(each))


def _spelled(theirs: types.Type, strided: bool) -> str:
    if isinstance(theirs, types.Array):
        axes = [":"] * theirs.ndim if strided else [*[":"] * (theirs.ndim - 1), "::1"]
        return f"{theirs.dtype}[{', '.join(axes)}]"
    if isinstance(theirs, types.BaseTuple):
        items = "".join(f"{_spelled(item, strided)}, " for item in theirs)
        return f"Tuple(({items.rstrip()}))" if items else "Tuple(())"
    return str(theirs)


def _keywords(options: Options) -> str:
    given = options.numba()
    fast = given["fastmath"]
    shown = fast if isinstance(fast, bool) else "{" + ", ".join(f'"{flag}"' for flag in sorted(fast)) + "}"
    keywords = [f"fastmath={shown}", f'error_model="{given["error_model"]}"']
    if given["boundscheck"]:
        keywords.append("boundscheck=True")
    if options.parallel:
        keywords.append("parallel=True")
    return ", ".join(keywords)


def _numbers(value: Any) -> str:
    """Numbers, and lists of numbers, as text."""
    if isinstance(value, list):
        return f"[{', '.join(map(_numbers, value))}]"
    return repr(value) if np.isfinite(value) else f"{'-' if value < 0 else ''}np.{abs(value)}"


def _sorted(lines: Iterable[str]) -> str:
    """Imports as a careful person writes them: of the language, then of others; modules, then names of modules."""
    groups: dict[bool, list[str]] = {False: [], True: []}
    names: dict[str, list[str]] = {}
    for line in sorted(lines):
        module, _, name = line.removeprefix("from ").partition(" import ")
        if name:
            names.setdefault(module, []).append(name)
        else:
            groups[_foreign(line.split()[1])].append(line)
    for module, several in names.items():
        groups[_foreign(module)].append(f"from {module} import {', '.join(several)}")
    return "\n\n".join("\n".join(group) for group in groups.values() if group)


def _foreign(module: str) -> bool:
    return module.partition(".")[0] not in sys.stdlib_module_names


@dataclass
class _Needed:
    """The definitions of our modules that a text cannot do without, and the imports of those."""

    imports: set[str] = field(default_factory=set)
    found: dict[str, set[int]] = field(default_factory=dict)  # of a module: the numbers of its statements

    def add(self, module: str, name: str) -> None:
        """All that defines a name at the top of a module, and all that this names in turn."""
        source = _source(module)
        numbers = self.found.setdefault(module, set())
        for number in source.defining.get(name, ()):
            if number in numbers:
                continue
            statement = source.statements[number]
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._import(statement, name)
                continue
            numbers.add(number)
            for inside in _names(statement):
                self.add(module, inside)

    def _import(self, statement: ast.Import | ast.ImportFrom, name: str) -> None:
        alias = next(alias for alias in statement.names if (alias.asname or alias.name) == name)
        renamed = f" as {alias.asname}" if alias.asname and alias.asname != alias.name else ""
        if isinstance(statement, ast.Import):
            self.imports.add(f"import {alias.name}{renamed}")
        elif _is_ours(statement.module):
            assert not renamed, "a standalone module knows each function by its own name"
            self.add(str(statement.module), alias.name)
        else:
            self.imports.add(f"from {statement.module} import {alias.name}{renamed}")

    def names(self) -> set[str]:
        """What the definitions are called."""
        return {
            name
            for module, some in self.found.items()
            for n in some
            for name in _defined(_source(module).statements[n])
        }

    def definitions(self) -> Iterator[str]:
        """Their texts, what is called above what calls it."""
        for module in sorted(self.found, key=_height):
            source = _source(module)
            for number in sorted(self.found[module]):
                yield source.text(source.statements[number])


def _height(module: str) -> int:
    """How many of our modules a module stands on."""
    own = [s for s in _source(module).statements if isinstance(s, ast.ImportFrom) and _is_ours(s.module)]
    return max((1 + _height(str(statement.module)) for statement in own), default=0)


@dataclass(frozen=True)
class _Source:
    """A module of ours: its text, its statements, and which of them make up each name."""

    lines: tuple[str, ...]
    statements: tuple[ast.stmt, ...]
    defining: Mapping[str, list[int]]

    def text(self, statement: ast.stmt) -> str:
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
        lines = self.lines[first - 1 : statement.end_lineno]
        return "\n".join(re.sub(r"  # type: ignore.*$", "", line) for line in lines)


@cache
def _source(module: str) -> _Source:
    text = Path(str(sys.modules[module].__file__)).read_text(encoding="utf-8")
    statements = tuple(ast.parse(text).body)
    defining: dict[str, list[int]] = {}
    for number, statement in enumerate(statements):
        for name in _defined(statement):
            defining.setdefault(name, []).append(number)
    return _Source(tuple(text.splitlines()), statements, defining)


def _defined(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name, decorator_list=decorators) | ast.ClassDef(name=name, decorator_list=decorators):
            yield name
            for decorator in decorators:  # how something else is compiled is a part of that
                if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") in _ATTACH:
                    yield from (arg.id for arg in decorator.args if isinstance(arg, ast.Name))
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or alias.name for alias in statement.names)


def _names(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
