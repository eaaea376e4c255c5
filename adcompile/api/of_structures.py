"""What every derivative can do with arguments and results that are structures: it keeps one for each (`structured`).

Goal: a call with numbers and arrays alone is looked at by nothing here once its types are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from adcompile.api.paths import is_path, receiver_of, root_of
from adcompile.api.structured import Structured, flags_after, made_for, received, structured
from adcompile.errors import Unsupported
from adcompile.ir.structure import Part
from adcompile.ir.types import Type


class OfStructures:
    """What a derivative does with arguments and results that are structures."""

    request: Any

    def __init__(self, primal: Any, wrt: tuple[str, ...]) -> None:
        self.paths = tuple(filter(is_path, wrt))  # of what it is by, parts of parameters
        self.receiver = receiver_of(primal, list(map(root_of, wrt)))
        whole = getattr(primal, "always_structured", False)
        self.always_structured: bool = whole or bool(self.paths) or self.receiver is not None
        self._structured: dict[tuple[Part, ...], Structured] = {}
        self._refused: dict[tuple[Type, ...], Unsupported] = {}  # where flags have to be known
        self._form: Structured | None = None  # that of the last call, if it was of structures

    def structure(self, arguments: tuple[Type, ...]) -> Part | None:
        """The structure of the primal's result, if it is more than numbers, arrays and tuples."""
        raise NotImplementedError

    def details_of(self, names: Mapping[str, list[str]], parts: tuple[Part, ...]) -> tuple[Any, ...]:
        """What the kind alone takes, for a function of the numbers with these names."""
        details: tuple[Any, ...] = self.request.details
        return details

    def received(self, arguments: tuple[Type, ...]) -> Callable[[Any], Any] | None:
        """What makes of a result what a call from Python gives."""
        if arguments in self._refused:
            raise self._refused[arguments]
        part = self.structure(arguments)
        return None if part is None else received(part, self.request)

    def structured(self, values: Sequence[Any]) -> Callable[..., Any] | None:
        """The function for arguments of which some are structures."""
        self._form = structured(cast(Any, self), values)
        return self._form

    def settled(
        self, values: Sequence[Any], arguments: tuple[Type, ...], error: Unsupported
    ) -> Callable[..., Any] | None:
        """The function for the flags among these values."""
        self._form = structured(cast(Any, self), values, flags_after(error))
        if self._form is not None:
            self._refused[arguments] = error
        return self._form

    def remembered(self, parts: tuple[Part, ...], form: Structured) -> None:
        """What is called for arguments of these structures from now on."""
        self._structured[parts] = form

    def structured_for(self, parts: tuple[Part, ...], bound: tuple[Any, ...] = ()) -> Structured:
        """The derivative for arguments of these structures."""
        if parts not in self._structured:
            self._structured[parts] = made_for(cast(Any, self), parts, bound)
        return self._structured[parts]
