"""Types by Numba's own inference.

Goal: the types that Numba will give the names of a core function, found by its inference alone (no code is made), so
that a function which Numba cannot compile is refused early and at the user's own line.  Non-goals: shapes, memory
order; types of adjoints, which are those of their primals.

>>> import numpy as np
>>> from adcompile.ir.nodes import Assign, Call, Function, Index, Const, Name, Return
>>> from adcompile.ir.types import Array
>>> first = Assign("a", Call(np.sin, (Index(Name("x"), (Const(0),)),)))
>>> half = Assign("a.1", Call(np.multiply, (Name("a"), Const(0.5))))
>>> infer(Function("f", ("x",), (first, half, Return(Name("a.1"))), {"x": Array("float32", 1)}))
{'x': Array(dtype='float32', ndim=1), 'a': Scalar(dtype='float32'), 'a.1': Scalar(dtype='float64')}
"""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numba import typeof, types
from numba.core import compiler, errors, ir, registry, typed_passes, untyped_passes
from numba.core.compiler import CompilerBase
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import FunctionPass, PassManager, register_pass
from numba.core.interpreter import Interpreter
from numba.extending import register_jitable
from numba.np import numpy_support

from adcompile.errors import InternalError, Span, refuse
from adcompile.ir import ops
from adcompile.ir.given import is_foreign
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Effect,
    Expr,
    For,
    Function,
    If,
    Name,
    Return,
    Stmt,
    Store,
    Tuple,
    While,
    base_of,
)
from adcompile.ir.opaque import is_opaque
from adcompile.ir.show import expression, spelling, subscript, trip_space
from adcompile.ir.types import Array, Scalar, Static, TupleType, Type
from adcompile.ir.walk import statements

register_jitable(ops.undefined)


# ------------------------------------------------------------------------------------------ types, theirs and ours
def type_of(theirs: types.Type | None) -> Type | None:
    """Our type for one of Numba's; nothing for what is not of the language."""
    match theirs:
        case types.Omitted():
            return static_or_typed(theirs.value)
        case types.StringLiteral():
            return Static(theirs.literal_value)
        case types.Literal():
            return type_of(types.unliteral(theirs))
        case types.NoneType():
            return Static(None)
        case types.Dispatcher():
            return Static(theirs.dispatcher)
        case types.Float(name="float16"):
            return None  # which Numba has no code for
        case types.Boolean() | types.Integer() | types.Float() | types.Complex():
            return Scalar("bool" if isinstance(theirs, types.Boolean) else theirs.name)
        case types.Array():
            item = type_of(theirs.dtype)
            return Array(item.dtype, theirs.ndim) if isinstance(item, Scalar) and theirs.ndim else None
        case types.NamedTuple() | types.NamedUniTuple():
            return None
        case types.BaseTuple():
            items = [type_of(item) for item in theirs]
            return TupleType(tuple(i for i in items if i is not None)) if None not in items else None
    return None


def static_or_typed(value: object) -> Type | None:
    """Our type for a Python value: functions, strings and `None` are part of the signature themselves."""
    if value is None or isinstance(value, str):
        return Static(value)
    if is_foreign(value):
        return None
    try:
        return type_of(typeof(value))
    except (ValueError, errors.NumbaError):
        return Static(value) if callable(value) else None


def numba_type(ours: Type) -> types.Type:
    """One of Numba's types for ours, the array in C order."""
    match ours:
        case Scalar(dtype):
            return numpy_support.from_dtype(np.dtype(dtype))
        case Array(dtype, ndim):
            return types.Array(numpy_support.from_dtype(np.dtype(dtype)), ndim, "C")
        case TupleType(items):
            return types.BaseTuple.from_types(tuple(numba_type(item) for item in items))
        case Static(value):
            return value._numba_type_ if hasattr(value, "_numba_type_") else types.none
    raise AssertionError(ours)


# ------------------------------------------------------------------------------------------ inference alone
class _Typed(Exception):
    """Carries the types out of a compilation that stops after inference."""

    def __init__(self, types_of: Mapping[str, types.Type]) -> None:
        super().__init__()
        self.types_of = types_of


