"""Arrays that are of another length each time round a loop, in room for the longest.

Goal: `V = V[1:] + V[:-1]` in a loop, where `V` has one element fewer after each iteration.  The loop carries how long
`V` is, and `V` is the first part of a room: what it took before the loop, or the longest that it will be, which a loop
over the lengths alone finds out.  Non-goals: arrays that get longer where only their values tell how long
(`runtime.check_shorter` refuses them); arrays of one length, which live in `fixed_buffers`.

    for k in range(n):
        V = V[1:] + V[:-1]
becomes
    room, length = V.copy(), len(V)
    for k in range(n):
        V = room[:length]
        W = V[1:] + V[:-1]
        length = len(W)
        room[:length] = W
    V = room[:length].copy()

>>> from adcompile.ir.nodes import Return
>>> from adcompile.ir.show import show
>>> tail = Index(Name("v.1"), (Slice(Const(1), Const(None), Const(None)),))
>>> carry = Carry("v.1", Name("v"), Name("v.2"), "v.3")
>>> loop = For("k", Const(0), Name("n"), Const(1), (Assign("v.2", tail),), (carry,))
>>> types = {name: Array("float64", 1) for name in ("v", "v.1", "v.2", "v.3")} | {"n": INT, "k": INT}
>>> function = Function("f", ("v", "n"), (loop, Return(Name("v.3"))), types)
>>> print(show(in_rooms(function, {"v.1": (Next(Const(1), longer=False),)})[0]))
def f(v, n):
    v_room = v.copy()
    v_length = v.shape[0]
    for k in range(n):  # v_length.1 = v_length, then v_length.3, after v_length.2
        v.1 = v_room[:v_length.1]
        v.2 = v.1[1:]
        v_new = v.2.copy()
        v_length.3 = v_new.shape[0]
        check_shorter(v_length.3, v_room.shape[0])
        for i in range(v_new.shape[0]):
            v_room[i] = v_new[i]
    v.3 = v_room[:v_length.2].copy()
    return v.3
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

import numpy as np

from adcompile import runtime
from adcompile.errors import Span
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Names,
    Slice,
    Stmt,
    Store,
    Tuple,
    While,
    base_of,
)
from adcompile.ir.types import INT, Array, Type
from adcompile.ir.walk import all_names, binds, blocks, defines, mapped, nodes, statements, with_blocks
from adcompile.normal.array_calls import is_view
from adcompile.normal.changing_lengths import Next


def in_rooms(function: Function, arrays: Mapping[str, tuple[Next, ...]]) -> tuple[Function, Set[str]]:
    """`function`, of arrays still in expressions, with some of the arrays that loops carry in rooms; and the names of
    the lengths, which lie in the rooms."""
    rooms = _Rooms(function, arrays)
    body = rooms.block(function.body)
    return replace(function, body=body, types=rooms.types), rooms.within


class _Rooms:
    def __init__(self, function: Function, arrays: Mapping[str, tuple[Next, ...]]) -> None:
        self.arrays = arrays
        self.within: set[str] = set()
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(tuple(all_names(function)))
        self.values = {s.target: s.value for s in statements(function.body) if isinstance(s, Assign)}

    def fresh(self, name: str, type_: Type) -> str:
        new = self.names.fresh(name)
        self.types[new] = type_
        return new

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            new = with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)])
            if isinstance(new, (For, While)):
                out += self.loop(new)
            else:
                out.append(new)
        return tuple(out)

    def loop(self, loop: For | While) -> list[Stmt]:
        before: list[Stmt] = []
        first: list[Stmt] = []
        last: list[Stmt] = []
        after: list[Stmt] = []
        carried: list[Carry] = []
        for c in loop.carried:
            if c.inner not in self.arrays:
                carried.append(c)
                continue
            type_ = self.types[c.inner]
            assert isinstance(type_, Array) and isinstance(c.yielded, Name)
            base, span = base_of(c.inner), c.span or loop.span
            room = self.fresh(f"{base}_room", type_)
            before += self.room(room, c, loop)
            new: Atom = c.yielded
            if not _fresh(self.values.get(c.yielded.id)):
                new = Name(self.fresh(f"{base}_new", type_))
                last.append(Assign(new.id, Call(ops.copy, (c.yielded,)), span=span))
            inner, result = [], []
            for axis in range(type_.ndim):
                name = f"{base}_length"
                length, length_in, length_out, length_end = (self.fresh(name, INT) for _ in range(4))
                before.append(Assign(length, Call(ops.dim, (c.init, Const(axis))), span=loop.span))
                last.append(Assign(length_end, Call(ops.dim, (new, Const(axis))), span=span))
                most = Call(ops.dim, (Name(room), Const(axis)))
                last.append(Effect(Call(runtime.check_shorter, (Name(length_end), most)), span=span))
                carried.append(Carry(length_in, Name(length), Name(length_end), length_out, c.span))
                inner.append(length_in)
                result.append(length_out)
                self.within |= {length_in, length_out}
            last.append(self.copied(room, new, span))
            view: Expr = Index(Name(room), _start(inner))
            first.append(Assign(c.inner, Call(ops.copy, (view,)) if self.escapes(c, loop) else view, span=span))
            after.append(Assign(c.result, Call(ops.copy, (Index(Name(room), _start(result)),)), span=loop.span))
            if isinstance(loop, While):
                loop = replace(loop, test=_in_test(loop.test, c.inner, view, inner))
        return [*before, replace(loop, body=(*first, *loop.body, *last), carried=tuple(carried)), *after]

    def room(self, room: str, carry: Carry, loop: For | While) -> list[Stmt]:
        """Memory for the longest that an array becomes, where lengths alone tell; its first contents."""
        type_ = self.types[carry.inner]
        assert isinstance(type_, Array)
        axes = self.arrays[carry.inner]
        if (
            not any(axis.longer for axis in axes)
            or not isinstance(loop, For)
            or not self.told_before(axes, carry, loop)
        ):
            return [Assign(room, Call(ops.copy, (carry.init,)), span=loop.span)]
        base = base_of(carry.inner)
        index = self.fresh(loop.index, INT)
        now = [self.fresh(f"{base}_length", INT) for _ in axes]
        values: dict[Expr, Expr] = {Call(ops.dim, (Name(carry.inner), Const(k))): Name(n) for k, n in enumerate(now)}
        values[Name(loop.index)] = Name(index)
        out: list[Stmt] = []
        body: list[Stmt] = []
        carried: list[Carry] = []
        most: list[Expr] = []
        for k, axis in enumerate(axes):
            first, then, after = (self.fresh(f"{base}_length", INT) for _ in range(3))
            largest, larger, result = (self.fresh(f"{base}_longest", INT) for _ in range(3))
            out.append(Assign(first, Call(ops.dim, (carry.init, Const(k))), span=loop.span))
            body.append(Assign(then, mapped(axis.length, lambda part: values.get(part, part)), span=loop.span))
            body.append(Assign(larger, Call(max, (Name(largest), Name(then))), span=loop.span))
            carried.append(Carry(now[k], Name(first), Name(then), after))
            carried.append(Carry(largest, Name(first), Name(larger), result))
            most.append(Name(result))
        dtype = () if type_.dtype == "float64" else (Const(np.dtype(type_.dtype).type),)
        shape = most[0] if len(most) == 1 else Tuple(tuple(most))
        out.append(For(index, loop.start, loop.stop, loop.step, tuple(body), tuple(carried), span=loop.span))
        out.append(Assign(room, Call(np.empty, (shape, *dtype)), span=loop.span))
        out.append(self.copied(room, carry.init, loop.span))
        return out

    def copied(self, room: str, source: Atom, span: Span | None) -> Stmt:
        """A loop nest that copies an array into the first part of a room."""
        type_ = self.types[room]
        assert isinstance(type_, Array)
        at = [self.fresh("ijklmnpq"[axis], INT) for axis in range(type_.ndim)]
        index = tuple(map(Name, at))
        body: Block = (Store(room, index, Index(source, index), span=span),)
        for axis in reversed(range(type_.ndim)):
            body = (For(at[axis], Const(0), Call(ops.dim, (source, Const(axis))), Const(1), body, span=span),)
        return body[0]

    def told_before(self, axes: tuple[Next, ...], carry: Carry, loop: For) -> bool:
        """Whether the lengths depend on nothing that only the loop makes."""
        inside = {name for s in statements(loop.body) for name in (*defines(s), *binds(s))}
        inside |= {c.inner for c in loop.carried if c is not carry}
        names = {n.id for axis in axes for n in nodes(axis.length) if isinstance(n, Name)}
        own = {Call(ops.dim, (Name(carry.inner), Const(k))) for k in range(len(axes))}
        dims = {n for axis in axes for n in nodes(axis.length) if isinstance(n, Call) and n.fn is ops.dim}
        there = names <= self.types.keys() and not names & inside
        return there and all(n in own or n.args[0] != Name(carry.inner) for n in dims)

    def escapes(self, carry: Carry, loop: For | While) -> bool:
        """Whether the array of this iteration, or a part of it, may be there when the room is written."""
        parts = {carry.inner}
        grew = True
        while grew:
            found = {
                s.target
                for s in statements(loop.body)
                if isinstance(s, Assign) and isinstance(self.types.get(s.target), Array) and not _fresh(s.value)
                and any(isinstance(n, Name) and n.id in parts for n in nodes(s.value))
            }  # fmt: skip
            for s in statements(loop.body):
                if isinstance(s, If):
                    found |= {m.result for m in s.merges if {m.then, m.orelse} & set(map(Name, parts))}
                if isinstance(s, (For, While)):
                    found |= {n for c in s.carried if c.init in set(map(Name, parts)) for n in (c.inner, c.result)}
            grew = not found <= parts
            parts |= found
        return any(c.yielded in set(map(Name, parts)) for c in loop.carried if c is not carry)


def _fresh(value: Expr | None) -> bool:
    """Whether an expression makes an array of its own."""
    return isinstance(value, Call) and not is_view(value)


def _start(lengths: list[str]) -> tuple[Expr, ...]:
    """The first elements along each axis."""
    return tuple(Slice(Const(None), Name(length), Const(None)) for length in lengths)


def _in_test(test: Expr, array: str, view: Expr, lengths: list[str]) -> Expr:
    def change(part: Expr) -> Expr:
        match part:
            case Call(ops.dim, (Index() as of, Const(int(axis)))) if of == view:
                return Name(lengths[axis])
            case Name(name) if name == array:
                return view
        return part

    return mapped(test, change)
