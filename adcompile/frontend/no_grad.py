"""`with no_grad():` in differentiated code: what is assigned inside is constant.

Goal: each value that the body gives a name or memory goes through `runtime.detached`, which has the derivative zero;
the body may be anything of the language that says what it assigns.  Non-goals: what calls on lines of their own do, and
sums begun outside (`s += x`), which would be constant in part; they are refused.

    with no_grad():
        w = np.exp(x)               becomes     w = detached(np.exp(x))
        y[0] = w[1]                             y[0] = detached(w[1])
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from adcompile.errors import Refusal
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    Return,
    Stmt,
    Store,
    Tuple,
    Update,
)
from adcompile.ir.walk import blocks, nodes, statements, with_blocks
from adcompile.runtime import detached

_AS_THEY_ARE = (ops.closure, ops.undefined, ops.refused, ops.listed, ops.repeated)


def constant(block: Block) -> Block:
    """The statements of a body, with what they assign held constant."""
    return tuple(_statement(stmt) for stmt in block)


def refusals(block: Block) -> Iterator[Refusal]:
    """What a body may not do."""
    own = {stmt.target for stmt in statements(block) if isinstance(stmt, Assign)}
    for stmt in statements(block):
        match stmt:
            case Update(name) | Accum(name) if name not in own:
                message = f"`{name}`, from outside, is added to under no_grad: it would be constant in part"
                yield Refusal(
                    "no-grad", message, stmt.span, f"write {name} = ... with stop_gradient(...) where it is due"
                )
            case Effect(Call(fn)) if fn not in (ops.fail, ops.refused):
                message = "a call on a line of its own under no_grad: what it does is not known to be constant"
                yield Refusal("no-grad", message, stmt.span, "assign what it returns, or call it outside")


def _statement(stmt: Stmt) -> Stmt:
    match stmt:
        case Assign() | Update() | Store() | Accum() | Return():
            return replace(stmt, value=_held(stmt.value))
    return with_blocks(stmt, [constant(inner) for inner in blocks(stmt)])


def _held(value: Expr) -> Expr:
    if isinstance(value, Tuple):
        return Tuple(tuple(map(_held, value.items)))
    if isinstance(value, Const) or any(isinstance(e, Call) and e.fn in _AS_THEY_ARE for e in nodes(value)):
        return value
    return Call(detached, (value,))
