"""Functions whose derivative is zero: integers, truth values, steps, shapes."""

from __future__ import annotations

import builtins
import math

import numpy as np

from adcompile import runtime, schedule
from adcompile.ir import ops
from adcompile.rules.registry import constant

# Steps: flat wherever they have a derivative.
constant(
    np.spacing,
    np.floor,
    np.ceil,
    np.trunc,
    np.rint,
    np.round,
    np.around,
    np.fix,
    np.sign,
    np.heaviside,
    np.floor_divide,
)
constant(np.spacing, builtins.round, math.floor, math.ceil, math.trunc)

# Truth values.
constant(np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
constant(np.logical_and, np.logical_or, np.logical_xor, np.logical_not, np.any, np.all)
constant(np.isnan, np.isinf, np.isfinite, np.isclose, np.signbit, np.isposinf, np.isneginf)
constant(math.isnan, math.isinf, math.isfinite, math.isclose)
constant(ops.both, ops.either, ops.negated, builtins.bool, np.bool_)

# Integers.
constant(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift, np.gcd, np.lcm)
constant(math.gcd, math.lcm, math.factorial, math.comb, math.perm, math.isqrt)
constant(builtins.int, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)

# Places and shapes.
constant(np.argmax, np.argmin, np.argsort, np.nonzero, np.count_nonzero, np.searchsorted, np.digitize)
constant(np.shape, np.size, np.ndim, ops.dim, builtins.len, builtins.range)
constant(runtime.slice_bound, runtime.broadcast_length, schedule.checkpoints, schedule.next_checkpoint)
constant(runtime.share, runtime.thread_count)

# What is declared to be constant.
constant(runtime.stop_gradient, runtime.detached)

# A value that is never read.
constant(ops.undefined)
