"""Derivatives explained: to be looked at in a notebook, or written to a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adcompile.api.structured import structured
from adcompile.explain import Explanation, explained
from adcompile.ir.types import Type

if TYPE_CHECKING:
    from adcompile.api.derivative import Derivative


class Explained:
    """What derivatives say of themselves in HTML."""

    def explain(self: Derivative, *args: Any, **kwargs: Any) -> Explanation:  # type: ignore[misc]
        """How the derivative follows from the function, line by line, for the types of these arguments.

        The derivative is run once in plain Python, to see how large its tapes become; without arguments it is not, and
        the types are those that it was last made for.  A notebook shows what is returned; `.html()` is a page.

        >>> from adcompile import grad
        >>> told = grad(lambda x, k: x**k, jit=False).explain(2.0, 3.0)
        >>> told.activity.active, told.activity.passive
        (('x',), ('k',))
        """
        if not args and not kwargs:
            of = self._form.flat if self._form is not None else self
            return explanation(of, of._latest("explain"), None)
        given = self._bound(*args, **kwargs)
        if (form := structured(self, given)) is not None:
            given = form.given(given)
            return explanation(form.flat, form.flat.types_of(*given), given)
        return explanation(self, self.types_of(*given), given)

    def _repr_html_(self: Derivative) -> str | None:  # type: ignore[misc]
        """What a notebook shows; nothing before the types are known."""
        if self._form is None and self._last is None:
            return None
        return self.explain()._repr_html_()


def explanation(derivative: Derivative, arguments: tuple[Type, ...], values: Sequence[Any] | None) -> Explanation:
    """A derivative for these types of arguments, explained."""
    return explained(derivative.outcome(arguments), derivative._job(arguments), arguments, values)