@register_pass(mutates_CFG=False, analysis_only=True)
class _Stop(FunctionPass):  # type: ignore[misc]
    _name = "adcompile_stop_after_inference"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        raise _Typed(dict(state.typemap))


class _OneTypeAName(Interpreter):  # type: ignore[misc]
    """Numba's reading of bytecode, but that a variable is one variable however often it is assigned: its type is what
    all of its values have in common, in whatever order they come."""

    def store(self, value: Any, name: str, redefine: bool = False) -> Any:
        if name.startswith("$"):
            return super().store(value, name, redefine)
        target = self.current_scope.get_or_define(name, loc=self.loc)
        self.current_block.append(ir.Assign(value=value, target=target, loc=self.loc))
        self.definitions[target.name].append(value)
        return target

    def get(self, name: str) -> Any:
        return super().get(name) if name.startswith("$") else self.current_scope.get(name)


@register_pass(mutates_CFG=True, analysis_only=False)
class _Translate(FunctionPass):  # type: ignore[misc]
    _name = "adcompile_translate"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        state["func_ir"] = _OneTypeAName(state["func_id"]).interpret(state["bc"])
        return True


class _InferenceOnly(CompilerBase):  # type: ignore[misc]
    """Those of Numba's passes that type inference needs."""

    def define_pipelines(self) -> list[PassManager]:
        manager = PassManager("adcompile_inference")
        for each in (
            _Translate,
            untyped_passes.FixupArgs,
            untyped_passes.IRProcessing,
            untyped_passes.RewriteSemanticConstants,
            untyped_passes.GenericRewrites,
            typed_passes.NopythonTypeInference,
            _Stop,
        ):
            manager.add_pass(each, each.__name__)
        manager.finalize()
        return [manager]


def infer(function: Function) -> dict[str, Type]:
    """The type of every name of a core function, by Numba's inference from the types of its parameters.

    What Numba cannot type is refused at the statement that it could not type."""
    text = _Raw(function)
    names = {variable: name for name, variable in text.variables.items()}
    result = {name: function.types[name] for name in text.given}
    for variable, theirs in _inferred(function, text).items():
        ours = type_of(types.unliteral(theirs))
        if variable in names and ours is not None:
            result.setdefault(names[variable], ours)
    return result


def _inferred(function: Function, text: _Raw) -> Mapping[str, types.Type]:
    namespace = dict(text.namespace)
    exec(compile(text.source, text.file, "exec"), namespace)
    target = registry.cpu_target
    flags = compiler.Flags()
    flags.nrt = True
    flags.error_model = "numpy"
    arguments = tuple(numba_type(function.types[name]) for name in text.given)
    try:
        with global_compiler_lock:
            compiler.compile_extra(
                target.typing_context, target.target_context, namespace["function"], arguments, None, flags, {},
                pipeline_class=_InferenceOnly,
            )  # fmt: skip
    except _Typed as typed:
        return typed.types_of
    except errors.NumbaError as error:
        line = line_of(error, text.file)
        raise refuse(
            "no-type",
            f"Numba cannot type this: {first_line(error)}",
            text.spans.get(line or 0),
            "the types of the arguments decide; adcompile compiles what Numba can",
            function.name,
        ) from error
    raise InternalError(f"{function.name}: inference went past its end")


def line_of(error: errors.NumbaError, file: str) -> int | None:
    """The line of a generated file that one of Numba's errors points at."""
    loc = getattr(error, "loc", None)
    if loc is not None and loc.filename == file:
        return int(loc.line)
    lines = re.findall(re.escape(file) + r'"?, line (\d+)|' + re.escape(file) + r" \((\d+)\)", str(error))
    return int(next(filter(None, lines[-1]))) if lines else None


