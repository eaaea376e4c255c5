"""Rules of one mode for the other: what is linear can be transposed.

Goal: forward mode of a function whose derivative is given for reverse mode.  Its backward function is linear in the
adjoint of the value, and the tangent is the transpose of it, which reverse mode of that function writes.  Non-goals:
backward functions that are not linear: those that clip or round have no transpose, and are refused.

    def f_forward(x, x_dot):
        both = fwd(x)
        return both[0], backward_pullback(both[1], 0.0, (x_dot,))
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adcompile import pipeline
from adcompile.analysis.activity import Activity
from adcompile.analysis.aliasing import is_allocation, roots
from adcompile.analysis.effects import SHAPE_ONLY, arrays_read
from adcompile.api.calling import TEXT
from adcompile.api.kept import Kept
from adcompile.api.signatures import identifier
from adcompile.api.through import named, tuple_text, zero
from adcompile.backend.compile import compiled
from adcompile.backend.emit import Emitted
from adcompile.errors import refuse
from adcompile.ir.nodes import Call, Const, Expr, Function, Name
from adcompile.ir.show import shown_type
from adcompile.ir.types import Static, TupleType, Type
from adcompile.ir.walk import expressions, nodes, statements
from adcompile.transform.opaque_calls import check_fits


def transposed(
    of: Kept, fwd: Kept, bwd: Kept, arguments: tuple[Type, ...], nondiff: tuple[int, ...], by: tuple[int, ...]
) -> Kept:
    """The value and its tangent, as a function of the arguments and of the tangents of those numbered `by`."""
    both, value = _checked_forward(of, fwd, arguments)
    fixed = [arguments[number] for number in nondiff]
    taken = [number for number in range(len(arguments)) if number not in nondiff]
    adjoints = _checked_adjoints(of, bwd, (*fixed, both.items[1], value), [arguments[number] for number in taken])
    some = [
        (place, number)
        for place, number in enumerate(taken)
        if number in by and not isinstance(adjoints.items[place], Static)
    ]
    name, (params, dots) = identifier(of.__name__), named(len(arguments), by)
    header = f"def {name}_forward({', '.join([*params, *dots])}):\n    both = fwd({', '.join(params)})\n"
    imports = {"fwd": fwd.written, "np": np}
    if not some:
        return _function(f"{name}_forward", header + "    return both[0], None\n", imports)
    given = ", ".join([*(params[number] for number in nondiff), "residual", "seed"])
    text = f"def {name}_backward({given}):\n    adjoints = bwd({given})\n"
    text += f"    return {tuple_text([f'adjoints[{place}]' for place, _ in some])}\n"
    backward = _function(f"{name}_backward", text, {"bwd": bwd.written}).written
    outcome = pipeline.run(pipeline.Job(backward, (*fixed, both.items[1], value), "pullback", ("seed",)))
    check_linear(of.__name__, outcome, ["seed"])
    imports["forward"] = compiled(outcome.name, outcome.undivided, TEXT).python
    along = tuple_text([f"{params[number]}_dot" for _, number in some])
    passed = [*(params[number] for number in nondiff), "both[1]", zero("both[0]", value), along]
    return _function(f"{name}_forward", f"{header}    return both[0], forward({', '.join(passed)})\n", imports)


def _function(name: str, text: str, imports: dict[str, object]) -> Kept:
    return Kept(compiled(name, Emitted(text, imports), TEXT).python)


def _checked_forward(of: Kept, fwd: Kept, arguments: tuple[Type, ...]) -> tuple[TupleType, Type]:
    """What the forward function gives, and the value; refused where the first of the one is not of the other's type."""
    both, value = fwd.result(arguments), of.result(arguments)
    if not isinstance(both, TupleType) or len(both.items) != 2 or both.items[0] != value:
        message = f"the forward function of `{of.__name__}` returns {shown_type(both)}, the function "
        hint = "return the value, of that type, and the residuals"
        raise refuse("wrong-derivative-type", message + shown_type(value), hint=hint)
    return both, value


def _checked_adjoints(of: Kept, bwd: Kept, given: tuple[Type, ...], arguments: Sequence[Type]) -> TupleType:
    """What the backward function gives; refused where that is not an adjoint for each argument."""
    adjoints = bwd.result(given)
    if not isinstance(adjoints, TupleType) or len(adjoints.items) != len(arguments):
        message = f"the backward function of `{of.__name__}` returns {shown_type(adjoints)}"
        hint = f"return a tuple of {len(arguments)}: an adjoint for each argument, or None"
        raise refuse("wrong-derivative-type", message, hint=hint)
    for number, (type_, adjoint) in enumerate(zip(arguments, adjoints.items, strict=True)):
        check_fits(type_, adjoint, f"adjoint {number}", of.__name__, None, of.__name__)
    return adjoints


def check_linear(whose: str, outcome: pipeline.Outcome, given: Sequence[str]) -> None:
    """Refuses a rule that is not linear in what it is given: whose transpose reads that (shapes apart), or that puts it
    into steps, tests or integers, or adds something else to it."""
    transpose, core = (outcome.stages.function(stage) for stage in ("optimised", "typed"))
    activity = Activity(core, given, roots(core))
    for function in (transpose, core):
        for stmt in statements(function.body):
            for expr in expressions(stmt):
                bent = any(_is_bent(node, core, activity) for node in nodes(expr)) if function is core else False
                if bent or (function is transpose and set(arrays_read(expr)) & set(given)):
                    raise refuse(
                        "not-linear",
                        f"the rule of `{whose}` is not linear in its tangents, and cannot be transposed",
                        stmt.span,
                        "multiply each tangent by what does not depend on the tangents, and add; no conditions on them",
                        whose,
                    )


def _is_bent(expr: Expr, core: Function, activity: Activity) -> bool:
    """Whether an operation makes what varies constant, or adds to it what does not vary."""
    if not isinstance(expr, Call) or expr.fn in SHAPE_ONLY or is_allocation(expr):
        return False
    varying = [arg for arg in expr.args if activity.passed(arg)]
    if not varying or not activity.expression(expr):
        return bool(varying)
    if expr.fn not in (np.add, np.subtract) or len(varying) == 2:
        return False
    (other,) = (arg for arg in expr.args if arg not in varying)
    if isinstance(other, Const):
        return bool(other.value != 0)
    return isinstance(other, Name) and other.id in core.params  # of others it is not known that they are not zero
