"""The printed text computes what the single-assignment function says, whatever names it gives back."""

from __future__ import annotations

import ast
import keyword
import math
import operator
import random
from typing import Any

import numpy as np
import pytest

from adcompile.backend.emit import emit
from adcompile.backend.naming import is_temporary
from adcompile.ir import ops, walk
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Names,
    Return,
    Stmt,
    Store,
    Tuple,
    While,
    base_of,
)
from adcompile.ir.types import FLOAT, INT, Array

PYTHON = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.remainder: operator.mod,
    np.less: operator.lt,
    np.negative: operator.neg,
    ops.both: lambda a, b: a and b,
    ops.copy: lambda a: list(a),
    max: max,
}


# ------------------------------------------------------------------------------------------ what a function means
def value_of(expr: Expr, env: dict[str, Any]) -> Any:
    match expr:
        case Const(value):
            return value
        case Name(id):
            return env[id]
        case Index(array, (index,)):
            return value_of(array, env)[value_of(index, env)]
        case Tuple(items):
            return tuple(value_of(item, env) for item in items)
        case Call(fn, args):
            return PYTHON[fn](*(value_of(arg, env) for arg in args))
    raise AssertionError(expr)


def run_block(block: Block, env: dict[str, Any]) -> Any:
    result = None
    for stmt in block:
        match stmt:
            case Assign(target, value):
                env[target] = value_of(value, env)
            case Store(array, (index,), value):
                env[array][value_of(index, env)] = value_of(value, env)
            case Accum(array, (index,), value):
                env[array][value_of(index, env)] += value_of(value, env)
            case If():
                chosen = bool(value_of(stmt.test, env))
                run_block(stmt.then if chosen else stmt.orelse, env)
                env.update({m.result: value_of(m.then if chosen else m.orelse, env) for m in stmt.merges})
            case For() | While():
                inner = {c.inner: value_of(c.init, env) for c in stmt.carried}
                if isinstance(stmt, For):
                    trips = iter(range(*(value_of(e, env) for e in (stmt.start, stmt.stop, stmt.step))))
                env.update(inner)
                while True:
                    if isinstance(stmt, For):
                        if (trip := next(trips, None)) is None:
                            break
                        env[stmt.index] = trip
                    elif not value_of(stmt.test, env):
                        break
                    run_block(stmt.body, env)
                    env.update({c.inner: value_of(c.yielded, env) for c in stmt.carried})
                env.update({c.result: env[c.inner] for c in stmt.carried})
            case Return(value):
                result = value_of(value, env)
    return result


