"""The stages, in order: what each does, and the spec that its output is checked against.

`ADCOMPILE_DUMP=after:NAME` prints every function as it stands after a stage; `f.stages["NAME"]` is that text for the
types that the derivative `f` was last made for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from adcompile.analysis.known_types import known_types
from adcompile.analysis.types_of import type_of_value
from adcompile.analysis.typing import infer
from adcompile.backend.compile import Options, compiled
from adcompile.backend.emit import Emitted, emit
from adcompile.backend.together import together
from adcompile.errors import InternalError, InvalidArgument, Unsupported, refuse
from adcompile.frontend.read import read
from adcompile.frontend.recent import Recent
from adcompile.ir.deep import deep
from adcompile.ir.nodes import Const, Expr, Function, Name, Return, Tuple
from adcompile.ir.opaque import has_opaque
from adcompile.ir.show import show
from adcompile.ir.structure import Part
from adcompile.ir.types import Static, TupleType, Type
from adcompile.ir.verify import verify_core, verify_plain, verify_ssa, verify_surface
from adcompile.normal.bisection import without_marks
from adcompile.normal.changing_lengths import changing
from adcompile.normal.fixed_buffers import fixed_buffers
from adcompile.normal.flow import assigned_in
from adcompile.normal.inline import inlined
from adcompile.normal.loops_for_arrays import loops_for_arrays
from adcompile.normal.no_jumps import no_jumps
from adcompile.normal.outputs import with_outputs
from adcompile.normal.pieces import in_pieces
from adcompile.normal.questions import settled_by_types
from adcompile.normal.recursion import without_calls
from adcompile.normal.returned import returned
from adcompile.normal.room_for_rows import room_for_rows
from adcompile.normal.rooms import in_rooms
from adcompile.normal.short_loops import short_loops
from adcompile.normal.single_return import single_return
from adcompile.normal.small_arrays import small_arrays
from adcompile.normal.specialise import specialised
from adcompile.normal.ssa import ssa
from adcompile.optimise import optimised, placed
from adcompile.optimise.abreast import abreast
from adcompile.optimise.checks_first import checks_first
from adcompile.optimise.columns import columns
from adcompile.optimise.exchange import exchange
from adcompile.optimise.factored import factored
from adcompile.optimise.held import held
from adcompile.optimise.neighbouring_rows import neighbouring_rows
from adcompile.optimise.neighbours import neighbours
from adcompile.optimise.rows import rows
from adcompile.optimise.threads import threads, unmarked
from adcompile.transform.auxiliary import result_and_aux
from adcompile.transform.dependence import dependence
from adcompile.transform.entry import own_copies
from adcompile.transform.forward import forward
from adcompile.transform.into import Out, into
from adcompile.transform.mixed import mixed
from adcompile.transform.opaque_calls import own_results
from adcompile.transform.packing import one_seed, primals_and_tangents
from adcompile.transform.plan import Bound
from adcompile.transform.reverse import reverse_and_ways
from adcompile.transform.series import series
from adcompile.transform.ways import Reversal


@dataclass(frozen=True, slots=True)
class Job:
    """One derivative to write: of which function, for which argument types, of which kind, by which parameters."""

    function: Callable[..., Any]
    arguments: tuple[Type, ...]
    kind: str  # "grad", "value_and_grad", "jvp", "dual", "tangents", "pullback", "primal", "series", "curve",
    # "dependence", or "composed"
    wrt: tuple[str, ...]
    packed: bool = False  # whether one parameter still gives a tuple
    lanes: int = 1  # how many tangents go along at once, where the kind is "tangents"; of a series, the order
    checkpoint: Bound | None = None  # of the memory of reverse mode
    parallel: bool = False  # whether `prange` means anything
    aux: bool = False  # whether the function returns `(result, aux)`, of which the result alone is differentiated
    out: Out | None = None  # what the caller gives to write the result to
    valued: bool = False  # of what is composed: whether it returns a value before what goes there
    last: bool = False  # whether no derivative is taken after it: opaque functions are inlined
    reorder: bool = True  # whether sums may be added up in another order


Done = Mapping[str, Function]


@dataclass(frozen=True, slots=True)
class Stage:
    """A function of what the last stage gave (and of the job, and of what all the stages before gave)."""

    name: str
    run: Callable[[Function, Job, Done], Function]
    verify: Callable[[Function], None]


def _specialised(function: Function, job: Job, done: Done) -> Function:
    types = dict(zip(function.params, job.arguments, strict=True))
    known = {name: Const(type_.value) for name, type_ in types.items() if isinstance(type_, Static)}
    return specialised(settled_by_types(function, types), known)


def _inlined(function: Function, job: Job, done: Done) -> Function:
    kept = set(function.params) - assigned_in(function.body)
    functions = {
        param: type_.value
        for param, type_ in zip(function.params, job.arguments, strict=True)
        if param in kept and isinstance(type_, Static) and callable(type_.value)
    }
    types = {param: type_ for param, type_ in zip(function.params, job.arguments, strict=True) if param in kept}
    function = inlined(function, known=functions, types=types, last=job.last, of=job.function).function
    function = with_outputs(without_calls(function), dict(zip(function.params, job.arguments, strict=True)))
    return function if job.parallel else replace(function, body=unmarked(function.body))


def _ssa(function: Function, job: Job, done: Done) -> Function:
    return ssa(returned(function)[0], dict(zip(function.params, job.arguments, strict=True)))


def _loops_for_arrays(function: Function, job: Job, done: Done) -> Function:
    arrays = changing(core := loops_for_arrays(function))
    return loops_for_arrays(*in_rooms(function, arrays)) if arrays else core


def _typed(function: Function) -> Function:
    types = known_types(function) or infer(function)
    return in_pieces(Function(function.name, function.params, function.body, {**function.types, **types}))


def _derivative(core: Function, job: Job, done: Done) -> Function:
    core = own_results(core)
    if job.aux:
        result_and_aux(core)
    core = without_marks(core, () if job.kind in ("primal", "composed") else job.wrt)
    match job.kind:
        case "primal" | "composed":
            return own_copies(core, core.params)
        case "jvp" | "dual":
            return forward(core, job.wrt, value=True, aux=job.aux)
        case "tangents":
            return forward(core, job.wrt, value=False, lanes=job.lanes, aux=job.aux)
        case "series":
            return series(core, job.wrt, job.lanes)
        case "curve":
            return series(core, job.wrt, job.lanes, curved=True)
        case "dependence":
            return dependence(core, job.wrt)
    return _reverse(core, job)[0]


def _reverse(core: Function, job: Job) -> tuple[Function, list[Reversal]]:
    seeded, value = job.kind == "pullback", job.kind == "value_and_grad"
    bound, aux = job.checkpoint, job.aux
    core = checks_first(core, in_order=True)
    written = reverse_and_ways(core, job.wrt, seeded=seeded, value=value, packed=job.packed, checkpoint=bound, aux=aux)
    if seeded or bound is not None or aux:
        return written
    return mixed(core, job.wrt, written[0], value, job.packed) or written


def reversals(job: Job, typed: Function) -> list[Reversal]:
    """How the loops of a function (after stage `typed`) are reversed, where the job is of reverse mode."""
    if job.kind not in ("grad", "value_and_grad", "pullback"):
        return []
    with deep():
        return _reverse(without_marks(own_results(typed), job.wrt), job)[1]


def _optimised(function: Function, job: Job, done: Done) -> Function:
    return optimised(function, seeded=job.kind == "composed", added=job.out is not None and job.out.add)


def _packed(function: Function, job: Job, done: Done) -> Function:
    primals = done["typed"].params
    if job.kind == "jvp":
        return primals_and_tangents(function, dict(zip(job.wrt, function.params[len(primals) :], strict=True)))
    if job.kind == "pullback":
        function = one_seed(function, primals, _result(done["typed"], job))
    if job.out is None or (has_opaque(function.body) and not job.out.held):
        return function
    return into(function, job.out, job.valued or job.kind == "value_and_grad")


def _abreast(function: Function, job: Job, done: Done) -> Function:
    if job.parallel or job.checkpoint is not None or not job.reorder:
        return function
    before = done["packed"]
    after = abreast(before)
    return function if after is before else placed(after)


STAGES: tuple[Stage, ...] = (
    Stage("read", lambda f, job, done: read(job.function, value=True, lenient=True).function, verify_surface),
    Stage("specialised", _specialised, verify_surface),
    Stage("no_jumps", lambda f, job, done: no_jumps(f), verify_surface),
    Stage("single_return", lambda f, job, done: single_return(f), verify_plain),
    Stage("inline", _inlined, verify_plain),
    Stage("ssa", _ssa, verify_ssa),
    Stage("loops_for_arrays", _loops_for_arrays, verify_core),
    Stage("fixed_buffers", lambda f, job, done: fixed_buffers(room_for_rows(f)), verify_core),
    Stage("small_arrays", lambda f, job, done: small_arrays(f), verify_core),
    Stage("short_loops", lambda f, job, done: short_loops(f), verify_core),
    Stage("typed", lambda f, job, done: _typed(f), verify_core),
    Stage("derivative", _derivative, verify_core),
    Stage("optimised", _optimised, verify_core),
    Stage("packed", _packed, verify_ssa),
    Stage("placed", lambda f, job, done: placed(f), verify_ssa),
    Stage("abreast", _abreast, verify_ssa),
    Stage("threads", lambda f, job, done: threads(f), verify_ssa),
    Stage("neighbours", lambda f, job, done: neighbours(neighbouring_rows(f)), verify_ssa),
    Stage("factored", lambda f, job, done: factored(f) if job.reorder else f, verify_ssa),
    Stage("rows", lambda f, job, done: rows(f), verify_ssa),
    Stage("held", lambda f, job, done: held(f), verify_ssa),
    Stage("exchange", lambda f, job, done: exchange(f), verify_ssa),
    Stage("columns", lambda f, job, done: columns(f), verify_ssa),
)


_RECENT: Recent[dict[str, Function]] = Recent(most=2)


class Stages(Mapping[str, str]):
    """The text of a function after each stage."""

    def __init__(self, after: Mapping[str, Function]) -> None:
        self._after = after

    def __getitem__(self, name: str) -> str:
        return show(self._after[name], types=True)

    def __iter__(self) -> Iterator[str]:
        return iter(self._after)

    def __len__(self) -> int:
        return len(self._after)

    def function(self, name: str) -> Function:
        """The function itself."""
        return self._after[name]


@dataclass(frozen=True)
class Outcome:
    """What the pipeline gives: the text, the type of the primal's result (without what it returns beside it), and the
    function after each stage."""

    name: str
    text: Callable[[], Emitted]  # which is written when it is asked for
    result: Type
    stages: Stages
    notes: bool  # whether the text says where its lines come from
    structure: Part | None = None  # of the primal's result, if that is more than numbers, arrays and tuples

    emitted = cached_property(lambda self: cast("Emitted", self.text()))

    @cached_property
    def undivided(self) -> Emitted:
        """The text to differentiate again: its loops are marked as parallel, and none is divided or proven; arrays that
        trade places do so element by element, and scratch arrays are made in the loops that they serve."""
        packed = self.stages.function("packed")
        if packed is self.stages.function(STAGES[-1].name) and not has_opaque(packed.body, recursive=True):
            return self.emitted
        return emit(packed, self.notes)


_watching: ContextVar[Callable[[Job, int], None]] = ContextVar("watching", default=lambda job, number: None)


@contextmanager
def watched(by: Callable[[Job, int], None]) -> Iterator[None]:
    """Calls `by` before each stage of what is run inside, with the job and the stage's number, and after the last."""
    token = _watching.set(by)
    try:
        yield
    finally:
        _watching.reset(token)


