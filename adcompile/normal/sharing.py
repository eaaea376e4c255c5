"""Where a copy would be told from the array that it stands for.

Goal: the stages after this one copy where Python shares: an array that a loop rebinds or a branch chooses goes into
memory of its own, and so does a reshape.  The program stays the same as long as no copy is read after its original was
written, nor the original after its copy was; a read that may be is refused here, once, before anything is lowered.
Non-goals: which elements overlap; proofs about which branch is taken.

The method is a data-flow analysis over the names that own memory.  At each point it knows the pairs that Python would
have as one array, and of each pair whether one was written since: the other is *stale*.  Rebinding a name ends what is
known of it.

>>> from adcompile.ir.nodes import Const, Return
>>> from adcompile.ir.types import Array
>>> flat = Assign("b", Call(np.reshape, (Name("a"), Const(6))))
>>> write = Store("b", (Const(0),), Const(1.0))
>>> types = {"a": Array("float64", 2), "b": Array("float64", 1)}
>>> [refusal.code for refusal in told_apart(Function("f", ("a",), (flat, write, Return(Name("a"))), types))]
['reshape-written']
>>> told_apart(Function("f", ("a",), (flat, write, Return(Name("b"))), types))
[]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from adcompile import runtime
from adcompile.analysis.types_of import type_of
from adcompile.errors import Refusal
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Slice,
    Stmt,
    Store,
    While,
    base_of,
)
from adcompile.ir.types import Array
from adcompile.ir.walk import children, defines, expressions

_WHOLE = Slice(Const(None), Const(None), Const(None))
_PARTS = (np.real, np.imag)
_COPIED = (np.reshape, np.broadcast_to, np.diagonal, np.diag, runtime.detached, *_PARTS)


def told_apart(function: Function) -> list[Refusal]:
    """A refusal for each array of which a read, in Python, would see what was written under another name."""
    sharing = _Sharing(function)
    sharing.block(function.body, {})
    return [*sharing.refusals.values(), *sharing.of_several()]


def contents(expr: Expr) -> list[str]:
    """The names whose contents an expression reads (a shape is not contents)."""
    if isinstance(expr, Name):
        return [expr.id]
    if isinstance(expr, Call) and expr.fn is ops.dim:
        return []
    return [name for part in children(expr) for name in contents(part)]


@dataclass(frozen=True, slots=True)
class _Link:
    """That one array stands for another: since which statement, and what wrote it since then (if anything did)."""

    since: Stmt
    written: Stmt | None = None


# Of each array, and of the others that in Python may be the same one: the link, with what wrote the *other*.  Never
# changed in place.  What wrote an array that is gone is kept under no name.
_Links = Mapping[str, Mapping[str, _Link]]


class _Sharing:
    def __init__(self, function: Function) -> None:
        self.types = function.types
        self.name = function.name
        self.roots: dict[str, str] = {}
        self.refusals: dict[str, Refusal] = {}
        self.several: set[str] = set()  # lists with an item that they, or another list, may hold once more
        self.changed: dict[str, Stmt] = {}  # lists of which an item is written through them, and where

    def block(self, block: Block, links: _Links) -> _Links:
        """What is known after a block, where `links` is known before it."""
        for stmt in block:
            links = self.statement(stmt, links)
        return links

    def statement(self, stmt: Stmt, links: _Links) -> _Links:
        source, copied = "", False
        if isinstance(stmt, Assign) and isinstance(self.types[stmt.target], Array):  # an element is no view
            source, copied = self.source(stmt.value)
        if not source or copied:
            for expr in expressions(stmt):
                self.read(stmt, contents(expr), links)
        match stmt:
            case Assign(target) if isinstance(self.types[target], Array):
                if source and not copied:
                    self.roots[target] = source
                    return links
                return self.bound(stmt, [(target, Name(source) if source else None)], links)
            case Store() | Accum():
                return self.write(stmt, links)
            case If():
                sides = [
                    _without(_defined(side), self.bound(stmt, pairs, self.block(side, links)))
                    for side, pairs in (
                        (stmt.then, [(m.result, m.then) for m in stmt.merges]),
                        (stmt.orelse, [(m.result, m.orelse) for m in stmt.merges]),
                    )
                ]
                return _either(*sides)
            case For() | While():
                return self.loop(stmt, links)
        return links

    def loop(self, loop: For | While, links: _Links) -> _Links:
        links = self.bound(loop, [(c.inner, c.init) for c in loop.carried], links)
        while True:
            after = self.bound(loop, [(c.inner, c.yielded) for c in loop.carried], self.block(loop.body, links))
            known = _either(links, _without(_defined(loop.body), after))
            if _stale(known) == _stale(links):
                break
            links = known
        self.read(loop, contents(loop.test) if isinstance(loop, While) else [], links)
        links = self.bound(loop, [(c.result, Name(c.inner)) for c in loop.carried], links)
        return _without([c.inner for c in loop.carried], links)

    # ------------------------------------------------------------------------------------ what a statement does
    def read(self, stmt: Stmt, names: Iterable[str], links: _Links) -> None:
        for name in map(self.root, names):
            for other, link in links.get(name, {}).items():
                if link.written is not None and name not in self.refusals:
                    self.refusals[name] = self.refusal(stmt, name, other, link)

    def write(self, stmt: Store | Accum, links: _Links) -> _Links:
        """All other names of the array are stale; one that is overwritten in whole is not, any more."""
        name = self.root(stmt.array)
        if isinstance(stmt, Accum):
            self.read(stmt, [name], links)
        keeps = isinstance(stmt, Store) and stmt.keeps
        result = dict(links)
        for other in links.get(name, {}):
            if other and keeps and _of_list(name, links[other][name]):  # what else the list holds stays
                continue
            if other and links[other][name].written is None:
                result[other] = {**links[other], name: _Link(links[other][name].since, stmt)}
        if isinstance(stmt, Store) and stmt.array == name and all(item == _WHOLE for item in stmt.index):
            result[name] = {other: _Link(link.since) for other, link in links.get(name, {}).items() if other}
        item = self.source(stmt.value)[0] if keeps else ""
        if item and isinstance(self.types[item], Array):  # the list holds that array itself
            item = self.root(item)
            held = [link.since.array for link in links.get(item, {}).values() if _keeps(link.since)]  # type: ignore[union-attr]
            if held or base_of(item) == base_of(name):  # and it may hold that more than once
                self.several.update(map(base_of, (*held, name)))
            for one, two in ((name, item), (item, name)):
                result[one] = {**result.get(one, {}), two: _Link(stmt)}
        if isinstance(stmt, Store) and stmt.named:
            self.several.add(base_of(name))
        if not keeps:
            self.changed.setdefault(base_of(name), stmt)
        return result

    def of_several(self) -> Iterator[Refusal]:
        """A refusal for each list with an item that is written through it, where it may hold that several times."""
        for name in sorted(self.several & self.changed.keys()):
            message = f"an item of `{name}` is written, which a list may hold several times"
            yield Refusal("array-rebound", message, self.changed[name].span, "put copies into lists", self.name)

    def bound(self, stmt: Stmt, pairs: Iterable[tuple[str, Atom | None]], links: _Links) -> _Links:
        """New memory under each name, with the contents that another (or nothing) has at this point."""
        sources: dict[str, str] = {}
        for target, value in pairs:
            if isinstance(self.types[target], Array):
                sources[target] = self.root(value.id) if isinstance(value, Name) else ""
                self.read(stmt, filter(None, [sources[target]]), links)
        now = {name: [name] for name in sources.values() if name and name not in sources}
        now.update({name: [] for name in sources})  # the names that what each name held has from here on
        for target, source in sources.items():
            if source:
                now[source].append(target)
        old = {(name, other): link for name in now for other, link in links.get(name, {}).items()}
        old |= {(other, name): links[other][name] for name, other in old if other}
        rows: dict[str, dict[str, _Link]] = {name: {} for name in now}
        for name, _ in old:
            if name not in now:
                rows.setdefault(name, {k: link for k, link in links[name].items() if k not in now})
        for (name, other), link in old.items():
            others = now.get(other, [other]) or ([""] if link.written else [])
            for a in now.get(name, [name]):
                rows.setdefault(a, {}).update((b, link) for b in others)
        for names in now.values():
            for one in names:
                rows.setdefault(one, {}).update((other, _Link(stmt)) for other in names if other != one)
        result = {name: row for name, row in links.items() if name not in rows}
        result.update((name, row) for name, row in rows.items() if row)
        return result

    # ------------------------------------------------------------------------------------ names
    def root(self, name: str) -> str:
        """The name that owns the memory of a view."""
        while name in self.roots:
            name = self.roots[name]
        return name

    def source(self, expr: Expr) -> tuple[str, bool]:
        """The name that an array expression is a part of (or none), and whether it is lowered to a copy of it."""
        match expr:
            case Name(name):
                return name, False
            case Index(array, index):
                if any(isinstance(type_of(item, self.types), Array) for item in index):
                    return "", False
                return self.source(array)
            case Call(fn, args) if fn is np.transpose:
                return self.source(args[0])
            case Call(fn, args) if fn in _COPIED or fn in runtime.GROWING:
                return self.source(args[0])[0], True
        return "", False

    def refusal(self, stmt: Stmt, name: str, other: str, link: _Link) -> Refusal:
        one, two = base_of(name), base_of(other)
        both = f"`{one}` may be the same array as `{two}`"
        if one == two or not other:
            both = f"`{one}` may have a second name"
        code, how = "array-rebound", "rebound in the loop"
        if isinstance(link.since, Assign):
            value = link.since.value
            part = isinstance(value, Call) and value.fn in _PARTS
            code, how = ("part-written", "a part of it, taken") if part else ("reshape-written", "reshaped")
        elif isinstance(link.since, If):
            how = "chosen by the branch"
        elif isinstance(link.since, Store):
            how = "put into a list"
        since = f" ({how} on line {link.since.span.line})" if link.since.span else ""
        where = f" on line {link.written.span.line}" if link.written and link.written.span else ""
        return Refusal(
            code,
            f"{both}{since}, which is written{where} before `{one}` is read here",
            stmt.span,
            "take a copy (`.copy()`) where one array gets two names",
            self.name,
        )


def _keeps(stmt: Stmt) -> bool:
    """Whether a statement makes an array an item of a list."""
    return isinstance(stmt, Store) and stmt.keeps


def _of_list(name: str, link: _Link) -> bool:
    """Whether a link is that of a list with an item of it, or with itself before it had more room."""
    match link.since:
        case Store(array, keeps=True):
            return base_of(array) == base_of(name)
        case Assign(_, Call(fn)):
            return fn in runtime.GROWING
    return False


def _defined(block: Block) -> list[str]:
    return [name for stmt in block for name in defines(stmt)]


def _without(names: Iterable[str], links: _Links) -> _Links:
    """What is known where names are out of scope."""
    gone = links.keys() & names
    if not gone:
        return links
    result = {}
    for name in links.keys() - gone:
        row = {other: link for other, link in links[name].items() if other not in gone}
        row.update(("", link) for other, link in links[name].items() if other in gone and link.written)
        if row:
            result[name] = row
    return result


def _stale(links: _Links) -> dict[tuple[str, str], bool]:
    return {(name, other): link.written is not None for name, row in links.items() for other, link in row.items()}


def _either(left: _Links, right: _Links) -> _Links:
    """What is known where two ways come together: whatever either knows, and of two links the one that was written."""
    if left is right:
        return left
    result = dict(left)
    for name, row in right.items():
        known = dict(result.get(name, {}))
        known.update((other, link) for other, link in row.items() if other not in known or not known[other].written)
        result[name] = known
    return result
