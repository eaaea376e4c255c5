"""Random programs of the accepted language: always in range, always finite, with arguments to call them with.

`program(seed)` gives the same text for ever.  Every array has a shape that the writer knows, every integer a range, so
that no index is outside; what is stored is bounded by a sine or the like, so that nothing overflows and no difference
quotient is lost in rounding.  Helper functions come before `f` in the text, and `f` is the program.
"""

from __future__ import annotations

import linecache
import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

N, ROWS, COLUMNS = 6, 3, 4
PARAMETERS = {"x": (N,), "w": (N,), "M": (ROWS, COLUMNS)}
BY = ("a", "b", "x", "w", "M")
UNBOUNDED = 10**6

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Features:
    """How large a program is and what may stand in it."""

    statements: int = 6
    depth: int = 3
    helpers: int = 2
    without: frozenset[str] = frozenset()


@dataclass
class Scope:
    """What may be read at a place: floats, integers with their least and greatest value, arrays with their shapes."""

    floats: list[str]
    ints: list[tuple[str, int, int]]
    arrays: dict[str, Shape]
    settable: list[str]
    loops: int = 0
    depth: int = 0
    returns: Callable[[], str] | None = None
    calls: list[Helper] = field(default_factory=list)

    def inner(self) -> Scope:
        """The scope of a block inside: what is made there is not seen after it."""
        return Scope(
            list(self.floats),
            list(self.ints),
            dict(self.arrays),
            list(self.settable),
            self.loops,
            self.depth + 1,
            self.returns,
            self.calls,
        )


@dataclass(frozen=True)
class Helper:
    """A function to call: what its parameters are and what it gives."""

    name: str
    arrays: tuple[tuple[str, Shape], ...]
    gives: str  # "float", "array", "pair" or "nothing"


