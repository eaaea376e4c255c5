"""Expressions, from libcst to the surface dialect.

Goal: operators become calls of NumPy's functions, names of outside become what they stand for, attributes and methods
of values wait (`ops.attribute`, `ops.method`) until types are known.  What is not of the language is refused, each
with its place, and reading goes on, so that a user sees every refusal at once.

    a < b <= c          becomes     both(less(a, b), less_equal(b, c))
    x.sum(axis=0)                   method(x, "sum", axis=0)
    np.pi                           3.141592653589793
"""

from __future__ import annotations

import ast
import operator
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import reduce
from types import ModuleType
from typing import Any

import libcst as cst
import numpy as np

from adcompile.errors import Refusal
from adcompile.frontend.grammar import BINARY, COMPARISONS, EXPRESSIONS
from adcompile.frontend.names import found
from adcompile.frontend.resolve import MISSING, Resolver, item, literal, of_outside
from adcompile.frontend.source import Located
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Index, Name, Slice, Tuple
from adcompile.ir.walk import as_places, nodes

_PURE_METHODS = tuple(
    map(Const, ("sum", "prod", "mean", "std", "var", "max", "min", "any", "all", "argmax", "argmin", "dot", "item",
                "conj", "conjugate"))
)  # fmt: skip
_OPERATIONS = (
    *(ops.held, ops.select, ops.both, ops.either, ops.negated, ops.attribute, ops.power, ops.record, ops.contains),
    *(ops.unpacked, ops.text),
)
_PURE_MODULES = ("builtins", "math", "_operator", "numpy")
_KEYWORDS = {"True": True, "False": False, "None": None}


