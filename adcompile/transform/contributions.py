"""What an adjoint adds to the adjoints of the values that its statement reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from adcompile.chain import plus
from adcompile.ir.nodes import Expr, Index, Name


@dataclass(frozen=True, slots=True)
class Contribution:
    """To the adjoint of a value that an expression reads; of an element that is read under a condition alone, `guard`
    is that, and `inside` the contribution where it holds."""

    leaf: Name | Index
    value: Expr
    guard: Expr | None
    inside: Expr


def merged(found: list[Contribution]) -> Iterator[Contribution]:
    """One for each value, and for each condition where all there are of it have one."""
    sums: dict[tuple[Name | Index, Expr | None], Contribution] = {}
    sure = {one.leaf for one in found if one.guard is None or isinstance(one.leaf, Name)}
    for one in found:
        key = (one.leaf, None if one.leaf in sure else one.guard)
        if (known := sums.get(key)) is not None:
            one = replace(one, value=plus(known.value, one.value), inside=plus(known.inside, one.inside))
        sums[key] = replace(one, guard=key[1])
    yield from sums.values()