def first_line(error: Exception) -> str:
    """What one of Numba's errors says, without its colours, its frames and its traceback."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in plain.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("Failed in", "During:", "File ", "- "))]
    called = [line.removeprefix(">>> ") for line in lines if line.startswith(">>> ")]
    if called and kept and kept[0].startswith(("No implementation of", "Invalid use of")):
        return f"it has no `{called[0]}`"
    return kept[0] if kept else type(error).__name__


# ------------------------------------------------------------------------------------------ text for inference
class _Raw:
    """A core function as Python text in which every name is a variable of its own.

    The text is typed and never run: carried values need no parallel assignment, and the blocks of loops and branches
    stand one after another, which is cheaper to analyse."""

    def __init__(self, function: Function) -> None:
        self.file = f"<adcompile types of {function.name}>"
        self.namespace: dict[str, Any] = {"__name__": "adcompile.runtime", "np": np, "math": math}
        self.spans: dict[int, Span | None] = {}
        self.variables: dict[str, str] = {}
        self._globals: dict[int, str] = {}
        self._lines: list[str] = []
        opaque = [s.target for s in statements(function.body) if isinstance(s, Assign) and is_opaque(s.value)]
        self.given = (*function.params, *opaque)  # what others say the types of
        self.line(0, f"def function({', '.join(map(self.variable, self.given))}):")
        self.block(function.body)
        self.source = "\n".join(self._lines) + "\n"

    def line(self, depth: int, text: str, stmt: Stmt | None = None) -> None:
        self._lines.append("    " * depth + text)
        self.spans[len(self._lines)] = stmt.span if stmt is not None else None

    def variable(self, name: str) -> str:
        """A variable of the text's own for a name: `x_0`, `x_1`, and never a dot, which Numba keeps for itself."""
        return self.variables.setdefault(name, f"{base_of(name)}_{len(self.variables)}")

    def spelled(self, value: Any) -> str:
        """NumPy's and Python's objects by their names, any other as a global of the text's own."""
        text = spelling(value)
        if text.startswith(("np.", "math.")) or getattr(builtins, text, self) is value:
            return text
        name = self._globals.setdefault(id(value), f"global_{len(self._globals)}")
        self.namespace[name] = value
        return name

    def text(self, expr: Expr) -> str:
        return expression(expr, self.variable, self.spelled)

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        def assign(target: str, value: Expr) -> None:
            self.line(1, f"{self.variable(target)} = {self.text(value)}", stmt)

        match stmt:
            case Assign(target, value):
                if not is_opaque(value):
                    assign(target, value)
            case Store(array, index, value) | Accum(array, index, value):
                symbol = "=" if isinstance(stmt, Store) else "+="
                place = subscript(array, index, self.variable, self.spelled)
                self.line(1, f"{place} {symbol} {self.text(value)}", stmt)
            case For() | While():
                for carry in stmt.carried:
                    assign(carry.inner, carry.init)
                if isinstance(stmt, For):
                    space = trip_space(replace(stmt, parallel=False), self.variable, self.spelled)
                    self.line(1, f"for {self.variable(stmt.index)} in {space}: pass", stmt)
                else:
                    self.line(1, f"if {self.text(stmt.test)}: pass", stmt)
                self.block(stmt.body)
                for carry in stmt.carried:
                    assign(carry.inner, carry.yielded)
                for carry in stmt.carried:
                    assign(carry.result, Name(carry.inner))
            case If(test, then, orelse, merges):
                self.line(1, f"if {self.text(test)}: pass", stmt)
                for block, atoms in ((then, [m.then for m in merges]), (orelse, [m.orelse for m in merges])):
                    self.block(block)
                    for merge, atom in zip(merges, atoms, strict=True):
                        assign(merge.result, atom)
            case Return(value):
                self.line(1, f"return {self.text(value)}", stmt)
            case Effect(Call(ops.fail, (_, _, *values))):
                self.line(1, self.text(Tuple(tuple(values))), stmt)
            case Effect(Call(ops.bisection)):
                pass
            case Effect(call):
                self.line(1, self.text(call), stmt)
            case _:
                raise InternalError(f"{type(stmt).__name__} is not a statement of the core dialect")