class Writer:
    """Writes one program, line by line."""

    def __init__(self, seed: int, features: Features) -> None:
        self.random = random.Random(seed)
        self.features = features
        self.lines: list[str] = []
        self.indent = 0
        self.numbers = count(1)
        self.last = "n"  # how to write the last index of a long axis
        self.table = True  # whether the table of indices, `p`, can be read here
        weighted: list[tuple[int, Callable[[Scope], None]]] = [
            (12, self.set_float),
            (8, self.add_to_float),
            (4, self.several_floats),
            (10, self.set_element),
            (8, self.add_to_element),
            (4, self.new_int),
            (5, self.counter),
            (6, self.new_array),
            (7, self.new_view),
            (7, self.write_slice),
            (6, self.add_to_array),
            (6, self.rebind),
            (3, self.swap),
            (4, self.reduction),
            (14, self.for_range),
            (5, self.for_items),
            (7, self.while_),
            (10, self.if_),
            (4, self.leave),
            (2, self.early_return),
            (5, self.call),
            (2, self.tuple_),
        ]
        self.kinds = [(weight, kind) for weight, kind in weighted if kind.__name__ not in features.without]

    # ---------------------------------------------------------------------------------------- small things
    def chance(self, p: float) -> bool:
        return self.random.random() < p

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def fresh(self, base: str) -> str:
        return f"{base}{next(self.numbers)}"

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.line(head)
        self.indent += 1
        at = len(self.lines)
        yield
        if len(self.lines) == at:
            self.line("pass")
        self.indent -= 1

    def number(self, low: float = -1.0, high: float = 1.0) -> str:
        return repr(round(self.random.uniform(low, high), 2))

    # ---------------------------------------------------------------------------------------- expressions
    def length(self, size: int, scope: Scope) -> str:
        """A way to write the integer `size`."""
        ways = [str(size)] * 2
        for name, shape in scope.arrays.items():
            for axis, n in enumerate(shape):
                if n == size:
                    ways += [f"{name}.shape[{axis}]"] + ([f"len({name})"] if axis == 0 else [])
        if size == N - 1:
            ways.append(self.last)
        return self.pick(*ways)

    def index(self, size: int, scope: Scope, wrap: bool = True) -> str:
        """An index into an axis of `size`."""
        ways = []
        for text, low, high in scope.ints:
            plain = text.isidentifier()
            for shift in (0, 0, 1, -1, 2):
                if (-size if wrap else 0) <= low + shift and high + shift < size:
                    ways += [text if not shift else f"{text} {'+' if shift > 0 else '-'} {abs(shift)}"] * 2
            if plain and low >= 0 and high < size:
                ways.append(f"{size - 1} - {text}")
            if plain and (low < 0 or high >= size):
                ways.append(f"{text} % {size}")
            if plain and low >= 0 and high < N and size == N and self.table:
                ways.append(f"p[{text}]")
        if ways and self.chance(0.9):
            return self.pick(*ways)
        return str(self.random.randint(-size if wrap and self.chance(0.15) else 0, size - 1) if size > 1 else 0)

    def element(self, scope: Scope) -> str:
        name, shape = self.pick(*scope.arrays.items())
        return f"{name}[{', '.join(self.index(n, scope) for n in shape)}]"

    def atom(self, scope: Scope) -> str:
        k = self.random.random()
        if k < 0.42:
            return self.pick(*scope.floats)
        if k < 0.85 and scope.arrays:
            return self.element(scope)
        if k < 0.9 and scope.ints:
            text, low, high = self.pick(*scope.ints)
            return f"0.1 * ({text})" if high < UNBOUNDED else f"0.01 * ({text})"
        return self.number()

    def float_(self, scope: Scope, depth: int = 2) -> str:
        """A float, of no great size."""
        if depth == 0:
            return self.atom(scope)
        e = lambda: self.float_(scope, depth - 1)  # noqa: E731
        k = self.random.random()
        if k < 0.16:
            return f"{self.pick('np.sin', 'np.cos', 'math.sin', 'np.tanh', 'np.arctan')}({e()})"
        if k < 0.22:
            return f"np.exp(0.2 * np.sin({e()}))"
        if k < 0.25:
            return f"np.sqrt(1.5 + np.sin({e()}))"
        if k < 0.27:
            return f"np.log(2.0 + np.cos({e()}))"
        if k < 0.42:
            return f"({e()} * {e()})"
        if k < 0.56:
            return f"({e()} {self.pick('+', '-')} {e()})"
        if k < 0.60:
            return f"({e()} / (2.0 + np.cos({e()})))"
        if k < 0.63:
            return f"np.sin({e()}) ** {self.pick(2, 3)}"
        if k < 0.67:
            return f"{self.pick('max', 'min', 'np.maximum', 'np.minimum')}({e()}, {e()})"
        if k < 0.72:
            return f"({e()} if {self.condition(scope)} else {e()})"
        if k < 0.74:
            return f"abs({e()})"
        if k < 0.79 and scope.arrays:
            return self.reduced(scope)
        if k < 0.81:
            return f"-{self.atom(scope).lstrip('-')}"
        return self.atom(scope)

    def tame(self, scope: Scope) -> str:
        """A float between -2 and 2."""
        e = self.float_(scope)
        return self.pick(
            f"np.sin({e})", f"np.cos({e})", f"np.tanh({e})", f"0.5 * np.sin({e}) + 0.3", f"np.clip({e}, -1.5, 1.5)"
        )

    def condition(self, scope: Scope, depth: int = 1) -> str:
        k = self.random.random()
        if k < 0.12 and depth:
            return f"{self.condition(scope, 0)} {self.pick('and', 'or')} {self.condition(scope, 0)}"
        if k < 0.17 and depth:
            return f"not {self.condition(scope, 0)}"
        if k < 0.35 and scope.ints:
            text, low, high = self.pick(*scope.ints)
            return self.pick(f"({text}) % 2 == 0", f"{text} > {self.random.randint(0, 3)}", f"{text} != 2")
        if k < 0.42:
            return f"{self.number(-1, 0)} < {self.float_(scope, 1)} < {self.number(0, 1)}"
        if k < 0.55:
            return f"{self.float_(scope, 1)} {self.pick('<', '>', '<=', '>=')} {self.float_(scope, 1)}"
        return f"{self.float_(scope, 1)} {self.pick('<', '>')} {self.number(-0.6, 0.6)}"

    def reduced(self, scope: Scope) -> str:
        """A float made of a whole array."""
        _, shape = self.pick(*scope.arrays.items())
        k = self.random.random()
        if k < 0.2:
            return f"0.2 * np.dot({self.array((N,), scope, 1)}, {self.array((N,), scope, 1)})"
        e = self.array(shape, scope, 1)
        if k < 0.3:
            return f"{self.pick('np.max', 'np.min')}({e})"
        if k < 0.4:
            return f"{self.named(shape, scope)}.{self.pick('sum', 'mean', 'max')}()"
        return f"{self.pick('0.2 * np.sum', 'np.mean', '0.2 * np.sum')}({e})"

    # ---------------------------------------------------------------------------------------- arrays
    def slice_(self, have: int, want: int, scope: Scope) -> str:
        """A slice of an axis of `have` elements that has `want` of them."""
        if have == want and self.chance(0.4):
            return self.pick(":", ":", "::-1")
        steps = [s for s in (1, 1, 1, 2, -1, -2, 3) if (want - 1) * abs(s) < have]
        step = self.pick(*steps)
        reach = (want - 1) * abs(step)
        if step == 1 and self.chance(0.4):
            for text, low, high in self.random.sample(scope.ints, len(scope.ints)):
                if low >= 0 and high + want <= have and want > 1:
                    return f"{text}:{text} + {want}"
        first = self.random.randint(0, have - 1 - reach)
        last = first + reach
        if step < 0:
            first, last = last, first
        start = "" if first == (0 if step > 0 else have - 1) else str(first if self.chance(0.7) else first - have)
        if step > 0:
            stop = "" if last + step >= have else str(last + 1 if self.chance(0.7) else last + 1 - have)
        else:
            stop = "" if last + step < 0 else str(last - 1 if self.chance(0.7) else last - 1 - have)
        return f"{start}:{stop}" + ("" if step == 1 else f":{step}")

    def sliced(self, name: str, scope: Scope, want: Shape) -> str | None:
        """A view of an array with the shape wanted, or nothing."""
        have = scope.arrays[name]
        if have == want:
            k = self.random.random()
            if k < 0.75:
                return name
            return f"{name}[{', '.join(self.slice_(n, n, scope) for n in have)}]"
        if len(have) == len(want) and all(a >= b for a, b in zip(have, want, strict=True)):
            return f"{name}[{', '.join(self.slice_(a, b, scope) for a, b in zip(have, want, strict=True))}]"
        if len(have) == 2 and len(want) == 1:
            ways = []
            if have[1] >= want[0]:
                part = "" if have[1] == want[0] and self.chance(0.5) else f", {self.slice_(have[1], want[0], scope)}"
                ways.append(f"{name}[{self.index(have[0], scope)}{part}]")
            if have[0] >= want[0]:
                ways.append(f"{name}[{self.slice_(have[0], want[0], scope)}, {self.index(have[1], scope)}]")
            return self.pick(*ways) if ways else None
        if len(have) == 2 and have[::-1] == want:
            return f"{name}.T"
        if len(have) == 1 and len(want) == 2:
            if have[0] >= want[1] and want[0] == 1:
                return f"{name}[None, {self.slice_(have[0], want[1], scope)}]"
            if have[0] >= want[0] and want[1] == 1:
                return f"{name}[{self.slice_(have[0], want[0], scope)}, None]"
        return None

    def named(self, shape: Shape, scope: Scope) -> str:
        """A name or a view of one, of the shape; a new array where there is none."""
        names = list(scope.arrays)
        self.random.shuffle(names)
        names.sort(key=lambda name: scope.arrays[name] != shape and self.chance(0.6))
        for name in names:
            text = self.sliced(name, scope, shape)
            if text is not None:
                return text
        return self.made(shape, scope)

    def shape_text(self, shape: Shape, scope: Scope) -> str:
        parts = [self.length(n, scope) for n in shape]
        return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"

    def made(self, shape: Shape, scope: Scope) -> str:
        """A new array that depends on nothing, or on a float."""
        text = self.shape_text(shape, scope)
        same = [name for name, other in scope.arrays.items() if other == shape]
        ways = [f"np.zeros({text})", f"np.ones({text})", f"np.full({text}, {self.atom(scope)})"]
        if len(shape) == 1:
            ways += [f"np.linspace(-0.5, 1.0, {text})", f"0.1 * np.arange({text})"]
        if same:
            ways += [f"np.zeros_like({self.pick(*same)})", f"{self.pick(*same)}.copy()", f"np.ones_like({same[0]})"]
        return self.pick(*ways)

    def array(self, shape: Shape, scope: Scope, depth: int = 2) -> str:
        """An array of exactly this shape."""
        if depth == 0:
            return self.named(shape, scope)
        e = lambda: self.array(shape, scope, depth - 1)  # noqa: E731
        k = self.random.random()
        if k < 0.15:
            return f"{self.pick('np.sin', 'np.cos', 'np.tanh')}({e()})"
        if k < 0.30:
            return f"({e()} {self.pick('+', '-', '*')} {e()})"
        if k < 0.42:
            return f"{self.atom(scope)} * {e()}"
        if k < 0.47:
            return f"({e()} + {self.atom(scope)})"
        if k < 0.52:
            return f"np.where({e()} > {self.number()}, {e()}, {self.pick(e(), self.number())})"
        if k < 0.56:
            return f"{self.pick('np.minimum', 'np.maximum')}({e()}, {self.pick(e(), self.number())})"
        if k < 0.59:
            return f"np.clip({e()}, -0.7, 0.8)"
        if k < 0.63:
            return f"({e()} / (1.5 + {e()} ** 2))"
        if k < 0.75 and len(shape) == 2:
            column = self.array((shape[0],), scope, 0)
            row = self.array((shape[1],), scope, 0)
            ways = [f"({e()} {self.pick('*', '+')} {row})", f"({column})[:, None] * {row}"]
            ways.append(f"({e()} - {column.split(' ')[0] if ' ' not in column else f'({column})'}[:, None])")
            inner = self.pick(2, 3, 4)
            left, right = self.named((shape[0], inner), scope), self.named((inner, shape[1]), scope)
            ways.append(f"0.3 * ({left} @ {right})")
            return self.pick(*ways)
        if k < 0.72 and len(shape) == 1:
            m = [name for name, other in scope.arrays.items() if len(other) == 2]
            if m:
                name = self.pick(*m)
                rows, columns = scope.arrays[name]
                ways = []
                if columns == shape[0]:
                    ways += [f"np.sum({name}, axis=0)", f"{name}.mean(axis=0)", f"np.max({name}, axis=0)"]
                    ways += [f"0.3 * ({self.named((rows,), scope)} @ {name})"]
                if rows == shape[0]:
                    ways += [f"np.sum({name}, axis=1)", f"{name}.mean(axis=1)", f"{name}.sum(axis=1)"]
                    ways += [f"0.3 * ({name} @ {self.named((columns,), scope)})"]
                if ways:
                    return self.pick(*ways)
        if k < 0.78:
            return f"({e()} if {self.condition(scope, 0)} else {e()})" if self.chance(0.2) else e()
        if k < 0.82:
            return self.made(shape, scope)
        return self.named(shape, scope)

    def tame_array(self, shape: Shape, scope: Scope) -> str:
        e = self.array(shape, scope)
        return self.pick(f"np.sin({e})", f"np.cos({e})", f"0.5 * np.tanh({e})", f"np.clip({e}, -1.0, 1.2)")

    # ---------------------------------------------------------------------------------------- statements
    def body(self, scope: Scope, statements: int) -> None:
        for _ in range(statements):
            weights, kinds = zip(*self.kinds, strict=True)
            self.random.choices(kinds, weights)[0](scope)

    def set_float(self, scope: Scope) -> None:
        if self.chance(0.3):
            name = self.fresh("s")
            self.line(f"{name} = {self.tame(scope)}")
            scope.floats.append(name)
            scope.settable.append(name)
        else:
            self.line(f"{self.pick(*scope.settable)} = {self.tame(scope)}")

    def add_to_float(self, scope: Scope) -> None:
        name = self.pick(*scope.settable)
        e = self.float_(scope)
        self.line(
            self.pick(
                f"{name} += 0.3 * np.sin({e})",
                f"{name} -= 0.2 * np.cos({e})",
                f"{name} *= np.cos({e})",
                f"{name} /= 1.5 + 0.3 * np.sin({e})",
                f"{name} = 0.9 * {name} + 0.1 * np.sin({e})",
            )
        )

    def several_floats(self, scope: Scope) -> None:
        s, t = self.random.sample(scope.settable, 2)
        match self.random.randrange(4):
            case 0:
                self.line(f"{s}, {t} = {t}, {s}")
            case 1:
                self.line(f"{s}, {t} = {self.tame(scope)}, {self.tame(scope)}")
            case 2:
                self.line(f"{s} = {t} = {self.tame(scope)}")
            case _:
                e = self.element(scope)
                self.line(f"{e}, {s} = {self.tame(scope)}, {e}")

    def set_element(self, scope: Scope) -> None:
        target = self.element(scope)
        if self.chance(0.1):
            self.line(f"{self.element(scope)} = {self.pick(*scope.settable)} = {self.tame(scope)}")
        elif self.chance(0.1):
            other = self.element(scope)
            self.line(f"{target}, {other} = {other}, {target}")
        else:
            self.line(f"{target} = {self.tame(scope)}")

    def add_to_element(self, scope: Scope) -> None:
        e = self.float_(scope)
        way = self.pick("+= 0.2 * np.sin({})", "-= 0.1 * {}", "*= np.cos({})", "/= 1.5 + 0.2 * np.sin({})", "+= 0.1 * {}")
        self.line(f"{self.element(scope)} " + way.format(e))

    def new_int(self, scope: Scope) -> None:
        name = self.fresh("j")
        text, low, high = self.pick(*scope.ints, (self.last, N - 1, N - 1))
        if self.chance(0.3):
            self.line(f"{name} = int(2.5 + 2.4 * np.sin({self.float_(scope, 1)}))")
            scope.ints.append((name, 0, 4))
        elif self.chance(0.3):
            self.line(f"{name} = {self.pick(1, 2)} if {self.condition(scope)} else {self.pick(0, 3)}")
            scope.ints.append((name, 0, 3))
        elif self.chance(0.5) or high >= UNBOUNDED:
            by = self.pick(3, 4, 6)
            self.line(f"{name} = ({text} * {self.pick(1, 2, 5)} + {self.pick(0, 1, 3)}) % {by}")
            scope.ints.append((name, 0, by - 1))
        else:
            self.line(f"{name} = {N - 1} - ({text})")
            scope.ints.append((name, N - 1 - high, N - 1 - low))

    def counter(self, scope: Scope) -> None:
        """An integer that the program counts with; only its remainders are used as an index."""
        counters = [text for text, _, high in scope.ints if high >= UNBOUNDED]
        if not counters or (self.chance(0.3) and not scope.loops):
            name = self.fresh("k")
            self.line(f"{name} = {self.pick(0, 1)}")
            scope.ints.append((name, 0, UNBOUNDED))
        elif self.chance(0.5):
            self.line(f"{self.pick(*counters)} += {self.pick(1, 1, 2)}")
        else:
            with self.block(f"if {self.condition(scope)}:"):
                self.line(f"{self.pick(*counters)} += 1")

    def new_array(self, scope: Scope) -> None:
        name = self.fresh("y")
        shape = self.pick((N,), (N,), (COLUMNS,), (ROWS,), (ROWS, COLUMNS), (N - 2,), (2, 3), (N, ROWS))
        k = self.random.random()
        made = self.made(shape, scope) if k < 0.5 else self.tame_array(shape, scope)
        self.line(f"{name} = {made}")
        scope.arrays[name] = shape

    def new_view(self, scope: Scope) -> None:
        name = self.fresh("v")
        of = self.pick(*scope.arrays)
        have = scope.arrays[of]
        want: Shape
        if len(have) == 1:
            want = (self.random.randint(min(2, have[0]), have[0]),)
            if have == (N,) and self.chance(0.15):
                self.line(f"{name} = {of}.reshape({self.pick('2, 3', '(2, 3)', '2, -1')})")
                scope.arrays[name] = (2, 3)
                return
        else:
            want = self.pick((have[1],), (have[0],), have[::-1], (max(have[0] - 1, 1), max(have[1] - 1, 1)))
        text = self.sliced(of, scope, want)
        if text is None:
            return
        if text == of and self.chance(0.7):
            text = f"{of}[:]" if self.chance(0.5) else f"{of}[::-1]"
        self.line(f"{name} = {text}")
        scope.arrays[name] = want

    def part(self, scope: Scope) -> tuple[str, Shape]:
        """A part of an array to write to, and its shape."""
        name, have = self.pick(*scope.arrays.items())
        want: Shape = tuple(self.random.randint(min(2, n), n) for n in have)
        if len(have) == 2 and self.chance(0.5):
            want = (self.pick(*have),)
        text = self.sliced(name, scope, want)
        if text is None or text == name or text.endswith(".T"):
            return f"{name}[:]", have
        return text, want

    def write_slice(self, scope: Scope) -> None:
        target, shape = self.part(scope)
        k = self.random.random()
        if k < 0.2:
            self.line(f"{target} = {self.tame(scope)}")
        elif k < 0.3 and len(shape) == 2:
            self.line(f"{target} = {self.tame_array((shape[1],), scope)}")
        else:
            self.line(f"{target} = {self.tame_array(shape, scope)}")

    def add_to_array(self, scope: Scope) -> None:
        target, shape = self.part(scope)
        if self.chance(0.35):
            target, shape = self.pick(*scope.arrays.items())
        e = self.array(shape, scope)
        self.line(
            self.pick(
                f"{target} += 0.2 * np.sin({e})",
                f"{target} -= 0.1 * ({e})",
                f"{target} *= 0.5 + 0.4 * np.cos({e})",
                f"{target} += 0.1 * {self.float_(scope, 1)}",
                f"{target} /= 1.5 + 0.2 * np.sin({e})",
            )
        )

    def rebind(self, scope: Scope) -> None:
        name, shape = self.pick(*scope.arrays.items())
        e = self.tame_array(shape, scope)
        self.line(f"{name} = {self.pick(e, e, f'{name} + 0.1 * {e}', f'0.5 * {name}', f'{name}.copy()')}")

    def swap(self, scope: Scope) -> None:
        pairs = [
            (s, t) for s in scope.arrays for t in scope.arrays if s != t and scope.arrays[s] == scope.arrays[t]
        ]
        if pairs:
            s, t = self.pick(*pairs)
            self.line(f"{s}, {t} = {t}, {s}")

    def reduction(self, scope: Scope) -> None:
        self.line(f"{self.pick(*scope.settable)} = np.sin({self.reduced(scope)})")

    def tuple_(self, scope: Scope) -> None:
        name = self.fresh("t")
        self.line(f"{name} = ({self.tame(scope)}, {self.atom(scope)})")
        if self.chance(0.5):
            s, t = self.random.sample(scope.settable, 2)
            self.line(f"{s}, {t} = {name}")
        else:
            self.line(f"{self.pick(*scope.settable)} = np.sin({name}[0] * {name}[1])")

    # ---------------------------------------------------------------------------------------- loops and branches
    def few(self, scope: Scope) -> int:
        return self.random.randint(1, 3 if scope.depth < 2 else 2)

    def for_range(self, scope: Scope) -> None:
        if scope.depth >= self.features.depth or scope.loops >= 3:
            return self.set_float(scope)
        i = self.fresh("i")
        inner = scope.inner()
        inner.loops += 1
        outer = [(t, low, high) for t, low, high in scope.ints if t.isidentifier() and low >= 0 and high < N]
        k, n = self.random.random(), self.last
        if k < 0.25 and outer:
            t, low, high = self.pick(*outer)
            space, least, most = self.pick(
                (f"{t}", 0, high - 1),
                (f"{t} + 1", 0, high),
                (f"{t}, 5", low, 4),
                (f"5, {t}, -1", low + 1, 5),
                (f"{t}, -1, -1", 0, high),
                (f"{t} - 1, {t} + 1", low - 1, high),
            )
        elif k < 0.55:
            stop = self.pick(2, 4, 5, N)
            space, least, most = self.length(stop, scope), 0, stop - 1
        elif k < 0.75:
            space, least, most = self.pick((f"1, {n}", 1, N - 2), (f"1, {n} + 1", 1, N - 1), ("1, 4", 1, 3), (f"2, {n}", 2, 4))
        elif k < 0.88:
            space, least, most = self.pick(
                (f"{n}, -1, -1", 0, N - 1),
                ("4, 0, -1", 1, 4),
                ("5, 0, -2", 1, 5),
                (f"{n} - 1, 0, -1", 1, N - 2),
                ("-1, -5, -1", -4, -1),
            )
        elif k < 0.96:
            space, least, most = self.pick((f"0, {n}, 2", 0, 4), ("1, 6, 2", 1, 5), ("0, 6, 3", 0, 3), ("-2, 3", -2, 2))
        else:
            space, least, most = self.pick(("0", 0, 0), ("3, 1", 1, 1), ("2, 3", 2, 2))
        head = f"reversed(range({space}))" if self.chance(0.06) else f"range({space})"
        with self.block(f"for {i} in {head}:"):
            inner.ints.append((i, min(least, most), most))
            self.body(inner, self.few(scope))

    def for_items(self, scope: Scope) -> None:
        if scope.depth >= self.features.depth or scope.loops >= 3:
            return self.set_element(scope)
        inner = scope.inner()
        inner.loops += 1
        i, v, u = self.fresh("i"), self.fresh("v"), self.fresh("u")
        name, shape = self.pick(*scope.arrays.items())
        k = self.random.random()
        if k < 0.3:
            head = f"{v} in {name}"
        elif k < 0.7:
            head = f"{i}, {v} in enumerate({name})"
            inner.ints.append((i, 0, shape[0] - 1))
        else:
            other, its = self.pick(*scope.arrays.items())
            head = f"{v}, {u} in zip({name}, {other})"
            if k < 0.85:
                head = f"{i}, ({v}, {u}) in enumerate(zip({name}, {other}))"
                inner.ints.append((i, 0, min(shape[0], its[0]) - 1))
            if len(its) == 2:
                inner.arrays[u] = its[1:]
            else:
                inner.floats.append(u)
        if len(shape) == 2:
            inner.arrays[v] = shape[1:]
        else:
            inner.floats.append(v)
        with self.block(f"for {head}:"):
            self.body(inner, self.few(scope))

    def while_(self, scope: Scope) -> None:
        if scope.depth >= self.features.depth or scope.loops >= 3:
            return self.add_to_float(scope)
        inner = scope.inner()
        inner.loops += 1
        m = self.fresh("m")
        most = self.random.randint(1, 4)
        self.line(f"{m} = 0")
        more = f" and {self.condition(scope, 0)}" if self.chance(0.5) else ""
        head = f"while {m} < {most}{more}:"
        if self.chance(0.15):
            head = "while True:"
        with self.block(head):
            if head == "while True:":
                with self.block(f"if {m} >= {most}{more.replace(' and ', ' or ')}:"):
                    self.line("break")
            self.line(f"{m} {self.pick('+= 1', f'= {m} + 1')}")
            inner.ints.append((m, 1, most))
            self.body(inner, self.few(scope))
        return None

    def if_(self, scope: Scope) -> None:
        if scope.depth > self.features.depth:
            return self.add_to_element(scope)
        with self.block(f"if {self.condition(scope)}:"):
            self.body(scope.inner(), self.few(scope))
        if self.chance(0.25):
            with self.block(f"elif {self.condition(scope)}:"):
                self.body(scope.inner(), self.few(scope))
        if self.chance(0.5):
            with self.block("else:"):
                self.body(scope.inner(), self.few(scope))
        return None

    def leave(self, scope: Scope) -> None:
        if not scope.loops:
            return self.set_float(scope)
        with self.block(f"if {self.condition(scope)}:"):
            if self.chance(0.4):
                self.body(scope.inner(), 1)
            self.line(self.pick("break", "continue"))
        return None

    def early_return(self, scope: Scope) -> None:
        if scope.returns is None:
            return self.set_float(scope)
        with self.block(f"if {self.float_(scope, 1)} > {self.number(0.6, 1.6)}:"):
            self.line(f"return {scope.returns()}")
        return None

    # ---------------------------------------------------------------------------------------- helpers
    def call(self, scope: Scope) -> None:
        if not scope.calls:
            return self.set_float(scope)
        helper = self.pick(*scope.calls)
        args = [self.float_(scope, 1)]
        args += [self.named(shape, scope) for _, shape in helper.arrays]
        if self.chance(0.5):
            args.append(f"s={self.atom(scope)}" if self.chance(0.6) else self.atom(scope))
        if self.chance(0.2) and helper.arrays:
            args[1:] = [f"{name}={text}" for (name, _), text in zip(helper.arrays, args[1:], strict=False)]
        call = f"{helper.name}({', '.join(args)})"
        match helper.gives:
            case "float":
                self.line(f"{self.pick(*scope.settable)} {self.pick('=', '+=')} 0.5 * np.sin({call})")
            case "pair":
                s, t = self.random.sample(scope.settable, 2)
                self.line(f"{s}, {t} = {call}")
            case "array":
                name = self.fresh("y")
                self.line(f"{name} = {call}")
                scope.arrays[name] = helper.arrays[0][1]
            case _:
                self.line(call)
        return None

    def helper(self) -> Helper:
        shapes: list[tuple[str, Shape]] = [("q", self.pick((N,), (N,), (COLUMNS,), (ROWS, COLUMNS)))]
        if self.chance(0.4):
            shapes.append(("r", self.pick((N,), (COLUMNS,))))
        helper = Helper(self.fresh("h"), tuple(shapes), self.pick("float", "pair", "array", "nothing"))
        names = ", ".join(name for name, _ in shapes)
        floats = ["e", "s"]
        scope = Scope(floats, [], dict(shapes), list(floats), depth=1)
        if helper.gives == "float":
            scope.returns = lambda: self.pick("e", "e * s", "0.5")
        self.line(f"def {helper.name}(e, {names}, s=0.4):")
        self.indent += 1
        kept = self.kinds
        self.kinds = [(w, kind) for w, kind in kept if kind.__name__ not in ("call", "counter", "new_int")]
        self.last, self.table = str(N - 1), False
        self.body(scope, self.random.randint(1, 3))
        self.last, self.table, self.kinds = "n", True, kept
        match helper.gives:
            case "float":
                self.line(f"return {self.tame(Scope(floats, [], dict(shapes), floats))}")
            case "pair":
                self.line("return np.sin(e), np.cos(s)")
            case "array":
                self.line(f"return {self.pick('q', 'np.sin(q)', 'q.copy()', 's * q')}")
            case _:
                self.line("q[0] += 0.1 * np.sin(e + s)")
        self.indent -= 1
        return helper

    def program(self) -> str:
        helpers = [self.helper() for _ in range(self.random.randint(0, self.features.helpers))]
        floats = ["a", "b", "c"]
        scope = Scope(floats, [], dict(PARAMETERS), list(floats), calls=helpers)
        scope.returns = lambda: self.pick("a * b", "np.sum(x * w)", "c + x[1]", "np.sum(np.sin(M))", "b")
        self.line("def f(a, b, x, w, M, p, n):")
        self.indent += 1
        self.line("c = a * b")
        self.body(scope, self.features.statements)
        self.line("r = a + b * c + np.sum(np.sin(x) * w)")
        with self.block(f"for k in range({ROWS}):"):
            self.line(f"r += np.sin(M[k, k]) * M[k, {COLUMNS - 1} - k]")
        for name, shape in scope.arrays.items():
            if name not in PARAMETERS and self.chance(0.5):
                self.line("r += " + self.pick(f"0.3 * np.sum({name} * {name})", f"np.mean(np.sin({name}))"))
        self.line("return r")
        return "\n".join(self.lines) + "\n"


