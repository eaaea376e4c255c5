"""Local variables that a derivative is by: each is added a parameter, where it has the value that the rest works with.

Goal: the derivative by that parameter, at zero, is the derivative by the variable.  The addition stands behind the last
statement of the function's body that gives the variable a value or writes into it; a loop or a branch is one statement.
Where no such place can be told, or the function may have returned before it, the variable is refused.

    def f(x):                              def f(x, z_added):
        z = np.zeros(2)                        z = np.zeros(2)
        for i in range(2):          ->         for i in range(2):
            z[i] = x[i] ** 2                       z[i] = x[i] ** 2
        return np.sum(z * x)                   z = z + z_added
                                               return np.sum(z * x)

Non-goals: variables of functions that are called; tuples and lists.

>>> from adcompile.frontend.read import read
>>> from adcompile.ir.show import show
>>> def f(x):
...     z = x * x
...     return z * x
>>> print(show(perturbed(read(f).function, "z").whole).strip())
def f(x, z_added):
    z = x * x
    z = z + z_added
    return z * x
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from adcompile.analysis.aliasing import roots
from adcompile.analysis.effects import arrays_read
from adcompile.errors import Refusal, Span, Unsupported
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    Index,
    Name,
    Return,
    Stmt,
    Store,
    Update,
)
from adcompile.ir.types import Array
from adcompile.ir.walk import all_names, defines, expressions, nodes, statements, written
from adcompile.normal.flow import assigned_in, returns, surely


@dataclass(frozen=True)
class Intermediate:
    """A local variable that a derivative is by."""

    name: str
    added: str  # the parameter that is added to it
    whole: Function  # the function with that parameter
    until: Function  # the function up to there, which gives the variable's value
    span: Span | None  # of the addition, which no other statement has


def perturbed(function: Function, name: str, rank: int = 0) -> Intermediate:
    """The function with a parameter that is added to a local variable, a number or an array of so many axes; what has
    no such place is refused."""
    writing = [place for place, stmt in enumerate(function.body) if _gives_value((stmt,), name)]
    last = writing[-1]
    before, stmt = function.body[: last + 1], function.body[last]
    if returns(before):
        return_ = next(inner for inner in statements(before) if isinstance(inner, Return))
        raise _refused(
            function, name, return_.span, f"the function may return here, before `{name}` has its value",
            "return at the end, or give what follows a function of its own, and differentiate that",
        )  # fmt: skip
    if name not in (surely(before, frozenset(function.params)) or ()):
        raise _refused(
            function, name, stmt.span, f"`{name}` may have no value after this statement",
            f"give `{name}` a value before it",
        )  # fmt: skip
    if any(_captures(stmt, name) for stmt in statements(before)):
        raise _refused(
            function, name, stmt.span, f"a function inside reads `{name}`, and is defined before it has its value",
            "define that function behind this statement",
        )  # fmt: skip
    other = next((s for s in statements(before) if rank and isinstance(s, Assign) and _shares(s, name)), None)
    if other is not None:
        raise _refused(
            function, name, other.span, f"here `{name}` and another variable are one array",
            "let them be two, with .copy(), or use one name",
        )  # fmt: skip
    taken = {*all_names(function)}
    added = f"{name}_added"
    while added in taken:
        added += "_"
    span = replace(stmt.span, end_line=stmt.span.line, end_column=stmt.span.column) if stmt.span else None
    addition = _addition(name, added, rank, span, taken, own=isinstance(stmt, Assign) and _is_new(stmt.value))
    whole = replace(function, params=(*function.params, added), body=(*before, *addition, *function.body[last + 1 :]))
    until = replace(function, name=f"{function.name}_{name}", body=(*_silent(before), Return(Name(name))))
    return Intermediate(name, added, whole, until, span)


def _addition(name: str, added: str, rank: int, span: Span | None, taken: set[str], own: bool) -> tuple[Stmt, ...]:
    """The statements that add the parameter, to a copy of an array that may be another's too."""
    if not rank:
        return (Assign(name, Call(np.add, (Name(name), Name(added))), span=span),)
    loops = []
    for letter in "ijklmn":
        while letter in taken:
            letter += "_"
        loops.append(letter)
    index = tuple(Name(one) for one in loops[:rank])
    inner: Stmt = Accum(name, index, Index(Name(added), index), span=span)
    for axis in reversed(range(rank)):
        stop = Call(ops.dim, (Name(name), Const(axis)))
        inner = For(loops[axis], Const(0), stop, Const(1), (inner,), span=span)
    return (inner,) if own else (Assign(name, Call(ops.copy, (Name(name),)), span=span), inner)


