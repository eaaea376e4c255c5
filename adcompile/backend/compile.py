"""Text into functions.

Goal: the emitted text of a function becomes a Python function whose source can be read, stepped through and read
again by the front end, and a Numba dispatcher of the very same source.  Non-goal: choosing by argument types, which
is `backend.dispatch`.
"""

from __future__ import annotations

import itertools
import linecache
import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import FunctionType, ModuleType
from typing import Any

import numba
import numpy as np
from numba.core import errors
from numba.core.cpu_options import ParallelOptions

from adcompile import special
from adcompile.backend import cache
from adcompile.backend.emit import Emitted
from adcompile.backend.vecmath import VectorMath
from adcompile.errors import InvalidArgument
from adcompile.memory import keep_freed_memory
from adcompile.runtime import prange

FastMath = bool | Iterable[str]

# Of what Numba can make parallel, only the loops that are proven to be. (It empties a dictionary when it reads one, and
# would compile the next layout of arguments with everything.)
_ONLY_PRANGE = ParallelOptions({
    "prange": True, "comprehension": False, "reduction": False, "inplace_binop": False, "setitem": False,
    "numpy": False, "stencil": False, "fusion": False,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """How a derivative is compiled; all but `jit` are Numba's own words.

    `parallel` concerns loops over `prange` alone, and those of them that are proven to be parallel.

    `reassoc` lets sums vectorise and changes rounding only; `error_model="numpy"` makes a division by zero an
    infinity, as it is in NumPy."""

    jit: bool = True
    fastmath: FastMath = field(default_factory=lambda: frozenset({"reassoc"}))
    error_model: str = "numpy"
    cache: bool = False
    boundscheck: bool = False
    parallel: bool = False

    def __post_init__(self) -> None:
        if self.parallel and (self.boundscheck or self.error_model != "numpy"):
            raise InvalidArgument(
                "parallel=True excludes boundscheck=True and error_model='python': Numba drops errors in parallel loops"
            )
        if not isinstance(self.fastmath, bool):
            object.__setattr__(self, "fastmath", frozenset(self.fastmath))

    def numba(self) -> dict[str, Any]:
        """Keyword arguments of `numba.njit`."""
        fast = self.fastmath if isinstance(self.fastmath, bool) else set(self.fastmath)
        return {"fastmath": fast, "error_model": self.error_model, "boundscheck": self.boundscheck}

    @property
    def reorder(self) -> bool:
        """Whether sums may be added up in another order."""
        return self.fastmath is True or (not isinstance(self.fastmath, bool) and "reassoc" in self.fastmath)

    def described(self) -> str:
        """The options that change what compiled code does, in one order."""
        fast = self.fastmath if isinstance(self.fastmath, bool) else sorted(self.fastmath)
        parallel = " parallel=True" if self.parallel else ""
        return f"fastmath={fast} error_model={self.error_model} boundscheck={self.boundscheck}{parallel}"


class Compiled:
    """One generated function: its text, the Python function, and the compiled one.

    `apart` are the lines that begin loops whose iterations touch different memory (`backend.side_by_side`)."""

    def __init__(
        self, name: str, source: str, imports: Mapping[str, Any], options: Options, mark: str | None,
        apart: tuple[int, ...] = (),
    ) -> None:  # fmt: skip
        self.source = source
        self.apart = apart
        self.mark = mark
        self.on_disk = False
        self._options = options
        unique = f"{name}_{mark or next(_unnamed)}"
        file = f"<adcompile {unique}>"
        if options.cache and options.jit and mark is not None:
            path = cache.written(f"{unique}.py", source)
            if path is None:
                others = cache.open_to_others()
                why = "can be written by others (`chmod go-w` it)" if others else "cannot be written"
                warnings.warn(f"{cache.directory()} {why}: {name} is not cached", stacklevel=2)
            else:
                file, self.on_disk = str(path), True
        self.file = file
        # `inspect`, `pdb` and tracebacks read the source of a function here when there is no file.
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        # Numba's disk cache imports the module of a function that it loads.
        namespace = {**imports, "__name__": "adcompile.runtime", "__builtins__": __builtins__}
        exec(compile(source, file, "exec"), namespace)
        if any(value is not None and value is special.module() for value in namespace.values()):
            special.load()
        self.python: Callable[..., Any] = namespace[name]
        self._parallel = any(value is prange for value in namespace.values())
        self.python.__qualname__ = unique
        if apart:
            vars(self.python)["apart"] = apart

    @cached_property
    def dispatcher(self) -> Any:
        """The function compiled by Numba, for each layout of its arguments on its own."""
        keep_freed_memory()
        parallel = {"parallel": _ONLY_PRANGE} if self._parallel else {}  # where there is none, Numba would warn
        options = {**parallel, **self._options.numba(), "pipeline_class": VectorMath}
        jitted = partial(numba.njit, cache=self.on_disk, **options)
        return jitted()(self._calling(jitted))

    def _calling(self, jitted: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which calls compiled functions where it calls others of its module."""
        python: Any = self.python
        own = {
            name: value
            for name, value in python.__globals__.items()
            if isinstance(value, FunctionType) and value.__code__.co_filename == self.file and value is not python
        }
        if not own:
            return self.python
        namespace = dict(python.__globals__)
        for name, value in own.items():
            namespace[name] = jitted()(FunctionType(value.__code__, namespace, name))
        function = FunctionType(python.__code__, namespace, python.__name__)
        function.__qualname__ = python.__qualname__
        vars(function).update(vars(python))
        return function

    def result(self, args: tuple[Any, ...]) -> Any:
        """Numba's compile result for Numba types; a damaged entry of its disk cache is made again, and where that
        cannot be written, as on a full disk, the function is compiled for this process alone."""
        dispatcher = self.dispatcher
        try:
            dispatcher.compile(args)
        except errors.NumbaError:
            raise
        except Exception:
            if not self.on_disk:
                raise
            del self.dispatcher
            try:
                dispatcher._cache.flush()
                dispatcher = self.dispatcher
                dispatcher.compile(args)
            except OSError as error:
                warnings.warn(f"{cache.directory()}: {error.strerror}: not cached", stacklevel=2)
                self.on_disk = False
                vars(self).pop("dispatcher", None)
                dispatcher = self.dispatcher
                dispatcher.compile(args)
        return dispatcher.overloads[args]


_unnamed = itertools.count()
_known: OrderedDict[tuple[str, str, Options], Compiled] = OrderedDict()
_KNOWN = 512  # functions remembered, so that `grad(f)(x)` in a loop is compiled once


def compiled(name: str, emitted: Emitted, options: Options) -> Compiled:
    """The function that a text defines, made once for one text and one set of options."""
    source = module_text(emitted)
    above = source.removesuffix(emitted.text).count("\n")
    apart = tuple(line + above for line in emitted.apart)
    mark = cache.digest(source, emitted.imports, (options.described(), f"apart={apart}"))
    if mark is None:
        return Compiled(name, source, emitted.imports, options, None, apart)
    return _once(name, source, emitted.imports, options, mark, apart)


def as_written(name: str, source: str, options: Options, mark: str, apart: tuple[int, ...]) -> Compiled:
    """The function of a module text that imports all it needs, as it was written under this mark."""
    return _once(name, source, {}, options, mark, apart)


def _once(
    name: str, source: str, imports: Mapping[str, Any], options: Options, mark: str, apart: tuple[int, ...]
) -> Compiled:
    key = (name, mark, options)
    if key in _known:
        _known.move_to_end(key)
    else:
        _known[key] = Compiled(name, source, imports, options, mark, apart)
        if len(_known) > _KNOWN:
            _known.popitem(last=False)
    return _known[key]


def module_text(emitted: Emitted) -> str:
    """A module of one function: the imports, then the text."""
    lines = [import_of(name, value) or f"# {name}: {_kind(value)}" for name, value in sorted(emitted.imports.items())]
    header = "\n".join(sorted(lines, key=lambda line: (line.startswith("#"), line.startswith("from"))))
    return "\n\n".join([*([f"{header}\n"] if header else []), *emitted.above, emitted.text])


def imports_all(emitted: Emitted) -> bool:
    """Whether the module text imports every object that the function names."""
    return all(import_of(name, value) is not None for name, value in emitted.imports.items())


def import_of(name: str, value: Any) -> str | None:
    """The statement that gives a name its object, if there is one."""
    if isinstance(value, ModuleType):
        return f"import {value.__name__}" + (f" as {name}" if value.__name__ != name else "")
    module, original = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if module is None or original is None or module == "__main__":
        return None
    package = module.partition(".")[0]
    if getattr(sys.modules.get(package), original, None) is value:
        module = package
    if getattr(sys.modules.get(module), original, None) is not value:
        return None
    return f"from {module} import {original}" + (f" as {name}" if original != name else "")


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"a constant array of shape {value.shape}"
    return f"the {type(value).__name__} that the function names so"
