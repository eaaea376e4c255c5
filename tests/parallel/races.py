"""A race detector: generated code run in CPython on arrays that note who touches which element.

What two turns of one parallel loop both touch, and one of them writes, is a race, whether or not a run ever shows it.
The turns come in an order that no sequential loop has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np

_serial = count()


class Noted(np.ndarray):
    """An array that tells its log what is read and written."""

    log: Log

    def __array_finalize__(self, other: Any) -> None:
        self.serial = next(_serial)

    def __getitem__(self, index: Any) -> Any:
        self.log.note(self, index, False)
        return np.asarray(self)[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.log.note(self, index, True)
        np.asarray(self)[index] = value


class Log:
    """What the turns of the parallel loop that is running have touched; what is made in a turn is its own."""

    def __init__(self) -> None:
        self.turn: int | None = None
        self.first = 0
        self.touched: dict[tuple[Any, ...], dict[int, bool]] = {}
        self.loops = 0

    def note(self, array: Noted, index: Any, written: bool) -> None:
        if self.turn is None or array.serial >= self.first:
            return
        index = index if isinstance(index, tuple) else (index,)
        assert len(index) == array.ndim
        place = tuple(int(i) % n for i, n in zip(index, array.shape, strict=True))
        turns = self.touched.setdefault((array.serial, *place), {})
        turns[self.turn] = turns.get(self.turn, False) or written

    def prange(self, *bounds: int) -> Iterator[int]:
        """A parallel loop: its turns backwards, and a look at what they touched."""
        assert self.turn is None, "a parallel loop in a parallel loop"
        self.first, self.touched = next(_serial), {}
        self.loops += 1
        for self.turn in reversed(range(*bounds)):
            yield self.turn
        self.turn = None
        for place, turns in self.touched.items():
            assert len(turns) == 1 or not any(turns.values()), f"turns {sorted(turns)} race for {place}"


class _Numpy:
    """NumPy, whose fresh arrays are noted."""

    def __init__(self, noted: Callable[[Any], Any]) -> None:
        self._noted = noted

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def empty(self, *args: Any) -> Any:
        array = np.empty(*args)
        array[...] = np.nan if array.dtype.kind == "f" else 10**6  # what is not written is seen
        return self._noted(array)

    def zeros(self, *args: Any) -> Any:
        return self._noted(np.zeros(*args))

    def empty_like(self, array: Any) -> Any:
        return self.empty(array.shape, array.dtype)

    def zeros_like(self, array: Any) -> Any:
        return self.zeros(array.shape, array.dtype)


def watched(function: Callable[..., Any], threads: int) -> Callable[..., tuple[Any, int]]:
    """A generated function run on so many threads under the detector; it gives how many parallel loops ran as well."""

    def run(*args: Any) -> tuple[Any, int]:
        log = Log()
        kind = type("OfThisRun", (Noted,), {"log": log})

        def noted(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(map(noted, value))
            return value.view(kind) if isinstance(value, np.ndarray) else value

        names = function.__globals__
        stand_ins = {"np": _Numpy(noted), "prange": log.prange, "thread_count": lambda: threads}
        kept = {name: names[name] for name in stand_ins if name in names}
        names.update({name: stand_ins[name] for name in kept})
        try:
            found = function(*map(noted, args))
        finally:
            names.update(kept)
        return found, log.loops

    return run
