"""Reverse mode: a function into one that gives adjoints of its parameters.

Goal: the forward sweep, each statement's adjoint in reverse order, loops reversed, branches kept; what makes it good
is what it does not save (see `transform.available`).  Non-goals: nothing is cleaned here; dead code, `+ 0.0` and
temporaries used once are the optimiser's.

What must be put back is found by demand: a first sweep puts nothing back and records what it reloads; each store that
a reload shows to be in the way is then put back, and the sweep is written again, until nothing is missing.

Method: Griewank & Walther, *Evaluating Derivatives* (2nd ed.), sections 3.2 to 3.4, 5.1 and 12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from adcompile.analysis.activity import Activity
from adcompile.analysis.aliasing import roots
from adcompile.analysis.effects import has_effect_inside, is_pure
from adcompile.chain import ONE, ZERO
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    Index,
    Name,
    Return,
    Stmt,
    Store,
    Tuple,
    While,
    base_of,
)
from adcompile.ir.show import shown_type
from adcompile.ir.types import Array, Scalar, TupleType, is_complex, is_float
from adcompile.ir.walk import defines, loads, names, replaced, statements, substituted, uses
from adcompile.runtime import check_equal
from adcompile.transform.auxiliary import kept, result_and_aux
from adcompile.transform.entry import own_copies
from adcompile.transform.grown_in_branches import require_known_lengths
from adcompile.transform.loop_kinds import is_dear_loop, makes_array
from adcompile.transform.opaque_calls import Kept, with_residuals
from adcompile.transform.plan import Bound, Plan
from adcompile.transform.prepare import prepared
from adcompile.transform.private import private_arrays
from adcompile.transform.replay import Replay
from adcompile.transform.scopes import TOP, Scope
from adcompile.transform.ways import Reversal


def reverse(
    function: Function, wrt: Sequence[str], *, seeded: bool = False, value: bool = False, packed: bool = False,
    checkpoint: Bound | None = None, aux: bool = False,
) -> Function:  # fmt: skip
    """The adjoint of `function` by the parameters `wrt`.

    Unseeded, the result must be one float scalar, whose adjoint is 1.0.  Seeded, the new function has a parameter
    more for each leaf of the result, `<result>_bar`, in order: the adjoint of that leaf.  It returns the adjoints (a
    tuple if `packed`), after the value if `value`.  With `aux` the function returns `(result, aux)`, of which the first
    alone has an adjoint; unseeded, the new function returns the second after the adjoints, or within the value.
    """
    return reverse_and_ways(
        function, wrt, seeded=seeded, value=value, packed=packed, checkpoint=checkpoint, aux=aux
    )[0]  # fmt: skip


def reverse_and_ways(
    function: Function, wrt: Sequence[str], *, seeded: bool, value: bool, packed: bool, checkpoint: Bound | None,
    aux: bool,
) -> tuple[Function, list[Reversal]]:  # fmt: skip
    """What `reverse` gives, and how each loop was reversed."""
    require_known_lengths(function)
    aliases = roots(function)
    activity = Activity(function, wrt, aliases, _asked(function, aux))
    function, residuals = with_residuals(function, activity, aliases)
    function = _with_scratch_placed(function, wrt, aux, residuals)
    aliases = roots(function)
    primal = prepared(function, Activity(function, wrt, aliases, _asked(function, aux)), aliases)
    plan = Plan(bound=checkpoint)
    while True:
        sweep = _Sweep(primal, tuple(wrt), plan, aux, residuals)
        result = sweep.run(seeded, value, packed)
        further = sweep.further()
        if further == plan:
            return result, list(sweep.ways.values())
        plan = further


def _asked(function: Function, with_aux: bool) -> list[str] | None:
    """The names that a function with `aux` returns as its result; nothing where all that it returns is the result."""
    return list(names(result_and_aux(function)[0])) if with_aux else None


def _with_scratch_placed(function: Function, wrt: Sequence[str], aux: bool, residuals: Mapping[str, Kept]) -> Function:
    """`function` with each scratch array made in the loop that it serves; but before a loop that would have to be
    replayed for that alone and computes dear values, so that these are taped and not computed twice."""
    private = private_arrays(function)
    within, without = (_Sweep(each, tuple(wrt), Plan(), aux, residuals) for each in (private, function))
    loops = {s.index: s for s in statements(function.body) if isinstance(s, For)}
    passed_by = {
        loop.index
        for loop in statements(private.body)
        if isinstance(loop, For) and any(isinstance(s, Assign) and makes_array(s) for s in loop.body)
        if is_dear_loop(loop) and not within.independent(loop) and not without.needs_scope(loops[loop.index].body)
    }
    return private_arrays(function, passed_by) if passed_by else private


class _Sweep(Replay):
    """One attempt, with the stores to put back given."""

    def __init__(
        self, function: Function, wrt: tuple[str, ...], plan: Plan, with_aux: bool, residuals: Mapping[str, Kept]
    ) -> None:
        aliases = roots(function)
        activity = Activity(function, wrt, aliases, _asked(function, with_aux))
        super().__init__(function, aliases, plan, activity, residuals)
        self.wrt = wrt
        self.with_aux = with_aux

    # ------------------------------------------------------------------------------------ the function
    def run(self, seeded: bool, value: bool, packed: bool) -> Function:
        function = self.function
        last = function.body[-1]
        assert isinstance(last, Return)
        primal, aux = result_and_aux(function) if self.with_aux else (last.value, None)
        out: list[Stmt] = []
        scope = Scope(TOP)
        frame = self.reverse_block(TOP, function.body, out, scope)
        for param in function.params:
            if isinstance(function.types[param], Array):
                self.make_adjoint_array(param)
        for stmt in function.body:
            if isinstance(stmt, Assign) and self._is_tuple_item(stmt) and isinstance(self.types[stmt.target], Array):
                self.make_adjoint_array(stmt.target)
        self.adjoint_arrays_of(function.body)
        seeds = self._seed(replace(last, value=primal), seeded)
        self.reverse_statements(frame)
        self.frames.pop()
        adjoints = [self._adjoint_of(param) for param in self.wrt]
        result: Expr = Tuple(tuple(adjoints)) if packed or len(adjoints) > 1 else adjoints[0]
        forward = scope.rebuilt(function.body, TOP)[:-1]
        after: Block = ()
        if value or (aux is not None and not seeded):
            if aux is not None:
                both = replace(function, body=(*forward, *out), types=self.types)
                copies, aux = kept(aux, out, roots(both), self.types, self.fresh)
                out[:0] = copies
            asked = tuple(part for part in (primal if value else None, aux) if part is not None)
            forward, after, asked = self._without_repeats(forward, out, asked)
            shown = asked[0] if len(asked) == 1 else Tuple(asked)
            result = Tuple((shown, result) if value else (result, shown))
        params = (*function.params, *seeds)
        body = (*forward, *out, *after, Return(result))
        new = Function(f"{function.name}_{'vjp' if seeded else 'grad'}", params, body, self.types)
        return own_copies(new, function.params)

    def _without_repeats(
        self, forward: Block, out: list[Stmt], asked: tuple[Expr, ...]
    ) -> tuple[Block, Block, tuple[Expr, ...]]:
        """The forward sweep without loops that the reverse sweep repeats, where only the returned values ask for what
        they give; the statements between such a loop and those, which go after the reverse sweep; the values."""
        late = {name for stmt in statements(out) for name in uses(stmt)}
        after: Block = ()
        for again in self.again.values():
            taken = set(again)
            stay: list[Stmt] = []
            between: list[Stmt] = []
            for stmt in forward:
                if not any(name in taken for inner in statements((stmt,)) for name in uses(inner)):
                    if taken.isdisjoint(defines(stmt)):
                        stay.append(stmt)
                    elif has_effect_inside(stmt):  # what it raises, or says, it does once and in its place
                        break
                elif isinstance(stmt, Assign) and is_pure(stmt.value) and not any(True for _ in loads(stmt.value)):
                    taken.add(stmt.target)
                    between.append(stmt)
                else:
                    break
            else:
                if taken.isdisjoint(late):
                    values: dict[str, Expr] = {name: Name(new) for name, new in again.items()}
                    forward, after = tuple(stay), replaced((*between, *after), values)
                    asked = tuple(substituted(value, values) for value in asked)
        return forward, after, asked

    def _seed(self, last: Return, seeded: bool) -> list[str]:
        leaves = list(_leaves(last.value))
        if not seeded:
            if len(leaves) != 1 or isinstance(last.value, Tuple):
                raise refuse("not-scalar", "the result is a tuple", last.span, "use vjp or jvp", self.function.name)
            type_ = self.types[leaves[0].id] if isinstance(leaves[0], Name) else Scalar("float64")
            if isinstance(type_, Scalar) and is_complex(type_):
                raise refuse(
                    "not-scalar", f"the result is {shown_type(type_)}, and a gradient is of a real number", last.span,
                    "return its real part, or abs(...); vjp and jvp take complex results", self.function.name,
                )  # fmt: skip
            if not isinstance(type_, Scalar) or not is_float(type_):
                raise refuse(
                    "not-scalar", f"the result is {shown_type(type_)}, not one float", last.span,
                    "use vjp or jvp, or reduce the result to one number (np.sum)", self.function.name,
                )  # fmt: skip
            if isinstance(leaves[0], Name):
                self.add(leaves[0].id, ONE)
            return []
        params = []
        taken = {base_of(name) for name in self.types}
        for leaf in leaves:
            base = f"{base_of(leaf.id) if isinstance(leaf, Name) else 'result'}_bar"
            name = next(n for n in _numbered(base) if n not in taken)
            taken.add(name)
            self.names.take(name)
            type_ = self.types[leaf.id] if isinstance(leaf, Name) else Scalar("float64")
            self.types[name] = type_
            params.append(name)
            if isinstance(leaf, Name) and self.active(leaf.id):
                if isinstance(type_, Array):
                    self._check_shape(leaf, Name(name), type_)
                    self.add_array(self.adjoint_array(leaf.id), name)
                else:
                    self.add(leaf.id, Name(name))
        return params

    def _check_shape(self, value: Name, seed: Name, type_: Array) -> None:
        """Refuses a seed of another shape than its value's; of the value, the lengths are asked and nothing else."""
        for axis in range(type_.ndim):
            lengths = tuple(Call(ops.dim, (array, Const(axis))) for array in (value, seed))
            self.emit(Effect(Call(check_equal, lengths)))

    def _adjoint_of(self, param: str) -> Expr:
        """The adjoint of a parameter, or of an item of one."""
        type_ = self.types[param]
        if isinstance(type_, Array):
            return Name(self.adjoint_array(param))
        if isinstance(type_, TupleType):
            items: list[Expr] = [ZERO] * len(type_.items)
            for stmt in self.function.body:
                if isinstance(stmt, Assign) and isinstance(stmt.value, Index) and stmt.value.array == Name(param):
                    (position,) = stmt.value.index
                    target = stmt.target
                    number = position.value  # type: ignore[union-attr]
                    items[number] = self._adjoint_of(target)
            return Tuple(tuple(items))
        return self.bar.get(param, Const(0j) if is_complex(type_) else ZERO)

    # ------------------------------------------------------------------------------------ the next attempt
    def further(self) -> Plan:
        """The plan with what this attempt found to be missing."""
        plan = self.plan
        if plan.bound is not None and (long := self.to_checkpoint()):
            return replace(plan, keep=frozenset(), checkpointed=plan.checkpointed | long)
        keep, recalled = self.to_keep()
        keep |= plan.keep
        return replace(
            plan,
            keep=keep,
            split=plan.split | self.fused_with_stores(keep),
            recalled=plan.recalled | recalled,
        )

    def to_checkpoint(self) -> frozenset[Stmt]:
        """The outermost loops that tape something in each iteration and whose state is known."""
        found = set()
        for around in self.taped:
            if not any(stmt in self.plan.checkpointed for stmt in around):
                loops = (s for s in around if isinstance(s, (For, While)) and s not in self.fused)
                outermost = next(loops, None)
                if isinstance(outermost, For) and self.can_checkpoint(outermost):
                    found.add(outermost)
        return frozenset(found)

    def to_keep(self) -> tuple[frozenset[Stmt], frozenset[tuple[Stmt, str]]]:
        """The stores whose old contents some reload needs: those at or after it, or in a loop around both.

        Loops that are checkpointed give memory back as a whole, where something before them needs it."""
        found = set()
        recalled = set()
        for reload in set(self.reloads):
            for store in self.stores.get(reload.root, ()):
                if store in found or not self.in_the_way(store, reload):
                    continue
                loop = self._checkpointed(store)
                if loop is None or loop in self.loops_around(reload.stmt, own=True):
                    found.add(store)
                else:
                    recalled.add((loop, reload.root))
        return frozenset(found), frozenset(recalled)

    def _checkpointed(self, stmt: Stmt) -> Stmt | None:
        """The checkpointed loop that a statement is in."""
        return next((loop for loop in self.loops_around(stmt) if loop in self.plan.checkpointed), None)

    def fused_with_stores(self, keep: frozenset[Stmt]) -> frozenset[Stmt]:
        """Loops that were run forward and reversed together although something they write must be put back."""
        late = set()
        for loop in self.fused:
            assert isinstance(loop, For)
            made = self.made_in(loop.body)
            for stmt in statements(loop.body):
                if isinstance(stmt, (Store, Accum)) and stmt in keep and self.roots.find(stmt.array) not in made:
                    late.add(loop)
        return frozenset(late)


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base}{number}"
        number += 1


def _leaves(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Tuple):
        for item in expr.items:
            yield from _leaves(item)
    else:
        yield expr