def run(job: Job) -> Outcome:
    """All stages for one job.  What goes wrong inside a stage is ours, and names the stage."""
    with deep():
        return _run(job)


def _run(job: Job) -> Outcome:
    shown = os.environ.get("ADCOMPILE_DUMP", "").removeprefix("after:")
    tell = _watching.get()
    done = _through(job, tell, shown)
    function = done[STAGES[-1].name]
    tell(job, len(STAGES))
    notes = job.kind not in ("primal", "composed")

    def text() -> Emitted:
        with deep(), _named("emit", job):
            if has_opaque(function.body):
                return _in_the_end(job, function, emit(done["packed"], notes))
            emitted = together(function, notes, job.reorder)
        if shown == "emit":
            print(emitted.text)
        return emitted

    result = _type(_result(done["typed"], job), done["typed"].types)
    return Outcome(function.name, text, result, Stages(done), notes, returned(done["inline"])[1])


def typed(function: Callable[..., Any], arguments: tuple[Type, ...]) -> Mapping[str, Function]:
    """A function up to stage `typed`, after each stage; opaque functions in it are inlined."""
    return _through(Job(function, arguments, "primal", (), last=True), lambda job, number: None, last="typed")


def _through(
    job: Job, tell: Callable[[Job, int], None], shown: str = "", last: str = STAGES[-1].name
) -> dict[str, Function]:
    """What each stage gives, up to the `last`.  Those up to `typed` are the same for all derivatives of a function."""
    function = Function("", (), ())
    question = _RECENT.question(job.function, *job.arguments, job.parallel, job.last)
    known = _RECENT.answer(question) or {}
    done: dict[str, Function] = {}
    for number, stage in enumerate(STAGES):
        tell(job, number)
        if stage.name in known:
            function = known[stage.name]
        else:
            with _named(stage.name, job):
                function = stage.run(function, job, done)
                stage.verify(function)
        done[stage.name] = function
        if shown == stage.name:
            print(show(function, types=True))
        if stage.name == "typed" and not known:
            _RECENT.keep(question, dict(done))
        if stage.name == last:
            break
    return done


