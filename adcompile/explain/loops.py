"""What became of each loop, in words: one pass or two, joined with which, what is summed in a name, and why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from adcompile.errors import Span
from adcompile.explain.activity import variable
from adcompile.explain.places import Key, Places, key
from adcompile.ir.nodes import Block, For, Function, Stmt, While, base_of
from adcompile.ir.walk import blocks, statements
from adcompile.optimise.fuse import Apart, apart
from adcompile.optimise.gather import Scattered, scattered
from adcompile.pipeline import Job, Outcome, reversals
from adcompile.transform.ways import Hindrance, Obstacle, Reversal, Way

_WAYS = {
    Way.TOGETHER: "forward and reverse in one pass",
    Way.CHECKPOINTED: "reversed from snapshots of its state",
    Way.REPLAYED: "reversed by running each iteration again: it holds a while loop, makes an array, or has loops whose "
    "extent it computes",
    Way.IN_ORDER: "reversed statement by statement, in a loop of its own",
    Way.NEVER: "no part of the derivative",
}
_HINDRANCES = {
    Hindrance.CARRIED: "{} goes from one iteration to the next, and is no sum",
    Hindrance.STORED: "{} is overwritten, and lives on after the loop",
    Hindrance.READ: "{} is added to and read",
    Hindrance.PUT_BACK: "something that it writes is needed as it was before",
    Hindrance.DEAR: "the function's result needs its sum anyway, and its values are dear to compute twice",
    Hindrance.WHILE: "how often a while loop runs is not known before",
}
_APART = {
    Apart.RANGE: "they run over different ranges",
    Apart.RESULT: "the second needs what the first ends with",
    Apart.EFFECTS: "both may raise, in this order",
    Apart.MEMORY: "an iteration of the second touches what other iterations of the first do",
    Apart.STRANGERS: "they have no array in common, and are better vectorised alone",
}
_SCATTERED = {
    Scattered.MOVES: "its place is another in each iteration",
    Scattered.LOOKED_UP: "its place stands in an array",
    Scattered.READ: "the loop also reads the array, or stores to it",
    Scattered.DTYPE: "sums are made in double precision alone",
}


@dataclass(frozen=True)
class LoopFact:
    """One loop of the function and what is said of it."""

    group: int | None
    line: int
    text: str
    way: str
    why: str
    notes: tuple[str, ...]


def loop_facts(outcome: Outcome, job: Job, places: Places) -> tuple[LoopFact, ...]:
    """The loops of a function, in its order."""
    final = outcome.stages.function(tuple(outcome.stages)[-1])
    decided: dict[Key, list[Reversal]] = {}
    for each in reversals(job, places.typed):
        if each.span is not None:
            decided.setdefault(key(each.span), []).append(each)
    notes = _notes(final, places)
    facts = []
    for span in _loops(places.typed):
        ways = decided.get(key(span), [])
        kinds = Counter(_WAYS[each.way] for each in ways)
        several = f"{len(ways)} loops: " if len(ways) > 1 else ""
        counted = [f"{number} {said}" if len(kinds) > 1 else said for said, number in kinds.items()]
        way = several + "; ".join(counted)
        why = "; ".join(dict.fromkeys(_said(each.obstacle) for each in ways if each.obstacle is not None))
        said = tuple(dict.fromkeys(notes.get(key(span), ())))
        facts.append(LoopFact(places.group(span), span.line, places.source(span), way, why, said))
    return tuple(facts)


def _loops(function: Function) -> Iterator[Span]:
    seen: set[Key] = set()
    for stmt in statements(function.body):
        if isinstance(stmt, (For, While)) and stmt.span is not None and key(stmt.span) not in seen:
            seen.add(key(stmt.span))
            yield stmt.span


def _said(obstacle: Obstacle) -> str:
    return _HINDRANCES[obstacle.what].format(f"`{variable(obstacle.name)}`")


# ------------------------------------------------------------------------------------------ what the optimiser did
def _notes(final: Function, places: Places) -> dict[Key, list[str]]:
    found: dict[Key, list[str]] = {}

    def note(span: Span | None, text: str) -> None:
        if span is not None:
            found.setdefault(key(span), []).append(text)

    before, after = dict(_homes(places.typed.body, ())), _homes(final.body, ())
    for place, around in after:
        own = before.get(place, ())
        if own and around and own[-1] not in around:
            note(_span(own[-1], places), f"joined with the loop of line {around[-1][1]}")
            note(_span(around[-1], places), f"joined with the loop of line {own[-1][1]}")
    for stmt in statements(final.body):
        if isinstance(stmt, For):
            for carry in stmt.carried:
                base = base_of(carry.inner)
                for ending, what in (("_sum", "is summed in a name"), ("_next", "is handed on to the next iteration")):
                    array = base.removesuffix(ending)
                    if array != base and f"{array}_bar" != base and array.rpartition("_")[2].startswith("bar"):
                        note(stmt.span, f"what goes to `{array}` {what}")
    for loop, addition, why in scattered(final):
        text = places.written.get(addition)
        if text is not None:
            note(loop.span, f"`{_shortened(text)}` goes to memory: {_SCATTERED[why]}")
    for first, second, reason in apart(final):
        if first.span is not None and second.span is not None and key(first.span) != key(second.span):
            text = f"not joined with that of line {{}}: {_APART[reason]}"
            note(first.span, text.format(second.span.line))
    return found


def _homes(block: Block, around: tuple[Key, ...]) -> Iterator[tuple[Key, tuple[Key, ...]]]:
    """Each statement with a place, and the loops with places around it."""
    for stmt in block:
        if isinstance(stmt, (For, While)):
            inner = (*around, key(stmt.span)) if stmt.span is not None else around
        else:
            inner = around
            if stmt.span is not None:
                yield key(stmt.span), around
        for each in _inside(stmt):
            yield from _homes(each, inner)


def _inside(stmt: Stmt) -> list[Block]:
    return list(blocks(stmt))


def _span(place: Key, places: Places) -> Span | None:
    return next((span for span in places.spans if key(span) == place), None)


def _shortened(text: str, most: int = 48) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"
