"""Prints a core function as the Python that a careful person would write.

Goal: names given back (`backend.naming`), carries and merges printed as the assignments they are, or as nothing where
both sides share a name; `s += e`, `A[i] -= e`, `elif`, the shortest `range`; the primal statement as a comment above
the adjoint statements that came from it.  Non-goal: changing what is computed, and the module around the function.

>>> import numpy as np
>>> from adcompile.ir.nodes import *
>>> total = Call(np.add, (Name("s.1"), Index(Name("x"), (Name("i"),))))
>>> body = For("i", Const(0), Name("n"), Const(1), (Assign("s.2", total),),
...            (Carry("s.1", Const(0.0), Name("s.2"), "s.3"),))
>>> print(emit(Function("sum_of", ("x", "n"), (body, Return(Name("s.3"))))).text)
def sum_of(x, n):
    s = 0.0
    for i in range(n):
        s += x[i]
    return s
<BLANKLINE>
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from adcompile import special
from adcompile.analysis.apart import apart
from adcompile.backend.counting import counted
from adcompile.backend.interference import (
    Copies,
    Interference,
    back_copies,
    branch_copies,
    entry_copies,
    exit_copies,
)
from adcompile.backend.naming import printed_names, printed_params
from adcompile.errors import Span
from adcompile.ir import ops, walk
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Name,
    Return,
    Stmt,
    Store,
    While,
)
from adcompile.ir.opaque import Opaque
from adcompile.ir.show import expression, returned, spelling, subscript, symbol, trip_space
from adcompile.ir.types import BOOL, Array, Scalar, is_float, kind

_AUGMENTED = (np.add, np.subtract, np.multiply, np.divide)
_ROOTS: Mapping[str, Callable[[], Any]] = {"np": lambda: np, "math": lambda: math, "special": special.module}


@dataclass(frozen=True, slots=True)
class Emitted:
    """The text of one `def`, and what the module around it has to import: names and the objects they stand for.

    `lines` has for each line of the text the statement that it was written for; `apart` are the numbers of those lines,
    from 1, which begin loops whose iterations touch different memory.  `above` are the texts of functions that it
    calls and that stand above it."""

    text: str
    imports: Mapping[str, Any]
    lines: tuple[Stmt | None, ...] = ()
    apart: tuple[int, ...] = ()
    above: tuple[str, ...] = ()


class _Line(str):
    """A line of text that knows the statement that it was written for."""

    stmt: Stmt | None = None

    @classmethod
    def of(cls, text: str, stmt: Stmt | None) -> _Line:
        line = cls(text)
        line.stmt = stmt
        return line


def emit(
    function: Function, notes: bool = True, numbered: bool = False, called: Mapping[Any, str] = MappingProxyType({}),
    imports: dict[str, Any] | None = None,
) -> Emitted:  # fmt: skip
    """The Python text of a core function; `notes` asks for the primal statements as comments, `numbered` for the lines
    where these stand in their file.  `called` says what functions of the same module are called, `imports` what that
    module imports already."""
    params = printed_params(function.params).values()
    spellings = Spellings((*params, function.name), called, imports)  # which may call a function of its own name
    for part in _texts_to_come(function):
        expression(part, str, spellings)
    counting = counted(function)
    for counter in dict.fromkeys(counting.values()):
        spellings(counter)
    reserved = {"range", *spellings.roots}
    interference = Interference(function)
    names = printed_names(function, interference, reserved)
    writer = _Writer(function, names, interference.needed, spellings, counting, notes, numbered)
    lines = writer.block(function.body, "")
    head = f"def {function.name}({', '.join(params)}):"
    body = _indented(lines)
    return Emitted(
        "\n".join([head, *body]) + "\n",
        dict(spellings.imports),
        (None, *map(_stmt_of, body)),
        tuple(_lines_of(apart(function), body)),
    )


def _texts_to_come(function: Function) -> Iterable[Expr]:
    for stmt in walk.statements(function.body):
        yield from walk.expressions(stmt)
        yield from walk.atoms(stmt)


class Spellings:
    """Names for the functions and objects that a text mentions, and the imports that those names need."""

    def __init__(
        self, params: Iterable[str], called: Mapping[Any, str] = MappingProxyType({}),
        imports: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.imports = {} if imports is None else imports
        self.roots: set[str] = {*called.values()}
        self._taken = {*params, *called.values()}
        self._texts = {id(function): name for function, name in called.items()}

    def __call__(self, value: Any) -> str:
        if isinstance(value, Opaque):
            value = value.written
        if id(value) not in self._texts:
            self._texts[id(value)] = self._new(value)
        return self._texts[id(value)]

    def _new(self, value: Any) -> str:
        root, dot, rest = ("TABLE" if isinstance(value, np.ndarray) else spelling(value)).partition(".")
        base = _ROOTS[root]() if dot else value
        is_builtin = getattr(builtins, root, None) is base
        if not is_builtin or root in self._taken:
            root = self._imported(root, base)
        self.roots.add(root)
        return f"{root}{dot}{rest}"

    def _imported(self, like: str, base: Any) -> str:
        name, number = like, 1
        while name in self._taken or hasattr(builtins, name) or self.imports.get(name, base) is not base:
            number += 1
            name = f"{like}_{number}"
        self.imports[name] = base
        return name


class _Writer:
    """Writes statements, once every name is chosen."""

    def __init__(
        self, function: Function, names: Mapping[str, str], needed: set[str], spellings: Spellings,
        counting: Mapping[Stmt, Any], notes: bool, numbered: bool,
    ) -> None:  # fmt: skip
        self.types = function.types
        self.names = names
        self.needed = needed
        self.spellings = spellings
        self.notes = notes
        self.counting = counting
        self.numbered = numbered

    def name(self, id: str) -> str:
        return self.names.get(id, id)

    def expression(self, expr: Expr) -> str:
        return expression(expr, self.name, self.spellings)

    # ---------------------------------------------------------------------------------- blocks
    def block(self, block: Block, origin: str) -> list[str]:
        """The lines of a block; `origin` is what the last comment above said."""
        lines: list[str] = []
        for stmt in block:
            new = self.statement(stmt, stmt.origin or origin)
            if new and stmt.origin and stmt.origin != origin:
                if self.notes and stmt.origin != new[0]:
                    line = f"{stmt.span.line}: " if self.numbered and stmt.span is not None else ""
                    lines.append(_Line.of(f"# {line}{stmt.origin}", stmt))
                origin = stmt.origin
            lines += [line if isinstance(line, _Line) else _Line.of(line, stmt) for line in new]
        return lines

    def statement(self, stmt: Stmt, origin: str) -> list[str]:
        match stmt:
            case Assign(target, value):
                return self.assign(target, value)
            case Store(array, index, value):
                return [f"{subscript(array, index, self.name, self.spellings)} = {self.expression(value)}"]
            case Accum(array, index, value):
                sign, amount = _signed(value)
                place = subscript(array, index, self.name, self.spellings)
                return [f"{place} {sign}= {self.expression(amount)}"]
            case For() | While():
                if isinstance(stmt, For):
                    space = trip_space(stmt, self.name, self.spellings, self.counting.get(stmt, range))
                    head = f"for {self.name(stmt.index)} in {space}:"
                else:
                    head = f"while {self.expression(stmt.test)}:"
                places = {c.inner: c.span for c in stmt.carried}
                body = self.block(stmt.body, origin) + self.copies(back_copies(stmt), places)
                before, after = self.copies(entry_copies(stmt)), self.copies(exit_copies(stmt))
                return [*before, head, *_indented(body), *after]
            case If():
                return self.branch(stmt, origin)
            case Return(value):
                return [f"return {returned(value, self.name, self.spellings)}"]
            case Effect(call):
                return [self.expression(call)]
        raise AssertionError(stmt)

    def branch(self, stmt: If, origin: str) -> list[str]:
        copies = branch_copies(stmt)
        then = self.block(stmt.then, origin) + self.copies(copies[0])
        orelse = self.block(stmt.orelse, origin) + self.copies(copies[1])
        if not orelse:
            return [f"if {self.expression(stmt.test)}:", *_indented(then)] if then else []
        if not then:
            return [f"if {self.expression(_opposite(stmt.test))}:", *_indented(orelse)]
        head = [f"if {self.expression(stmt.test)}:", *_indented(then)]
        if orelse[0].startswith("if ") and all(line.startswith((" ", "elif ", "else:")) for line in orelse[1:]):
            return [*head, _Line.of(f"el{orelse[0]}", _stmt_of(orelse[0])), *orelse[1:]]
        return [*head, "else:", *_indented(orelse)]

    # ---------------------------------------------------------------------------------- assignments
    def assign(self, target: str, value: Expr) -> list[str]:
        name = self.name(target)
        match value:
            case Name(id) if self.name(id) == name:
                return []
            case Call(ops.undefined, ()):
                value = self.nothing(target)
            case Const():
                value = self.typed(target, value)
            case Call(fn, (Name(id), amount), ()) if self.augments(name, fn, id):
                sign = symbol(fn)
                if fn is np.add:
                    sign, amount = _signed(amount)
                return [f"{name} {sign}= {self.expression(amount)}"]
        return [f"{name} = {self.expression(value)}"]

    def augments(self, name: str, fn: Any, operand: str) -> bool:
        """Whether `name = fn(operand, ...)` may be printed `name += ...`; on an array that would write its memory."""
        return fn in _AUGMENTED and self.name(operand) == name and not isinstance(self.types.get(operand), Array)

    def typed(self, target: str, value: Const) -> Const:
        """A literal in the type of the name that it is given to: `0.0`, not `0`, for a float."""
        type_ = self.types.get(target)
        if type_ is not None and is_float(type_) and isinstance(value.value, (bool, int)):
            return Const(float(value.value))
        return value

    def nothing(self, target: str) -> Const:
        """A value that is never read, of the right type."""
        type_ = self.types.get(target)
        if type_ == BOOL:
            return Const(False)
        return Const(0) if isinstance(type_, Scalar) and kind(type_) in "iu" else Const(0.0)

    def copies(self, copies: Copies, places: Mapping[str, Span | None] | None = None) -> list[str]:
        """Parallel copies as assignments in an order that reads no name after it is written; a cycle is one line.

        `places` says where somebody wrote what a name is given, if anybody did."""
        left: dict[str, tuple[str, Atom]] = {}
        for target, source in copies:
            name = self.name(target)
            if target in self.needed and not (isinstance(source, Name) and self.name(source.id) == name):
                left[name] = (target, source)
        lines: list[str] = []
        while left:
            read = {self.name(source.id) for _, source in left.values() if isinstance(source, Name)}
            ready = next((name for name in left if name not in read), None)
            if ready is None:
                cycle = self.cycle(left)
                made = [left.pop(name) for name in cycle]
                new = [f"{', '.join(cycle)} = {', '.join(self.expression(source) for _, source in made)}"]
            else:
                made = [left.pop(ready)]
                new = self.assign(*made[0])
            place = (places or {}).get(made[0][0])
            lines += [_Line.of(line, Assign(*made[0], span=place)) for line in new] if place else new
        return lines

    def cycle(self, left: Mapping[str, tuple[str, Atom]]) -> list[str]:
        """Names whose copies wait for one another, all of them being waited for: `a`, the name it gets, and so on."""
        chain = [next(iter(left))]
        while True:
            source = left[chain[-1]][1]
            assert isinstance(source, Name)
            following = self.name(source.id)
            if following in chain:
                return chain[chain.index(following) :]
            chain.append(following)


def _lines_of(loops: Collection[Stmt], body: list[str]) -> Iterator[int]:
    """The lines where these loops begin, the first after the head of the function being the second."""
    for number, line in enumerate(body, 2):
        if _stmt_of(line) in loops and line.lstrip().startswith("for "):
            yield number


def _stmt_of(line: str) -> Stmt | None:
    return line.stmt if isinstance(line, _Line) else None


def _indented(lines: list[str]) -> list[str]:
    return [_Line.of("    " + line, _stmt_of(line)) for line in lines or ["pass"]]


def _signed(value: Expr) -> tuple[str, Expr]:
    """The sign and the amount of what is added: `- 2.0 * x` of `-2.0 * x`."""
    amount = _without_sign(value)
    return ("+", value) if amount is None else ("-", amount)


def _without_sign(value: Expr) -> Expr | None:
    """The exact opposite of a value that is printed with a leading minus."""
    match value:
        case Const(int() | float() as number) if not isinstance(number, bool) and math.copysign(1.0, number) < 0:
            return Const(-number)
        case Call(np.negative, (inside,), ()):
            return inside
        case Call(np.multiply | np.divide as fn, (left, right), ()):
            inside_left = _without_sign(left)
            return None if inside_left is None else Call(fn, (inside_left, right))
    return None


def _opposite(test: Expr) -> Expr:
    match test:
        case Call(ops.negated, (inside,), ()):
            return inside
        case Call(np.equal, args, ()):
            return Call(np.not_equal, args)
        case Call(np.not_equal, args, ()):
            return Call(np.equal, args)
    return Call(ops.negated, (test,))
