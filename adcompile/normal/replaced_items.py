"""Items of lists of arrays that are replaced while they have a name.

Goal: `rows[k] = new` writes over the memory of the item that was there (`lists`), so nobody may read that under a name
after it; a program in which somebody may is refused.  Non-goals: which item is replaced; items that are changed in
place, which they are in Python too.

>>> from adcompile.ir.nodes import Call, Const
>>> from adcompile.ir.types import Array
>>> first = Assign("first", Index(Name("rows"), (Const(0), EVERYTHING)))
>>> new = Store("rows", (Const(0), EVERYTHING), Name("x"), keeps=True)
>>> types = {"rows": Array("float64", 2), "first": Array("float64", 1), "t": Array("float64", 1)}
>>> check_replaced((first, Assign("t", Name("first")), new), types)
>>> check_replaced((first, new, Assign("t", Name("first"))), types)
Traceback (most recent call last):
    ...
adcompile.errors.Unsupported: unsupported-list: an item of a list of arrays is replaced, and read after that as `first`
  help: take a copy (`.copy()`), or use an array
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Expr, For, Index, Name, Slice, Stmt, Store, While, base_of
from adcompile.ir.types import Array, Type
from adcompile.ir.walk import blocks, uses
from adcompile.normal.building import EVERYTHING as EVERYTHING


class _Placed(NamedTuple):
    stmt: Stmt
    position: int
    loops: frozenset[Stmt]  # around it


def check_replaced(body: Block, types: Mapping[str, Type]) -> None:
    """Refuses to replace an item that is read under a name after that."""
    placed = list(_placed(body))
    stores = [one for one in placed if isinstance(one.stmt, Store) and one.stmt.keeps and not one.stmt.appends]
    if not stores:
        return
    arrays = [one for one in placed if isinstance(one.stmt, Assign) and isinstance(types[one.stmt.target], Array)]
    owners = {one.stmt.target: _owner(one.stmt.value) for one in arrays if isinstance(one.stmt, Assign)}
    for view in arrays:
        assert isinstance(view.stmt, Assign)
        name, value = view.stmt.target, view.stmt.value
        if not isinstance(value, Index) or _is_all_of(value):
            continue
        reads = [one for one in placed if name in uses(one.stmt)]
        for store in stores:
            assert isinstance(store.stmt, Store)
            if _family(name, owners) != _family(store.stmt.array, owners):
                continue
            again = bool(view.loops & store.loops) or store.position > view.position
            is_list = types[name] == types[store.stmt.array]  # a part of a list is a list of its own
            if (is_list and again) or any(_is_after(read, store, view) for read in reads):
                message = f"an item of a list of arrays is replaced, and read after that as `{base_of(name)}`"
                raise refuse("unsupported-list", message, store.stmt.span, "take a copy (`.copy()`), or use an array")


def _placed(block: Block, loops: frozenset[Stmt] = frozenset()) -> Iterator[_Placed]:
    """The statements in the order in which they run first."""
    waiting = [(stmt, loops) for stmt in reversed(block)]
    position = 0
    while waiting:
        stmt, around = waiting.pop()
        yield _Placed(stmt, position, around)
        position += 1
        within = around | {stmt} if isinstance(stmt, (For, While)) else around
        waiting += [(inner, within) for part in reversed(blocks(stmt)) for inner in reversed(part)]


def _is_after(read: _Placed, store: _Placed, view: _Placed) -> bool:
    """Whether a view may be read after a store, both after it was taken."""
    again = (read.loops & store.loops) - view.loops  # a loop that comes by both again, with the view as it was
    return bool(again) or read.position > store.position > view.position


def _owner(expr: Expr) -> str:
    """The array that an expression is a part of, if it is."""
    while isinstance(expr, Index):
        expr = expr.array
    return expr.id if isinstance(expr, Name) else ""


def _family(name: str, owners: Mapping[str, str]) -> str:
    """What a variable is called that owns the memory of an array."""
    while owners.get(name):
        name = owners[name]
    return base_of(name)


def _is_all_of(value: Index) -> bool:
    """Whether a part of a list is all that it holds."""
    first = value.index[0]
    return isinstance(first, Slice) and isinstance(first.stop, Call) and first.stop.fn is ops.within
