"""The language between the stages: a small, immutable, structured intermediate representation.

Expressions are compared by value, statements by identity.  There is no control-flow graph: loops and branches
nest as they do in Python, and say which scalars they carry (`Carry`) or merge (`Merge`), as MLIR's `scf` does.

Two dialects share these classes.  The *surface* dialect is what the front end reads: names may be assigned many
times, and `Update`, `Break`, `Continue` and several `Return`s may stand anywhere.  The *core* dialect is what the
transforms take and give: a name is assigned once, arrays are memory that `Index` reads and `Store` and `Accum`
write one element at a time, and one `Return` stands last.  `ir.verify` checks each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from adcompile.errors import Span
from adcompile.ir.types import Type


# ------------------------------------------------------------------------------------------ expressions
class _Hashed:
    """Keeps what would be computed from all inside an expression at every look-up: its hash, and its names (`walk`)."""

    __slots__ = ("_hash", "_names")
    _hash: int
    _names: tuple[str, ...]

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            object.__setattr__(self, "_hash", hash(self._key()))
            return self._hash

    def _key(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, eq=False)
class Const(_Hashed):
    """A literal, or any Python object known before the run (a dtype, `None`, an `Ellipsis`)."""

    value: Any

    def _key(self) -> tuple[object, ...]:
        value = self.value
        if isinstance(value, (bool, int, float, complex, str)):
            return (type(value), repr(value))
        return (type(value), id(value))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Const) and self._key() == other._key())

    __hash__ = _Hashed.__hash__


@dataclass(frozen=True, slots=True)
class Name:
    """A variable.  Versions of one source variable are `x`, `x.1`, `x.2`: see `base_of`."""

    id: str


@dataclass(frozen=True, slots=True)
class Call(_Hashed):
    """`fn` is the Python object itself (`np.sin`, `np.multiply`): operators are calls, the printer prints infix."""

    fn: Callable[..., Any]
    args: tuple[Expr, ...]
    kwargs: tuple[tuple[str, Expr], ...] = ()

    __hash__ = _Hashed.__hash__


@dataclass(frozen=True, slots=True)
class Index(_Hashed):
    """`array[index]`.  In the core dialect `array` is a `Name` and `index` has one integer expression per axis."""

    array: Expr
    index: tuple[Expr, ...]

    __hash__ = _Hashed.__hash__


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop:step` inside an `Index`; a missing part is `Const(None)`."""

    start: Expr
    stop: Expr
    step: Expr


@dataclass(frozen=True, slots=True)
class Tuple:
    """`(a, b)`; a list that never changes is one too, `listed` because it means something else as an index."""

    items: tuple[Expr, ...]
    listed: bool = field(default=False, compare=False, repr=False)


Expr: TypeAlias = Const | Name | Call | Index | Slice | Tuple
Atom: TypeAlias = Const | Name


# ------------------------------------------------------------------------------------------ statements
@dataclass(frozen=True, eq=False, kw_only=True)
class _Stmt:
    span: Span | None = None  # where it stands in the user's file
    origin: str = ""  # the primal statement that an adjoint statement came from, for the comment above it


@dataclass(frozen=True, eq=False)
class Assign(_Stmt):
    """`target = value`."""

    target: str
    value: Expr


@dataclass(frozen=True, eq=False)
class Update(_Stmt):
    """Surface only: `target op= value` on a name; a rebinding for a scalar, a store for an array."""

    target: str
    fn: Callable[..., Any]
    value: Expr


@dataclass(frozen=True, eq=False)
class Store(_Stmt):
    """`array[index] = value`; on the surface `array[index] op= more` too, as `op(array[index], more)` if it is an
    `update`: the item of a dict or a list changes in place there, if it is an array.  What `appends` puts a new item of
    a list behind the others, where nothing was; what `keeps` makes an array itself an item of a list; what is `named`
    is an item that has another name."""

    array: str
    index: tuple[Expr, ...]
    value: Expr
    update: bool = field(default=False, kw_only=True, compare=False, repr=False)
    appends: bool = field(default=False, kw_only=True, compare=False, repr=False)
    keeps: bool = field(default=False, kw_only=True, compare=False, repr=False)
    named: bool = field(default=False, kw_only=True, compare=False, repr=False)


