"""Expressions, from libcst to the surface dialect.

Goal: operators become calls of NumPy's functions, names of outside become what they stand for, attributes and methods
of values wait (`ops.attribute`, `ops.method`) until types are known.  What is not of the language is refused, each
with its place, and reading goes on, so that a user sees every refusal at once.
"""

from __future__ import annotations

import ast
import operator
from types import FunctionType, ModuleType
from typing import Any

import libcst as cst
import numpy as np

from adcompile.errors import Refusal
from adcompile.frontend.resolve import MISSING, Resolver, attribute, literal
from adcompile.frontend.source import Located
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Index, Name, Slice, Tuple
from adcompile.ir.walk import nodes

BINARY: dict[type[cst.CSTNode], Any] = {
    cst.Add: np.add, cst.Subtract: np.subtract, cst.Multiply: np.multiply, cst.Divide: np.divide,
    cst.FloorDivide: np.floor_divide, cst.Modulo: np.remainder, cst.Power: ops.power,
    cst.MatrixMultiply: np.matmul, cst.BitAnd: np.bitwise_and, cst.BitOr: np.bitwise_or,
    cst.BitXor: np.bitwise_xor, cst.LeftShift: np.left_shift, cst.RightShift: np.right_shift,
    cst.AddAssign: np.add, cst.SubtractAssign: np.subtract, cst.MultiplyAssign: np.multiply,
    cst.DivideAssign: np.divide, cst.FloorDivideAssign: np.floor_divide, cst.ModuloAssign: np.remainder,
    cst.PowerAssign: ops.power, cst.MatrixMultiplyAssign: np.matmul, cst.BitAndAssign: np.bitwise_and,
    cst.BitOrAssign: np.bitwise_or, cst.BitXorAssign: np.bitwise_xor, cst.LeftShiftAssign: np.left_shift,
    cst.RightShiftAssign: np.right_shift,
}  # fmt: skip
COMPARISONS: dict[type[cst.CSTNode], Any] = {
    cst.LessThan: np.less, cst.LessThanEqual: np.less_equal, cst.GreaterThan: np.greater,
    cst.GreaterThanEqual: np.greater_equal, cst.Equal: np.equal, cst.NotEqual: np.not_equal,
}  # fmt: skip
WAYS_OUT = {
    "FormattedString": "build messages outside the function",
    "ListComp": "write the loop out, storing into an array",
    "GeneratorExp": "write the loop out",
    "DictComp": "write the loop out",
    "Dict": "use separate variables or arrays",
    "Set": "use an array",
    "List": "use an array: np.array([...]), np.zeros(n)",
    "NamedExpr": "assign on a line of its own",
    "Lambda": "define the function at module level",
    "Imaginary": "split the number into real and imaginary parts",
    "StarredElement": "name every item",
}


