"""How a loop is reversed, and what stood in the way of one pass: decisions as data, for those who ask.

Goal: the names of the four ways (see `transform.replay`) and of what keeps a loop from the first of them.  Non-goals:
deciding, which `transform.loop_kinds` does; words, which `adcompile.explain` has.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from adcompile.errors import Span


class Way(Enum):
    """How a loop is reversed."""

    TOGETHER = auto()  # each iteration forward and in reverse at once
    CHECKPOINTED = auto()  # from snapshots
    REPLAYED = auto()  # each iteration run again as a scope of its own
    IN_ORDER = auto()  # statement by statement
    NEVER = auto()  # the derivative does not depend on it


class Hindrance(Enum):
    """What makes the iterations of a loop depend on one another, or two passes the better choice."""

    CARRIED = auto()  # a value is handed from one iteration to the next, and is no sum
    STORED = auto()  # an array of outside is overwritten
    READ = auto()  # an array is added to and read
    PUT_BACK = auto()  # something it writes is needed as it was before
    DEAR = auto()  # the function runs it anyway, for a sum that the reverse sweep reads
    WHILE = auto()  # how often it runs is not known before


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What hinders, and the variable that it hinders by (if it is one)."""

    what: Hindrance
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reversal:
    """One loop of the function: where it stands, how it is reversed, and why not in one pass."""

    span: Span | None
    way: Way
    obstacle: Obstacle | None