@dataclass(frozen=True, eq=False)
class Accum(_Stmt):
    """`array[index] += value`."""

    array: str
    index: tuple[Expr, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Carry:
    """A value carried round a loop: `inner` holds `init` in the first iteration, then what the body `yielded`;
    `result` holds the last after the loop.  `span` is where the body gives the variable its value."""

    inner: str
    init: Atom
    yielded: Atom
    result: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Merge:
    """A value that a branch decides: `result` is `then` or `orelse`."""

    result: str
    then: Atom
    orelse: Atom


@dataclass(frozen=True, eq=False)
class For(_Stmt):
    """`for index in range(start, stop, step)`; in the core dialect `step` is a nonzero integer `Const`, and `index`
    is assigned by the loop alone.  Bounds are evaluated once, before the loop.

    `parallel` says that it is written `prange`: somebody wants it to run on all cores.  That it may is no fact before
    stage `threads`."""

    index: str
    start: Expr
    stop: Expr
    step: Expr
    body: Block
    carried: tuple[Carry, ...] = ()
    parallel: bool = False


@dataclass(frozen=True, eq=False)
class While(_Stmt):
    """`while test`; `test` reads the inner names."""

    test: Expr
    body: Block
    carried: tuple[Carry, ...] = ()


@dataclass(frozen=True, eq=False)
class If(_Stmt):
    """`if test: then else: orelse`."""

    test: Expr
    then: Block
    orelse: Block
    merges: tuple[Merge, ...] = ()


@dataclass(frozen=True, eq=False)
class Handler:
    """Surface only: what an exception of one of these classes leads to; no body where it goes on as it is."""

    kinds: tuple[type[BaseException], ...]
    body: Block | None
    flags: tuple[tuple[str, type[Exception] | None], ...] = ()
    """Of a `Try` that stands for a `with`: which floating-point errors raise what in its body."""


@dataclass(frozen=True, eq=False)
class Try(_Stmt):
    """Surface only: `try: body` with its `except`s; `orelse` runs after a body that raised nothing."""

    body: Block
    handlers: tuple[Handler, ...]
    orelse: Block


@dataclass(frozen=True, eq=False)
class Break(_Stmt):
    """Surface only."""


@dataclass(frozen=True, eq=False)
class Continue(_Stmt):
    """Surface only."""


@dataclass(frozen=True, eq=False)
class Return(_Stmt):
    """`return value`; in the core dialect an atom or a (nested) `Tuple` of atoms, and the last statement."""

    value: Expr


@dataclass(frozen=True, eq=False)
class Effect(_Stmt):
    """A call made for what it does (a check that raises), whose result is not used."""

    call: Call


Stmt: TypeAlias = Assign | Update | Store | Accum | For | While | If | Try | Break | Continue | Return | Effect
Block: TypeAlias = tuple[Stmt, ...]
Loop: TypeAlias = For | While


@dataclass(frozen=True, eq=False)
class Function:
    """A function of the language: `types` gives every name its type once the names are single-assignment."""

    name: str
    params: tuple[str, ...]
    body: Block
    types: Mapping[str, Type] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------ names
def base_of(name: str) -> str:
    """The source variable that a version belongs to: `base_of("x.3") == "x"`."""
    return name.partition(".")[0]


class Names:
    """Makes versions: deterministic, never random, never one that was seen before."""

    def __init__(self, taken: Iterator[str] | tuple[str, ...] = ()) -> None:
        self._last: dict[str, int] = {}
        for name in taken:
            self.take(name)

    def take(self, name: str) -> None:
        base, _, version = name.partition(".")
        self._last[base] = max(self._last.get(base, -1), int(version or 0))

    def fresh(self, like: str) -> str:
        """A new version of the variable that `like` belongs to: `x`, then `x.1`, `x.2`."""
        base = base_of(like)
        number = self._last.get(base, -1) + 1
        self._last[base] = number
        return base if number == 0 else f"{base}.{number}"
