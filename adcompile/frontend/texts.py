"""Texts made at run time: f-strings, `%`, `.format`, `+`, `str` and `repr`, each a template and the values in it.

Goal: the messages of exceptions, whose numbers are known only when they are raised.  Non-goals: strings as values.

    f"{x} of {n:d}"             becomes     "{} of {:d}" with x, n
    "%.2f m" % x                            "{:.2f} m" with x
    "bad: " + str(x)                        "bad: {}" with x
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from adcompile.frontend.expressions import Expressions
from adcompile.frontend.resolve import MISSING
from adcompile.ir.nodes import Call, Const, Expr

_CONVERSION = re.compile(r"%([-+ 0#]*)(\d*)((?:\.\d+)?)([sdifgeEGrxX%])")
_KNOWN = (str, bool, int, float, type(None))


@dataclass(frozen=True, slots=True)
class Text:
    """`template.format(*values)`."""

    template: str
    values: tuple[Expr, ...] = ()

    def __add__(self, other: Text) -> Text:
        return Text(self.template + other.template, self.values + other.values)


def text_of(reader: Expressions, node: cst.BaseExpression) -> Text | None:
    """The text that an expression makes; nothing for an expression that is no text, or none that can be read."""
    match node:
        case cst.SimpleString():
            value = ast.literal_eval(node.value)
            return Text(escaped(value)) if isinstance(value, str) else None
        case cst.FormattedString():
            return _formatted(reader, node)
        case cst.ConcatenatedString() | cst.BinaryOperation(operator=cst.Add()):
            left, right = text_of(reader, node.left), text_of(reader, node.right)
            if left is None and right is None:
                return None
            return _shown(reader, node.left, left) + _shown(reader, node.right, right)
        case cst.BinaryOperation(operator=cst.Modulo()):
            return _interpolated(reader, node)
        case cst.Call(func=cst.Name("str" | "repr" as name), args=[cst.Arg(keyword=None, star="")]):
            return Text("{!r}" if name == "repr" else "{}", (reader.read(node.args[0].value),))
        case cst.Call(func=cst.Attribute(value=cst.BaseString() as template, attr=cst.Name("format"))):
            return _with_fields(reader, template, node.args)
    value = reader.known(node)
    return Text(escaped(value)) if value is not MISSING and isinstance(value, str) else None


def filled(text: Text) -> Text:
    """The values that are known before the run, written into the template.

    >>> filled(Text("{:>5} of {}", (Const("all"), Const(3))))
    Text(template='  all of 3', values=())
    """
    template, left, values = "", [], iter(text.values)
    for before, field, spec, conversion in string.Formatter().parse(text.template):
        template += escaped(before)
        if field is None:
            continue
        value = next(values)
        whole = "{" + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"
        if isinstance(value, Const) and (isinstance(value.value, (*_KNOWN, type)) or callable(value.value)):
            template += escaped(whole.format(value.value))
        else:
            template += whole
            left.append(value)
    return Text(template, tuple(left))


def escaped(text: str) -> str:
    """A text as a template that has no field."""
    return text.replace("{", "{{").replace("}", "}}")


def _shown(reader: Expressions, node: cst.BaseExpression, text: Text | None) -> Text:
    return Text("{}", (reader.read(node),)) if text is None else text


def _formatted(reader: Expressions, node: cst.FormattedString) -> Text | None:
    text = Text("")
    raw = "r" if "r" in node.prefix.lower() else ""
    quote = node.start[len(node.prefix) :]
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            text += Text(str(ast.literal_eval(f"{raw}{quote}{part.value}{quote}")))
            continue
        assert isinstance(part, cst.FormattedStringExpression)
        spec = ""
        for piece in part.format_spec or ():
            if not isinstance(piece, cst.FormattedStringText):
                return None
            spec += piece.value
        conversion = part.conversion
        if part.equal is not None:
            text += Text(escaped(reader.source.code(part.expression) + "="))
            conversion = conversion or ("" if spec else "r")
        whole = "{" + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"
        inner = text_of(reader, part.expression) if whole == "{}" else None
        text += inner if inner is not None else Text(whole, (reader.read(part.expression),))
    return text


def _interpolated(reader: Expressions, node: cst.BinaryOperation) -> Text | None:
    """`template % values`."""
    template = text_of(reader, node.left)
    if template is None or template.values:
        return None
    given = [item.value for item in node.right.elements] if isinstance(node.right, cst.Tuple) else [node.right]
    values: list[Expr] = []
    made, end = "", 0
    whole = template.template.replace("{{", "{").replace("}}", "}")
    for found in _CONVERSION.finditer(whole):
        flags, width, precision, kind = found.groups()
        made += escaped(whole[end : found.start()])
        end = found.end()
        if kind == "%":
            made += "%"
            continue
        if len(values) == len(given):
            return None
        value = _value(reader, given[len(values)])
        values.append(Call(int, (value,)) if kind in "di" else value)
        made += "{" + _field(flags, width, precision, kind) + "}"
    if len(values) != len(given) or "%" in whole[end:]:
        return None
    return Text(made + escaped(whole[end:]), tuple(values))


def _field(flags: str, width: str, precision: str, kind: str) -> str:
    """The field of a template for a conversion of `%`.

    >>> _field("-", "8", ".3", "f"), _field("", "5", "", "s"), _field("", "", "", "d")
    (':<8.3f', '!s:>5', ':d')
    """
    sign = "+" if "+" in flags else " " if " " in flags else ""
    align = "" if not width else "<" if "-" in flags else "" if "0" in flags else ">"
    zeros = "0" if "0" in flags and "-" not in flags else ""
    conversion = f"!{kind}" if kind in "sr" else ""
    spec = f"{align}{sign}{'#' if '#' in flags else ''}{zeros}{width}{precision}"
    spec += {"s": "", "r": "", "i": "d"}.get(kind, kind)
    return f"{conversion}:{spec}" if spec else conversion


def _with_fields(reader: Expressions, template: cst.BaseExpression, args: Sequence[cst.Arg]) -> Text | None:
    """`template.format(...)`."""
    text = text_of(reader, template)
    if text is None or any(arg.star for arg in args):
        return None
    by_name = {arg.keyword.value: _value(reader, arg.value) for arg in args if arg.keyword is not None}
    return in_order(text, [_value(reader, arg.value) for arg in args if arg.keyword is None], by_name)


def in_order(text: Text, by_place: Sequence[Expr], by_name: Mapping[str, Expr]) -> Text | None:
    """`text.format(*by_place, **by_name)`, with its fields in the order of their places.

    >>> in_order(Text("{{1}} of {{0:d}}"), [Const(3), Const(2)], {})
    Text(template='{} of {:d}', values=(Const(value=2), Const(value=3)))
    """
    if text.values:
        return None
    raw = text.template.replace("{{", "{").replace("}}", "}")
    made = ""
    values: list[Expr] = []
    for before, field, spec, conversion in string.Formatter().parse(raw):
        made += escaped(before)
        if field is None:
            continue
        place = int(field) if field.isdigit() else len(values) if not field else -1
        value = by_place[place] if 0 <= place < len(by_place) else by_name.get(field)
        if value is None or (spec and "{" in spec):
            return None
        values.append(value)
        made += "{" + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"
    return Text(made, tuple(values))


def _value(reader: Expressions, node: cst.BaseExpression) -> Expr:
    known = reader.known(node)
    return Const(known) if isinstance(known, str) else reader.read(node)
