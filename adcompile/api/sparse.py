"""`sparse_jacobian` and `sparse_hessian`: matrices of SciPy, of few products with them.

Goal: the entries that there are, in the time of a few values of the function.  Where entries may be is found from the
source (`patterns`), and kept with the plan of how to find them as long as it holds.  What runs for each matrix is one
generated function, which can be read.  Non-goals: results of several arrays, derivatives by several arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import Parameter, Signature
from typing import Any, Literal, Unpack

import numpy as np

from adcompile import pipeline
from adcompile.api.calling import TEXT
from adcompile.api.choices import Choices, made
from adcompile.api.composed import Composed
from adcompile.api.compressed import Compressed
from adcompile.api.dense import fresh
from adcompile.api.derivative import Derivative, Request
from adcompile.api.intermediates import Opened, opened
from adcompile.api.kept import Kept
from adcompile.api.patterns import Pattern, Plan, Shapes, found, planned, planned_symmetric
from adcompile.api.signatures import Wrt, identifier
from adcompile.api.structured import structured
from adcompile.backend.compile import compiled
from adcompile.backend.emit import Emitted
from adcompile.errors import InvalidArgument
from adcompile.ir.given import plain
from adcompile.ir.opaque import has_opaque
from adcompile.ir.structure import Part
from adcompile.ir.types import Array, Type
from adcompile.transform.dependence import follows_data


class Sets(Composed):
    """What each output depends on, for a set of each input: a function of the arguments and of the sets."""

    def _signature(self, own: Signature) -> Signature:
        parameters = [p.replace(default=Parameter.empty, kind=p.POSITIONAL_OR_KEYWORD) for p in own.parameters.values()]
        return Signature([*parameters, Parameter(fresh("sets", own.parameters), Parameter.POSITIONAL_OR_KEYWORD)])

    def _job(self, arguments: tuple[Type, ...]) -> pipeline.Job:
        primals = arguments[:-1]
        self.check(primals)
        function, wrt = self._primal_for(primals)
        if self.request.details[0] == "sparse_hessian":
            outcome = pipeline.run(pipeline.Job(function, primals, "grad", wrt))
            function = compiled(outcome.name, outcome.undivided, TEXT).python
        return pipeline.Job(function, primals, "dependence", wrt)

    def follows_data(self, arguments: tuple[Type, ...]) -> bool:
        """Whether the pattern may be another for other floats."""
        core = self.outcome(arguments).stages.function("typed")
        if has_opaque(core.body):  # what their rules do counts too
            core = pipeline.typed(self.function_for(arguments), arguments)["typed"]
        return follows_data(core)


class Sparse:
    """A sparse derivative matrix as a function of the arguments; it gives `scipy.sparse.csr_array`s.

    `sets` is the function that tells which inputs each output depends on, as bits."""

    __adcompile_derivative__ = True

    def __init__(self, primal: Callable[..., Any], request: Request) -> None:
        if isinstance(request.wrt, tuple):
            raise InvalidArgument(f"{request.kind}: wrt={request.wrt!r}: a sparse matrix is by one argument")
        self.primal = primal
        self.request = request
        if request.out or request.accumulate:
            raise InvalidArgument(f"{request.kind}: it returns a new matrix, and takes neither out nor accumulate")
        self.sets = Sets(primal, replace(request, kind="sets", details=(request.kind,)))
        self._tangent = Derivative(primal, Request("jvp", self.sets.wrt_names[0], request.options))
        self._flats: dict[tuple[Part, ...], Sparse] = {}
        self._compressed: dict[tuple[object, ...], Compressed] = {}
        self._plans: dict[object, Plan] = {}
        self._given = request.details[0]
        self._opened: dict[tuple[Type, ...], tuple[Opened, Sparse]] = {}
        self.__signature__ = Signature(list(self.sets.__signature__.parameters.values())[:-1])
        kinds = {parameter.kind for parameter in self.sets._own.parameters.values()}
        self._plain = kinds <= {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
        self.__name__, self.__doc__ = self.sets.__name__, primal.__doc__
        self.__qualname__, self.__module__ = self.sets.__qualname__, self.sets.__module__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = self._bound(args, kwargs)
        plan = self._kept(bound)
        if plan is None:
            if (other := self._instead(bound)) is not None:
                return other[0](*other[1])
            plan = self._plan(bound)
        return _matrix(plan.pattern, self._data(plan, bound))

    def pattern(self, *args: Any, **kwargs: Any) -> Any:
        """Where entries may be for these arguments, as a `csr_array` of truth values."""
        bound = self._bound(args, kwargs)
        if (other := self._instead(bound)) is not None:
            return other[0].pattern(*other[1])
        pattern = self._plan(bound).pattern
        return _matrix(pattern, np.ones(len(pattern.rows), bool))

    def products(self, *args: Any, **kwargs: Any) -> int:
        """By how many products with the matrix its entries are found for these arguments: the number of colours."""
        bound = self._bound(args, kwargs)
        other = self._instead(bound)
        return self._plan(bound).count if other is None else other[0].products(*other[1])

    @property
    def source(self) -> str:
        """What runs for each matrix, as Python text."""
        others = [*self._flats.values(), *(sparse for _, sparse in self._opened.values())]
        if not self._compressed and others:
            return others[-1].source
        if not self._compressed:
            raise InvalidArgument(f"source of {self!r}: it depends on the pattern, and none is known before a call")
        return [*self._compressed.values()][-1].source

    def __repr__(self) -> str:
        return f"<adcompile {self.request.kind} of {self.__name__}>"

    def described(self) -> tuple[object, ...]:
        """What two of these that are the same agree on."""
        return type(self).__name__, self.request.described(), self.primal

    def function_for(self, arguments: tuple[Type, ...]) -> Callable[..., Any]:
        """The same matrix as an array, as a function with source: what differentiated code gets that calls this."""
        kind = self.request.kind.removeprefix("sparse_")
        dense = Composed(self.primal, replace(self.request, kind=kind, details=())).function_for(arguments)
        both = Kept(dense).result(arguments)
        inside = self.sets.intermediates
        x = opened(self.sets, arguments).types[0] if inside else arguments[self._position]
        rank = x.ndim if isinstance(x, Array) else 0
        if not rank or not isinstance(both, Array) or (results := both.ndim - rank) == 0:
            raise InvalidArgument(f"{self!r}: a sparse matrix is by an array of floats, of an array of floats")
        if both.ndim == 2:
            return dense
        sizes = [
            " * ".join(f"dense.shape[{axis}]" for axis in axes) for axes in (range(results), range(results, both.ndim))
        ]
        given = ", ".join(name for name in self.__signature__.parameters)
        name = identifier(self.__name__)
        text = f"def {name}({given}):\n    dense = jacobian({given})\n    return dense.reshape({', '.join(sizes)})\n"
        return compiled(name, Emitted(text, {"jacobian": dense}), TEXT).python

    # ------------------------------------------------------------------------------------ what holds for a call
    def _bound(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        if self._plain and not kwargs and len(args) == len(self.__signature__.parameters):
            return tuple(map(plain, args))
        bound = self.sets._own.bind(*args, **kwargs)
        bound.apply_defaults()
        return tuple(plain(bound.arguments[name]) for name in self.__signature__.parameters)

    def _instead(self, bound: tuple[Any, ...]) -> tuple[Sparse, tuple[Any, ...]] | None:
        """The same of a function of numbers and arrays, and its arguments, where some of these are structures; of one
        with a parameter for it, where what the matrix is by is a variable inside."""
        form = structured(self._tangent, (bound, ()))
        if form is None and self.sets.intermediates:
            types = self.sets.primal_of(self.primal).types_of(*bound)
            if types not in self._opened:
                whole = opened(self.sets, types)
                self._opened[types] = whole, Sparse(whole.function, replace(self.request, wrt=whole.wrt))
            whole, sparse = self._opened[types]
            return sparse, whole.arguments(bound)
        if form is None:
            return None
        by = form.flat.wrt_names
        if len(by) != 1:
            name = self.sets.wrt_names[0]
            message = f"{name} holds {len(by)} of them: name one in wrt, as \"{name}['w']\""
            raise InvalidArgument(f"{self!r}: a sparse matrix is by one array, and {message}")
        if form.parts not in self._flats:
            self._flats[form.parts] = Sparse(form.flat.primal, replace(self.request, wrt=by[0]))
        return self._flats[form.parts], form.arguments(bound)

    def _function(self, plan: Plan) -> Compressed:
        key = plan.reverse, plan.lanes, len(plan.shape), plan.once
        if key not in self._compressed:
            self._compressed[key] = Compressed(self.primal, replace(self.request, details=key))
        return self._compressed[key]

    def _data(self, plan: Plan, bound: tuple[Any, ...]) -> np.ndarray:
        """The entries."""
        return self._function(plan)(*bound, *plan.given(self._by(bound).dtype))  # type: ignore[no-any-return]

    @property
    def _position(self) -> int:
        return self.sets.arguments.index(self.sets.wrt_names[0])

    def _by(self, bound: tuple[Any, ...]) -> np.ndarray:
        """The array that the matrix is by."""
        return np.asarray(bound[self._position])

    def _kept(self, bound: tuple[Any, ...]) -> Plan | None:
        """The plan that is kept for arguments that decide the same."""
        try:
            return self._plans.get(tuple(map(_what_decides, bound)))
        except TypeError:  # structures have no hash
            return None

    def _plan(self, bound: tuple[Any, ...]) -> Plan:
        """The plan for these arguments, the one that is kept if it holds for them."""
        if (kept := self._kept(bound)) is not None:
            return kept
        x = self._by(bound)
        if not x.ndim:
            raise InvalidArgument(f"{self!r}: a sparse matrix is by an array of floats, and {x!r} is a number")
        types = self.sets.types_of(*bound, np.zeros(x.shape, np.int64))
        self.sets.check(types[:-1])
        if self._given is not None:
            plan = self._held(bound, x, _given(self._given, self))
        else:
            plan = self._planned(*self._found(bound, x))
            if self.sets.follows_data(types):
                return plan
        return self._plans.setdefault(tuple(map(_what_decides, bound)), plan)

    def _planned(self, pattern: Pattern, shapes: Shapes) -> Plan:
        if self.request.kind == "sparse_hessian":
            return planned_symmetric(pattern, shapes)
        return planned(pattern, self.request.mode, shapes)

    def _found(self, bound: tuple[Any, ...], x: np.ndarray) -> tuple[Pattern, Shapes]:
        """The pattern by sweeps of sets."""
        empty = self.sets(*bound, np.zeros(x.shape, np.int64))
        if not isinstance(empty, np.ndarray):
            raise InvalidArgument(f"{self!r}: the result of {self.__name__} is not one array of floats")

        def sweep(sets: np.ndarray) -> np.ndarray:
            return np.ravel(self.sets(*bound, sets.reshape(x.shape)))

        pattern = found(sweep, empty.size, x.size)
        pattern = pattern.symmetric() if self.request.kind == "sparse_hessian" else pattern
        return pattern, (empty.shape, x.shape)

    def _held(self, bound: tuple[Any, ...], x: np.ndarray, pattern: Pattern) -> Plan:
        """The plan of a given pattern, held to a product with the derivative: raises if an entry is missing."""
        function = self.primal
        if self.request.kind == "sparse_hessian":
            function = Derivative(function, Request("grad", self.request.wrt, self.request.options))
        name = self.sets._wrt[0]
        tangent = Derivative(function, Request("jvp", name, self.request.options))
        along = np.random.default_rng(0).uniform(0.5, 1.5, x.shape).astype(x.dtype)
        value, exact = tangent(bound, (along,))
        if pattern.shape != (value.size, x.size):
            raise InvalidArgument(f"{self!r}: the pattern is {pattern.shape}, the matrix {(value.size, x.size)}")
        plan = self._planned(pattern, (value.shape, x.shape))
        data = self._data(plan, bound)
        terms = data * along.ravel()[pattern.columns]
        product = np.bincount(pattern.rows, terms, value.size)
        scale = np.bincount(pattern.rows, np.abs(terms), value.size) + np.abs(exact.ravel())
        wrong = np.abs(product - exact.ravel()) > 1e3 * np.finfo(x.dtype).eps * scale
        if np.any(wrong):
            row = np.flatnonzero(wrong)[0]
            raise InvalidArgument(f"{self!r}: the pattern that is given misses entries, the first of them in row {row}")
        return plan


def _what_decides(value: Any) -> object:
    """Of an argument, all that the pattern may depend on if branches do not follow floats."""
    if isinstance(value, tuple):
        return tuple(map(_what_decides, value))
    if isinstance(value, np.ndarray):
        content = None if value.dtype.kind == "f" else value.tobytes()
        return value.shape, value.dtype.str, content
    return None if isinstance(value, (float, np.floating)) else (type(value), value)


def _matrix(pattern: Pattern, data: np.ndarray) -> Any:
    """A matrix of SciPy that shares no memory with another."""
    return _scipy().csr_array((data, pattern.columns32.copy(), pattern.starts32.copy()), shape=pattern.shape)


def _given(pattern: Any, of: Sparse) -> Pattern:
    """A pattern that a user gave: a matrix of SciPy, or an array whose entries count where they are not zero."""
    places = pattern.tocoo() if hasattr(pattern, "tocoo") else None
    if places is None:
        array = np.asarray(pattern)
        rows, columns = np.nonzero(array)
        shape = array.shape
    else:
        rows, columns, shape = places.row, places.col, places.shape
    made = Pattern.of(np.asarray(rows), np.asarray(columns), (int(shape[0]), int(shape[1])))
    return made.symmetric() if of.request.kind == "sparse_hessian" else made


def _scipy() -> Any:
    try:
        from scipy import sparse
    except ImportError:
        raise InvalidArgument("sparse matrices are SciPy's: install scipy") from None
    return sparse


def sparse_jacobian(
    function: Callable[..., Any], *, wrt: Wrt | None = None, mode: Literal["auto", "forward", "reverse"] = "auto",
    pattern: Any = None, **options: Unpack[Choices],
) -> Sparse:  # fmt: skip
    """The Jacobian of a function from one array to one array, as a sparse matrix: `sparse_jacobian(f)(x)`.

    It gives a `scipy.sparse.csr_array` of `value.size` rows and `x.size` columns; arrays of more axes count as in C.
    Where entries may be is found from the source, by sweeps of sets of inputs; columns (or rows, in reverse mode) that
    share no row are found together, by one tangent for each colour.  Entries that are stored may be zero.

    The pattern is that of the branches and subscripts that the function takes at the arguments.  If these cannot depend
    on floats, it is kept for arguments of the same shapes and the same integers; otherwise it is found anew at each
    call.  `pattern`, a matrix of SciPy or an array, whose nonzero entries say where derivatives may be, is taken
    instead, and held to a product with the Jacobian at the first call: an `InvalidArgument` says that entries are
    missing.  Needs SciPy.

    >>> import numpy as np
    >>> residual = lambda u: u[1:-1] ** 2 - u[:-2] * u[2:]
    >>> J = sparse_jacobian(residual, jit=False)
    >>> J(np.arange(1.0, 6.0)).toarray()
    array([[-3.,  4., -1.,  0.,  0.],
           [ 0., -4.,  6., -2.,  0.],
           [ 0.,  0., -5.,  8., -3.]])
    >>> J.products(np.arange(1.0, 6.0))
    3
    """
    if mode not in ("auto", "forward", "reverse"):
        raise InvalidArgument(f"sparse_jacobian: mode={mode!r} is none of 'auto', 'forward', 'reverse'")
    sparse: Sparse = made(Sparse, "sparse_jacobian", function, wrt, options, mode, details=(pattern,))
    return sparse


def sparse_hessian(
    function: Callable[..., Any], *, wrt: Wrt | None = None, pattern: Any = None, **options: Unpack[Choices]
) -> Sparse:
    """The Hessian of a function from one array to one float, as a sparse matrix: `sparse_hessian(f)(x)`.

    A `scipy.sparse.csr_array` of `x.size` rows and columns, forward over reverse.  The colouring makes use of symmetry:
    an entry is read in its own column or in its mirror image's.  Else as `sparse_jacobian`.

    >>> import numpy as np
    >>> chain = lambda x: np.sum((x[1:] - x[:-1]) ** 2)
    >>> sparse_hessian(chain, jit=False)(np.arange(4.0)).toarray()
    array([[ 2., -2.,  0.,  0.],
           [-2.,  4., -2.,  0.],
           [ 0., -2.,  4., -2.],
           [ 0.,  0., -2.,  2.]])
    """
    sparse: Sparse = made(Sparse, "sparse_hessian", function, wrt, options, details=(pattern,))
    return sparse