# ------------------------------------------------------------------------------------------ random functions
class Writer:
    """Random single-assignment functions over few bases, so that versions collide."""

    BASES = ("a", "b", "c", "c2", "t_new", "_t", "max", "i")

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = Names(("a", "b", "m", "w"))
        self.types = {"a": INT, "b": INT, "m": Array("int64", 1), "w": Array("int64", 1)}

    def scalar(self) -> str:
        name = self.names.fresh(self.random.choice(self.BASES))
        self.types[name] = INT
        return name

    def array(self) -> str:
        name = self.names.fresh(self.random.choice(("m", "w", "v", "v_new")))
        self.types[name] = Array("int64", 1)
        return name

    def atom(self, scalars: list[str]) -> Atom:
        return Const(self.random.randrange(-5, 9)) if self.random.random() < 0.2 else Name(self.random.choice(scalars))

    def value(self, scalars: list[str], arrays: list[str], depth: int = 2) -> Expr:
        choice = self.random.random()
        if depth == 0 or choice < 0.35:
            return self.atom(scalars)
        if choice < 0.5:
            return Index(Name(self.random.choice(arrays)), (self.place(scalars),))
        if choice < 0.6:
            return Call(np.negative, (self.value(scalars, arrays, depth - 1),))
        fn = self.random.choice((np.add, np.subtract, np.multiply, max))
        return Call(fn, (self.value(scalars, arrays, depth - 1), self.value(scalars, arrays, depth - 1)))

    def place(self, scalars: list[str]) -> Expr:
        return Call(np.remainder, (self.atom(scalars), Const(4)))

    def small(self, scalars: list[str], arrays: list[str]) -> Expr:
        return Call(np.remainder, (self.value(scalars, arrays), Const(97)))

    def test(self, scalars: list[str]) -> Expr:
        return Call(np.less, (self.atom(scalars), self.atom(scalars)))

    def block(self, scalars: list[str], arrays: list[str], depth: int) -> Block:
        """Random statements; `scalars` and `arrays` receive the names that they define."""
        made: list[Stmt] = []
        for _ in range(self.random.randrange(0, 5)):
            choice = self.random.random()
            if depth == 0 or choice < 0.35:
                value = self.small(scalars, arrays) if self.random.random() < 0.8 else Name(self.random.choice(scalars))
                made.append(Assign(self.scalar(), value))
                scalars.append(made[-1].target)
            elif choice < 0.42:
                made.append(Assign(self.array(), Call(ops.copy, (Name(self.random.choice(arrays)),))))
                arrays.append(made[-1].target)
            elif choice < 0.6:
                kind = self.random.choice((Store, Accum))
                made.append(kind(self.random.choice(arrays), (self.place(scalars),), self.small(scalars, arrays)))
            elif choice < 0.75:
                made.append(self.branch(scalars, arrays, depth))
            else:
                made += self.loop(scalars, arrays, depth)
        return tuple(made)

    def branch(self, scalars: list[str], arrays: list[str], depth: int) -> If:
        sides = [(list(scalars), list(arrays)) for _ in range(2)]
        then, orelse = (self.block(*side, depth - 1) for side in sides)
        merged = self.random.randrange(4)
        merges = [Merge(self.scalar(), self.atom(sides[0][0]), self.atom(sides[1][0])) for _ in range(merged)]
        if self.random.random() < 0.3:
            picked = [Name(self.random.choice(side[1])) for side in sides]
            merges.append(Merge(self.array(), *picked))
            arrays.append(merges[-1].result)
        scalars += [m.result for m in merges if self.types[m.result] == INT]
        return If(self.test(scalars[:2]), then, orelse, tuple(merges))

    def loop(self, scalars: list[str], arrays: list[str], depth: int) -> list[Stmt]:
        within, places = list(scalars), list(arrays)
        inits: list[Atom] = [self.atom(scalars) for _ in range(self.random.randrange(4))]
        inners = [self.scalar() for _ in inits]
        held: list[Atom] = [Name(self.random.choice(arrays)) for _ in range(self.random.choice((0, 0, 0, 1, 2)))]
        holders = [self.array() for _ in held]
        within += inners
        places += holders
        counter, index = self.scalar(), self.scalar()
        is_while = self.random.random() < 0.4
        within.append(counter if is_while else index)
        test = Call(ops.both, (Call(np.less, (Name(counter), Const(3))), self.test(within)))
        body = self.block(within, places, depth - 1)
        yielded = [self.atom(within) for _ in inits]
        kept = [Name(self.random.choice(places)) for _ in held]
        scalars += (results := [self.scalar() for _ in inits])
        arrays += (holding := [self.array() for _ in held])
        columns = (inners + holders, inits + held, yielded + kept, results + holding)
        carried = [Carry(*parts) for parts in zip(*columns, strict=True)]
        self.random.shuffle(carried)
        if is_while:
            step = self.scalar()
            body += (Assign(step, Call(np.add, (Name(counter), Const(1)))),)
            carried.append(Carry(counter, Const(0), Name(step), self.scalar()))
            return [While(test, body, tuple(carried))]
        start, stop, stride = self.random.choice(((0, 3, 1), (2, -1, -1), (0, 0, 1)))
        end = Call(np.add, (Const(stop), Call(np.remainder, (Name(self.random.choice(scalars[:2])), Const(1)))))
        return [For(index, Const(start), end, Const(stride), body, tuple(carried))]

    def function(self) -> Function:
        scalars, arrays = ["a", "b"], ["m", "w"]
        body: Block = ()
        while len(body) < 3:
            body += self.block(scalars, arrays, 3)
        shown = self.random.sample(scalars, min(len(scalars), 4)) + self.random.sample(arrays, 2)
        return Function("f", ("a", "b", "m", "w"), (*body, Return(Tuple(tuple(map(Name, shown))))), self.types)


