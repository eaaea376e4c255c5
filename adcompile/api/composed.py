"""`jacobian`, `hessian`, `hvp`, `vhp` and `laplacian` as objects: derivatives that call other derivatives in a loop."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from adcompile import pipeline, runtime
from adcompile.analysis.shortest import shortest
from adcompile.api.calling import TEXT
from adcompile.api.dense import LANES, Dense, Leaf, Trace, fresh
from adcompile.api.derivative import Derivative, Request
from adcompile.api.signatures import identifier
from adcompile.backend.compile import compiled
from adcompile.backend.emit import Emitted
from adcompile.backend.naming import printed_params
from adcompile.ir.nodes import Assign, Call, Const, Function, Name, Return, Tuple
from adcompile.ir.show import shown_type
from adcompile.ir.structure import Part, of_type
from adcompile.ir.types import Array, Scalar, TupleType, Type, is_complex, is_float
from adcompile.optimise.rewriting import made_length
from adcompile.transform.into import Out


class Composed(Derivative):
    """A derivative that is written as a function around other derivatives, which the stages inline."""

    def __init__(self, primal: Callable[..., Any], request: Request) -> None:
        super().__init__(primal, request)
        self._results: dict[tuple[Type, ...], Part] = {}  # the structures of the results of the primal

    def structure(self, arguments: tuple[Type, ...]) -> Part | None:
        self._make(arguments)
        return self._results.get(arguments)

    def latest_result(self) -> Part:
        """The structure of the primal's result, at the last call."""
        return self._results[self._latest("the structure")]

    def _signature(self, own: Signature) -> Signature:
        called = super()._signature(own)
        if self.request.kind not in ("hvp", "vhp", "taylor"):
            return called
        direction = Parameter(fresh("v", called.parameters), Parameter.POSITIONAL_OR_KEYWORD)
        return Signature([*(p.replace(default=Parameter.empty) for p in called.parameters.values()), direction])

    def _job(self, arguments: tuple[Type, ...]) -> pipeline.Job:
        primals = arguments[: len(self._own.parameters)]
        parallel = self.request.options.parallel
        self.check(primals)
        function, wrt = self._primal_for(primals)
        params = tuple(inspect.signature(function).parameters)
        if list(printed := printed_params(params)) != list(printed.values()):  # it has a parameter `np`, say
            outcome = pipeline.run(pipeline.Job(function, primals, "primal", (), parallel=parallel, reorder=False))
            function = compiled(outcome.name, outcome.undivided, TEXT).python
            params, wrt = tuple(printed.values()), tuple(printed[name] for name in wrt)
        typed = dict(zip(params, primals, strict=True))
        parts = Parts(function, params, primals, wrt, self.request)
        text = self._text(parts, params, typed, arguments)
        return composed_of(self, parts.named(self), text, parts.imports, arguments)

    # ------------------------------------------------------------------------------------ kinds
    def _text(self, parts: Parts, params: tuple[str, ...], typed: dict[str, Type], arguments: tuple[Type, ...]) -> str:
        """The text, of the kind that is asked for."""
        write = {
            "jacobian": self._jacobian,
            "hessian": self._hessian,
            "hvp": self._product,
            "vhp": self._product,
            "laplacian": self._laplacian,
        }[self.request.kind]
        return write(parts, params, typed, arguments)

    def _jacobian(
        self, parts: Parts, params: tuple[str, ...], typed: dict[str, Type], arguments: tuple[Type, ...]
    ) -> str:
        outcome = parts.run("primal", ())
        self._results[arguments] = outcome.structure or of_type(outcome.result)
        several = isinstance(outcome.result, TupleType)
        types = outcome.result.items if isinstance(outcome.result, TupleType) else (outcome.result,)
        for type_ in types:
            if isinstance(type_, TupleType) or not is_float(type_):
                raise self.invalid(f"the result of {self.__name__} is {shown_type(outcome.result)}, not of floats")
        dense = self._dense(parts, params, typed, types, several)
        inputs, results = dense.inputs, dense.results
        mode = self.request.mode
        if any(map(is_complex, types)):
            if mode == "reverse":
                raise self.invalid("the result is complex: mode='forward' takes complex results, of real arguments")
            mode = "forward"
        if mode == "reverse" and several:
            raise self.invalid("the result is a tuple: mode='reverse' takes one result, mode='forward' takes several")
        if mode == "auto" and (several or not any(leaf.rank for leaf in inputs)):
            mode = "forward"
        elif mode == "auto" and (not results[0].rank or _fewer(outcome.stages.function("typed"), inputs)):
            mode = "reverse"
        if mode != "forward":
            parts.add("pullback", "pullback", parts.wrt, packed=True)
        if mode != "reverse":
            parts.add_tangents(inputs)
        if parts.has_aux or any(leaf.rank for leaf in results):
            parts.call("value", compiled(outcome.name, outcome.undivided, TEXT).python)
        if mode == "auto":
            return dense.by_fewer()
        if mode == "reverse":
            return dense.by_rows()
        return dense.by_columns(value=any(leaf.rank for leaf in results))

    def _hessian(self, parts: Parts, params: tuple[str, ...], typed: dict[str, Type], _: Any) -> str:
        wrt, several = parts.wrt, len(parts.wrt) > 1
        dense = self._dense(parts, params, typed, [typed[name] for name in wrt], several, of_inputs=True)
        if parts.has_aux:
            parts.add("value", "primal", ())
        parts.function = parts.made("grad", wrt)
        parts.add_tangents(dense.inputs)
        return dense.by_columns()

    def _along(
        self, parts: Parts, params: tuple[str, ...], typed: dict[str, Type], arguments: tuple[Type, ...]
    ) -> tuple[list[str], list[str]]:
        """The first lines of a function that takes a direction last, and its directions by each parameter."""
        own = tuple(self.__signature__.parameters)[len(self._own.parameters)]
        v = fresh(own, params)
        several = isinstance(self.request.wrt, tuple)
        expected: Type = TupleType(tuple(typed[name] for name in parts.wrt)) if several else typed[parts.wrt[0]]
        if arguments[-1] != expected:
            raise self.invalid(
                f"{own} is {shown_type(arguments[-1])}, and has to be {shown_type(expected)}, as what it is by"
            )
        directions = [f"{v}[{number}]" for number in range(len(parts.wrt))] if several else [v]
        lines = [f"def {parts.named(self)}({', '.join((*params, v))}):"]
        for name, direction in zip(parts.wrt, directions, strict=True):
            if isinstance(typed[name], Array):
                check = parts.call("check_same_shape", runtime.check_same_shape)
                lines.append(f"    {check}({name}, {direction})")
        return lines, directions

    def _product(
        self, parts: Parts, params: tuple[str, ...], typed: dict[str, Type], arguments: tuple[Type, ...]
    ) -> str:
        several = isinstance(self.request.wrt, tuple)
        lines, directions = self._along(parts, params, typed, arguments)
        if self.request.kind == "hvp":
            outer = "tangents"
            parts.function = parts.made("grad", parts.wrt, packed=several)
        else:
            outer = "grad"
            parts.function = parts.made("tangents", parts.wrt)
            parts.primals = (*parts.primals, *(typed[name] for name in parts.wrt))
        product = parts.add(outer, outer, parts.wrt, packed=several)
        lines.append(f"    return {product}({', '.join((*params, *directions))})")
        return "\n".join(lines) + "\n"

    def _laplacian(self, parts: Parts, params: tuple[str, ...], typed: dict[str, Type], _: Any) -> str:
        inputs = tuple(_real_leaf(name, typed[name], self) for name in parts.wrt)
        function = parts.function
        for leaf in inputs:
            parts.function = function
            parts.function = parts.made("grad", (leaf.text,))
            parts.add_tangents((leaf,))
        return Trace(parts.named(self), params, inputs, inputs, False).by_columns()

    def _dense(
        self, parts: Parts, params: tuple[str, ...], typed: dict[str, Type], results: Any, several: bool,
        of_inputs: bool = False,
    ) -> Dense:  # fmt: skip
        inputs = tuple(_real_leaf(name, typed[name], self) for name in parts.wrt)
        y = fresh("y", params)
        texts = parts.wrt if of_inputs else [f"{y}[{n}]" if several else y for n in range(len(results))]
        leaves = tuple(_leaf(text, type_, self) for text, type_ in zip(texts, results, strict=True))
        packed = isinstance(self.request.wrt, tuple)
        return Dense(parts.named(self), params, inputs, leaves, several, packed, parts.has_aux)


