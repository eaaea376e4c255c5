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
import dis
from collections.abc import Iterator
from types import CodeType

_FUTURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
_COMPARED = (
    "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_argcount", "co_kwonlyargcount",
    "co_posonlyargcount",
)  # fmt: skip
_HOW_TO_CALL = ("CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL")
_ONE_NAME = {"LOAD_METHOD": "LOAD_ATTR"}


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
    module = ast.parse(f"def outer({', '.join(outside)}): pass")
    outer = module.body[0]
    assert isinstance(outer, ast.FunctionDef)
    within = outer.body
    owner = [part for part in qualname.split(".")[-2:-1] if part.isidentifier()]
    if owner:
        inner = ast.parse(f"class {owner[0]}: pass").body[0]
        assert isinstance(inner, ast.ClassDef)
        if owner[0] not in outside:
            within.append(ast.Global([owner[0]]))  # what a method calls by the class's name is the module's
        within.append(inner)
        within = inner.body
    if isinstance(node, ast.Lambda):
        within.append(ast.Expr(node))
    else:
        bare = copy.copy(node)
        assert isinstance(bare, (ast.FunctionDef, ast.AsyncFunctionDef)), bare
        bare.decorator_list = []
        if not owner and bare.name not in outside:
            within.append(ast.Global([bare.name]))  # what it calls by its own name is the module's
        within.append(bare)
    return ast.fix_missing_locations(module)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _same(left: CodeType, right: CodeType) -> bool:
    if any(getattr(left, name) != getattr(right, name) for name in _COMPARED):
        return False
    return _same_constants(left.co_consts, right.co_consts) and (
        left.co_code == right.co_code or _instructions(left) == _instructions(right)
    )


def _same_constants(left: object, right: object) -> bool:
    if isinstance(left, CodeType) and isinstance(right, CodeType):
        return _same(left, right)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(_same_constants, left, right))
    if isinstance(left, frozenset):
        return left == right
    return type(left) is type(right) and repr(left) == repr(right)


def _instructions(code: CodeType) -> list[tuple[object, ...]]:
    """What a code does: how Python calls `np.sin`, as a method or not, depends on where the module imports `np`."""
    whole = list(dis.get_instructions(code))
    kept = [one for one in whole if one.opname not in _HOW_TO_CALL]
    places = {one.offset: number for number, one in enumerate(kept)}
    following, last = {}, len(kept)
    for one in reversed(whole):
        last = places.get(one.offset, last)
        following[one.offset] = last
    return [
        (_ONE_NAME.get(one.opname, one.opname), following[one.argval] if _jumps(one) else _argument(one))
        for one in kept
    ]


def _jumps(one: dis.Instruction) -> bool:
    return one.opcode in dis.hasjrel or one.opcode in dis.hasjabs


def _argument(one: dis.Instruction) -> object:
    if one.opcode in dis.hasconst:
        return one.arg  # the constants are compared on their own
    return one.argval
