"""Mathematical functions of vectors, where the C library has them.

Goal: a loop over `exp`, `sin`, `tanh` and the like is compiled to vectors.  Numba calls these functions one number at
a time, and LLVM makes no vectors of a call that it knows no vector form of.  Here each such call in the code of a
derivative is told the forms that glibc's libmvec has (LLVM's attribute `vector-function-abi-variant`); which of them is
taken, if any, LLVM decides.  Their errors stay below 4 ulp, where those of the scalar functions stay below 1 or 2, so
that one call in two loops may give two values.
Non-goals: other code that Numba compiles, the bodies of its parallel loops included; systems without that library,
which call the scalar functions as before.

What is known of the library (`described`) is a part of the name of compiled code, so that code which calls it is never
loaded where it is missing; asking loads it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import typed_passes, untyped_passes
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.registry import cpu_target

from adcompile.backend.remembered import RememberedInference
from adcompile.backend.side_by_side import SideBySide
from adcompile.backend.single_assignment import SingleAssignment

_LIBRARY = "libmvec.so.1"
_OF_ONE = (
    "exp", "log", "sin", "cos",  # from glibc 2.22 on, all others from 2.35
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cosh", "erf", "erfc", "expm1", "log10", "log1p", "sinh", "tan",
    "tanh",
)  # fmt: skip
_OF_TWO = ("pow", "atan2", "hypot")
_VECTORS = (("b", 16, ""), ("d", 32, "+avx2"), ("e", 64, "+avx512f"))  # letter, bytes, what the processor must have


@dataclass(frozen=True, slots=True)
class _Form:
    """A function of vectors: its name in the library, and how many numbers it takes at once."""

    name: str
    width: int


@dataclass(frozen=True, slots=True)
class _Known:
    """A function of C, in one precision, and what the library has of it."""

    name: str
    arguments: int
    single: bool
    forms: tuple[_Form, ...]


@cache
def _known() -> dict[str, _Known]:
    """By the names that Numba calls functions by, those that this machine has vector forms of; the library is loaded.

    `ADCOMPILE_VECTOR_MATH=0` switches them off."""
    wanted = os.environ.get("ADCOMPILE_VECTOR_MATH") != "0"
    if not wanted or sys.platform != "linux" or platform.machine() != "x86_64":
        return {}
    try:
        library = ctypes.CDLL(_LIBRARY)
        llvm.load_library_permanently(_LIBRARY)
    except (OSError, RuntimeError):
        return {}
    found = {}
    for function in _functions(cpu_target.target_context.codegen().magic_tuple()[2].split(",")):
        if all(hasattr(library, form.name) for form in function.forms):
            found[function.name] = function
            plain, precision = (function.name[:-1], "f32") if function.single else (function.name, "f64")
            found[f"llvm.{plain}.{precision}"] = function
    return found


def _functions(features: list[str]) -> Iterator[_Known]:
    """The functions of the library, with their forms for a processor; a form for wider vectors would be called with
    its arguments in the wrong registers."""
    vectors = [(letter, size) for letter, size, needed in _VECTORS if not needed or needed in features]
    for arguments, names in ((1, _OF_ONE), (2, _OF_TWO)):
        for single, suffix, size in ((False, "", 8), (True, "f", 4)):
            for name in (plain + suffix for plain in names):
                widths = [(letter, whole // size) for letter, whole in vectors]
                forms = (_Form(f"_ZGV{letter}N{width}{'v' * arguments}_{name}", width) for letter, width in widths)
                yield _Known(name, arguments, single, tuple(forms))


@cache
def described() -> str:
    """What compiled code may call, as a part of its name."""
    forms = sorted(form.name for function in _known().values() for form in function.forms)
    return " ".join(dict.fromkeys(forms))


# ------------------------------------------------------------------------------------------ in the code of a function
def _tell(module: ir.Module) -> None:
    """Tell each call in a module which vector forms there are of it."""
    known = _known()
    told: dict[str, _Known] = {}
    for function in module.functions if known else ():
        for block in function.blocks:
            for call in block.instructions:
                if not isinstance(call, ir.CallInstr) or not isinstance(call.callee, ir.Function):
                    continue
                called = call.callee.name
                if called in known:
                    one = known[called]
                    vectors = (
                        f"_ZGV_LLVM_N{form.width}{'v' * one.arguments}_{called}({form.name})" for form in one.forms
                    )
                    # `add` of llvmlite's own takes only the attributes that it has heard of
                    for attribute in (
                        f'"vector-function-abi-variant"="{",".join(vectors)}"',
                        "nounwind",
                        "memory(none)",
                    ):
                        set.add(call.attributes, attribute)
                    told[one.name] = one
    if told:
        _declare(module, list(told.values()))


def _declare(module: ir.Module, functions: list[_Known]) -> None:
    """Declare vector forms, and keep the declarations until LLVM looks for them."""
    declared = []
    for function in functions:
        number = ir.FloatType() if function.single else ir.DoubleType()
        for form in function.forms:
            vector = ir.VectorType(number, form.width)
            declared.append(ir.Function(module, ir.FunctionType(vector, [vector] * function.arguments), form.name))
    pointer = ir.IntType(8).as_pointer()
    used = ir.ArrayType(pointer, len(declared))
    kept = ir.GlobalVariable(module, used, "llvm.compiler.used")
    kept.linkage, kept.section = "appending", "llvm.metadata"
    kept.initializer = ir.Constant(used, [form.bitcast(pointer) for form in declared])


class _Lower(SideBySide):
    """Calls are told of vector forms."""

    def lower_normal_function(self, fndesc: Any) -> None:
        super().lower_normal_function(fndesc)
        _tell(self.module)


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(typed_passes.BaseNativeLowering):  # type: ignore[misc]
    _name = "adcompile_native_lowering"

    @property
    def lowering_class(self) -> type[SideBySide]:
        return _Lower


_OURS = {
    untyped_passes.ReconstructSSA: SingleAssignment,
    typed_passes.NopythonTypeInference: RememberedInference,
    typed_passes.NativeLowering: _Lowering,
}
"""Steps of Numba's, and what is taken in their place."""


class VectorMath(Compiler):  # type: ignore[misc]
    """Numba's default compiler, with vector forms of mathematical functions."""

    def define_pipelines(self) -> list[PassManager]:
        managers = super().define_pipelines()
        for manager in managers:
            manager.passes[:] = [(_OURS.get(step, step), says) for step, says in manager.passes]
            manager.finalize()
        return list(managers)