class Parts:
    """The derivatives that a composed one calls, made as they are asked for."""

    def __init__(
        self, function: Callable[..., Any], params: tuple[str, ...], primals: tuple[Type, ...], wrt: tuple[str, ...],
        request: Request,
    ) -> None:  # fmt: skip
        self.function = function
        self.params = params
        self.primals = primals
        self.wrt = wrt
        self.bound = request.checkpoint
        self.parallel = request.options.parallel
        self.has_aux = request.has_aux
        self.imports: dict[str, Any] = {"np": np}

    def named(self, of: Derivative) -> str:
        return f"{identifier(of.__name__)}_{of.request.kind}"

    def run(
        self, kind: str, wrt: tuple[str, ...], packed: bool = False, lanes: int = 1, out: Out | None = None
    ) -> pipeline.Outcome:
        job = pipeline.Job(
            self.function, self.primals, kind, wrt, packed, lanes, self.bound, self.parallel, self.has_aux, out,
            reorder=False,  # this text is differentiated again
        )  # fmt: skip
        return pipeline.run(job)

    def made(
        self, kind: str, wrt: tuple[str, ...], packed: bool = False, lanes: int = 1, out: Out | None = None
    ) -> Callable[..., Any]:
        """A derivative of the function, as Python text that can be read."""
        outcome = self.run(kind, wrt, packed, lanes, out)
        return compiled(outcome.name, outcome.undivided, TEXT).python

    def call(self, name: str, function: Callable[..., Any]) -> str:
        """What a function is called in the text: no parameter's name."""
        name = fresh(name, self.params)
        self.imports[name] = function
        return name

    def add(
        self, name: str, kind: str, wrt: tuple[str, ...], packed: bool = False, lanes: int = 1, out: Out | None = None
    ) -> str:
        return self.call(name, self.made(kind, wrt, packed, lanes, out))

    def add_tangents(self, inputs: tuple[Leaf, ...]) -> None:
        """Forward mode by each input, a chunk of tangents at once where it is an array."""
        for leaf in inputs:
            self.add(f"tangents_{leaf.text}", "tangents", (leaf.text,), lanes=LANES if leaf.rank else 1)