def returned_type(core: Function) -> Type:
    """The type of what a core function returns."""
    last = core.body[-1]
    assert isinstance(last, Return)
    return _type(last.value, core.types)


def _in_the_end(job: Job, function: Function, written: Emitted) -> Emitted:
    """The text of a derivative that calls functions which stay calls until all derivatives are taken: with what they
    do in their place."""
    arguments = tuple(function.types[param] for param in function.params)
    text = compiled(function.name, written, Options(jit=False)).python
    valued = job.kind == "value_and_grad"
    out = None if job.out is None or job.out.held else job.out  # a held one is written to already
    again = Job(
        text, arguments, "composed", (), parallel=job.parallel, out=out, valued=valued, last=True, reorder=job.reorder
    )
    return run(again).emitted


@contextmanager
def _named(stage: str, job: Job) -> Iterator[None]:
    """Whatever a stage raises that is no refusal is an error of ours, and says in which stage."""
    try:
        yield
    except (Unsupported, InvalidArgument):
        raise
    except RecursionError:
        message = f"`{getattr(job.function, '__name__', 'a function')}` has an expression of too many terms"
        raise refuse("too-long", message, hint="write its longest expressions in several statements") from None
    except Exception as error:
        of = getattr(job.function, "__name__", "a function")
        what = str(error) if isinstance(error, InternalError) else f"{type(error).__name__}: {error}"
        raise InternalError(f"stage {stage}, {of}: {what}") from error


def _result(function: Function, job: Job) -> Expr:
    last = function.body[-1]
    assert isinstance(last, Return)
    return result_and_aux(function)[0] if job.aux else last.value


def _type(expr: Expr, types: Mapping[str, Type]) -> Type:
    match expr:
        case Name(name):
            return types[name]
        case Tuple(items):
            return TupleType(tuple(_type(item, types) for item in items))
        case Const(value):
            return type_of_value(value)
    raise InternalError(f"{expr} is returned and is neither an atom nor a tuple of atoms")
