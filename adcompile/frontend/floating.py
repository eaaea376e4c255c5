"""`with` under which floating-point errors are exceptions: `np.errstate(divide="raise")`, warnings made errors.

Goal: such a block is a `Try` whose handler says which errors raise what; conditions come where the block is inlined.
What NumPy does by default is taken for its state outside.  Non-goals: underflow, which is refused; warnings of others.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import libcst as cst
import numpy as np

from adcompile.ir import ops
from adcompile.ir.nodes import Const, Handler, Try

if TYPE_CHECKING:
    from adcompile.frontend.statements import Statements

_FLAGS = ("divide", "over", "invalid")
_STATEMENT = "unsupported-statement"


def raising(reader: Statements, node: cst.With) -> bool:
    """Reads a `with` that makes floating-point errors exceptions, or changes that inside such a one; else nothing."""
    match node.items:
        case [cst.WithItem(cst.Call(func) as call, None)] if reader.known(func) is np.errstate:
            found = _of_state(reader, call)
            body: cst.BaseSuite = node.body
        case [cst.WithItem(cst.Call(func), None)] if reader.known(func) is warnings.catch_warnings:
            found, body = _of_filter(reader, node)
        case _:
            return False
    if found is None or not (reader.flags or any(found.values())):
        return False
    reader.flags.append(found)
    whole = Try(reader.block(body), (Handler((), None, tuple(found.items())),), (), span=reader.source.span(node))
    reader.flags.pop()
    reader.out.append(whole)
    return True


def _of_state(reader: Statements, call: cst.Call) -> ops.Flags | None:
    """What `np.errstate(...)` makes of each error."""
    given: dict[str, object] = {}
    for arg in call.args:
        value = reader.read(arg.value)
        if arg.keyword is None or not isinstance(value, Const):
            return None
        given[arg.keyword.value] = value.value
    if given.pop("under", given.get("all")) == "raise":
        reader.refuse(call, "underflow is made an error", "name the others: divide=, over=, invalid=", _STATEMENT)
    every = given.pop("all", None)
    said = {flag: given.get(flag, every) for flag in _FLAGS}
    return {flag: FloatingPointError if how == "raise" else None for flag, how in said.items() if how is not None}


def _of_filter(reader: Statements, node: cst.With) -> tuple[ops.Flags | None, cst.BaseSuite]:
    """The body behind `warnings.simplefilter("error")`, if it starts with that."""
    match node.body:
        case cst.IndentedBlock([cst.SimpleStatementLine([cst.Expr(cst.Call(func, [cst.Arg(how, None)]))]), *rest]):
            if reader.known(func) is warnings.simplefilter and reader.read(how) == Const("error") and not reader.flags:
                return dict.fromkeys(_FLAGS, RuntimeWarning), node.body.with_changes(body=rest)
    return None, node.body
