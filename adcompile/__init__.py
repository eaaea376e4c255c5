"""adcompile: derivatives of the NumPy-and-loops Python that Numba compiles, as Python that Numba compiles.

`grad` reads a function's source, writes the source of its derivative, and Numba compiles it.  The derivative can be
read (`.source`), run without Numba (`jit=False`), called from other compiled code, and differentiated again.
"""

from adcompile.api import (
    Batched,
    Composed,
    Derivative,
    Linear,
    Sparse,
    VectorJacobian,
    WrongDerivative,
    check_grads,
    checkpoint,
    custom_jvp,
    custom_vjp,
    grad,
    hessian,
    hvp,
    implicit,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    laplacian,
    linearize,
    sparse_hessian,
    sparse_jacobian,
    taylor,
    value_and_grad,
    vhp,
    vjp,
    vmap,
)
from adcompile.errors import AdcompileError, InternalError, InvalidArgument, Refusal, Span, Unsupported
from adcompile.runtime import no_grad, stop_gradient

__version__ = "0.1.0"

__all__ = [
    "AdcompileError",
    "Batched",
    "Composed",
    "Derivative",
    "InternalError",
    "InvalidArgument",
    "Linear",
    "Refusal",
    "Span",
    "Sparse",
    "Unsupported",
    "VectorJacobian",
    "WrongDerivative",
    "check_grads",
    "checkpoint",
    "custom_jvp",
    "custom_vjp",
    "grad",
    "hessian",
    "hvp",
    "implicit",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "laplacian",
    "linearize",
    "no_grad",
    "sparse_hessian",
    "sparse_jacobian",
    "stop_gradient",
    "taylor",
    "value_and_grad",
    "vhp",
    "vjp",
    "vmap",
]
