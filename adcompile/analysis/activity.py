"""Which values vary with the independent variables, and which the results may depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from adcompile.analysis.aliasing import Roots, is_allocation
from adcompile.chain import differentiable
from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Call,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Stmt,
    Store,
    Tuple,
    While,
)
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import Array, Scalar, TupleType, Type, is_float
from adcompile.ir.walk import names, statements
from adcompile.runtime import PRODUCTS


class Activity:
    """The names whose value depends smoothly on one of `wrt` (Griewank & Walther's *varied*), and that `results` may
    depend on where they are given (*useful*): without them, every value that is computed is taken to be of use."""

    def __init__(
        self, function: Function, wrt: Sequence[str], roots: Roots, results: Iterable[str] | None = None
    ) -> None:
        self._types = dict(function.types)
        self._roots = roots
        self._varied: set[str] = {roots.find(name) for name in wrt}
        while self._grow(function):
            pass
        if results is not None:
            self._varied &= useful(function, (*results, *wrt), roots)

    def name(self, name: str) -> bool:
        """Whether a scalar, or anything an array can reach, varies."""
        type_ = self._types.get(name)
        if isinstance(type_, TupleType):
            return self._roots.find(name) in self._varied
        return isinstance(type_, (Scalar, Array)) and is_float(type_) and self._roots.find(name) in self._varied

    def add(self, name: str, type_: Type) -> None:
        """A new name varies too."""
        self._types[name] = type_
        self._varied.add(self._roots.find(name))

    def atom(self, atom: Atom) -> bool:
        return isinstance(atom, Name) and self.name(atom.id)

    def expression(self, expr: Expr) -> bool:
        """Whether an expression's value varies."""
        match expr:
            case Name(id):
                return self.name(id)
            case Index(Name(id), _):
                return self.name(id)
            case Call(fn, args):
                if fn is ops.copy or fn in TRANSFORMS or getattr(fn, "__name__", "") in ("grown", "grown_rows"):
                    return self.expression(args[0])
                if fn in PRODUCTS:
                    return any(map(self.expression, args))
                if isinstance(fn, Opaque):
                    return any(map(self.passed, args))
                if fn is ops.item:
                    return self.expression(args[0])
                if is_allocation(expr):
                    return False
                return any(self.expression(args[position]) for position in differentiable(expr))
        return False

    def passed(self, arg: Expr) -> bool:
        """Whether an argument of an opaque call, or an item of it, varies."""
        return any(map(self.passed, arg.items)) if isinstance(arg, Tuple) else self.expression(arg)

    def _grow(self, function: Function) -> bool:
        before = len(self._varied)

        def add(name: str) -> None:
            if is_float(self._types[name]) or isinstance(self._types[name], TupleType):
                self._varied.add(self._roots.find(name))

        for stmt in statements(function.body):
            match stmt:
                case Assign():
                    if self.expression(stmt.value):
                        add(stmt.target)
                case Store() | Accum():
                    if self.expression(stmt.value):
                        add(stmt.array)
                case For() | While():
                    for carry in stmt.carried:
                        if self.atom(carry.init) or self.atom(carry.yielded):
                            add(carry.inner)
                            add(carry.result)
                case If():
                    for merge in stmt.merges:
                        if self.atom(merge.then) or self.atom(merge.orelse):
                            add(merge.result)
        return len(self._varied) != before


def useful(function: Function, results: Iterable[str], roots: Roots) -> set[str]:
    """The roots that `results` may depend on smoothly: not through a condition or a subscript."""
    found = {roots.find(name) for name in results}
    flows = [(roots.find(to), roots.find(by)) for stmt in statements(function.body) for to, by in _flows(stmt)]
    before = -1
    while len(found) != before:
        before = len(found)
        found.update(by for to, by in flows if to in found)
    return found


def _flows(stmt: Stmt) -> Iterator[tuple[str, str]]:
    """Pairs of a name that a statement gives a value to, and a name that the value may depend on."""
    pairs: list[tuple[str, Expr]] = []
    match stmt:
        case Assign(target, value):
            pairs = [(target, value)]
        case Store(array, _, value) | Accum(array, _, value):
            pairs = [(array, value)]
        case For() | While():
            for carry in stmt.carried:
                pairs += [(carry.inner, carry.init), (carry.inner, carry.yielded), (carry.result, Name(carry.inner))]
        case If():
            for merge in stmt.merges:
                pairs += [(merge.result, merge.then), (merge.result, merge.orelse)]
    for target, value in pairs:
        yield from ((target, name) for name in names(value))