class Expressions:
    """Reads the expressions of one function; `refusals` collects what it cannot read."""

    def __init__(self, source: Located, local: set[str]) -> None:
        self.source = source
        self.resolver = Resolver(source.fn, local)
        self.refusals: list[Refusal] = []
        self.function = source.fn.__name__

    def refuse(self, node: cst.CSTNode, message: str, hint: str = "", code: str = "unsupported-expression") -> Const:
        """Notes a refusal, and stands in for the expression refused."""
        self.refusals.append(Refusal(code, message, self.source.span(node), hint, self.function))
        return Const(0.0)

    # ------------------------------------------------------------------------------------ what is known
    def known(self, node: cst.BaseExpression) -> Any:
        """The object that a name or a dotted name stands for before the run, or `MISSING`."""
        if isinstance(node, cst.Name):
            return self.resolver.name(node.value)
        if isinstance(node, cst.Attribute):
            owner = self.known(node.value)
            return MISSING if owner is MISSING else attribute(owner, node.attr.value)
        return MISSING

    # ------------------------------------------------------------------------------------ expressions
    def read(self, node: cst.BaseExpression) -> Expr:
        match node:
            case cst.Name():
                return self.name(node)
            case cst.Integer() | cst.Float() | cst.SimpleString() | cst.ConcatenatedString():
                return self.literal(node)
            case cst.Attribute():
                return self.attribute(node)
            case cst.UnaryOperation():
                return self.unary(node)
            case cst.BinaryOperation():
                return Call(BINARY[type(node.operator)], (self.read(node.left), self.read(node.right)))
            case cst.BooleanOperation():
                fn = ops.both if isinstance(node.operator, cst.And) else ops.either
                return Call(fn, (self.read(node.left), self.read(node.right)))
            case cst.Comparison():
                return self.comparison(node)
            case cst.IfExp():
                return Call(ops.select, (self.read(node.test), self.read(node.body), self.read(node.orelse)))
            case cst.Tuple():
                return Tuple(tuple(self.element(item) for item in node.elements))
            case cst.Subscript():
                return Index(self.read(node.value), self.index(node))
            case cst.Call():
                return self.call(node)
            case cst.Ellipsis():
                return Const(Ellipsis)
        return self.unsupported(node)

    def unsupported(self, node: cst.CSTNode) -> Const:
        kind = type(node).__name__
        names = {"ListComp": "a list comprehension", "GeneratorExp": "a generator", "FormattedString": "an f-string"}
        what = names.get(kind, f"this ({kind})")
        return self.refuse(node, f"{what} is not supported", WAYS_OUT.get(kind, ""))

    def name(self, node: cst.Name) -> Expr:
        if self.resolver.is_local(node.value):
            return Name(node.value)
        value = self.known(node)
        if value is MISSING:
            return self.refuse(node, f"`{node.value}` is not defined", code="unknown-name")
        return self.outside(node, value)

    def outside(self, node: cst.CSTNode, value: Any) -> Expr:
        """An object of outside as an expression."""
        if isinstance(value, ModuleType):
            return self.refuse(node, f"the module `{value.__name__}` is no value")
        if isinstance(value, (list, dict, set)):
            kind = type(value).__name__
            return self.refuse(node, f"a {kind} of outside cannot be read", "pass its contents as an argument")
        return literal(value)

    def literal(self, node: cst.BaseExpression) -> Expr:
        return Const(ast.literal_eval(self.source.module.code_for_node(node)))

    def attribute(self, node: cst.Attribute) -> Expr:
        owner = self.known(node.value)
        if owner is not MISSING:
            value = attribute(owner, node.attr.value)
            if value is MISSING:
                where = self.source.code(node.value)
                return self.refuse(node, f"`{where}` has no attribute `{node.attr.value}`", code="unknown-name")
            return self.outside(node, value)
        return Call(ops.attribute, (self.read(node.value), Const(node.attr.value)))

    def unary(self, node: cst.UnaryOperation) -> Expr:
        value = self.read(node.expression)
        match node.operator:
            case cst.Not():
                return Call(ops.negated, (value,))
            case cst.BitInvert():
                return Call(np.invert, (value,))
            case cst.Plus():
                return Call(np.positive, (value,))
        if isinstance(value, Const) and type(value.value) in (int, float):
            return Const(-value.value)
        return Call(np.negative, (value,))

    def comparison(self, node: cst.Comparison) -> Expr:
        left = self.read(node.left)
        result: Expr | None = None
        for target in node.comparisons:
            right = self.read(target.comparator)
            one = self.compared(target, left, right)
            result = one if result is None else Call(ops.both, (result, one))
            if target is not node.comparisons[-1] and any(_may_act(part) for part in nodes(right)):
                self.refuse(target, "a call in the middle of a chained comparison", "give its value a name first")
            left = right
        assert result is not None
        return result

    def compared(self, target: cst.ComparisonTarget, left: Expr, right: Expr) -> Expr:
        sign = target.operator
        if type(sign) in COMPARISONS:
            return Call(COMPARISONS[type(sign)], (left, right))
        if isinstance(sign, (cst.Is, cst.IsNot)):
            return Call(operator.is_ if isinstance(sign, cst.Is) else operator.is_not, (left, right))
        return self.refuse(target, "`in` is not supported", "compare the values one by one")

    def element(self, item: cst.BaseElement) -> Expr:
        if isinstance(item, cst.StarredElement):
            return self.unsupported(item)
        return self.read(item.value)

    def index(self, node: cst.Subscript) -> tuple[Expr, ...]:
        items: list[Expr] = []
        for part in node.slice:
            if isinstance(part.slice, cst.Slice):
                bounds = (part.slice.lower, part.slice.upper, part.slice.step)
                items.append(Slice(*(Const(None) if b is None else self.read(b) for b in bounds)))
                continue
            assert isinstance(part.slice, cst.Index)
            value = self.read(part.slice.value)
            items += value.items if isinstance(value, Tuple) and len(node.slice) == 1 else (value,)
        return tuple(items)

    # ------------------------------------------------------------------------------------ calls
    def call(self, node: cst.Call) -> Expr:
        args: list[Expr] = []
        kwargs: list[tuple[str, Expr]] = []
        for arg in node.args:
            if arg.star:
                self.refuse(arg, "unpacked arguments are not supported", "write every argument out")
            elif arg.keyword is not None:
                kwargs.append((arg.keyword.value, self.argument(arg.value)))
            else:
                args.append(self.argument(arg.value))
        fn = self.known(node.func)
        if fn is MISSING:
            return self.call_of_value(node, tuple(args), tuple(kwargs))
        if not callable(fn):
            return self.refuse(node.func, f"`{self.source.code(node.func)}` is not callable")
        if fn in (print, input, open):
            return self.refuse(node, f"`{fn.__name__}` is not supported", "call it outside the function")
        if fn is len and len(args) == 1 and isinstance(args[0], Tuple):
            return Const(len(args[0].items))
        if fn in (max, min) and len(args) > 2 and not kwargs:
            result = args[0]
            for other in args[1:]:
                result = Call(fn, (result, other))
            return result
        return Call(fn, tuple(args), tuple(kwargs))

    def argument(self, node: cst.BaseExpression) -> Expr:
        """An argument of a call; there a list may stand for a tuple."""
        if isinstance(node, cst.List):
            return Tuple(tuple(self.argument(item.value) for item in node.elements))
        return self.read(node)

    def call_of_value(self, node: cst.Call, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...]) -> Expr:
        if isinstance(node.func, cst.Attribute):
            owner = self.known(node.func.value)
            if owner is not MISSING:
                return self.attribute(node.func)
            return Call(ops.method, (self.read(node.func.value), Const(node.func.attr.value), *args), kwargs)
        return Call(ops.call, (self.read(node.func), *args), kwargs)


def _may_act(expr: Expr) -> bool:
    """Whether an expression calls a function that may do more than give a value."""
    if not isinstance(expr, Call):
        return False
    if getattr(expr.fn, "__module__", None) == ops.__name__:
        return expr.fn in (ops.call, ops.method)
    return isinstance(expr.fn, FunctionType) or hasattr(expr.fn, "py_func")
