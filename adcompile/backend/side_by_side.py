"""LLVM is told which loops touch different memory in each iteration.

Goal: a loop that is proven to do so (`analysis.apart`) becomes vectors without tests in the run of where its arrays
lie.  The loads and stores of array elements in it are put into a group (LLVM's `llvm.access.group`), and its jumps back
say that iterations share nothing of that group (`llvm.loop.parallel_accesses`).  LLVM believes it only where the group
has all that the code of a loop does with memory: whatever else Numba writes there is not in it.

A function has the lines of the `for`s of such loops in its attribute `apart`.
Non-goals: functions with parallel loops, which Numba lowers in another way; proving anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite import ir as llvm
from numba.core import ir, types
from numba.core.analysis import compute_cfg_from_blocks

from adcompile.backend.borrowed import Borrowing

_ADDRESSES = ("getelementptr", "bitcast")


class SideBySide(Borrowing):
    """Numba's own, but that LLVM is told of loops whose iterations touch different memory."""

    def init(self) -> None:
        lines = getattr(self.func_ir.func_id.func, "apart", ())
        # The blocks of such loops, each with the one that its loop begins with; that of the loop that is being lowered.
        self._inside = dict(_blocks(self.blocks, frozenset(lines))) if lines else {}
        self._begins: int | None = None
        self._group = _Distinct(self.module, ()) if self._inside else None
        self._loops: dict[int, llvm.MDValue] = {}
        super().init()

    def lower_block(self, block: Any) -> None:
        self._begins = self._inside.get(id(block))
        super().lower_block(block)
        if self._begins is not None:
            jump = self.builder.block.terminator
            if jump is not None and self.blkmap[self._begins] in jump.operands:
                jump.set_metadata("llvm.loop", self._loop(self._begins))

    def lower_inst(self, inst: Any) -> None:
        block, before = self.builder.block, len(self.builder.block.instructions)
        super().lower_inst(inst)
        if self._begins is not None and self._touches_element(inst) and self.builder.block is block:
            for access in block.instructions[before:]:
                if _touches_array(access):
                    access.set_metadata("llvm.access.group", self._group)

    def _touches_element(self, inst: Any) -> bool:
        """Whether a statement reads or writes a number in an array, and does nothing else."""
        match inst:
            case ir.Assign(value=ir.Expr(op="getitem" | "static_getitem" | "typed_getitem") as item):
                array, number = item.value.name, inst.target.name
            case ir.SetItem() | ir.StaticSetItem():
                array, number = inst.target.name, inst.value.name
            case _:
                return False
        by_element = isinstance(self.typeof(number), types.Number | types.Boolean)
        return by_element and isinstance(self.typeof(array), types.Array)

    def _loop(self, begins: int) -> llvm.MDValue:
        if begins not in self._loops:
            word = llvm.MetaDataString(self.module, "llvm.loop.parallel_accesses")
            says = self.module.add_metadata([word, self._group])
            self._loops[begins] = _Distinct(self.module, (says,), itself=True)
        return self._loops[begins]


class _Distinct(llvm.MDValue):  # type: ignore[misc]
    """Metadata that is equal to nothing but itself; that of a loop names itself first."""

    def __init__(self, module: llvm.Module, operands: tuple[llvm.MDValue, ...], itself: bool = False) -> None:
        super().__init__(module, operands, name=str(len(module.metadata)))
        self._itself = itself

    def descr(self, buf: list[str]) -> None:
        named = ([self] if self._itself else []) + list(self.operands)
        buf += (f"distinct !{{ {', '.join(operand.get_reference() for operand in named)} }}", "\n")

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def _blocks(blocks: Any, lines: frozenset[int]) -> Iterator[tuple[int, int]]:
    """The blocks of the innermost loops whose `for` stands on one of these lines, each with the loop's first."""
    loops = list(compute_cfg_from_blocks(blocks).loops().values())
    for loop in loops:
        innermost = not any(other.header != loop.header and other.header in loop.body for other in loops)
        inside = [blocks[label] for label in loop.body]
        if innermost and any(_advances(stmt, lines) for block in inside for stmt in block.body):
            yield from ((id(block), loop.header) for block in inside)


def _advances(stmt: Any, lines: frozenset[int]) -> bool:
    """Whether a statement is the step of a loop whose `for` stands on one of these lines."""
    is_step = isinstance(stmt, ir.Assign) and isinstance(stmt.value, ir.Expr) and stmt.value.op == "iternext"
    return is_step and stmt.loc.line in lines


def _touches_array(access: Any) -> bool:
    """Whether an instruction loads or stores through a pointer that is no variable's own."""
    if not isinstance(access, llvm.LoadInstr | llvm.StoreInstr):
        return False
    pointer = access.operands[-1]  # of a store, the second
    while isinstance(pointer, llvm.Instruction) and pointer.opname in _ADDRESSES:
        pointer = pointer.operands[0]
    return isinstance(pointer, llvm.Instruction) and not isinstance(pointer, llvm.AllocaInstr)
