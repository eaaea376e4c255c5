"""An item of an array is read and written in a dozen instructions, where Numba writes fifty.

Goal: less to lower, to parse and to optimise.  For each subscript Numba copies what describes the array to the stack,
takes each length and stride out of the copy, some of them twice, and LLVM has to find that the copy is not needed.
Here the data, the lengths and the strides that the place depends on are taken out of the value itself.  The place, and
what is read or written, are the same.
Legal where there are as many subscripts as axes, and all are integers.
Non-goals: slices, arrays of integers or truths as subscripts; `boundscheck=True`.

    x[i, j]  ->  data, (n, m) = x            of an array without gaps
                 i = i + n if i < 0 else i
                 j = j + m if j < 0 else j
                 *(data + i * m + j)
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import ir
from numba.core.cgutils import get_item_pointer2
from numba.np.arrayobj import fix_integer_index, load_item, store_item

from adcompile.backend.remembered import Remembered

Subscript = tuple[Any, Any]  # its type and its value


class DirectItems(Remembered):
    """Numba's own, but for the items of arrays."""

    def lower_expr(self, resty: Any, expr: Any) -> Any:
        if expr.op == "static_getitem" and expr.index_var is not None:
            signature = self.fndesc.calltypes[expr]
            if self._is_item(expr.value, signature):
                return self._read(resty, expr.value, self._written(expr.index), signature)
        return super().lower_expr(resty, expr)

    def lower_inst(self, inst: Any) -> Any:
        if isinstance(inst, ir.StaticSetItem):
            signature = self.fndesc.calltypes[inst]
            if self._is_item(inst.target, signature):
                return self._write(inst.target, self._written(inst.index), inst.value, signature)
        return super().lower_inst(inst)

    def lower_getitem(self, resty: Any, expr: Any, value: Any, index: Any, signature: Any) -> Any:
        if not self._is_item(value, signature):
            return super().lower_getitem(resty, expr, value, index, signature)
        return self._read(resty, value, self._computed(index, signature.args[1]), signature)

    def lower_setitem(self, target_var: Any, index_var: Any, value_var: Any, signature: Any) -> Any:
        if not self._is_item(target_var, signature):
            return super().lower_setitem(target_var, index_var, value_var, signature)
        return self._write(target_var, self._computed(index_var, signature.args[1]), value_var, signature)

    def _read(self, type_: Any, array: Any, indices: list[Subscript], signature: Any) -> Any:
        item = load_item(self.context, self.builder, signature.args[0], self._place(array, indices))
        return self.context.cast(self.builder, item, signature.return_type, type_)

    def _write(self, array: Any, indices: list[Subscript], variable: Any, signature: Any) -> None:
        place = self._place(array, indices)
        value, type_ = self.loadvar(variable.name), signature.args[0]
        for given, wanted in ((self.typeof(variable.name), signature.args[2]), (signature.args[2], type_.dtype)):
            value = self.context.cast(self.builder, value, given, wanted)
        store_item(self.context, self.builder, type_, value, place)

    def _is_item(self, array: Any, signature: Any) -> bool:
        """Whether one item is meant, of an array of numbers, by its place."""
        if signature is None:
            return False
        given, subscripts = signature.args[:2]
        if type(given) is not types.Array or self.typeof(array.name) != given or self.context.enable_boundscheck:
            return False
        kinds = _kinds(subscripts)
        numbers = isinstance(given.dtype, (types.Number, types.Boolean))
        return numbers and len(kinds) == given.ndim > 0 and all(isinstance(kind, types.Integer) for kind in kinds)

    def _written(self, index: Any) -> list[Subscript]:
        """Subscripts that are numbers in the text; of what is not negative nothing is asked."""
        numbers = index if isinstance(index, tuple) else (index,)
        return [(types.uintp if n >= 0 else types.intp, self.context.get_constant(types.intp, n)) for n in numbers]

    def _computed(self, variable: Any, wanted: Any) -> list[Subscript]:
        """Subscripts that are computed."""
        given = self.context.cast(self.builder, self.loadvar(variable.name), self.typeof(variable.name), wanted)
        if not isinstance(wanted, types.BaseTuple):
            return [(wanted, given)]
        return [(kind, self.builder.extract_value(given, axis)) for axis, kind in enumerate(wanted.types)]

    def _place(self, array: Any, indices: list[Subscript]) -> Any:
        """The address of an item."""
        builder, type_, value = self.builder, self.typeof(array.name), self.loadvar(array.name)

        def each(field: str) -> list[Any]:
            whole = self.context.data_model_manager[type_].get(builder, value, field)
            return [builder.extract_value(whole, axis) for axis in range(type_.ndim)]

        shape = each("shape")
        places = [
            fix_integer_index(self.context, builder, kind, index, length)
            for (kind, index), length in zip(indices, shape, strict=True)
        ]
        strides = each("strides") if type_.layout == "A" else None
        data = self.context.data_model_manager[type_].get(builder, value, "data")
        return get_item_pointer2(self.context, builder, data, shape, strides, type_.layout, places)


def _kinds(subscripts: Any) -> tuple[Any, ...]:
    return tuple(subscripts.types) if isinstance(subscripts, types.BaseTuple) else (subscripts,)
