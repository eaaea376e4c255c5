"""`f(*items, **named)` as a call of `f` with every item.

Goal: the arguments that a solver hands on (`func(x, *args, **kwargs)`), once it is known which tuple and which dict
they are.  An array or a list of the run has as many items as the function needs further arguments: that is checked in
the run.  Not its task: dicts of the run; they are refused.

>>> from adcompile.ir.nodes import Const
>>> from adcompile.ir.show import expression
>>> expression(with_items(Call(pow, (Const(7), Call(ops.unpacked, (Tuple((Const(5), Const(3))),)))), None, "f"))
'pow(7, 5, 3)'
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from adcompile.errors import Span, Unsupported, refuse
from adcompile.frontend.resolve import literal
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Effect, Expr, If, Index, Name, Stmt, Tuple
from adcompile.normal.fresh import Fresh
from adcompile.normal.order import temporary
from adcompile.normal.records import dict_of, items_of

_NEEDED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def with_counted(
    before: Sequence[Stmt], call: Call, fresh: Fresh, span: Span | None
) -> tuple[list[Stmt], Call]:  # fmt: skip
    """A call that unpacks one array or list of the run as one of its items; the check of how many there are comes after
    what is `before` the call.

    >>> from adcompile.ir.nodes import Function
    >>> from adcompile.ir.show import show
    >>> call = Call(np.cross, (Call(ops.unpacked, (Name("x"),)),))
    >>> before, call = with_counted((), call, Fresh({"x"}), None)
    >>> print(show(Function("f", ("x",), (*before, Effect(call)))).strip())
    def f(x):
        if len(x) != 2:
            raise TypeError('unpacked items give cross() another number of arguments than the 2 that it needs')
        np.cross(x[0], x[1])
    """
    places = [place for place, arg in enumerate(call.args) if _of_the_run(arg)]
    needed = _needed(call) if len(places) == 1 else None
    own = 1 if call.fn is ops.call else 0  # the function itself
    missing = -1 if needed is None else needed - (len(call.args) - 1 - own)
    before = list(before)
    if missing < 1:
        return before, call
    place = places[0]
    unpacked = call.args[place]
    assert isinstance(unpacked, Call)
    items = unpacked.args[0]
    if not isinstance(items, Name):
        name = fresh.name("items")
        before.append(temporary(name, items, span))
        items = Name(name)
    of = _name(_called(call))
    text = f"unpacked items give {of}() another number of arguments than the {needed} that it needs"
    wrong = Effect(Call(ops.fail, (Const(TypeError), Const(None), Const(text))), span=span)
    before.append(If(Call(np.not_equal, (Call(len, (items,)), Const(missing))), (wrong,), (), span=span))
    each = (Index(items, (Const(number),)) for number in range(missing))
    return before, Call(call.fn, (*call.args[:place], *each, *call.args[place + 1 :]), call.kwargs)


def _of_the_run(arg: Expr) -> bool:
    match arg:
        case Call(ops.unpacked, (Name() | Index() | Call() as owner,)):
            return items_of(owner) is None and not (isinstance(owner, Call) and owner.fn is ops.refused)
    return False


def _called(call: Call) -> Any:
    """The function that is called, as far as that is known."""
    if call.fn is not ops.call:
        return call.fn
    match call.args[0]:
        case Const(fn):
            return fn
        case Call(ops.closure, (Const(fn), *_)):
            return fn
    return None


def _needed(call: Call) -> int | None:
    """How many arguments by position a call has to give; nothing where that is not known."""
    fn = _called(call)
    if fn is None or fn in (ops.method, max, min):
        return None
    try:
        written = getattr(fn, "py_func", fn)  # of NumPy's, what it wraps has the parameters
        signature = inspect.signature(written, follow_wrapped=not isinstance(written, FunctionType))
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in signature.parameters.values()):
        return None
    given = {key for key, _ in call.kwargs}
    if "**" in given:
        return None
    parameters = (p for name, p in signature.parameters.items() if p.kind in _NEEDED and name not in given)
    return sum(parameter.default is parameter.empty for parameter in parameters)


def _name(fn: Callable[..., Any]) -> str:
    return str(getattr(fn, "__name__", "this function"))


def with_items(call: Call, span: Span | None, inside: str) -> Call:
    """A call without unpacked arguments."""
    args: list[Expr] = []
    for arg in call.args:
        match arg:
            case Call(ops.unpacked, (Tuple(items),)):
                args += items
            case Call(ops.unpacked, (Call(ops.refused),)):
                raise Unsupported(())
            case Call(ops.unpacked, (owner,)) if (keys := items_of(owner)) is not None:
                args += keys
            case Call(ops.unpacked):
                message = "unpacked arguments are not supported, but of a tuple that is known before the run"
                raise refuse("dynamic-argument", message, span, "write every argument out", inside)
            case _:
                args.append(arg)
    if all(key != "**" for key, _ in call.kwargs):
        return Call(call.fn, tuple(args), call.kwargs)
    named: list[tuple[str, Expr]] = []
    for key, value in call.kwargs:
        values = {key: value} if key != "**" else _named(value)
        if values is None:
            message = "`**` is not supported, but of a dict that is known before the run"
            raise refuse("unsupported-expression", message, span, "write every argument out", inside)
        named += values.items()
    if len({key for key, _ in named}) < len(named):
        raise refuse("wrong-arguments", "an argument is given twice", span, "", inside)
    return Call(call.fn, tuple(args), tuple(named))


def _named(value: Expr) -> dict[Any, Expr] | None:
    """The values of a dict by key: of one that is made in the function, or of one of outside."""
    if isinstance(value, Const) and type(value.value) is dict and all(type(key) is str for key in value.value):
        return {key: literal(item) for key, item in value.value.items()}
    return dict_of(value)
