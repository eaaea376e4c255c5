"""Values as callers give them: what stands for an array becomes one, and what cannot is told with a way out.

Goal: a Series or a DataFrame of pandas, a DataArray of xarray and subclasses of NumPy's array are arrays to
derivatives; neither library is imported here, since a value of theirs says itself where it comes from.  Non-goals:
labels, which results do not get back; containers, which `ir.structure` takes apart.

>>> class Table:
...     __module__ = "pandas.core.frame"
...     def __array__(self, dtype=None, copy=None):
...         return np.ones((2, 3))
>>> plain((Table(), 2.0))[0].shape
(2, 3)
>>> trouble((1.0, np.ones(2, ">f8")), "x")
('x[1]', 'an array of float64 in the byte order of other machines', "pass x[1].astype('float64')")
"""

from __future__ import annotations

from typing import Any

import numpy as np

_LABELLED = ("pandas", "xarray")
_OTHERS = (np.ma.MaskedArray, np.matrix)  # arrays whose arithmetic is another


def plain(value: Any) -> Any:
    """The value that derivatives see of a value: itself, or the array that it stands for; in tuples too."""
    if type(value) is np.ndarray or isinstance(value, (float, int, complex, str, np.generic)):
        return value
    if type(value) is tuple:
        items = tuple(map(plain, value))
        return value if all(map(_same, items, value)) else items
    if isinstance(value, np.ndarray):
        return value if isinstance(value, _OTHERS) else np.asarray(value)
    if not is_labelled(value):
        return value
    try:
        array = np.asarray(value)
    except TypeError:  # a Dataset is several arrays
        return value
    return array if array.ndim else array[()]


def is_labelled(value: Any) -> bool:
    """Whether a value is an array with labels, of pandas or xarray, or of a class made from one of theirs."""
    if not hasattr(type(value), "__array__"):
        return False
    return any(base.__module__.partition(".")[0] in _LABELLED for base in type(value).__mro__)


def _same(one: Any, other: Any) -> bool:
    return one is other


def is_foreign(value: Any) -> bool:
    """Whether a value, or an item of a tuple, is an array whose arithmetic is not that of arrays."""
    return any(map(is_foreign, value)) if type(value) is tuple else isinstance(value, _OTHERS)


def trouble(value: Any, path: str) -> tuple[str, str, str] | None:
    """Of a value that cannot be used: where it stands, what it is, and the way out; nothing where there is none to
    tell."""
    if isinstance(value, tuple):
        found = (trouble(item, f"{path}[{number}]") for number, item in enumerate(value))
        return next((each for each in found if each is not None), None)
    if isinstance(value, np.ma.MaskedArray):
        return path, "a masked array", f"pass {path}.filled(0.0), or {path}.compressed(), which has no masked entries"
    if isinstance(value, np.matrix):
        return path, "a numpy.matrix, whose * is another", f"pass np.asarray({path})"
    if is_labelled(value) and not isinstance(plain(value), (np.ndarray, np.generic)):
        return path, f"a {type(value).__name__}, which is several arrays", "pass one of them"
    value = plain(value)
    dtype = getattr(value, "dtype", None)
    if not isinstance(value, (np.ndarray, np.generic)) or not isinstance(dtype, np.dtype):
        return None
    what = "an array of " if isinstance(value, np.ndarray) else "a "
    if dtype.kind == "O":
        why = "columns of several types, or missing values"
        return path, f"an array of Python objects ({why})", f"pass {path}.astype(float) of what are numbers"
    if dtype.kind in "biufc" and not dtype.isnative:
        name = dtype.newbyteorder("=").name
        return path, f"{what}{name} in the byte order of other machines", f"pass {path}.astype('{name}')"
    if dtype.kind == "f" and dtype.itemsize not in (4, 8):
        return path, f"{what}{dtype.name}, which Numba does not compile", f"pass {path}.astype(float)"
    if dtype.kind in "mM":
        return path, f"{what}{dtype.name}", f"pass numbers, such as ({path} - {path}[0]) / np.timedelta64(1, 's')"
    if isinstance(value, np.ndarray) and not value.ndim:
        return path, "an array of no axes", f"pass the number, {path}[()]"
    return None
