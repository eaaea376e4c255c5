"""Room for functions that call themselves once for each term of an expression.

Goal: while a stage runs, Python's limit on calls inside of each other is what expressions of a thousand terms need, or
the user's own where that is higher; after the last thread has left, it is the user's own again.

>>> before = sys.getrecursionlimit()
>>> with deep():
...     print(sys.getrecursionlimit() >= 6000)
True
>>> sys.getrecursionlimit() == before
True
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_DEEPEST = 6000  # calls inside of each other, of at most a kilobyte of the system's stack each
_LIMIT = Lock()
_limits: list[int] = []  # the user's own, once for each thread inside


@contextmanager
def deep() -> Iterator[None]:
    """Python's limit, raised."""
    with _LIMIT:
        _limits.append(_limits[0] if _limits else sys.getrecursionlimit())
        sys.setrecursionlimit(max(_limits[0], _DEEPEST))
    try:
        yield
    finally:
        with _LIMIT:
            limit = _limits.pop()
            if not _limits:  # no other thread is inside
                sys.setrecursionlimit(limit)