def _is_new(expr: Expr) -> bool:
    """Whether an expression is a new array, if it is one."""
    return isinstance(expr, Call) and isinstance(expr.fn, np.ufunc) and not expr.kwargs


def locals_of(function: Function) -> set[str]:
    """The variables of a function's own body."""
    return assigned_in(function.body) - set(function.params)


def check_own(plain: Function, core: Function, of: Intermediate) -> None:
    """Refuses a list, and a variable whose memory is written to later, under a name of its own or another's: of the
    function with the addition, inlined and in the core dialect."""
    if of.name in _lists(plain):
        raise _refused(plain, of.name, of.span, "it is a list", f"make an array of it: {of.name} = np.array({of.name})")
    found = roots(core, {name: Array("float64", 1) for name in all_names(core)})  # numbers are not stored to
    flat = list(statements(core.body))
    places = [place for place, stmt in enumerate(flat) if stmt.span == of.span]
    mine = set()
    for stmt in (flat[place] for place in places):
        names = {name for expr in expressions(stmt) for name in arrays_read(expr)}
        mine |= {found.find(name) for name in names | set(defines(stmt)) | written((stmt,))}
    for stmt in flat[max(places, default=len(flat)) + 1 :]:
        if isinstance(stmt, (Store, Accum)) and found.find(stmt.array) in mine:
            raise _refused(
                core, of.name, stmt.span, f"this may write into the memory of `{of.name}`, after it has its value",
                f"let `{of.name}` be an array of its own: write to {of.name}.copy(), or make it with .copy()",
            )  # fmt: skip


def _shares(stmt: Assign, name: str) -> bool:
    """Whether a statement gives one value two names, of which this is one."""
    return isinstance(stmt.value, Name) and name in (stmt.target, stmt.value.id)


def _captures(stmt: Stmt, name: str) -> bool:
    """Whether a statement defines a function that reads a variable of the function around."""
    parts = (node for expr in expressions(stmt) for node in nodes(expr))
    return any(isinstance(node, Call) and node.fn is ops.closure and name in dict(node.kwargs) for node in parts)


def _lists(function: Function) -> set[str]:
    """The names that stand for lists in a function whose calls are inlined."""
    found: set[str] = set()
    while True:
        more = {
            stmt.target
            for stmt in statements(function.body)
            if isinstance(stmt, Assign) and _is_list(stmt.value, found)
        } - found
        if not more:
            return found
        found |= more


def _is_list(expr: Expr, lists: set[str]) -> bool:
    if isinstance(expr, Name):
        return expr.id in lists
    return isinstance(expr, Call) and expr.fn in (ops.listed, ops.held)


def _gives_value(block: tuple[Stmt, ...], name: str) -> bool:
    """Whether a block assigns a variable, or writes into it by its name."""
    if name in assigned_in(block):
        return True
    for stmt in statements(block):
        if (
            isinstance(stmt, (Store, Accum, Update))
            and (stmt.target if isinstance(stmt, Update) else stmt.array) == name
        ):
            return True
        if isinstance(stmt, Effect) and stmt.call.fn is ops.method and stmt.call.args[0] == Name(name):
            return True
    return False


def _silent(block: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    """A block without what it prints, which the whole function prints."""
    return tuple(stmt for stmt in block if not (isinstance(stmt, Effect) and stmt.call.fn is print))


def _refused(function: Function, name: str, span: Span | None, why: str, hint: str) -> Unsupported:
    message = f"`{name}` cannot be differentiated by: {why}"
    return Unsupported((Refusal("intermediate", message, span, hint, function.name),))
