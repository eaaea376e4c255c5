"""The one printer of expressions and of raw functions.

Goal: the text of an expression in Python, with the parentheses that Python needs and no others, and the raw text of a
function of either dialect for people who debug a stage.  Non-goal: runnable text of a core function, whose versions
have to share names first; that is `backend.emit`, which prints its expressions here.

>>> import numpy as np
>>> from adcompile.ir.nodes import Call, Const, Name
>>> total = Call(np.add, (Name("a"), Name("b")))
>>> expression(Call(np.multiply, (Const(2.0), Call(np.negative, (total,)))))
'2.0 * -(a + b)'
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Break,
    Call,
    Const,
    Continue,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Return,
    Slice,
    Stmt,
    Store,
    Try,
    Tuple,
    Update,
    While,
)
from adcompile.ir.types import Array, Scalar, Static, TupleType, Type
from adcompile.special import module as scipy_special

# How tightly an expression holds together: an operand looser than its place asks for is put in parentheses.
_CHOICE, _OR, _AND, _NOT, _COMPARE, _BIT_OR, _BIT_XOR, _BIT_AND, _SHIFT = range(9)
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(9, 14)

_INFIX: dict[Any, tuple[str, int, int, int]] = {
    # function: symbol, its own level, the least level of its left and of its right operand
    ops.either: ("or", _OR, _OR, _AND),
    ops.both: ("and", _AND, _AND, _NOT),
    **{
        fn: (symbol, _COMPARE, _BIT_OR, _BIT_OR)
        for fn, symbol in (
            (np.less, "<"),
            (np.less_equal, "<="),
            (np.greater, ">"),
            (np.greater_equal, ">="),
            (np.equal, "=="),
            (np.not_equal, "!="),
        )
    },
    np.bitwise_or: ("|", _BIT_OR, _BIT_OR, _BIT_XOR),
    np.bitwise_xor: ("^", _BIT_XOR, _BIT_XOR, _BIT_AND),
    np.bitwise_and: ("&", _BIT_AND, _BIT_AND, _SHIFT),
    np.left_shift: ("<<", _SHIFT, _SHIFT, _SUM),
    np.right_shift: (">>", _SHIFT, _SHIFT, _SUM),
    np.add: ("+", _SUM, _SUM, _PRODUCT),
    np.subtract: ("-", _SUM, _SUM, _PRODUCT),
    np.multiply: ("*", _PRODUCT, _PRODUCT, _SIGN),
    np.divide: ("/", _PRODUCT, _PRODUCT, _SIGN),
    np.floor_divide: ("//", _PRODUCT, _PRODUCT, _SIGN),
    np.remainder: ("%", _PRODUCT, _PRODUCT, _SIGN),
    np.matmul: ("@", _PRODUCT, _PRODUCT, _SIGN),
    ops.power: ("**", _POWER, _ATOM, _SIGN),
}
_PREFIX: dict[Any, tuple[str, int, int]] = {
    # function: symbol, its own level, the least level of its operand (`-(-x)`, not `--x`)
    np.negative: ("-", _SIGN, _POWER),
    np.positive: ("+", _SIGN, _POWER),
    np.invert: ("~", _SIGN, _POWER),
    ops.negated: ("not ", _NOT, _NOT),
}
_SPELLINGS: dict[Any, str] = {np.absolute: "np.abs", np.bool_: "np.bool_"}
_MODULES: tuple[tuple[str, Any], ...] = (
    ("np", np),
    ("math", math),
    ("np.linalg", np.linalg),
    ("np.fft", np.fft),
    ("np.random", np.random),
)

Namer = Callable[[str], str]
Speller = Callable[[Any], str]


def symbol(fn: Any) -> str:
    """The infix operator that a function of two operands is printed with; empty if it has none."""
    return _INFIX[fn][0] if _hashable(fn) and fn in _INFIX else ""


def spelling(value: Any) -> str:
    """How a Python object known by name is written: `np.sin`, `math.sin`, `abs`; a bare name for any other."""
    if _hashable(value) and value in _SPELLINGS:
        return _SPELLINGS[value]
    name = getattr(value, "__name__", "")
    if getattr(builtins, name or " ", None) is value:
        return str(name)
    for prefix, module in (*_MODULES, ("special", scipy_special())):
        if name and getattr(module, name, None) is value:
            return f"{prefix}.{name}"
    return name if name.isidentifier() else type(value).__name__


def expression(expr: Expr, name: Namer = str, function_name: Speller = spelling) -> str:
    """The text of an expression; `name` gives variables their names, `function_name` functions and other objects."""
    return _Printer(name, function_name).at(expr, _CHOICE)


def returned(expr: Expr, name: Namer = str, function_name: Speller = spelling) -> str:
    """The text of a value that needs no parentheses round a tuple, as after `return`."""
    text = expression(expr, name, function_name)
    return text[1:-1] if isinstance(expr, Tuple) and len(expr.items) > 1 else text


def subscript(array: str, index: tuple[Expr, ...], name: Namer = str, function_name: Speller = spelling) -> str:
    """The text of `array[index]`."""
    return _Printer(name, function_name).subscript(name(array), index)


def trip_space(loop: For, name: Namer = str, function_name: Speller = spelling, counter: Any = range) -> str:
    """The shortest `range(...)` of a loop, or of what counts in its place; or `prange(...)`."""
    text = _Printer(name, function_name)
    space = function_name(runtime.prange if loop.parallel else counter)
    parts = [loop.start, loop.stop, loop.step]
    if parts[2] == Const(1):
        parts.pop()
        if parts[0] == Const(0):
            parts.pop(0)
    return f"{space}({', '.join(text.at(part, _CHOICE) for part in parts)})"


def _hashable(value: Any) -> bool:
    return getattr(type(value), "__hash__", None) is not None


class _Printer:
    """Prints expressions with one choice of names."""

    def __init__(self, name: Namer, function_name: Speller) -> None:
        self.name = name
        self.function_name = function_name

    def at(self, expr: Expr, least: int) -> str:
        """The text of `expr`, in parentheses if it is looser than `least`."""
        text, level = self.text(expr)
        return text if level >= least else f"({text})"

    def text(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Name(id):
                return self.name(id), _ATOM
            case Const(value):
                return self.constant(value)
            case Tuple(items):
                inside = ", ".join(self.at(item, _CHOICE) for item in items)
                return (f"({inside},)" if len(items) == 1 else f"({inside})"), _ATOM
            case Slice():
                return self.slice(expr), _ATOM
            case Index(array, index):
                return self.subscript(self.at(array, _ATOM), index), _ATOM
        return self.call(expr)

    def slice(self, expr: Slice) -> str:
        missing = Const(None)
        start, stop, step = ("" if e == missing else self.at(e, _CHOICE) for e in (expr.start, expr.stop, expr.step))
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"

    def subscript(self, array: str, index: tuple[Expr, ...]) -> str:
        items = [self.slice(item) if isinstance(item, Slice) else self.at(item, _CHOICE) for item in index]
        return f"{array}[{', '.join(items) or '()'}]"

    def constant(self, value: Any) -> tuple[str, int]:
        if value is ...:
            return "...", _ATOM
        if isinstance(value, (np.float64, np.int64, np.bool_)):
            return self.constant(value.item())
        match value:
            case None | bool() | str():
                return repr(value), _ATOM
            case np.generic():
                return f"{self.function_name(type(value))}({self.constant(value.item())[0]})", _ATOM
            case int():
                return repr(value), (_SIGN if value < 0 else _ATOM)
            case float():
                sign = "-" if math.copysign(1.0, value) < 0 and not math.isnan(value) else ""
                return f"{sign}{self.positive(abs(value))}", (_SIGN if sign else _ATOM)
            case complex():
                return self.complex_constant(value)
            case np.dtype():
                return self.function_name(value.type), _ATOM
        return self.function_name(value), _ATOM

    def complex_constant(self, value: complex) -> tuple[str, int]:
        """`2j`, `-2j`; with both parts `complex(1.0, 2.0)`: a sum would lose the sign of a zero."""
        for sign, level, one in (("", _ATOM, value), ("-", _SIGN, -value)):
            parts = one.real, one.imag
            if one.real == 0 and math.isfinite(one.imag) and min(math.copysign(1.0, part) for part in parts) > 0:
                return f"{sign}{one!r}", level
        return f"complex({self.constant(value.real)[0]}, {self.constant(value.imag)[0]})", _ATOM

    def positive(self, value: float) -> str:
        for special, fallback in ((np.inf, "inf"), (np.nan, "nan"), (np.pi, "pi")):
            if value == special or (math.isnan(value) and math.isnan(special)):
                root = self.function_name(np.sqrt).rpartition(".")[0]
                return f"{root}.{fallback}"
        return repr(value)

    def call(self, expr: Call) -> tuple[str, int]:
        fn, args = expr.fn, expr.args
        if not expr.kwargs and _hashable(fn):
            if len(args) == 2 and fn in _INFIX:
                symbol, level, left, right = _INFIX[fn]
                return f"{self.at(args[0], left)} {symbol} {self.at(args[1], right)}", level
            if len(args) == 1 and fn in _PREFIX:
                symbol, level, least = _PREFIX[fn]
                return f"{symbol}{self.at(args[0], least)}", level
        match expr:
            case Call(ops.select, (condition, then, orelse), ()):
                texts = (self.at(then, _OR), self.at(condition, _OR), self.at(orelse, _CHOICE))
                return "{} if {} else {}".format(*texts), _CHOICE
            case Call(ops.dim, (array, axis), ()):
                return f"{self.at(array, _ATOM)}.shape[{self.at(axis, _CHOICE)}]", _ATOM
            case Call(ops.fail, (Const(kind), Const(template), *rest)):
                if template is None:
                    return f"raise {self.function_name(kind)}({self.arguments(tuple(rest), ())})", _CHOICE
                parts = self.arguments((Const(kind), Const(template), *rest), ())
                return f"raise {self.function_name(runtime.formatted)}({parts})", _CHOICE
            case Call(ops.item | ops.residual, (values, number), ()):
                return f"{self.at(values, _ATOM)}[{self.at(number, _CHOICE)}]", _ATOM
            case Call(ops.copy, (array,), ()):
                return f"{self.at(array, _ATOM)}.copy()", _ATOM
            case Call(ops.table, (Const(ops.Contents(array=outside)),), ()):
                return self.function_name(outside), _ATOM
            case Call(np.real | np.imag as part, (value,), ()):
                return f"{self.at(value, _ATOM)}.{part.__name__}", _ATOM
            case Call(np.conjugate, (value,), ()):
                return f"{self.at(value, _ATOM)}.conjugate()", _ATOM
            case Call(ops.attribute, (value, Const(str(attribute))), ()):
                return f"{self.at(value, _ATOM)}.{attribute}", _ATOM
            case Call(ops.method, (value, Const(str(method)), *rest)):
                return f"{self.at(value, _ATOM)}.{method}({self.arguments(tuple(rest), expr.kwargs)})", _ATOM
        return f"{self.function_name(fn)}({self.arguments(args, expr.kwargs)})", _ATOM

    def arguments(self, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...]) -> str:
        texts = [self.at(arg, _CHOICE) for arg in args]
        return ", ".join(texts + [f"{key}={self.at(value, _CHOICE)}" for key, value in kwargs])


# ------------------------------------------------------------------------------------------ raw functions
def show(function: Function, types: bool = False, facts: Callable[[Stmt], str] = lambda stmt: "") -> str:
    """A function of either dialect as it stands, names with their versions (`x.1`); what loops carry and branches
    merge stands in comments at the ends of their lines, and so does what `facts` says of a statement."""
    typed = function.types if types else {}

    def name(id: str) -> str:
        return f"{id}: {shown_type(typed[id])}" if id in typed else id

    lines = [f"def {function.name}({', '.join(name(param) for param in function.params)}):"]
    lines += ("    " + line for line in _block(function.body, name, facts))
    return "\n".join(lines) + "\n"


def shown_type(type_: Type) -> str:
    """A type as Numba's users write it: `float64`, `float64[:, :]`, `(int64, bool)`."""
    match type_:
        case Scalar(dtype):
            return dtype
        case Array(dtype, ndim):
            return f"{dtype}[{', '.join(':' * ndim)}]"
        case TupleType(items):
            return f"({', '.join(map(shown_type, items))})"
        case Static(value):
            return repr(value)


