"""Integer index arithmetic as a sum of terms: `(i + 1) - 1` is `i`.

Exact also where integers wrap round, since all of it is arithmetic modulo two to the 64.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from adcompile.ir.dtypes import dtype_of
from adcompile.ir.nodes import Call, Const, Expr
from adcompile.ir.types import Type
from adcompile.ir.walk import nodes

Sum = dict[Expr, int]


def affine(expr: Expr, types: Mapping[str, Type]) -> tuple[Sum, int] | None:
    """The terms with their factors, and the constant; `None` unless the expression is known to be an integer."""
    if dtype_of(expr, types) != "int64":
        return None
    return _terms(expr, types)


def _terms(expr: Expr, types: Mapping[str, Type]) -> tuple[Sum, int]:
    match expr:
        case Const(int() as value):
            return {}, value
        case Call(fn, (left, right)) if fn in (np.add, np.subtract) and _integers(types, left, right):
            return _plus(_terms(left, types), _terms(right, types), 1 if fn is np.add else -1)
        case Call(np.negative, (part,)) if _integers(types, part):
            return _plus(({}, 0), _terms(part, types), -1)
        case Call(np.multiply, (Const(int() as factor), part)) if _integers(types, part):
            return _plus(({}, 0), _terms(part, types), factor)
        case Call(np.multiply, (part, Const(int() as factor))) if _integers(types, part):
            return _plus(({}, 0), _terms(part, types), factor)
    return {expr: 1}, 0


def _integers(types: Mapping[str, Type], *parts: Expr) -> bool:
    return all(dtype_of(part, types) == "int64" for part in parts)


def _plus(left: tuple[Sum, int], right: tuple[Sum, int], factor: int) -> tuple[Sum, int]:
    terms = dict(left[0])
    for term, count in right[0].items():
        terms[term] = terms.get(term, 0) + factor * count
    return {term: count for term, count in terms.items() if count}, left[1] + factor * right[1]


def _written(terms: Sum, constant: int) -> Expr:
    result: Expr | None = None
    if constant > 0 and all(count < 0 for count in terms.values()):
        result, constant = Const(constant), 0
    for term, count in sorted(terms.items(), key=lambda item: item[1] < 0):  # stable: positive terms first
        part: Expr = term if abs(count) == 1 else Call(np.multiply, (Const(abs(count)), term))
        if result is None:
            result = part if count > 0 else Call(np.negative, (part,))
        else:
            result = Call(np.add if count > 0 else np.subtract, (result, part))
    if result is None:
        return Const(constant)
    if constant == 0:
        return result
    return Call(np.add if constant > 0 else np.subtract, (result, Const(abs(constant))))


def shortened(expr: Expr, types: Mapping[str, Type]) -> Expr:
    """The same integer with its terms collected, where that is shorter; otherwise `expr` as it was written.

    >>> n = Call(len, (Const("x"),))
    >>> shortened(Call(np.add, (Call(np.subtract, (n, Const(1))), Const(1))), {}) == n
    True
    """
    found = affine(expr, types)
    if found is None or any(abs(number) >= 2**63 for number in (found[1], *found[0].values())):
        return expr
    written = _written(*found)
    return written if _size(written) < _size(expr) else expr


def same_integer(left: Expr, right: Expr, types: Mapping[str, Type]) -> bool:
    """Whether two integer expressions are equal whatever their names hold (memory unchanged between them)."""
    return difference(left, right, types) == 0


def difference(left: Expr, right: Expr, types: Mapping[str, Type]) -> int | None:
    """`left - right` where that is a known constant."""
    if left == right:
        return 0
    one, two = affine(left, types), affine(right, types)
    if one is None or two is None:
        return None
    terms, constant = _plus(one, two, -1)
    return None if terms else constant


def _size(expr: Expr) -> int:
    return sum(1 for _ in nodes(expr))
