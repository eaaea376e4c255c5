"""`with` that sets globals of modules while its body runs: what they are inside, told before the run.

Goal: of a context manager of a user (a class with `__enter__` and `__exit__`, or a generator under
`contextlib.contextmanager`) the globals that it sets, and to what.  It is tried on copies of the modules' globals, so
that nothing is set, and only where its text does nothing but assign globals, attributes of its own object and names,
and call functions of this kind.  Non-goals: contexts that open, lock, measure or print; values of the run as arguments.

>>> from contextlib import contextmanager
>>> def mode(word):
...     global _MODE
...     _MODE = word
...     try:
...         yield
...     finally:
...         _MODE = "usual"
>>> _MODE = "usual"
>>> [(name, value) for _, name, value in inside(contextmanager(mode), ("fast",), {}, ())]
[('_MODE', 'fast')]
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import inspect
import textwrap
import typing
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from adcompile.frontend.resolve import MISSING, State, attribute, same_value

_CLASS = ("__init__", "__enter__", "__exit__")
_CALLED: tuple[Any, ...] = (
    str, int, float, bool, tuple, list, dict, len, isinstance, getattr, max, min, abs, repr, any, all, typing.cast,
)  # fmt: skip
_METHODS = ("lower", "upper", "strip", "title", "format", "get", "items", "keys", "values", "casefold", "copy")
_ALLOWED = (
    ast.arguments, ast.arg, ast.Expr, ast.Assign, ast.AnnAssign, ast.Global, ast.Return, ast.If, ast.Pass, ast.Raise,
    ast.Name, ast.Attribute, ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Subscript, ast.Call, ast.keyword,
    ast.IfExp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.ListComp,
    ast.GeneratorExp, ast.comprehension, ast.expr_context, ast.boolop, ast.unaryop, ast.cmpop, ast.operator,
)  # fmt: skip
_OF_GENERATORS = (ast.Try, ast.Yield)


class NotTold(Exception):
    """What a context does is not told by its text."""


def inside(manager: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outside: State) -> State:
    """The globals that are set while the body of `with manager(*args, **kwargs)` runs, where `outside` are set before.

    Raises `NotTold` where that is not known, or what was before is not restored."""
    tried = _Tried(outside)
    generator = getattr(manager, "__wrapped__", None) if _is_of_contextlib(manager) else None
    try:
        if inspect.isgeneratorfunction(generator):
            running = tried.copy(generator, generator=True)(*args, **kwargs)
            before = tried.state()
            next(running)
            within = tried.state()
            if next(running, MISSING) is not MISSING:
                raise NotTold
        else:
            context = tried.copy_of_class(manager)(*args, **kwargs)
            before = tried.state()
            context.__enter__()
            within = tried.state()
            if context.__exit__(None, None, None):
                raise NotTold
        after = tried.state()
    except NotTold:
        raise
    except Exception as error:  # the run raises it too
        raise NotTold from error
    if not _same(before, after) or not _same(before, tried.first()):
        raise NotTold
    return within


def _same(one: State, other: State) -> bool:
    return len(one) == len(other) and all(same_value(a[2], b[2]) for a, b in zip(one, other, strict=True))


def _is_of_contextlib(manager: Any) -> bool:
    return isinstance(manager, FunctionType) and manager.__code__.co_filename == contextlib.__file__


class _Tried:
    """Copies of functions, and of the globals that they see."""

    def __init__(self, outside: State) -> None:
        self._own: dict[int, dict[str, Any]] = {}  # of the globals of a module, a copy
        self._real: dict[int, dict[str, Any]] = {}
        self._copies: dict[FunctionType, FunctionType] = {}
        self._set: dict[tuple[int, str], Any] = {}  # the globals that are set, with what they are outside
        for real, name, value in outside:
            self._globals(real)[name] = value
            self._set[id(real), name] = value

    def state(self) -> State:
        """What the globals that are set somewhere are now."""
        return tuple((self._real[at], name, self._own[at].get(name, MISSING)) for at, name in self._set)

    def first(self) -> State:
        """What they were."""
        return tuple((self._real[at], name, value) for (at, name), value in self._set.items())

    def _globals(self, real: dict[str, Any]) -> dict[str, Any]:
        if id(real) not in self._own:
            self._own[id(real)], self._real[id(real)] = dict(real), real
        return self._own[id(real)]

    def copy_of_class(self, kind: Any) -> Any:
        """A class whose methods see the copies; the methods of bases are looked up in the class itself."""
        known = isinstance(kind, type) and type(kind) is type and kind.__bases__ == (object,)
        if not known or "__new__" in vars(kind) or "__slots__" in vars(kind) or "__setattr__" in vars(kind):
            raise NotTold
        methods = {name: vars(kind)[name] for name in _CLASS if name in vars(kind)}
        if not {"__enter__", "__exit__"} <= methods.keys() or not all(map(inspect.isfunction, methods.values())):
            raise NotTold
        return type(kind.__name__, (), {name: self.copy(method, method=True) for name, method in methods.items()})

    def copy(self, fn: Any, method: bool = False, generator: bool = False) -> FunctionType:
        """A function that sees the copies, if its text does nothing else."""
        if fn in self._copies:
            return self._copies[fn]
        if not isinstance(fn, FunctionType) or fn.__closure__ or hasattr(fn, "__wrapped__"):
            raise NotTold
        own = self._globals(fn.__globals__)
        copied = FunctionType(fn.__code__, own, fn.__name__, fn.__defaults__)
        copied.__kwdefaults__ = fn.__kwdefaults__
        self._copies[fn] = copied
        tree = _definition(fn)
        first = tree.args.args[0].arg if method and tree.args.args else ""
        declared = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
        for name in sorted(declared):
            self._set.setdefault((id(fn.__globals__), name), own.get(name, MISSING))
        if generator and not any(isinstance(node, ast.Try) and node.finalbody for node in tree.body):
            raise NotTold  # after an exception, what was before is not restored
        for node in _body(tree):
            self._allow(fn, node, first, generator)
            if fn.__name__ == "__exit__" and isinstance(node, ast.Return) and not _is_none(node.value):
                raise NotTold  # it may swallow exceptions
        return copied

    def _allow(self, fn: FunctionType, node: ast.AST, first: str, generator: bool) -> None:
        """Refuses what may do more."""
        if not isinstance(node, (*_ALLOWED, *(_OF_GENERATORS if generator else ()))):
            raise NotTold
        match node:
            case ast.Attribute(ctx=ast.Store()):
                if not (isinstance(node.value, ast.Name) and node.value.id == first):
                    raise NotTold
            case ast.Subscript(ctx=ast.Store()) | ast.Try(handlers=[_, *_]):
                raise NotTold
            case ast.Call():
                self._allow_call(fn, node.func)

    def _allow_call(self, fn: FunctionType, func: ast.expr) -> None:
        called = self._named(fn, func)
        if any(called is one for one in _CALLED) or (isinstance(called, type) and issubclass(called, BaseException)):
            return
        if isinstance(called, functools._lru_cache_wrapper):
            called = called.__wrapped__  # what it gives is the same
        if isinstance(called, FunctionType) and isinstance(func, ast.Name):
            self._globals(fn.__globals__)[func.id] = self.copy(called)
            return
        if called is MISSING and isinstance(func, ast.Attribute) and func.attr in _METHODS:
            return
        raise NotTold

    def _named(self, fn: FunctionType, node: ast.expr) -> Any:
        """What a name or a dotted name of outside stands for."""
        if isinstance(node, ast.Name):
            if node.id in fn.__code__.co_varnames:
                return MISSING
            return fn.__globals__.get(node.id, getattr(builtins, node.id, MISSING))
        if isinstance(node, ast.Attribute):
            owner = self._named(fn, node.value)
            return MISSING if owner is MISSING else attribute(owner, node.attr)
        return MISSING


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and not value.value)


def _body(tree: ast.FunctionDef) -> Iterator[ast.AST]:
    """What a function does: no annotations."""
    waiting: list[ast.AST] = [*tree.body, *tree.args.defaults]
    while waiting:
        node = waiting.pop()
        yield node
        hidden = node.annotation if isinstance(node, ast.AnnAssign) else None
        waiting += [child for child in ast.iter_child_nodes(node) if child is not hidden]


def _definition(fn: FunctionType) -> ast.FunctionDef:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(fn.__code__))).body[0]
    except (OSError, TypeError, SyntaxError) as error:
        raise NotTold from error
    if not isinstance(tree, ast.FunctionDef):
        raise NotTold
    return tree
