"""One function for all argument types: each new combination of types has its code generated and compiled.

Goal: an object that Numba's own C dispatcher calls, so that a call costs what a call of a jitted function costs, and
that compiled user code may call as well.  Non-goals: what is generated, and messages about it; a subclass says both.

A `Specialised` is a Numba dispatcher whose `compile` asks a subclass for the function of these types.  It never has
the user's function as its `py_func`: whoever takes it for an ordinary jitted function and reads that finds a body that
raises, and not the primal in place of the derivative.

Compiled user code is given a small function in between, in which an address of this process stands.  Numba refuses to
keep on disk what holds such an address, so a user's own `@njit(cache=True)` caller is compiled again in each process
rather than served with a derivative that has changed since.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import errors, sigutils
from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import OmittedArg
from numba.core.registry import CPUDispatcher, cpu_target
from numba.extending import intrinsic

from adcompile.analysis.typing import static_or_typed, type_of
from adcompile.backend.compile import Compiled
from adcompile.backend.vecmath import VectorMath
from adcompile.errors import AdcompileError, Unsupported
from adcompile.ir.given import plain
from adcompile.ir.types import Static, Type


@intrinsic  # type: ignore[untyped-decorator]
def _of_this_process(typing_context: Any) -> Any:
    """Does nothing, with an address of this process: what it is linked into cannot be cached on disk."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = context.add_dynamic_addr(builder, id(generate), info="adcompile")
        nothing = ir.FunctionType(ir.VoidType(), [address.type])
        builder.asm(nothing, "", "r", [address], side_effect=True)  # not optimised away
        return context.get_dummy_value()

    return types.none(), generate