def program(seed: int, features: Features | None = None) -> str:
    """The text of a random program: helper functions and `f(a, b, x, w, M, p, n)`."""
    if features is None:
        size = random.Random(~seed)
        features = Features(statements=size.choice((2, 3, 4, 5, 6, 8)), depth=size.choice((1, 2, 2, 3)))
    return Writer(seed, features).program()


def arguments(seed: int) -> list[Any]:
    """Arguments for a program: a, b, x, w, M, p, n."""
    q = np.random.default_rng(seed)
    return [
        float(q.normal()),
        float(q.normal()),
        q.normal(size=N),
        q.normal(size=N),
        q.normal(size=(ROWS, COLUMNS)),
        q.integers(0, N, size=N),
        N - 1,
    ]


def direction(seed: int) -> tuple[Any, ...]:
    """A direction to go from the arguments: one entry for each of `BY`."""
    q = np.random.default_rng([seed, 1])
    return (float(q.normal()), float(q.normal()), q.normal(size=N), q.normal(size=N), q.normal(size=(ROWS, COLUMNS)))


def defined(text: str, label: str) -> Callable[..., float]:
    """The function `f` of a program's text, with its source where `inspect` finds it."""
    name = f"<{label}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    space: dict[str, Any] = {"np": np, "math": math, "__name__": "programs"}
    exec(compile(text, name, "exec"), space)
    function: Callable[..., float] = space["f"]
    return function