class Expressions(ABC):
    """Reads the expressions of one function; `refusals` collects what it cannot read."""

    def __init__(self, source: Located, local: set[str]) -> None:
        self.source = source
        self.resolver = Resolver(source.fn, local, source.bound)
        self.refusals: list[Refusal] = []  # of what is being read
        self.refused: list[Refusal] = []  # of all that was read, and stands in it
        self.aliases: dict[str, str] = {}  # of the variables of comprehensions
        self.surely = True  # whether what is being read is surely evaluated
        self.read_names: set[str] = set()  # by the statement so far
        self.acted = False  # whether the statement so far may do more than give a value
        self.function = source.fn.__name__

    def refuse(self, node: cst.CSTNode, message: str, hint: str = "", code: str = "unsupported-expression") -> Call:
        """Notes a refusal, and stands in for the expression refused."""
        self.refusals.append(Refusal(code, message, self.source.span(node), hint, self.function))
        return Call(ops.refused, (Const(()),))

    # ------------------------------------------------------------------------------------ what is known
    def known(self, node: cst.BaseExpression) -> Any:
        """The object that a name, a dotted name or an item of one stands for before the run, or `MISSING`."""
        match node:
            case cst.Name():
                return MISSING if node.value in self.aliases else self.resolver.name(node.value)
            case cst.Attribute():
                owner = self.known(node.value)
                member = self.source.member(node.attr.value)
                return MISSING if owner is MISSING else self.resolver.attribute(owner, member)
            case cst.Subscript(slice=[cst.SubscriptElement(cst.Index(index))]):
                owner = self.known(node.value)
                at = MISSING if owner is MISSING else self.known_index(index)
                return MISSING if at is MISSING else item(owner, at)
        return MISSING

    def known_index(self, node: cst.BaseExpression) -> Any:
        """The number or string of an index that is one before the run."""
        if isinstance(node, (cst.Integer, cst.SimpleString)):
            return ast.literal_eval(self.source.module.code_for_node(node))
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
            value = self.known_index(node.expression)
            return -value if isinstance(value, int) else MISSING
        value = self.known(node)
        return value if isinstance(value, (int, str)) else MISSING

    # ------------------------------------------------------------------------------------ expressions
    def read(self, node: cst.BaseExpression) -> Expr:
        """An expression of the surface dialect."""
        match node:
            case cst.Name():
                return self.name(node)
            case cst.Integer() | cst.Float() | cst.Imaginary() | cst.SimpleString() | cst.ConcatenatedString():
                return self.literal(node)
            case cst.Attribute():
                return self.attribute(node)
            case cst.UnaryOperation():
                return self.unary(node)
            case cst.BinaryOperation():
                return Call(BINARY[type(node.operator)], (self.read(node.left), self.read(node.right)))
            case cst.BooleanOperation():
                fn = ops.both if isinstance(node.operator, cst.And) else ops.either
                return Call(fn, (self.read(node.left), self.perhaps(node.right)))
            case cst.Comparison():
                return self.comparison(node)
            case cst.IfExp():
                test = self.read(node.test)
                return Call(ops.select, (test, self.perhaps(node.body), self.perhaps(node.orelse)))
            case cst.Tuple():
                return self.display(node, listed=False)
            case cst.Subscript():
                return self.subscript(node)
            case cst.Call():
                made = self.under(node, self.call(node))
                self.acted = self.acted or may_act(made)
                return made
            case cst.Ellipsis():
                return Const(Ellipsis)
            case cst.List():
                return self.argument(node)
            case cst.Dict():
                return self.dict_display(node)
            case cst.ListComp():
                return self.comprehended(node)
            case cst.DictComp():
                return self.keyed(node)
            case cst.NamedExpr():
                return self.assignment(node)
            case cst.Lambda():
                return self.local_function(node)
            case cst.FormattedString():
                return self.made_text(node)
        return self.unsupported(node)

    def under(self, node: cst.Call, made: Expr) -> Expr:
        """A call where globals are not what they are now: what it calls is read so."""
        if not self.resolver.state or not isinstance(made, Call):
            return made
        if getattr(made.fn, "__adcompile_transform__", ""):
            hint = "make the derivative outside of the `with`"
            return self.refuse(node, "a derivative under a `with` that sets globals is not supported", hint)
        module = str(getattr(made.fn, "__module__", None) or "").partition(".")[0]
        own = made.fn in (ops.call, ops.method) or not (module in _PURE_MODULES or module == "adcompile")
        return Call(ops.under, (Const(self.resolver.state), made)) if own else made

    def spelled(self, name: str) -> str:
        """A variable of the text as a variable of the function."""
        return self.aliases.get(name, name)

    def names_in(self, node: cst.CSTNode) -> set[str]:
        """The names that a part of the text mentions."""
        return {one.value for one in found(node, cst.Name)}

    @abstractmethod
    def call(self, node: cst.Call) -> Expr:
        """A call."""

    @abstractmethod
    def items_of(self, name: str) -> Expr:
        """A variable as a value: of a list, the items that it has."""

    @abstractmethod
    def comprehended(self, node: cst.ListComp) -> Expr:
        """`[item for target in items]`."""

    @abstractmethod
    def keyed(self, node: cst.DictComp) -> Expr:
        """`{key: value for target in items}`."""

    @abstractmethod
    def reduced(self, fn: Any, node: cst.ListComp | cst.GeneratorExp, start: Expr | None) -> Expr:
        """`sum`, `any`, `all`, `max` or `min` of a generator."""

    @abstractmethod
    def assignment(self, node: cst.NamedExpr) -> Expr:
        """`(name := value)`."""

    @abstractmethod
    def made_text(self, node: cst.FormattedString | cst.ConcatenatedString) -> Expr:
        """A text that is made in the run."""

    @abstractmethod
    def local_function(self, node: cst.Lambda) -> Expr:
        """A function defined in this one."""

    def unsupported(self, node: cst.CSTNode) -> Call:
        """Refuses a construct that is not of the language."""
        kind = type(node).__name__
        what, hint = EXPRESSIONS.get(kind, (f"this ({kind})", ""))
        return self.refuse(node, f"{what} is not supported", hint)

    def perhaps(self, node: cst.BaseExpression) -> Expr:
        """An expression that may not be evaluated."""
        surely, refusals = self.surely, self.refusals
        self.surely, self.refusals = False, []
        value = self.read(node)
        found, self.surely, self.refusals = self.refusals, surely, refusals
        self.refused += found
        return Call(ops.refused, (Const(tuple(found)),)) if found else value

    def name(self, node: cst.Name) -> Expr:
        """A variable, or what a name of outside stands for."""
        if node.value in _KEYWORDS:
            return Const(_KEYWORDS[node.value])
        if node.value in self.aliases:
            return Name(self.aliases[node.value])
        if self.resolver.is_local(node.value):
            self.read_names.add(node.value)
            return self.items_of(node.value)
        value = self.known(node)
        if value is MISSING:
            return self.unknown(node)
        return self.outside(node, value)

    def unknown(self, node: cst.Name) -> Call:
        """Refuses a name that stands for nothing."""
        message, hint = f"`{node.value}` is not defined", ""
        if self.resolver.has_no_value_yet(node.value):
            message = f"`{node.value}` has no value yet in the function around"
            hint = "assign it before the derivative is made"
        return self.refuse(node, message, hint, "unknown-name")

    def outside(self, node: cst.CSTNode, value: Any) -> Expr:
        """An object of outside as an expression."""
        if isinstance(value, ModuleType):
            return self.refuse(node, f"the module `{value.__name__}` is no value")
        found = of_outside(value)
        if isinstance(found, Const) and isinstance(value, (list, dict, set)):
            kind = type(value).__name__
            return self.refuse(node, f"a {kind} of outside cannot be read", "pass its contents as an argument")
        return found

    def literal(self, node: cst.BaseExpression) -> Expr:
        """A number or a string."""
        if isinstance(node, cst.ConcatenatedString) and node.evaluated_value is None:
            return self.made_text(node)
        if isinstance(node, cst.ConcatenatedString):  # its text may go over lines, which only brackets around allow
            return Const(node.evaluated_value)
        return Const(ast.literal_eval(self.source.module.code_for_node(node)))

    def attribute(self, node: cst.Attribute) -> Expr:
        """`owner.name`."""
        owner = self.known(node.value)
        if owner is MISSING:
            return Call(ops.attribute, (self.read(node.value), Const(node.attr.value)))
        value = self.resolver.attribute(owner, self.source.member(node.attr.value))
        if value is MISSING:
            where = self.source.code(node.value)
            return self.refuse(node, f"`{where}` has no attribute `{node.attr.value}`", code="unknown-name")
        return self.outside(node, value)

    def unary(self, node: cst.UnaryOperation) -> Expr:
        """`-x`, `+x`, `~x`, `not x`; the sign of a literal is part of it."""
        value = self.read(node.expression)
        number = value.value if isinstance(value, Const) and type(value.value) in (int, float, complex) else None
        match node.operator:
            case cst.Not():
                return Call(ops.negated, (value,))
            case cst.BitInvert():
                return Call(np.invert, (value,))
            case cst.Plus():
                return Call(np.positive, (value,)) if number is None else value
        return Call(np.negative, (value,)) if number is None else Const(-number)

    def comparison(self, node: cst.Comparison) -> Expr:
        """`a < b`, `a < b < c`: an operand in the middle stands twice, so it must not do anything when evaluated."""
        left = self.read(node.left)
        parts: list[Expr] = []
        for target in node.comparisons:
            right = self.read(target.comparator) if not isinstance(target.operator, (cst.In, cst.NotIn)) else Const(0)
            parts.append(self.compared(target, left, right))
            if target is not node.comparisons[-1] and any(map(may_act, nodes(right))):
                self.refuse(
                    target.comparator, "a call in the middle of a chained comparison", "give its value a name first"
                )
            left = right
        if len(parts) > 1 and any(isinstance(target.operator, (cst.In, cst.NotIn)) for target in node.comparisons):
            return self.refuse(node, "`in` in a chained comparison is not supported", "compare with `and` between")
        return reduce(lambda a, b: Call(ops.both, (a, b)), parts)

    def compared(self, target: cst.ComparisonTarget, left: Expr, right: Expr) -> Expr:
        """One comparison."""
        sign = target.operator
        if type(sign) in COMPARISONS:
            return Call(COMPARISONS[type(sign)], (left, right))
        if isinstance(sign, (cst.Is, cst.IsNot)):
            return Call(operator.is_ if isinstance(sign, cst.Is) else operator.is_not, (left, right))
        return self.among(target, left)

    def among(self, target: cst.ComparisonTarget, left: Expr) -> Expr:
        """`left in (a, b)` as `left == a or left == b`."""
        within = self.container(target.comparator)
        if any(map(may_act, nodes(left))):
            return self.refuse(target.comparator, "`in` is not supported", "compare the values one by one")
        found: Expr = Call(ops.contains, (left, within))
        if isinstance(within, Tuple):
            same = [Call(np.equal, (left, value)) for value in within.items]
            found = reduce(lambda a, b: Call(ops.either, (a, b)), same) if same else Const(False)
        return Call(ops.negated, (found,)) if isinstance(target.operator, cst.NotIn) else found

    def container(self, node: cst.BaseExpression) -> Expr:
        """What `in` looks in: a tuple or list, or a list, set or dict of outside that holds numbers and texts."""
        value = self.known(node)
        simple = isinstance(value, (list, set, frozenset, Mapping))
        if simple and all(type(part) in (str, int, float) for part in value):
            return Tuple(tuple(map(Const, value)))
        return self.argument(node)

    def display(self, node: cst.Tuple | cst.List, listed: bool) -> Expr:
        """`(a, b)` or `[a, b]`; with an unpacked item, the tuples that it joins."""
        joined: list[Expr] = []
        items: list[Expr] = []
        for part in node.elements:
            value = self.argument(part.value) if isinstance(part, cst.StarredElement) else None
            if value is None:
                items.append(self.element(part, listed))
            elif isinstance(value, Tuple):
                items += value.items
            else:
                joined += [Tuple(tuple(items), listed), Call(list if listed else tuple, (value,))]
                items = []
        last = [Tuple(tuple(items), listed)] if items or not joined else []
        return reduce(lambda a, b: Call(np.add, (a, b)), [*joined, *last])

    def element(self, node: cst.BaseElement, listed: bool) -> Expr:
        """An item of a tuple, or of a list where that stands for a tuple."""
        if isinstance(node, cst.StarredElement):
            return self.unsupported(node)
        return self.argument(node.value) if listed else self.read(node.value)

    def dict_display(self, node: cst.Dict) -> Expr:
        """`{key: value}`, with keys that are known before the run."""
        values: dict[Any, Expr] = {}
        for part in node.elements:
            key = self.argument(part.key) if isinstance(part, cst.DictElement) else None
            plain = as_key(key)
            if plain is MISSING:
                hint = "write every key as a literal, or use separate variables or arrays"
                return self.refuse(part, "a dict whose keys are known in the run only is not supported", hint)
            values[plain] = self.argument(part.value)
        return Call(ops.record, (literal(tuple(values)), *values.values()))

    def subscript(self, node: cst.Subscript) -> Expr:
        """`array[index]`, or an item of a tuple or dict of outside."""
        value = self.known(node)
        if value is not MISSING:
            return self.outside(node, value)
        owner = self.known(node.value)
        if isinstance(owner, dict):  # a key that is known before the run, but not yet
            return Index(Const(owner), self.index(node))
        return Index(self.read(node.value), self.index(node))

    def index(self, node: cst.Subscript) -> tuple[Expr, ...]:
        """The items between the brackets."""
        items: list[Expr] = []
        for part in node.slice:
            if isinstance(part.slice, cst.Slice):
                bounds = (part.slice.lower, part.slice.upper, part.slice.step)
                items.append(Slice(*(Const(None) if bound is None else self.read(bound) for bound in bounds)))
                continue
            assert isinstance(part.slice, cst.Index), part.slice
            if part.slice.star:
                self.refuse(part, "an unpacked index is not supported", "write every index out")
            value = self.argument(part.slice.value)
            value = as_places(value)
            items += value.items if isinstance(value, Tuple) and len(node.slice) == 1 else (value,)
        return tuple(items)

    def argument(self, node: cst.BaseExpression) -> Expr:
        """An argument of a call; there a list may stand for a tuple."""
        return self.display(node, listed=True) if isinstance(node, cst.List) else self.read(node)


def as_key(expr: Expr | None) -> Any:
    """The key of a dict that an expression stands for, if it is a literal or a tuple of those."""
    if isinstance(expr, Tuple):
        keys = tuple(map(as_key, expr.items))
        return MISSING if any(key is MISSING for key in keys) else keys
    simple = isinstance(expr, Const) and isinstance(expr.value, (str, int, float, bool, type(None)))
    return expr.value if isinstance(expr, Const) and simple else MISSING


def may_act(expr: Expr) -> bool:
    """Whether an expression is a call that may do more than give a value: never falsely no."""
    if not isinstance(expr, Call):
        return False
    if any(key == "out" for key, _ in expr.kwargs) or expr.fn is ops.call:
        return True
    if expr.fn is ops.method:
        return expr.args[1] not in _PURE_METHODS
    owner = getattr(expr.fn, "__self__", None)  # a random generator, for `np.random.rand`
    module = str(getattr(expr.fn, "__module__", None) or "").partition(".")[0]
    known = module in _PURE_MODULES or isinstance(expr.fn, np.ufunc) or any(expr.fn is one for one in _OPERATIONS)
    return not known or not (owner is None or isinstance(owner, (ModuleType, type)))
