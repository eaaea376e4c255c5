"""Random Python functions full of calls of those in `callees`, as source text, in places where order counts."""

from __future__ import annotations

import random


def program(seed: int) -> str:
    """The text of a function of an array of three and a number."""
    return _Writer(random.Random(seed)).text()


class _Writer:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.count = 0

    def text(self) -> str:
        lines = ["def program(u, v):", "    a = 1.0", "    n = 0"]
        for _ in range(self.dice.randint(1, 5)):
            lines += self.statement(2, "    ")
        return "\n".join([*lines, f"    return a, {self.number(2)}, {self.number(1)}", ""])

    def statement(self, depth: int, pad: str) -> list[str]:
        kind = self.dice.randint(0, 8 if depth else 4)
        match kind:
            case 0 | 1:
                return [f"{pad}a = {self.number(3)}"]
            case 2:
                return [f"{pad}u[{self.place()}] = {self.number(2)}"]
            case 3:
                return [f"{pad}u[{self.place()}] += {self.number(2)}"]
            case 4:
                return [self.dice.choice([f"{pad}a += {self.number(2)}", f"{pad}rotate(u)"])]
            case 5 | 6:
                inner = self.statement(depth - 1, pad + "    ")
                other = self.statement(depth - 1, pad + "    ")
                return [f"{pad}if {self.test(2)}:", *inner, f"{pad}else:", *other]
            case 7:
                inner = self.statement(depth - 1, pad + "    ")
                return [f"{pad}while n < 4 and {self.test(2)}:", f"{pad}    n += 1", *inner]
        self.count += 1
        inner = self.statement(depth - 1, pad + "    ")
        return [f"{pad}for k{self.count} in range(find(u, {self.number(0)}), 3):", *inner]

    def place(self) -> str:
        return self.dice.choice(["0", "1", "2", "find(u, v) % 3", "find(u, a) % 3"])

    def test(self, depth: int) -> str:
        kind = self.dice.randint(0, 4)
        if kind == 0 and depth:
            return f"({self.test(depth - 1)} and {self.test(depth - 1)})"
        if kind == 1 and depth:
            return f"({self.test(depth - 1)} or {self.test(depth - 1)})"
        return f"{self.number(depth)} {self.dice.choice('<>')} {self.number(depth)}"

    def number(self, depth: int) -> str:
        if depth == 0:
            return self.dice.choice(["a", "v", "u[0]", "u[1]", "u[2]", "0.5", "-1.0"])
        one, two = self.number(depth - 1), self.number(depth - 1)
        return self.dice.choice(
            [
                f"({one} + {two})",
                f"({one} - 0.5 * {two})",
                f"({one} if {self.test(depth - 1)} else {two})",
                f"both_ways({one}, {two})",
                f"square({one})",
                "bump(u)",
                f"bump(u, k={one})",
                f"shifted(u, {one})",
                f"late(u, {one})",
                f"clip({one}, high={two})",
                f"low_clip({one})",
                f"apply(square, {one})",
                f"twice(low_clip, {one})",
                f"unit({one})",
                f"sums(({one}, {two}))[{self.dice.randint(0, 1)}]",
            ]
        )
