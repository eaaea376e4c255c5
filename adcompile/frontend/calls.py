"""Calls, from libcst to the surface dialect.

Goal: each a `Call` of the function itself where that is known before the run, of a method (`ops.method`) or of a local
name (`ops.call`) where it is not.  What only looks at its arguments, as `len` of a literal tuple, is answered here.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import libcst as cst
import numpy as np

from adcompile.frontend.asked import about
from adcompile.frontend.expressions import Expressions
from adcompile.frontend.grammar import ITERATORS, OPERATORS, OUTSIDE_ONLY
from adcompile.frontend.resolve import MISSING, TEXT_METHODS, literal
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Tuple

_OF_TUPLES = (np.add, np.multiply, np.equal, np.not_equal)


class Calls(Expressions):
    """Reads the calls of one function."""

    def call(self, node: cst.Call) -> Expr:
        """A call of a function known before the run, of a method, or of a local name."""
        if (found := self.of_generator(node)) is not None:
            return found
        args: list[Expr] = []
        kwargs: list[tuple[str, Expr]] = []
        for arg in node.args:
            if arg.star == "*" and not self.folds_its_arguments(node.func):
                items = self.argument(arg.value)
                args += items.items if isinstance(items, Tuple) else (Call(ops.unpacked, (items,)),)
            elif arg.star == "**":
                kwargs.append(("**", self.named_arguments(arg.value)))
            elif arg.star:
                self.refuse(arg, "unpacked arguments are not supported", "write every argument out")
            elif arg.keyword is not None:
                kwargs.append((arg.keyword.value, self.argument(arg.value)))
            else:
                args.append(self.argument(arg.value))
        fn = self.known(node.func)
        if (fn is hasattr or fn is getattr) and not kwargs and node.args:
            owner = self.known(node.args[0].value)
            found = None if owner is MISSING else about(fn, owner, tuple(args[1:]))
            if found is not None:
                return self.outside(node, *found)
        if fn is MISSING:
            return self.call_of_value(node, tuple(args), tuple(kwargs))
        if isinstance(node.func, cst.Attribute):
            owner = self.known(node.func.value)
            if isinstance(owner, np.ndarray):
                return Call(ops.method, (Const(owner), Const(node.func.attr.value), *args), tuple(kwargs))
        return self.call_of_known(node, fn, args, tuple(kwargs))

    def named_arguments(self, node: cst.BaseExpression) -> Expr:
        """What is unpacked by `**`; of outside, the dict as it is."""
        value = self.known(node)
        if type(value) is not dict or not all(type(key) is str for key in value):
            return self.argument(node)
        return Call(ops.record, (literal(tuple(value)), *(self.outside(node, item) for item in value.values())))

    def of_generator(self, node: cst.Call) -> Expr | None:
        """`sum`, `any`, `all`, `max` or `min` of a generator or a comprehension; nothing for other calls."""
        match [arg.value for arg in node.args if arg.keyword is None and not arg.star]:
            case [cst.GeneratorExp() | cst.ListComp() as items, *rest] if len(rest) < 2:
                fn = self.known(node.func)
                whole = len(node.args) == 1 + len(rest)
                if whole and any(fn is one for one in ((sum,) if rest else (sum, any, all, max, min))):
                    return self.reduced(fn, items, self.read(rest[0]) if rest else None)
        return None

    def folds_its_arguments(self, node: cst.BaseExpression) -> bool:
        """Whether a call is of a function whose arguments are looked at here: their number has to be seen."""
        fn = self.known(node)
        return any(fn is one for one in (max, min, len, hasattr, getattr, *OUTSIDE_ONLY, *ITERATORS))

    def call_of_known(self, node: cst.Call, fn: Any, args: list[Expr], kwargs: tuple[tuple[str, Expr], ...]) -> Expr:
        """A call of a function known before the run."""
        if not callable(fn):
            return self.refuse(node.func, f"`{self.source.code(node.func)}` is not callable")
        if any(fn is other for other in OUTSIDE_ONLY):
            return self.refuse(node, f"`{fn.__name__}` is not supported", "call it outside the function")
        if fn is map and len(args) == 2 and not kwargs and isinstance(args[1], Tuple):
            return Tuple(tuple(_applied(args[0], item) for item in args[1].items))
        if (fn is list or fn is tuple) and len(args) == 1 and not kwargs and isinstance(args[0], Tuple):
            return Tuple(args[0].items, listed=fn is list)
        if fn is dict and not args and not any(key == "**" for key, _ in kwargs):
            return Call(ops.record, (literal(tuple(key for key, _ in kwargs)), *(value for _, value in kwargs)))
        if fn is range and 0 < len(args) < 4 and not kwargs:
            return Call(range, tuple(args))
        if (fn is dict or fn is list or fn is tuple) and not args and not kwargs:
            return Tuple((), listed=fn is list) if fn is not dict else Call(ops.record, (Tuple(()),))
        if any(fn is other for other in (map, zip, enumerate, list, tuple, sorted, dict)) and args and not kwargs:
            return Call(fn, tuple(args))  # of a tuple that may be known later
        if any(fn is other for other in ITERATORS):
            hint = "loop over a range, an array, enumerate, zip or reversed, directly in the `for`"
            return self.refuse(node, f"`{fn.__name__}` gives no number and no array", hint)
        if isinstance(getattr(fn, "__self__", None), dict) and fn.__name__ == "get" and not kwargs:
            found = self.looked_up(fn, args)
            if found is not MISSING:
                return self.outside(node, found)
        if isinstance(getattr(fn, "__self__", None), str) and fn.__name__ in TEXT_METHODS and not kwargs:
            texts = [arg.value for arg in args if isinstance(arg, Const) and isinstance(arg.value, str)]
            if len(texts) == len(args):
                return Const(fn(*texts))
        if fn is len and len(args) == 1 and isinstance(args[0], Tuple):
            return Const(len(args[0].items))
        if (fn is max or fn is min) and not kwargs:
            operands = args[0].items if len(args) == 1 and isinstance(args[0], Tuple) else args
            if len(operands) > 1:
                return reduce(lambda a, b: Call(fn, (a, b)), operands)
        if any(fn is one for one in _OF_TUPLES):  # operators too, which mean another thing for tuples
            args = [arg if isinstance(arg, Const) else Call(np.asarray, (arg,)) for arg in args]
        elif any(fn is one for one in OPERATORS) and args and not isinstance(args[0], Const):
            # The result is NumPy's, not Python's own.
            args = [Call(np.asarray, (args[0],)), *args[1:]]
        return Call(fn, tuple(args), kwargs)

    @staticmethod
    def looked_up(get: Any, args: list[Expr]) -> Any:
        """What `get` of a dict of outside gives for a key known before the run."""
        values = [arg.value for arg in args if isinstance(arg, Const)]
        simple = all(value is None or isinstance(value, (bool, int, float, str)) for value in values)
        return get(*values) if values and len(values) == len(args) <= 2 and simple else MISSING

    def call_of_value(self, node: cst.Call, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...]) -> Expr:
        """A call of a method of a value of the run, or of a function passed as an argument."""
        if isinstance(node.func, cst.Attribute):
            if self.known(node.func.value) is not MISSING:
                return self.attribute(node.func)
            return Call(ops.method, (self.read(node.func.value), Const(node.func.attr.value), *args), kwargs)
        if isinstance(node.func, cst.Name) and not (
            self.resolver.is_local(node.func.value) or node.func.value in self.aliases
        ):
            return self.unknown(node.func)
        return Call(ops.call, (self.read(node.func), *args), kwargs)


def _applied(fn: Expr, item: Expr) -> Call:
    """One call of those that `map` makes."""
    if isinstance(fn, Const) and callable(fn.value):
        return Call(fn.value, (item,))
    return Call(ops.call, (fn, item))
