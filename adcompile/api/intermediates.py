"""Derivatives by local variables of a function, beside those by its parameters: what `retain_grad` is for in PyTorch.

Goal: `grad(f, wrt=("x", "z"))`, where `z` is a variable of `f`, for all transforms that take `wrt`.  The derivative is
by a parameter that is added to the variable (`normal.intermediates`), of a function that is called with zeros for it.
The stages inline it, and there is nothing left of the zeros.  Non-goals: variables of functions that are called.

>>> from adcompile import grad
>>> def f(x):
...     z = x * x
...     return z * x
>>> by_both = grad(f, wrt=("x", "z"), jit=False)
>>> by_both(3.0)
(27.0, 3.0)
>>> print(by_both.source, end="")
def f_grad(x):
    x_bar = x * x + (x * x + x * x)
    return x_bar, x
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from adcompile import pipeline
from adcompile.api.dense import fresh
from adcompile.api.flattened import Flattened, flattened_function
from adcompile.api.signatures import identifier
from adcompile.backend.compile import Options, compiled
from adcompile.backend.emit import Emitted
from adcompile.frontend.functions import LocalFunction
from adcompile.frontend.read import read
from adcompile.ir.nodes import Function
from adcompile.ir.show import shown_type
from adcompile.ir.structure import Leaf
from adcompile.ir.types import Array, Scalar, TupleType, Type, is_complex, is_float
from adcompile.normal.intermediates import Intermediate, check_own, locals_of, perturbed

if TYPE_CHECKING:
    from adcompile.api.derivative import Derivative

_TEXT = Options(jit=False)
_KINDS = (
    "grad", "value_and_grad", "jvp", "pullback", "jacobian", "hessian", "hvp", "vhp", "laplacian", "taylor", "sets",
)  # fmt: skip


def asked_for(primal: Any, wrt: Any, kind: str, parameters: tuple[str, ...]) -> tuple[str, ...]:
    """The local variables among what a derivative is by."""
    names = [one for one in (wrt if isinstance(wrt, tuple) else (wrt,)) if isinstance(one, str) and one.isidentifier()]
    others = [name for name in names if name not in parameters]
    if not others or kind not in _KINDS or hasattr(primal, "primal"):
        return ()
    of: Flattened | None = getattr(primal, "flattened", None)
    inside = locals_of(read(primal if of is None else of.primal, lenient=True).function)
    return tuple(name for name in others if name in inside)


def through(derivative: Derivative, arguments: tuple[Type, ...]) -> tuple[pipeline.Job, pipeline.Outcome]:
    """What the pipeline has to write for a derivative by local variables, and what it writes for the one that is called
    with zeros."""
    request, count = derivative.request, len(derivative.arguments)
    tangents = request.kind == "jvp"
    primals = arguments[:count]
    if tangents:
        given = arguments[0]
        if not isinstance(given, TupleType) or len(given.items) != count:
            raise derivative.invalid(f"primals must be a tuple of all the arguments of {derivative.__name__}")
        primals = given.items
    whole, found = _perturbed(derivative, primals)
    types = (*primals, *(one.type for one in found))
    renamed = {one.name: one.added for one in found}
    wrt: Any = tuple(renamed.get(name, name) for name in derivative.wrt_names)
    wrt = wrt if isinstance(request.wrt, tuple) else wrt[0]
    inner = type(derivative)(whole, replace(request, wrt=wrt, out=False, accumulate=False))
    outcome = inner.outcome((TupleType(types), *arguments[1:]) if tangents else (*types, *arguments[count:]))
    called = compiled(outcome.name, outcome.undivided, _TEXT).python

    params = list(inspect.signature(called).parameters)
    if not tangents:
        del params[count : count + len(found)]
    np_, call = fresh("np", params), fresh(request.kind, params)
    imports: dict[str, Any] = {np_: np, call: called}
    own = [f"{params[0]}[{k}]" for k in range(count)] if tangents else params[:count]
    passed = [*own, *(one.zero(own, params, np_, imports) for one in found)]
    passed = [f"({', '.join(passed)})", params[1]] if tangents else [*passed, *params[count:]]
    text = f"def {outcome.name}({', '.join(params)}):\n    return {call}({', '.join(passed)})\n"
    python, options = compiled(outcome.name, Emitted(text, imports), _TEXT).python, request.options
    job = pipeline.Job(
        python, arguments, "composed", (), parallel=options.parallel, reorder=options.reorder,
        valued=request.kind == "value_and_grad",
    )  # fmt: skip
    return job, outcome


@dataclass(frozen=True)
class Opened:
    """A function with a parameter more for each of its variables that a derivative is by, which is called with zeros.

    `names` says of which variable a parameter is, `wrt` what the derivative is by then."""

    function: Derivative
    wrt: Any
    names: dict[str, str]
    types: tuple[Type, ...]  # of the variables
    _values: tuple[Derivative, ...]

    def arguments(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments and the zeros."""
        return *args, *(np.zeros_like(np.asarray(value(*args)))[()] for value in self._values)