@pytest.mark.parametrize("seed", range(20))
def test_text_computes_what_the_function_says(seed: int) -> None:
    for part in range(60):
        function = Writer(100 * seed + part).function()
        text = emit(function).text
        space: dict[str, Any] = {"np": np}
        exec(text, space)
        for a, b in ((1, 2), (5, -3)):
            arguments = {"a": a, "b": b, "m": [1, 2, 3, 4], "w": [7, 5, 3, 2]}
            expected = run_block(function.body, {k: list(v) if k in "mw" else v for k, v in arguments.items()})
            copies = [list(v) if k in "mw" else v for k, v in arguments.items()]
            assert space["f"](*copies) == expected, text


def test_different_variables_never_share_a_name() -> None:
    from adcompile.backend.interference import Interference
    from adcompile.backend.naming import printed_names

    for seed in range(300):
        function = Writer(seed).function()
        names = printed_names(function, Interference(function), {"max", "np"})
        bases: dict[str, set[str]] = {}
        for id, name in names.items():
            bases.setdefault(name, set()).add(base_of(id))
            assert name not in ("max", "np") and not keyword.iskeyword(name)
        for shared in bases.values():
            assert len({base for base in shared if not is_temporary(base)}) <= 1
        assert all(names[param] == param for param in function.params)
        loops = {stmt.index for stmt in walk.statements(function.body) if isinstance(stmt, For)}
        assert {names[i] for i in loops}.isdisjoint(names[n] for n in names if n not in loops)


# ------------------------------------------------------------------------------------------ how it reads
def add(left: Expr, right: Expr) -> Call:
    return Call(np.add, (left, right))


def times(left: Expr, right: Expr) -> Call:
    return Call(np.multiply, (left, right))


def text_of(*body: Stmt, params: tuple[str, ...] = ("x", "n"), notes: bool = True, types: Any = None) -> str:
    text = emit(Function("f", params, body, types or {}), notes).text
    ast.parse(text)
    return "\n".join(line[4:] for line in text.splitlines()[1:])


def test_an_int_literal_that_starts_a_float_is_printed_as_a_float() -> None:
    body = (Assign("s.2", add(Name("s.1"), Name("x"))),)
    loop = For("i", Const(0), Name("n"), Const(1), body, (Carry("s.1", Const(0), Name("s.2"), "s.3"),))
    types = dict.fromkeys(("x", "s.1", "s.2", "s.3"), FLOAT)
    assert text_of(loop, Return(Name("s.3")), types=types) == "s = 0.0\nfor i in range(n):\n    s += x\nreturn s"


def test_swapped_values_are_one_line() -> None:
    loop = For(
        "i",
        Const(0),
        Name("n"),
        Const(1),
        (),
        (Carry("a.1", Name("a"), Name("b.1"), "a.2"), Carry("b.1", Name("b"), Name("a.1"), "b.2")),
    )
    text = text_of(loop, Return(Tuple((Name("a.2"), Name("b.2")))), params=("a", "b", "n"))
    assert text == "for i in range(n):\n    a, b = b, a\nreturn a, b"


