"""Random Python functions full of jumps, as source text: what the tests of `normal` compare runs of."""

from __future__ import annotations

import random

_HEAD = "def program(x, n):\n    a = 1.0\n    b = 2.0\n    t = 0\n    if n > 100:\n        c = 0.0\n"


def program(seed: int) -> str:
    """The text of a function of an array and a count; it always ends, and often with a value."""
    return _Writer(random.Random(seed)).text()


class _Writer:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.indices: list[str] = []
        self.count = 0

    def text(self) -> str:
        body = self.block(2, 4, in_loop=False)
        ending = "    return a, b, c\n" if self.dice.random() < 0.3 else "    return a + b\n"
        return _HEAD + body.replace("\n\n", "\n") + ending

    def block(self, depth: int, size: int, in_loop: bool, pad: str = "    ") -> str:
        lines = [self.statement(depth, in_loop, pad) for _ in range(self.dice.randint(1, size))]
        return "".join(lines)

    def statement(self, depth: int, in_loop: bool, pad: str) -> str:
        kind = self.dice.random()
        if depth > 0 and kind < 0.30:
            text = f"{pad}if {self.test()}:\n" + self.block(depth - 1, 3, in_loop, pad + "    ")
            if self.dice.random() < 0.5:
                text += f"{pad}else:\n" + self.block(depth - 1, 3, in_loop, pad + "    ")
            return text
        if depth > 0 and kind < 0.50:
            return self.loop(depth, pad)
        if in_loop and kind < 0.68:
            jump = self.dice.choice(["break", "continue", f"return {self.value()}"])
            return f"{pad}if {self.test()}:\n{pad}    {jump}\n" if self.dice.random() < 0.8 else f"{pad}{jump}\n"
        if kind < 0.56:
            return f"{pad}if {self.test()}:\n{pad}    return {self.value()}\n"
        target = self.dice.choice("aabbc")
        return f"{pad}{target} = {self.value()}\n" if kind < 0.9 else f"{pad}a += {self.value()}\n"

    def loop(self, depth: int, pad: str) -> str:
        inner = pad + "    "
        self.count += 1
        if self.dice.random() < 0.6:
            index = self.dice.choice(["i", "j", f"k{self.count}"])
            bounds = self.dice.choice(["n", "3", "1, n + 1", "n, 0, -1", "t, t + 2", "4, 0, -2"])
            self.indices.append(index)
            body = self.block(depth - 1, 4, True, inner)
            if self.dice.random() < 0.7:
                self.indices.pop()
            return f"{pad}for {index} in range({bounds}):\n{body}"
        test = "True" if self.dice.random() < 0.5 else f"{self.test()}"
        stop = self.dice.choice(["break", "return a", f"return {self.value()}"])
        body = self.block(depth - 1, 3, True, inner)
        return f"{pad}while {test}:\n{inner}t += 1\n{inner}if t > {self.dice.randint(2, 9)}:\n{inner}    {stop}\n{body}"

    def test(self) -> str:
        return f"x[t % 5] {self.dice.choice('<>')} {self.value()}"

    def value(self) -> str:
        names = ["a", "b", "a", "b", "t", "x[1]", "x[t % 5]", *self.indices]
        if self.dice.random() < 0.1:
            names.append("c")
        one, two = self.dice.choice(names), self.dice.choice(names)
        return self.dice.choice([one, f"{one} * 0.5 + {two}", f"{one} - {two}", f"{self.dice.randint(-2, 2)}.0"])