class Specialised(CPUDispatcher):  # type: ignore[misc]
    """A function with one signature for Python and one generated function for each combination of argument types."""

    always_structured = False  # whether numbers, arrays and tuples are taken for structures too

    def __init__(self, signature: inspect.Signature, name: str, jit: bool, written: str = "") -> None:
        super().__init__(_front(signature, name), targetoptions={"nopython": True})
        if jit:
            _started()
        self._jit = jit
        self._written = written  # the parameter whose arrays the function writes to
        self._links: dict[tuple[Any, ...], Any] = {}
        self.__signature__ = signature

    # ------------------------------------------------------------------------------------ what a subclass says
    def generated(self, arguments: tuple[Type, ...]) -> Compiled:
        """The function for these types; what it cannot be made for is refused."""
        raise NotImplementedError

    def received(self, arguments: tuple[Type, ...]) -> Callable[[Any], Any] | None:
        """What makes of a result what a call from Python gives; nothing where that is the result itself."""
        return None

    def structured(self, values: Sequence[Any]) -> Callable[..., Any] | None:
        """The function for arguments of which some are no numbers, arrays and tuples; nothing if it cannot be."""
        return None

    def settled(
        self, values: Sequence[Any], arguments: tuple[Type, ...], error: Unsupported
    ) -> Callable[..., Any] | None:
        """The function for the flags among these values, where that for any is refused; nothing if there are none."""
        return None

    def not_typed(self, parameter: str, value: object) -> AdcompileError:
        """What is said of an argument that is not of the language; `value` is it, or its type in Numba."""
        raise NotImplementedError

    def not_writable(self, path: str) -> AdcompileError:
        """What is said of an array that has to be written to and cannot be."""
        raise NotImplementedError

    def not_compiled(self, error: errors.NumbaError) -> AdcompileError:
        """What is said when Numba refuses a generated function."""
        raise NotImplementedError

    def _make_finalizer(self) -> Callable[[], None]:
        """The code belongs to the generated function, which may outlive this object: nothing is released with it."""
        return _nothing

    # ------------------------------------------------------------------------------------ calls from Python
    def compile(self, sig: Any) -> Any:
        """Numba asks for the code for Numba types."""
        args, _ = sigutils.normalize_signature(sig)
        args = tuple(args)
        with global_compiler_lock:
            if args not in self.overloads:
                self.add_overload(self._result(self.generated(self._types(args)), args))
            return self.overloads[args].entry_point

    def _compile_for_args(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """Numba's C dispatcher asks for the code for argument values that it has none for."""
        self._compilation_chain_init_hook()
        values = [arg.value if isinstance(arg, OmittedArg) else arg for arg in args]
        given = [self._plain(*each) for each in zip(self.__signature__.parameters, values, strict=True)]
        if any(one is not other for one, other in zip(given, values, strict=True)):
            self._types_active_call.clear()
            return lambda *_: self(*given)
        arguments = []
        for parameter, value in zip(self.__signature__.parameters, values, strict=True):
            ours = None if self.always_structured else static_or_typed(value)
            if ours is None:
                if (function := self.structured(values)) is not None:
                    self._types_active_call.clear()
                    return lambda *_: function(*values)
                raise self.not_typed(parameter, value)
            arguments.append(ours)
            if parameter == self._written and not isinstance(ours, Static):
                self._check_writable(numba.typeof(value), parameter)
        hidden = [isinstance(ours, Static) and not _has_numba_type(ours.value) for ours in arguments]
        try:
            try:
                received = self.received(tuple(arguments))
            except Unsupported as error:
                settled = self.settled(values, tuple(arguments), error)
                if settled is None:
                    raise
                return lambda *_: settled(*values)
            if self._jit and not any(hidden) and received is None:
                entry_point: Callable[..., Any] = self.compile(tuple(map(numba.typeof, args)))
                return entry_point
            generated = self.generated(tuple(arguments))
            if not self._jit:
                plain = generated.python
                return lambda *_: plain(*values) if received is None else received(plain(*values))
            # Numba has no values of these types: they are known in the generated code, and nothing is passed.
            passed = [None if hide else value for hide, value in zip(hidden, values, strict=True)]
            entry = self._result(generated, tuple(numba.typeof(value) for value in passed)).entry_point
            return lambda *_: entry(*passed) if received is None else received(entry(*passed))
        finally:
            self._types_active_call.clear()

    def _plain(self, parameter: str, value: Any) -> Any:
        """An argument as derivatives see it; what is written to must be an array already."""
        return plain(value) if parameter != self._written or isinstance(value, np.ndarray) else value

    def typeof_pyval(self, val: Any) -> Any:
        """Numba's type of a value; what it has none for is told of later."""
        try:
            return super().typeof_pyval(val)
        except errors.NumbaTypeError:
            return types.pyobject

    def _types(self, args: Sequence[Any]) -> tuple[Type, ...]:
        arguments = []
        for parameter, theirs in zip(self.__signature__.parameters, args, strict=True):
            if isinstance(theirs, types.UnicodeType):
                raise errors.RequireLiteralValue(f"{parameter} must be a literal string")
            ours = type_of(theirs)
            if ours is None:
                raise self.not_typed(parameter, theirs)
            arguments.append(ours)
            if parameter == self._written:
                self._check_writable(theirs, parameter)
        return tuple(arguments)

    def _check_writable(self, theirs: Any, path: str) -> None:
        if isinstance(theirs, types.Array) and not theirs.mutable:
            raise self.not_writable(path)
        if isinstance(theirs, types.BaseTuple):
            for number, item in enumerate(theirs):
                self._check_writable(item, f"{path}[{number}]")

    def _result(self, generated: Compiled, args: tuple[Any, ...]) -> Any:
        try:
            return generated.result(args)
        except errors.NumbaError as error:
            raise self.not_compiled(error) from error

    # ------------------------------------------------------------------------------------ calls from compiled code
    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Compiled code asks what a call with Numba types is."""
        signature, args = self.fold_argument_types(args, kws)
        link = self._link(tuple(args))
        try:
            template, _, args, kws = link.get_call_template(args, {})
        except errors.NumbaError as error:
            raise self.not_compiled(error) from error
        return template, signature, args, kws

    def get_overload(self, sig: Any) -> Any:
        """Compiled code asks for the code of a call that it has typed."""
        args, _ = sigutils.normalize_signature(sig)
        return self._link(tuple(args)).get_overload(sig)

    def get_compile_result(self, sig: Any) -> Any:
        """Compiled code takes the function for a value of a function type."""
        return self._link(tuple(sig.args)).get_compile_result(sig)

    def _link(self, args: tuple[Any, ...]) -> Any:
        """The function in between, for Numba types."""
        if args not in self._links:
            generated = self.generated(self._types(args))
            names = list(self.__signature__.parameters)
            passed = ", ".join(
                "None" if isinstance(theirs, types.StringLiteral) else name
                for name, theirs in zip(names, args, strict=True)
            )
            own = self.py_func.__name__  # an identifier, which `<lambda>` is not
            text = f"def {own}({', '.join(names)}):\n    _here()\n    return _generated({passed})\n"
            namespace = {"_here": _of_this_process, "_generated": generated.dispatcher}
            exec(text, namespace)
            self._links[args] = numba.njit(namespace[own], forceinline=True, pipeline_class=VectorMath)
        return self._links[args]


@lru_cache(maxsize=1)
def _started() -> None:
    """Numba imports and registers what it knows when it compiles, or loads, its first function: a third of a second,
    which is spent where a derivative is made, at the top of a module as a rule, and not in its first call."""
    with global_compiler_lock:
        cpu_target.target_context.refresh()


def numba_type_of(function: Any) -> Any:
    """The type that compiled code has for a Python function, which it compiles, or for a compiled one."""
    return function._numba_type_ if hasattr(function, "_numba_type_") else _jitted(function)._numba_type_


@lru_cache(maxsize=256)
def _jitted(function: Callable[..., Any]) -> Any:
    return numba.njit(function)


def _nothing() -> None:
    pass


def _has_numba_type(value: object) -> bool:
    return value is None or hasattr(value, "_numba_type_")


def _front(signature: inspect.Signature, name: str) -> Callable[..., Any]:
    """A function of this signature that does nothing: Numba's dispatcher takes names and defaults from it.

    Parameters that are given by place alone have names there that no caller says."""
    defaults = tuple(p.default for p in signature.parameters.values() if p.default is not p.empty)
    namespace: dict[str, Any] = {}
    params = [f"{p.name}_by_place" if p.kind is p.POSITIONAL_ONLY else p.name for p in signature.parameters.values()]
    exec(f"def {name}({', '.join(params)}):\n    raise NotImplementedError\n", namespace)
    front: Callable[..., Any] = namespace[name]
    front.__defaults__ = defaults
    return front
