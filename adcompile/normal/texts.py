"""Texts that are made in the run, under names and in functions that are called: templates with values, for exceptions.

Goal: `text = "no root after {} steps"; raise ValueError(text.format(n))` says what it says in Python.  What a text is
made of is taken when it is made.  Non-goals: texts as values of the run, which decide nothing and are not returned.

>>> from adcompile.ir.nodes import Name
>>> from adcompile.ir.show import expression
>>> step = Call(ops.method, (Const("step {:d}"), Const("format"), Name("n")))
>>> expression(of_texts(Call(np.add, (Const("in "), of_texts(step)))))
"text('in step {:d}', n)"
"""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from adcompile.frontend.texts import Text, escaped, filled, in_order
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr


def text_of(expr: Expr) -> Text | None:
    """The text that an expression is; nothing for anything else."""
    match expr:
        case Const(str(text)):
            return Text(escaped(text))
        case Call(ops.text, (Const(template), *values)):
            return Text(template, tuple(values))
    return None


def expression_of(text: Text) -> Expr:
    """A text as an expression: a literal, if nothing in it waits for the run."""
    text = filled(text)
    if not text.values:
        return Const(text.template.format())
    return Call(ops.text, (Const(text.template), *text.values))


def of_texts(expr: Call) -> Expr:
    """What makes a text, as that text; anything else as it is."""
    match expr:
        case Call(fn, (value,), ()) if (fn is str or fn is repr) and not isinstance(value, Const):
            return value if _is_text(value) else Call(ops.text, (Const("{!r}" if fn is repr else "{}"), value))
        case Call(np.add, (left, right), ()):
            one, two = text_of(left), text_of(right)
            return expression_of(one + two) if one is not None and two is not None else expr
        case Call(ops.text, (Const(template), *values)) if any(map(_settled, values)):
            return expression_of(_joined(Text(template, tuple(values))))
        case Call(ops.method, (owner, Const("format"), *args)) if (template := text_of(owner)) is not None:
            found = in_order(template, args, dict(expr.kwargs))
            return expr if found is None else expression_of(_joined(found))
        case Call(ops.fail, (kind, Const(None), owner)) if isinstance(owner, Call) and owner.fn is ops.text:
            return Call(ops.fail, (kind, *owner.args))
        case Call(ops.fail, (kind, Const(str(template)), *values)) if any(map(_is_text, values)):
            text = _joined(Text(template, tuple(values)))
            return Call(ops.fail, (kind, Const(text.template), *text.values))
    return expr


def _is_text(value: Expr) -> bool:
    return isinstance(value, Call) and value.fn is ops.text


def _settled(value: Expr) -> bool:
    return _is_text(value) or (isinstance(value, Const) and isinstance(value.value, (str, int, type(None))))


def _joined(text: Text) -> Text:
    """The texts among the values of a text, written into it where they stand as they are."""
    made = Text("")
    values = iter(text.values)
    for before, field, spec, conversion in string.Formatter().parse(text.template):
        made += Text(escaped(before))
        if field is None:
            continue
        value: Any = next(values)
        inner = text_of(value)
        if inner is not None and not spec and conversion in (None, "s"):
            made += inner
        else:
            made += Text("{" + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}", (value,))
    return made
