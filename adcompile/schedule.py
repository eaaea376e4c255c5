"""Where a loop in bounded memory takes its snapshots: the binomial schedule of Griewank and Walther (Revolve, Algorithm
799, ACM TOMS 26(1), 2000), asked for one snapshot after the other.
"""

from __future__ import annotations

import math

from numba.extending import register_jitable


@register_jitable  # type: ignore[untyped-decorator]
def checkpoints(steps: int) -> int:
    """As many snapshots of a loop of so many steps as let each step run twice before it is reversed: their square
    root, about, times the square root of two.

    >>> checkpoints(1_000_000)
    1413
    """
    return max(1, math.ceil((math.sqrt(8.0 * steps + 1.0) - 3.0) / 2.0))


@register_jitable  # type: ignore[untyped-decorator]
def next_checkpoint(first: int, beyond: int, free: int) -> int:
    """Where the next snapshot goes, if the last is of iteration `first`, and those before `beyond` are to be reversed.

    `free` is how many more there may be; with none, the answer is `beyond`.  A loop may count down.  Binomial
    schedule: with s snapshots, (s + r)! / (s! r!) steps can be reversed so that each goes forward at most r times.

    >>> next_checkpoint(0, 10, 2)
    4
    """
    steps = abs(beyond - first)
    if free <= 0 or steps < 2:
        return beyond
    s = free + 1
    r, before, reach = 1, 1, s + 1  # `reach` steps in r repetitions, `before` in r - 1
    earlier = 0  # in r - 2
    while reach < steps:
        r += 1
        earlier, before, reach = before, reach, reach * (s + r) // r
    ahead = max(steps - (reach - before), earlier, 1)
    return first + ahead if beyond > first else first - ahead
