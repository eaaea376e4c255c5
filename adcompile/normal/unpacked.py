"""`f(*items)` as a call of `f` with every item.

Goal: the arguments that a solver hands on (`func(x, *args)`), once it is known which tuple they are.  Not its task:
tuples of the run, whose items are known by number only; they are refused.

>>> from adcompile.ir.nodes import Const
>>> from adcompile.ir.show import expression
>>> expression(with_items(Call(pow, (Const(7), Call(ops.unpacked, (Tuple((Const(5), Const(3))),)))), None, "f"))
'pow(7, 5, 3)'
"""

from __future__ import annotations

from adcompile.errors import Span, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Expr, Tuple


def with_items(call: Call, span: Span | None, inside: str) -> Call:
    """A call without unpacked arguments."""
    args: list[Expr] = []
    for arg in call.args:
        match arg:
            case Call(ops.unpacked, (Tuple(items),)):
                args += items
            case Call(ops.unpacked):
                message = "unpacked arguments are not supported, but of a tuple that is known before the run"
                raise refuse("unsupported-expression", message, span, "write every argument out", inside)
            case _:
                args.append(arg)
    return Call(call.fn, tuple(args), call.kwargs)
