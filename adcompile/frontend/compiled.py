"""Whether a source text is what runs: the text is compiled, and its bytecode compared with the function's.

Goal: no derivative of a text that is not the function.  A file edited after it was imported, a function that another
tool has rewritten, a second lambda on the same line: all have other bytecode than the text found for them.

>>> def f(x):
...     return x * 2.0
>>> text = ast.parse("def f(x): return x * 2.0").body[0]
>>> other = ast.parse("def f(x): return x * 3.0").body[0]
>>> is_compiled_from(f.__code__, text, "f"), is_compiled_from(f.__code__, other, "f")
(True, False)
"""

from __future__ import annotations

import __future__

import ast
import copy
from collections.abc import Iterator
from types import CodeType

_FUTURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
_COMPARED = (
    "co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_argcount", "co_kwonlyargcount",
    "co_posonlyargcount",
)  # fmt: skip


def is_compiled_from(code: CodeType, node: ast.AST, qualname: str) -> bool:
    """Whether a function's code is what its text, a `def` or a `lambda`, compiles to.

    `qualname` tells the class that it stands in, if any: Python writes `self.__x` there as `self._Class__x`.
    """
    try:
        module = compile(
            _around(node, code.co_freevars, qualname), "<text>", "exec", code.co_flags & _FUTURES, dont_inherit=True
        )
    except (SyntaxError, ValueError):
        return False
    return any(_same(inner, code) for inner in _codes(module) if inner.co_name == code.co_name)


def _around(node: ast.AST, outside: tuple[str, ...], qualname: str) -> ast.Module:
    """A module with the definition in it, in a function that has the variables of `outside`."""
    if isinstance(node, ast.Lambda):
        body: list[ast.stmt] = [ast.Expr(node)]
    else:
        bare = copy.copy(node)
        assert isinstance(bare, (ast.FunctionDef, ast.AsyncFunctionDef)), bare
        bare.decorator_list = []
        body = [bare]
    owner = qualname.split(".")[-2:-1]
    if owner and owner[0].isidentifier():
        body = [ast.ClassDef(name=owner[0], bases=[], keywords=[], body=body, decorator_list=[], type_params=[])]
    variables = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(name) for name in outside],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    outer = ast.FunctionDef(name="outer", args=variables, body=body, decorator_list=[], type_params=[])
    return ast.fix_missing_locations(ast.Module(body=[outer], type_ignores=[]))


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _same(left: CodeType, right: CodeType) -> bool:
    if any(getattr(left, name) != getattr(right, name) for name in _COMPARED):
        return False
    return _same_constants(left.co_consts, right.co_consts)


def _same_constants(left: object, right: object) -> bool:
    if isinstance(left, CodeType) and isinstance(right, CodeType):
        return _same(left, right)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(_same_constants, left, right))
    if isinstance(left, frozenset):
        return left == right
    return type(left) is type(right) and repr(left) == repr(right)
