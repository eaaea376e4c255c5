"""`try`: which exceptions its handlers catch, and what they do.

Goal: a `Try` of blocks.  A handler that ends in a bare `raise` lets the exception go on.  Non-goals: `except*`; the
exception as a value; what raises (`normal/failures`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst

from adcompile.errors import Refusal
from adcompile.frontend.names import found
from adcompile.frontend.resolve import MISSING
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Break, Call, Const, Continue, Handler, Return, Try
from adcompile.ir.walk import statements

if TYPE_CHECKING:
    from adcompile.frontend.statements import Statements

_STATEMENT = "unsupported-statement"


def attempted(reader: Statements, node: cst.Try) -> None:
    """A `try` statement."""
    span = reader.source.span(node)
    if not reader.branches and not reader.loops:
        reader.make_room(node)
    reader.branches += 1
    handlers = [handler_of(reader, handler) for handler in node.handlers]
    reader.caught.append(tuple(kind for handler in handlers for kind in handler.kinds))
    body = reader.block(node.body)
    reader.caught.pop()
    handlers = [
        Handler(handler.kinds, None if goes_on(part) else handled(reader, part))
        for handler, part in zip(handlers, node.handlers, strict=True)
    ]
    orelse: Block = reader.block(node.orelse.body) if node.orelse is not None else ()
    reader.branches -= 1
    whole = Try(body, tuple(handlers), orelse, span=span)
    if node.finalbody is None:
        reader.out.append(whole)
        return
    if any(isinstance(stmt, (Return, Break, Continue)) for stmt in statements((whole,))):
        hint = "put the `try` without `finally` into a function of its own"
        reader.refuse(node, "`finally` after a `return`, `break` or `continue` is not supported", hint, _STATEMENT)
    last = reader.block(node.finalbody.body)
    reader.out += [*(body if not handlers else (whole,)), *last]


def suppressed(reader: Statements, node: cst.With, call: cst.Call) -> None:
    """`with contextlib.suppress(...)`: a `try` whose handler does nothing."""
    kinds = [MISSING if arg.star or arg.keyword else reader.known(arg.value) for arg in call.args]
    if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
        reader.refuse(call, "which exception this is, is not known before the run", "name its class", _STATEMENT)
        kinds = []
    span = reader.source.span(node)
    reader.branches += 1
    reader.caught.append(tuple(kinds))
    body = reader.block(node.body)
    reader.caught.pop()
    reader.branches -= 1
    reader.out.append(Try(body, (Handler(tuple(kinds), ()),), (), span=span))


def handler_of(reader: Statements, node: cst.ExceptHandler) -> Handler:
    """What a handler catches."""
    kinds: list[Any] = [Exception]
    if node.type is not None:
        parts = [item.value for item in node.type.elements] if isinstance(node.type, cst.Tuple) else [node.type]
        kinds = [reader.known(part) for part in parts]
    if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
        reader.refuse(node, "which exception this is, is not known before the run", "name its class", _STATEMENT)
        kinds = [Exception]
    return Handler(tuple(kinds), ())


def goes_on(node: cst.ExceptHandler) -> bool:
    """Whether a handler lets the exception go on, after a message at most."""
    body = node.body.body
    lines = [part for line in body if isinstance(line, cst.SimpleStatementLine) for part in line.body]
    whole = all(isinstance(line, cst.SimpleStatementLine) for line in body)
    again = bool(lines) and isinstance(lines[-1], cst.Raise) and lines[-1].exc is None
    return whole and again and all(isinstance(line, cst.Expr) for line in lines[:-1])


def handled(reader: Statements, node: cst.ExceptHandler) -> Block:
    """What a handler does; the exception itself is no value."""
    name = node.name.name.value if node.name is not None and isinstance(node.name.name, cst.Name) else ""
    causes = {id(inner) for cause in found(node, cst.From) for inner in found(cause, cst.Name)}
    read = any(one.value == name and id(one) not in causes for one in found(node.body, cst.Name))
    if not name or not read:
        return reader.block(node.body)
    hint = "say in the handler what is known there"
    why = Refusal("unsupported-expression", f"`{name}`, an exception, is no value", reader.source.span(node), hint)
    nothing = Assign(name, Call(ops.refused, (Const((why,)),)), span=reader.source.span(node))
    return (nothing, *reader.block(node.body))
