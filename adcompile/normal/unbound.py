"""Variables that some path leaves without a value: read there, they raise what Python raises.

Goal: `UnboundLocalError` in the run, where neither the text nor what is known says that it cannot be (Numba would
read 0.0).  A flag beside the variable says whether it has a value.  Non-goals: arrays and functions, which have no
placeholder (`ssa` refuses them).

    if x > 0.0:                         a_given = False
        a = x                           if x > 0.0:
    if x > 1.0:             becomes         a = x; a_given = True
        x = a                           if x > 1.0:
                                            if not a_given: raise UnboundLocalError(...)
                                            x = a
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from adcompile.errors import Refusal, Unsupported
from adcompile.frontend.expressions import may_act
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Effect, Expr, Function, If, Name, Stmt
from adcompile.ir.walk import blocks, children, expressions, names, nodes, statements, with_blocks
from adcompile.normal.flow import Names, reads, refused, surely
from adcompile.normal.fresh import Fresh, taken


def checked(function: Function, fresh: Fresh | None = None) -> Function:
    """`function`, in which a name is read only after it has a value; refuses names that nothing assigns."""
    late: dict[Stmt, list[str]] = {}
    assigned_somewhere = {s.target for s in statements(function.body) if isinstance(s, Assign)}
    never: dict[str, Refusal] = {}

    def visit(stmt: Stmt, assigned: Names) -> None:
        for name in sorted(reads(stmt) - assigned):
            if name in assigned_somewhere and not _is_asked_twice(stmt, name):
                late.setdefault(stmt, []).append(name)
            elif name not in never:
                message, hint = f"`{name}` is read but never assigned", ""
                if name in assigned_somewhere:
                    message = f"`{name}` may be undefined here: not every path to this line assigns it"
                    hint = f"give `{name}` a value first (a loop may make no trip, a branch may not be taken)"
                never[name] = Refusal("maybe-undefined", message, stmt.span, hint, function.name)

    surely(function.body, frozenset(function.params), visit)
    if never:
        raise Unsupported(refused(function.body) or never.values())
    if not late:
        return function
    fresh = fresh or Fresh(taken(function))
    flags = {name: fresh.name(f"{name}_given") for name in sorted({name for found in late.values() for name in found})}
    start: list[Stmt] = []
    for name, flag in flags.items():
        start += [Assign(name, Call(ops.undefined, ())), Assign(flag, Const(False))]
    return replace(function, body=(*start, *_with_flags(function.body, late, flags)))


def _with_flags(block: Iterable[Stmt], late: Mapping[Stmt, list[str]], flags: Mapping[str, str]) -> Block:
    done: list[Stmt] = []
    for stmt in block:
        for name in late.get(stmt, ()):
            text = f"cannot access local variable '{name}' where it is not associated with a value"
            failure = Effect(Call(ops.fail, (Const(UnboundLocalError), Const(None), Const(text))), span=stmt.span)
            for guard in _guards(stmt, name):
                missing: Expr = Call(ops.negated, (Name(flags[name]),))
                test = missing if guard is None else Call(ops.both, (guard, missing))
                done.append(If(test, (failure,), (), span=stmt.span))
        done.append(with_blocks(stmt, [_with_flags(inner, late, flags) for inner in blocks(stmt)]))
        if isinstance(stmt, Assign) and stmt.target in flags:
            done.append(Assign(flags[stmt.target], Const(True), span=stmt.span))
    return tuple(done)


def _guards(stmt: Stmt, name: str) -> list[Expr | None]:
    """On what it depends whether a statement's own line reads a name; nothing where it does each time."""
    found: list[Expr | None] = []

    def visit(expr: Expr, guard: Expr | None) -> None:
        match expr:
            case Name(id) if id == name:
                found.append(guard)
            case Call(ops.select, (test, then, orelse)):
                visit(test, guard)
                visit(then, _and(guard, test))
                visit(orelse, _and(guard, Call(ops.negated, (test,))))
            case Call(ops.both | ops.either, (left, right)):
                visit(left, guard)
                visit(right, _and(guard, left if expr.fn is ops.both else Call(ops.negated, (left,))))
            case _:
                for part in children(expr):
                    visit(part, guard)

    for expr in expressions(stmt):
        visit(expr, None)
    if name in reads(stmt) - {id for expr in expressions(stmt) for id in names(expr)}:
        return [None]  # it is written through
    return [None] if None in found else found


def _and(left: Expr | None, right: Expr) -> Expr:
    return right if left is None else Call(ops.both, (left, right))


def _is_asked_twice(stmt: Stmt, name: str) -> bool:
    """Whether a check would call functions again that decide if the name is read."""
    return any(guard is not None and any(map(may_act, nodes(guard))) for guard in _guards(stmt, name))
