"""`f(*items, **named)` as a call of `f` with every item.

Goal: the arguments that a solver hands on (`func(x, *args, **kwargs)`), once it is known which tuple and which dict
they are.  Not its task: arrays and lists of the run; they are refused.

>>> from adcompile.ir.nodes import Const
>>> from adcompile.ir.show import expression
>>> expression(with_items(Call(pow, (Const(7), Call(ops.unpacked, (Tuple((Const(5), Const(3))),)))), None, "f"))
'pow(7, 5, 3)'
"""

from __future__ import annotations

from adcompile.errors import Span, Unsupported, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Expr, Tuple
from adcompile.normal.records import dict_of, items_of


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
                raise refuse("unsupported-expression", message, span, "write every argument out", inside)
            case _:
                args.append(arg)
    if all(key != "**" for key, _ in call.kwargs):
        return Call(call.fn, tuple(args), call.kwargs)
    named: list[tuple[str, Expr]] = []
    for key, value in call.kwargs:
        values = {key: value} if key != "**" else dict_of(value)
        if values is None:
            message = "`**` is not supported, but of a dict that is known before the run"
            raise refuse("unsupported-expression", message, span, "write every argument out", inside)
        named += values.items()
    if len({key for key, _ in named}) < len(named):
        raise refuse("wrong-arguments", "an argument is given twice", span, "", inside)
    return Call(call.fn, tuple(args), tuple(named))
