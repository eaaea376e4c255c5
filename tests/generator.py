"""A generator of random programs of the kind that people write: loops, branches, arrays in place, views, jumps.

The shape of every array and the range of every integer is known while the program is written, so that no index is out
of range; values stay tame because whatever is stored has gone through a sine, a cosine or a small factor.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from tests.constructs import (
    attempt,
    complex_array,
    complex_number,
    dict_of,
    function_inside,
    list_of,
    real_of_complex,
)
from tests.program import Line, Program, runs

Shape = tuple[int, ...]
LETTERS = {"f": "t", "m": "g"}  # where the kind of a name is not its first letter
FEATURES = (
    "matrix", "views", "slices", "whole", "jumps", "while", "helpers", "integers", "swaps", "branches", "rebind",
    "deep",
)  # fmt: skip


@dataclass
class Scope:
    """What may be named at a place: floats, integers with their range, arrays with their shape."""

    floats: list[str]
    integers: dict[str, tuple[int, int]]
    arrays: dict[str, Shape]
    depth: int = 0
    loop: str = ""  # "for", "while" or nothing: whether break and continue may stand here
    fixed: set[str] = field(default_factory=set)  # integers that count a loop
    complexes: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)  # one-dimensional arrays of complex numbers and their lengths

    def inner(self, loop: str | None = None) -> Scope:
        """The scope of a block: what it adds is not seen after it."""
        return replace(
            self,
            floats=list(self.floats),
            integers=dict(self.integers),
            arrays=dict(self.arrays),
            fixed=set(self.fixed),
            complexes=list(self.complexes),
            rows=dict(self.rows),
            depth=self.depth + 1,
            loop=self.loop if loop is None else loop,
        )


class Generator:
    """Writes one program."""

    def __init__(
        self,
        rnd: random.Random,
        dtype: type = np.float64,
        wide: bool = False,
        small: bool = False,
        complex_: bool = False,
    ) -> None:
        self.rnd = rnd
        self.dtype = dtype
        self.wide = wide  # whether the constructs of `constructs` may stand in it
        self.complex = complex_  # whether complex numbers may stand in it
        self.features = {feature for feature in FEATURES if rnd.random() < 0.6}
        self.names = dict.fromkeys("fkivmdlhzc", 0)
        self.budget = rnd.randint(1, 5) if small else rnd.randint(4, 16)

    # ------------------------------------------------------------------------------------------------ small things
    def on(self, feature: str, chance: float) -> bool:
        return feature in self.features and self.rnd.random() < chance

    def new(self, letter: str) -> str:
        self.names[letter] += 1
        return f"{LETTERS.get(letter, letter)}{self.names[letter]}"

    def number(self) -> str:
        return repr(round(self.rnd.uniform(-1.0, 1.0), 2))

    def one(self, options: dict[Callable[[], str], float]) -> str:
        return self.rnd.choices(list(options), list(options.values()))[0]()

    def of_shape(self, scope: Scope, rank: int | None = None, shape: Shape | None = None) -> list[str]:
        of_rank = [name for name, other in scope.arrays.items() if rank is None or len(other) == rank]
        return [name for name in of_rank if shape is None or scope.arrays[name] == shape]

    # ------------------------------------------------------------------------------------------------ indices
    def index(self, scope: Scope, length: int) -> str:
        """An index expression between -length and length - 1."""
        choices = []
        for name, (low, high) in scope.integers.items():
            choices += [
                f"{name}{f' {shift:+d}'.replace('+', '+ ').replace('-', '- ') if shift else ''}"
                for shift in (-2, -1, 0, 0, 0, 1, 2)
                if low + shift >= -length and high + shift <= length - 1
            ]
            if high <= length - 1 and low >= 0 and self.rnd.random() < 0.3:
                choices.append(f"{length - 1} - {name}")
            if self.rnd.random() < 0.2 and low >= 0:
                choices.append(f"({name} * 2 + 1) % {length}")
        if not choices or self.rnd.random() < 0.25:
            choices = [str(self.rnd.randint(-length, length - 1))]
        return self.rnd.choice(choices)

    def element(self, scope: Scope) -> str:
        name, shape = self.rnd.choice(list(scope.arrays.items()))
        return f"{name}[{', '.join(self.index(scope, length) for length in shape)}]"

    # ------------------------------------------------------------------------------------------------ expressions
    def atom(self, scope: Scope) -> str:
        options = {
            lambda: self.rnd.choice(scope.floats): 4.0,
            lambda: self.element(scope): 4.0,
            self.number: 0.6,
        }
        if scope.integers and "integers" in self.features:
            options[lambda: f"0.1 * {self.rnd.choice(list(scope.integers))}"] = 0.5
        return self.one(options)

    def expr(self, scope: Scope, depth: int = 2) -> str:
        """A scalar expression."""
        if depth == 0:
            return self.atom(scope)

        def e() -> str:
            return self.expr(scope, depth - 1)

        options: dict[Callable[[], str], float] = {
            lambda: f"np.sin({e()})": 2.0,
            lambda: f"np.cos({e()})": 1.0,
            lambda: f"np.exp(-{e()} ** 2)": 0.4,
            lambda: f"np.tanh({e()})": 0.3,
            lambda: f"({e()} * {e()})": 3.0,
            lambda: f"({e()} + {e()})": 2.0,
            lambda: f"({e()} - {e()})": 1.0,
            lambda: f"{self.atom(scope)} ** {self.rnd.choice((2, 3))}": 0.5,
            lambda: f"{e()} / (2.0 + np.cos({e()}))": 0.5,
            lambda: f"np.sqrt(1.5 + np.sin({e()}))": 0.4,
            lambda: self.atom(scope): 1.0,
        }
        if "branches" in self.features:
            options[lambda: f"({e()} if {self.condition(scope)} else {e()})"] = 0.3
            options[lambda: f"{self.rnd.choice(('max', 'min', 'np.maximum', 'np.minimum'))}({e()}, {e()})"] = 0.3
            options[lambda: f"abs({e()})"] = 0.2
            options[lambda: f"np.sqrt(max({e()}, {self.rnd.choice(('0.0', '0.2'))}))"] = 0.3
            options[lambda: self.guarded_root(scope, e())] = 0.2
        if "whole" in self.features:
            options[lambda: self.reduction(scope)] = 1.0
        if "helpers" in self.features:
            options[lambda: f"mix({e()}, {e()}{self.rnd.choice(('', ', c=0.3', f', {e()}'))})"] = 0.4
            options[lambda: f"pick({e()}, {e()})"] = 0.3
            if rows := self.of_shape(scope, rank=1):
                options[lambda: f"search({self.rnd.choice(rows)}, {self.rnd.uniform(0.2, 3):.2f})"] = 0.3
        return self.one(options)

    def guarded_root(self, scope: Scope, e: str) -> str:
        """A root where there is one."""
        name = self.rnd.choice(scope.floats)
        return self.rnd.choice(
            (f"(np.sqrt({name}) if {name} > 0.0 else {e})", f"np.sqrt({name} if {name} > 0.0 else 0.0) * {e}")
        )

    def reduction(self, scope: Scope) -> str:
        name, shape = self.rnd.choice(list(scope.arrays.items()))
        inner = self.array(scope, shape, 1)
        if len(shape) == 1 and self.rnd.random() < 0.3:
            return f"0.3 * np.dot({name}, {inner})" if self.rnd.random() < 0.5 else f"0.3 * ({name} @ {name})"
        return self.rnd.choice((f"0.2 * np.sum({inner})", f"np.mean({inner})", f"0.2 * {name}.sum()"))

    def condition(self, scope: Scope) -> str:
        options: dict[Callable[[], str], float] = {
            lambda: f"{self.expr(scope, 1)} {self.rnd.choice('<>')} {self.rnd.uniform(-0.5, 0.5):.3f}": 3.0,
            lambda: f"{self.atom(scope)} < {self.atom(scope)}": 1.0,
        }
        if scope.integers:
            options[lambda: f"{self.rnd.choice(list(scope.integers))} % 2 == {self.rnd.randint(0, 1)}"] = 1.0
            options[lambda: f"{self.rnd.choice(list(scope.integers))} {self.rnd.choice(('<', '>=', '!='))} 2"] = 0.7
        first = self.one(options)
        if self.rnd.random() < 0.15:
            negated = "not " if self.rnd.random() < 0.3 else ""
            return f"{negated}({first} {self.rnd.choice(('and', 'or'))} {self.one(options)})"
        return first

    def array(self, scope: Scope, shape: Shape, depth: int = 2) -> str:
        """An expression of this shape, or a scalar that is stretched to it."""
        if depth == 0 or self.rnd.random() < 0.2:
            return self.array_atom(scope, shape)

        def e() -> str:
            return self.array(scope, shape, depth - 1)

        options: dict[Callable[[], str], float] = {
            lambda: f"np.sin({e()})": 1.5,
            lambda: f"np.cos({e()})": 1.0,
            lambda: f"({e()} * {e()})": 2.0,
            lambda: f"({e()} + {e()})": 1.5,
            lambda: f"({e()} - {self.atom(scope)})": 0.7,
            lambda: f"({self.atom(scope)} * {e()})": 1.0,
        }
        if "branches" in self.features:
            options[lambda: f"np.where({self.array_atom(scope, shape)} > {self.number()}, {e()}, {e()})"] = 0.5
            options[lambda: f"np.minimum({e()}, {e()})"] = 0.2
            options[lambda: f"np.sqrt(np.maximum({e()}, 0.0))"] = 0.3
        if "helpers" in self.features and len(shape) == 1:
            options[lambda: f"advance({self.array_atom(scope, shape)}, {self.atom(scope)})"] = 0.4
        if len(shape) == 2:
            rows, columns = self.of_shape(scope, shape=shape[1:]), self.of_shape(scope, shape=shape[:1])
            if rows:
                options[lambda: f"({e()} * {self.rnd.choice(rows)})"] = 0.7
            if columns:
                options[lambda: f"({e()} + {self.rnd.choice(columns)}[:, None])"] = 0.7
        return self.one(options)

    def array_atom(self, scope: Scope, shape: Shape) -> str:
        """An array of just this shape: a name, a slice, a row, a transpose, a sum over an axis."""
        choices = list(self.of_shape(scope, shape=shape)) * 2
        for name, other in scope.arrays.items():
            if len(shape) == len(other) == 1 and other[0] > shape[0] > 0:
                low = self.rnd.randint(0, other[0] - shape[0])
                choices.append(f"{name}[{low or ''}:{low + shape[0] - other[0] or ''}]")
            if len(shape) == len(other) == 1 and shape == other:
                choices.append(f"{name}[::-1]")
            if len(shape) == 1 and len(other) == 2 and other[1] == shape[0]:
                choices.append(f"{name}[{self.index(scope, other[0])}]")
                if "whole" in self.features:
                    choices.append(f"0.3 * np.sum({name}, axis=0)")
            if len(shape) == 1 and len(other) == 2 and other[0] == shape[0]:
                choices.append(f"{name}[:, {self.index(scope, other[1])}]")
            if len(shape) == 2 and other == shape[::-1]:
                choices.append(f"{name}.T")
        if not choices:
            return f"np.full({shape if len(shape) > 1 else shape[0]}, {self.atom(scope)})"
        return self.rnd.choice(choices)

    # ------------------------------------------------------------------------------------------------ statements
    def block(self, scope: Scope, most: int) -> tuple[Line, ...]:
        lines: list[Line] = []
        for _ in range(self.rnd.randint(1, most)):
            if self.budget <= 0 and lines:
                break
            self.budget -= 1
            lines += self.statement(scope)
        return tuple(lines)

    def statement(self, scope: Scope) -> list[Line]:
        deep = scope.depth >= (5 if "deep" in self.features else 4) or self.budget <= 0
        nested = 2.5 if "deep" in self.features else 1.0
        choices: dict[Callable[[Scope], list[Line]], float] = {
            self.scalar: 2.5,
            self.store: 3.5,
            self.loop: 0.0 if deep else 2.5 * nested,
            self.branch: 1.2 * nested if "branches" in self.features and not deep else 0.0,
            self.while_loop: 0.9 * nested if "while" in self.features and not deep else 0.0,
            self.slice_store: 1.8 if "slices" in self.features else 0.0,
            self.view: 1.2 if "views" in self.features else 0.0,
            self.new_array: 0.8 if "whole" in self.features else 0.1,
            self.rebinding: 0.7 if "rebind" in self.features else 0.0,
            self.swap: 0.6 if "swaps" in self.features else 0.0,
            self.jump: 0.9 if "jumps" in self.features else 0.0,
            self.integer: 0.8 if "integers" in self.features else 0.0,
            self.procedure: 0.5 if "helpers" in self.features else 0.0,
        }
        if self.wide:
            for make, chance in ((attempt, 1.5), (dict_of, 0.7), (list_of, 0.7), (function_inside, 0.6)):
                choices[partial(make, self)] = 0.0 if deep and make is not dict_of else chance
        if self.complex:
            for make, chance in ((complex_number, 3.0), (real_of_complex, 2.5), (complex_array, 1.5)):
                choices[partial(make, self)] = chance
        return self.rnd.choices(list(choices), list(choices.values()))[0](scope)

    def scalar(self, scope: Scope) -> list[Line]:
        kind = self.rnd.random()
        if kind < 0.35:
            return [Line(f"{self.rnd.choice(scope.floats)} {self.rnd.choice('+-')}= 0.3 * np.sin({self.expr(scope)})")]
        if kind < 0.42:
            return [Line(f"{self.rnd.choice(scope.floats)} *= np.cos({self.expr(scope)})")]
        text = f"np.{self.rnd.choice(('sin', 'cos'))}({self.expr(scope)})" if kind < 0.9 else self.atom(scope)
        if self.rnd.random() < 0.35:
            name = self.new("f")
            line = Line(f"{name} = {text}")
            scope.floats.append(name)
            return [line]
        return [Line(f"{self.rnd.choice(scope.floats)} = {text}")]

    def integer(self, scope: Scope) -> list[Line]:
        free = [name for name in scope.integers if name not in scope.fixed]
        modulus = self.rnd.randint(2, 4)
        term = self.rnd.choice(list(scope.integers)) if scope.integers else str(self.rnd.randint(1, 5))
        if free and self.rnd.random() < 0.6:
            name = self.rnd.choice(free)
            low, high = scope.integers[name]
            modulus = max(min(modulus, high + 1), 1) if low <= 0 else 0
            return [Line(f"{name} = ({name} * {self.rnd.randint(1, 3)} + {term}) % {modulus}")] if modulus else []
        name = self.new("k")
        scope.integers[name] = (0, modulus - 1)
        return [Line(f"{name} = {term} % {modulus}")]

    def store(self, scope: Scope) -> list[Line]:
        target = self.element(scope)
        kind = self.rnd.random()
        if kind < 0.55:
            return [Line(f"{target} = np.{self.rnd.choice(('sin', 'cos'))}({self.expr(scope)})")]
        if kind < 0.8:
            return [Line(f"{target} {self.rnd.choice('+-')}= 0.2 * np.sin({self.expr(scope)})")]
        if kind < 0.9:
            return [Line(f"{target} *= np.cos({self.expr(scope)})")]
        return [Line(f"{target} = {self.atom(scope)}")]

    def part(self, scope: Scope) -> tuple[str, Shape]:
        """A slice of an array and its shape."""
        name, shape = self.rnd.choice(list(scope.arrays.items()))
        subscripts, left = [], []
        for axis, length in enumerate(shape):
            kind = self.rnd.random()
            if kind < 0.3 and len(shape) > 1 and (left or axis == 0):
                subscripts.append(self.index(scope, length))
                continue
            options = [":", "::-1", "::2", "1:", ":-1", "1:-1", "1::2", f":{max(length - 2, 1)}", "-3:-1"]
            taken = self.rnd.choice(options)
            subscripts.append(taken)
            left.append(len(range(length)[_slice(taken)]))
        while subscripts and subscripts[-1] == ":" and len(subscripts) > 1:
            subscripts.pop()
        return f"{name}[{', '.join(subscripts)}]", tuple(left)

    def slice_store(self, scope: Scope) -> list[Line]:
        target, shape = self.part(scope)
        if not shape or 0 in shape:
            return self.store(scope)
        value = self.array(scope, shape) if self.rnd.random() < 0.85 else self.expr(scope, 1)
        return self.written(target, value)

    def written(self, target: str, value: str) -> list[Line]:
        kind = self.rnd.random()
        if kind < 0.5:
            return [Line(f"{target} = np.{self.rnd.choice(('sin', 'cos'))}({value})")]
        if kind < 0.7:
            return [Line(f"{target} += 0.2 * np.sin({value})")]
        if kind < 0.85:
            return [Line(f"{target} *= np.cos({value})")]
        # NumPy's own copy from an array to itself goes wrong where steps differ: `w[::2] = w[:-3]`
        steps = "::" in target + value or "v" in target + value
        return [Line(f"{target} = {'-' * steps}{value}")]

    def view(self, scope: Scope) -> list[Line]:
        text, shape = self.part(scope)
        if (len(shape) == 2 and self.rnd.random() < 0.3) or not shape:
            name, shape = self.rnd.choice([(n, s) for n, s in scope.arrays.items() if len(s) == 2] or [("x", (6,))])
            text, shape = f"{name}.T", shape[::-1]
        if 0 in shape:
            return self.store(scope)
        name = self.new("v")
        scope.arrays[name] = shape
        return [Line(f"{name} = {text}")]

    def new_array(self, scope: Scope) -> list[Line]:
        same = self.rnd.choice(list(scope.arrays))
        shape = scope.arrays[same]
        kind = self.rnd.random()
        text = f"np.{self.rnd.choice(('sin', 'cos'))}({self.array(scope, shape)})"
        if kind < 0.2:
            text = f"{same}.copy()"
        elif kind < 0.35:
            text = f"np.zeros({shape if len(shape) > 1 else f'{same}.shape[0]'})"
        elif kind < 0.45:
            text = f"np.{self.rnd.choice(('zeros', 'ones'))}_like({same})"
        name = self.new("m")
        scope.arrays[name] = shape
        return [Line(f"{name} = {text}")]

    def rebinding(self, scope: Scope) -> list[Line]:
        name, shape = self.rnd.choice(list(scope.arrays.items()))
        kind = self.rnd.random()
        if kind < 0.3:
            return [Line(f"{name} = {self.rnd.choice(self.of_shape(scope, shape=shape))}")]
        if kind < 0.5:
            return [Line(f"{name} = {self.array_atom(scope, shape)}")]
        return [Line(f"{name} = np.{self.rnd.choice(('sin', 'cos'))}({self.array(scope, shape)})")]

    def swap(self, scope: Scope) -> list[Line]:
        if self.rnd.random() < 0.4:
            a, b = self.rnd.choice(scope.floats), self.rnd.choice(scope.floats)
            return [Line(f"{a}, {b} = {b}, np.sin({self.expr(scope, 1)})")]
        name = self.rnd.choice(list(scope.arrays))
        others = [o for o in self.of_shape(scope, shape=scope.arrays[name]) if o != name]
        if not others:
            return self.store(scope)
        other = self.rnd.choice(others)
        return [Line(f"{name}, {other} = {other}, {name}")]

    def procedure(self, scope: Scope) -> list[Line]:
        rows = self.of_shape(scope, rank=1)
        matrices = self.of_shape(scope, rank=2)
        if matrices and self.rnd.random() < 0.4:
            name = self.rnd.choice(matrices)
            return [Line(f"relax({name}[{self.index(scope, scope.arrays[name][0])}], {self.atom(scope)})")]
        return [Line(f"relax({self.rnd.choice(rows)}, {self.atom(scope)})")] if rows else self.store(scope)

    def jump(self, scope: Scope) -> list[Line]:
        words = [f"return np.sin({self.expr(scope)})"]
        words += ["break", "continue"] * 2 if scope.loop else []
        inner = scope.inner()
        before = (self.store(inner) if self.rnd.random() < 0.3 else []) + [Line(self.rnd.choice(words))]
        return [Line(f"if {self.condition(scope)}:", tuple(before))]

    def branch(self, scope: Scope) -> list[Line]:
        lines = [Line(f"if {self.condition(scope)}:", self.block(scope.inner(), 3))]
        if self.rnd.random() < 0.2:
            lines.append(Line(f"elif {self.condition(scope)}:", self.block(scope.inner(), 2)))
        if self.rnd.random() < 0.6:
            lines.append(Line("else:", self.block(scope.inner(), 2)))
        return lines

    def loop(self, scope: Scope) -> list[Line]:
        inner = scope.inner("for")
        kind = self.rnd.random()
        name = self.new("i")
        if kind < 0.12 and self.of_shape(scope, rank=1):
            over = self.rnd.choice(self.of_shape(scope, rank=1))
            value = self.new("f")
            inner.floats.append(value)
            if kind < 0.06:
                return [Line(f"for {value} in {over}:", self.block(inner, 3))]
            inner.integers[name] = (0, scope.arrays[over][0] - 1)
            inner.fixed.add(name)
            return [Line(f"for {name}, {value} in enumerate({over}):", self.block(inner, 3))]
        if kind < 0.17 and self.of_shape(scope, rank=2):
            over = self.rnd.choice(self.of_shape(scope, rank=2))
            row = self.new("v")
            inner.arrays[row] = scope.arrays[over][1:]
            return [Line(f"for {row} in {over}:", self.block(inner, 3))]
        text, values = self.range_of(scope)
        inner.integers[name] = values
        inner.fixed.add(name)
        return [Line(f"for {name} in {text}:", self.block(inner, 4))]

    def range_of(self, scope: Scope) -> tuple[str, tuple[int, int]]:
        """A `range` and the least and greatest value that it may give."""
        fixed = [(n, r) for n, r in scope.integers.items() if r[0] >= 0]
        kind = self.rnd.random()
        if fixed and kind < 0.3:
            name, (_, high) = self.rnd.choice(fixed)
            if self.rnd.random() < 0.5 and high > 0:
                return f"range({name})", (0, high - 1)
            return f"range({name}, 4)", (0, max(3, high))
        array = self.rnd.choice(list(scope.arrays))
        length = scope.arrays[array][0]
        options = [
            ("range(n)", (0, 2)),
            (f"range({self.rnd.randint(1, 4)})", (0, 3)),
            (f"range({array}.shape[0])", (0, length - 1)),
            (f"range(1, {array}.shape[0] - 1)", (min(1, length - 1), max(length - 2, 1))),
            (f"range(len({array}) - 1, -1, -1)", (0, length - 1)),
            (f"range(0, {array}.shape[0], 2)", (0, length - 1)),
            ("range(5, 0, -2)", (1, 5)),
            ("range(n, 0, -1)", (1, 3)),
            ("range(2, 2)", (0, 2)),
        ]
        return self.rnd.choice(options[:-1] if self.rnd.random() < 0.9 else options[-1:])

    def while_loop(self, scope: Scope) -> list[Line]:
        name = self.new("k")
        trips = self.rnd.randint(1, 4)
        inner = scope.inner("while")
        also = f" and {self.expr(scope, 1)} > -0.7" if self.rnd.random() < 0.4 else ""
        inner.integers[name] = (1, trips)
        inner.fixed.add(name)
        step = Line(f"{name} += 1", kept=True)
        head = f"while {name} < {trips}{also}:"
        if self.rnd.random() < 0.3:  # the counter last: no continue may skip it
            inner.integers[name] = (0, trips - 1)
            inner.loop = ""
            body = (*self.block(inner, 3), step)
        else:
            body = (step, *self.block(inner, 3))
        return [Line(f"{name} = 0", kept=True), Line(head, body)]


def _slice(text: str) -> slice:
    return slice(*(int(part) if part else None for part in text.split(":")))


def program(
    seed: int, single: bool = False, wide: bool = False, small: bool = False, complex_: bool = False
) -> Program:
    """The program of a seed: the first of its line of random programs that runs and stays tame."""
    tried = 0
    while True:
        rnd = random.Random(f"{seed}/{tried}")
        found = _drawn(rnd, seed, np.float32 if single else np.float64, wide, small, complex_)
        if runs(found):
            return found
        tried += 1


def _drawn(rnd: random.Random, seed: int, dtype: type, wide: bool, small: bool, complex_: bool) -> Program:
    generator = Generator(rnd, dtype, wide, small, complex_)
    rng = np.random.default_rng(seed)
    arrays: dict[str, Shape] = {"x": (6,), "w": (6,)}
    if "matrix" in generator.features:
        arrays["m"] = (4, 6) if rnd.random() < 0.6 else (3, 3)
    scope = Scope(["a", "b"], {"n": (3, 3)}, dict(arrays), fixed={"n"})
    numbers = {"u": complex(*rng.uniform(-1.0, 1.0, size=2)), "q": rng.uniform(-1.0, 1.0, size=8).view(complex)}
    numbers = numbers if complex_ else {}
    if complex_:
        scope.complexes, scope.rows = ["u"], {"q": 4}
    body = list(generator.block(scope, 3 if small else 6))
    while generator.budget > 0:
        body += generator.block(scope, 3)
    body.append(Line(f"r = {rnd.choice(scope.floats)} + {generator.expr(scope, 1)}", kept=True))
    for name in scope.arrays:
        if name in arrays or rnd.random() < 0.6:
            body.append(Line(f"r += {generator.number()} * np.sum(np.sin({name}))"))
    for name in (*scope.complexes, *scope.rows):
        body.append(Line(f"r += {generator.number()} * np.sum(np.{rnd.choice(('real', 'imag', 'abs'))}({name} ** 2))"))
    body.append(Line("return r", kept=True))
    values = {name: rng.uniform(-1.0, 1.0, size=shape).astype(dtype) for name, shape in arrays.items()}
    args = (float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1)), *values.values(), *numbers.values(), 3)
    if "matrix" in generator.features and rnd.random() < 0.2:
        args = tuple(np.asfortranarray(value) if np.ndim(value) == 2 else value for value in args)
    head = f"def f({', '.join(('a', 'b', *arrays, *numbers))}, n):"
    return Program(head, tuple(body), args, ("a", "b", *arrays, *numbers), seed)