def opened(derivative: Derivative, primals: tuple[Type, ...]) -> Opened:
    """The function of a derivative that is by variables inside of it, for these types of arguments."""
    whole, found = _perturbed(derivative, primals)
    renamed = {one.name: one.added for one in found}
    wrt: Any = tuple(renamed.get(name, name) for name in derivative.wrt_names)
    values = tuple(derivative.primal_of(one.until) for one in found)
    return Opened(
        derivative.primal_of(whole), wrt if isinstance(derivative.request.wrt, tuple) else wrt[0],
        {added: name for name, added in renamed.items()}, tuple(one.type for one in found), values,
    )  # fmt: skip


@dataclass(frozen=True)
class _Variable:
    """A local variable, the parameter that is added to it, and the function that gives its value."""

    name: str
    added: str
    type: Type
    value: pipeline.Outcome
    until: Any  # that function

    def zero(self, own: list[str], params: list[str], np_: str, imports: dict[str, Any]) -> str:
        """The text of a zero of its type and shape."""
        if isinstance(self.type, Array):
            make = fresh(f"{identifier(self.name)}_of", params)
            imports[make] = compiled(self.value.name, self.value.undivided, _TEXT).python
            return f"{np_}.zeros_like({make}({', '.join(own)}))"
        number = "0j" if is_complex(self.type) else "0.0"
        dtype = self.type.dtype if isinstance(self.type, Scalar) else ""
        return number if dtype in ("float64", "complex128") else f"{np_}.{dtype}({number})"


def _perturbed(derivative: Derivative, primals: tuple[Type, ...]) -> tuple[Any, list[_Variable]]:
    """The primal with a parameter added to each of the local variables, and these."""
    of: Flattened | None = getattr(derivative.primal, "flattened", None)
    function = read(derivative.primal if of is None else of.primal, value=True, lenient=True).function
    found: list[Intermediate] = []
    variables: list[_Variable] = []
    whole = function
    for name in derivative.intermediates:
        before = _local(perturbed(function, name).until, of)
        until = pipeline.run(pipeline.Job(before, primals, "primal", ()))
        type_ = until.result
        if until.structure is not None or not isinstance(type_, (Scalar, Array)) or not is_float(type_):
            what = "a list or a dict" if until.structure is not None else shown_type(type_)
            raise derivative.invalid(f"{name} is {what}, and has to be a float or an array of floats")
        found.append(perturbed(whole, name, type_.ndim if isinstance(type_, Array) else 0))
        variables.append(_Variable(name, found[-1].added, type_, until, before))
        whole = found[-1].whole
    made = _local(whole, of)
    stages = pipeline.typed(made, (*primals, *(one.type for one in variables)))
    for one in found:
        check_own(stages["inline"], stages["loops_for_arrays"], one)
    return made, variables


def _local(function: Function, of: Flattened | None) -> Any:
    """A function that has been read, as one that can be differentiated, with numbers and arrays for arguments."""
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in function.params]
    made = LocalFunction(function, inspect.Signature(parameters))
    if of is None:
        return made
    added = function.params[len(of.names) :]
    return flattened_function(made, (*of.names, *added), (*of.parts, *(Leaf.NUMBER for _ in added)))