def _fewer(function: Function, inputs: tuple[Leaf, ...]) -> bool:
    """Whether the result surely has fewer elements than the inputs together, as far as can be told before the run."""
    last = function.body[-1]
    assert isinstance(last, Return)
    result = last.value.items[0] if isinstance(last.value, Tuple) else last.value  # beside what is returned with it
    for stmt in function.body:
        match stmt:
            case Assign(target, Call(np.empty | np.zeros) as made) if Name(target) == result:
                type_, least = function.types[target], shortest(function)
                lengths = [made_length(made, axis) for axis in range(type_.ndim)] if isinstance(type_, Array) else []
                known = [length.value for length in lengths if isinstance(length, Const)]
                fewest = sum(math.prod(least.get(leaf.text, ())) for leaf in inputs)
                return len(known) == len(lengths) > 0 and math.prod(known) < fewest
    return False


def _leaf(text: str, type_: Type, of: Derivative) -> Leaf:
    if not isinstance(type_, (Scalar, Array)):
        raise of.invalid(f"{text} is {shown_type(type_)}: differentiate by floats and arrays of floats")
    return Leaf(text, type_)


def _real_leaf(text: str, type_: Type, of: Derivative) -> Leaf:
    """What a matrix of derivatives is by: by a complex number there would be two columns."""
    if is_complex(type_):
        way_out = "take its real and imaginary parts as two arguments, or use jvp, vjp or hvp"
        raise of.invalid(f"{text} is {shown_type(type_)}, and a matrix of derivatives is by real numbers: {way_out}")
    return _leaf(text, type_, of)


def composed_of(
    of: Derivative, name: str, text: str, imports: dict[str, Any], arguments: tuple[Type, ...]
) -> pipeline.Job:
    """What the pipeline has to do for a function that is given as text."""
    function = compiled(name, Emitted(text, imports), TEXT).python
    options = of.request.options
    return pipeline.Job(function, arguments, "composed", (), parallel=options.parallel, reorder=options.reorder)
