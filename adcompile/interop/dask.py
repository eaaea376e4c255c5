"""The value and the gradient of a sum over shards of data, on a `dask.distributed` cluster.

Goal: `value_and_grad_of_sum(loss, shards, client=client)` is a function of the parameters: each worker evaluates its
shards, the results are added in a tree on the workers, and one pair comes back.  A shard whose worker dies is
evaluated again elsewhere: shards and sums are tasks that the scheduler can run anew, and each is counted once.
Non-goals: how shards come into being (give functions that load them where they are large), and optimisation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from distributed import Client

from adcompile.api import value_and_grad
from adcompile.api.derivative import Derivative
from adcompile.api.signatures import Wrt
from adcompile.errors import InvalidArgument

__all__ = ["value_and_grad_of_sum"]


def value_and_grad_of_sum(
    loss: Callable[..., Any],
    shards: Sequence[tuple[Any, ...] | Callable[[], tuple[Any, ...]]],
    *,
    client: Client,
    wrt: Wrt | None = None,
    retries: int = 3,
    fan: int = 8,
    **options: Any,
) -> Callable[..., Any]:
    """`sum(loss(*parameters, *shard) for shard in shards)` and its gradient, as `(value, gradient)`.

    Each shard is a tuple of the last arguments of `loss`, or a function without arguments that returns one, which the
    worker calls.  The result is a function of the first arguments, the parameters; `wrt` chooses among these (the
    first, if nothing is said).  `retries` is how often a task may fail before its exception comes back; `fan` is how
    many results are added at once.  `options` are those of `adcompile.value_and_grad`.  `loss` has to be importable on
    the workers, or cloudpickle installed.  No shards are an `InvalidArgument`.

    Sums are added in the order of the shards, so that a value does not depend on which worker was when done.
    """
    if not shards:
        raise InvalidArgument("value_and_grad_of_sum: there are no shards")
    if fan < 2:
        raise InvalidArgument(f"value_and_grad_of_sum: fan={fan} adds nothing up")
    derivative = value_and_grad(loss, wrt=wrt, **options)
    held = [client.submit(_loaded, shard, retries=retries, pure=False) for shard in shards]

    def evaluated(*parameters: Any) -> Any:
        level = [
            client.submit(_evaluated, derivative, parameters, shard, retries=retries, pure=False) for shard in held
        ]
        while len(level) > 1:
            groups = [level[first : first + fan] for first in range(0, len(level), fan)]
            level = [client.submit(_added, group, retries=retries, pure=False) for group in groups]
        return level[0].result()

    return evaluated


def _loaded(shard: Any) -> tuple[Any, ...]:
    loaded = shard() if callable(shard) else shard
    if not isinstance(loaded, tuple):
        raise InvalidArgument(f"a shard has to be a tuple of arguments, not {type(loaded).__name__}")
    return loaded


def _evaluated(derivative: Derivative, parameters: tuple[Any, ...], shard: tuple[Any, ...]) -> Any:
    return derivative(*parameters, *shard)


def _added(parts: Sequence[Any]) -> Any:
    total, *rest = parts
    for part in rest:
        total = _sum(total, part)
    return total


def _sum(left: Any, right: Any) -> Any:
    if isinstance(left, tuple):
        return tuple(_sum(*pair) for pair in zip(left, right, strict=True))
    return left + right