def _block(block: Block, name: Namer, facts: Callable[[Stmt], str]) -> Iterator[str]:
    for stmt in block:
        notes = _joins(stmt, name)
        if fact := facts(stmt):
            notes = [*notes, fact]
        yield _head(stmt, name) + (f"  # {'; '.join(notes)}" if notes else "")
        match stmt:
            case For() | While():
                yield from ("    " + line for line in _block(stmt.body, name, facts))
            case If():
                yield from ("    " + line for line in _block(stmt.then, name, facts))
                if stmt.orelse:
                    yield "else:"
                    yield from ("    " + line for line in _block(stmt.orelse, name, facts))
            case Try():
                yield from ("    " + line for line in _block(stmt.body, name, facts))
                for handler in stmt.handlers:
                    yield f"except {', '.join(kind.__name__ for kind in handler.kinds)}:"
                    yield from ("    " + line for line in _block(handler.body or (), name, facts))
                if stmt.orelse:
                    yield "else:"
                    yield from ("    " + line for line in _block(stmt.orelse, name, facts))
    if not block:
        yield "pass"


def _joins(stmt: Stmt, name: Namer) -> list[str]:
    match stmt:
        case For() | While():
            return [
                f"{name(c.inner)} = {expression(c.init)}, then {expression(c.yielded)}, after {name(c.result)}"
                for c in stmt.carried
            ]
        case If():
            return [f"{name(m.result)} = {expression(m.then)} or {expression(m.orelse)}" for m in stmt.merges]
    return []


def _head(stmt: Stmt, name: Namer) -> str:
    match stmt:
        case Assign(target, value):
            return f"{name(target)} = {returned(value)}"
        case Update(target, fn, value):
            return f"{target} {symbol(fn) or spelling(fn)}= {expression(value)}"
        case Store(array, index, value):
            return f"{subscript(array, index)} = {expression(value)}"
        case Accum(array, index, value):
            return f"{subscript(array, index)} += {expression(value)}"
        case For():
            return f"for {name(stmt.index)} in {trip_space(stmt)}:"
        case While(test):
            return f"while {expression(test)}:"
        case If(test):
            return f"if {expression(test)}:"
        case Try():
            return "try:"
        case Break():
            return "break"
        case Continue():
            return "continue"
        case Return(value):
            return f"return {returned(value)}"
        case Effect(call):
            return expression(call)