def test_temporaries_join_the_variable_they_are_copied_to() -> None:
    loop = While(
        Call(np.less, (Name("x.1"), Const(3.0))),
        (Assign("x_new", times(Const(2.0), Name("x.1"))),),
        (Carry("x.1", Name("x"), Name("x_new"), "x.2"),),
    )
    assert text_of(loop, Return(Name("x.2"))) == "while x < 3.0:\n    x = 2.0 * x\nreturn x"


def test_a_temporary_that_outlives_what_it_replaces_stays() -> None:
    loop = While(
        Call(np.less, (Name("x.1"), Const(3.0))),
        (
            Assign("x_new", times(Const(2.0), Name("x.1"))),
            Assign("d", Call(np.subtract, (Name("x_new"), Name("x.1")))),
        ),
        (Carry("x.1", Name("x"), Name("x_new"), "x.2"), Carry("d.1", Const(0.0), Name("d"), "d.2")),
    )
    text = text_of(loop, Return(Tuple((Name("x.2"), Name("d.2")))))
    assert text.splitlines()[2:5] == ["    x_new = 2.0 * x", "    d = x_new - x", "    x = x_new"]


def test_branches() -> None:
    test = Call(np.less, (Name("x"), Const(0.0)))
    negative = (Assign("y", Call(np.negative, (Name("x"),))),)
    other = If(Call(np.equal, (Name("x"), Const(1.0))), (Assign("y.1", Const(5.0)),), (), (
        Merge("y.2", Name("y.1"), Name("x")),
    ))
    text = text_of(If(test, negative, (other,), (Merge("y.3", Name("y"), Name("y.2")),)), Return(Name("y.3")))
    assert text.startswith("if x < 0.0:\n    y = -x\nelif x == 1.0:\n    y = 5.0\nelse:\n    y = x\nreturn y")
    clipped = If(test, (), (Assign("x.1", Const(0.0)),), (Merge("x.2", Name("x"), Name("x.1")),))
    assert text_of(clipped, Return(Name("x.2"))) == "if not x < 0.0:\n    x = 0.0\nreturn x"


def test_accumulations_take_the_sign() -> None:
    store = ("x", (Name("n"),))
    assert text_of(Accum(*store, Call(np.negative, (Name("n"),)))) == "x[n] -= n"
    assert text_of(Accum(*store, times(Const(-2.0), Name("n")))) == "x[n] -= 2.0 * n"
    assert text_of(Assign("n.1", add(Name("n"), Const(-1))), Return(Name("n.1"))) == "n -= 1\nreturn n"


def test_notes_stand_above_the_first_of_a_run() -> None:
    body = (
        Assign("a", times(Name("x"), Name("x")), origin="a = x * x"),
        Assign("a_bar", times(Const(2.0), Name("x")), origin="y = a + a"),
        Assign("x_bar", times(Name("a_bar"), Name("a")), origin="y = a + a"),
        Return(Name("x_bar"), origin="return y"),
    )
    lines = text_of(*body).splitlines()
    assert lines == ["a = x * x", "# y = a + a", "a_bar = 2.0 * x", "x_bar = a_bar * a", "# return y", "return x_bar"]
    assert "#" not in text_of(*body, notes=False)


def test_parameters_give_way_to_functions_and_modules() -> None:
    def outside(x: float) -> float:
        return x

    value = add(Call(np.sin, (Name("np"),)), Call(max, (Name("max"), Call(outside, (Call(math.cos, (Name("np"),)),)))))
    out = emit(Function("f", ("np", "max"), (Assign("math", value), Return(Name("math")))))
    space = dict(out.imports)
    exec(out.text, space)
    assert out.text.startswith("def f(np_, max_):")
    assert set(out.imports) >= {"np", "outside", "math"}
    assert space["f"](0.5, 2.0) == math.sin(0.5) + 2.0


def test_a_value_that_is_never_read_has_the_type_of_its_name() -> None:
    body = (Assign("k", Call(ops.undefined, ())), Return(Name("k")))
    assert text_of(*body, types={"k": INT}) == "k = 0\nreturn k"
