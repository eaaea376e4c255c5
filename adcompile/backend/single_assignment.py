"""Static single assignment, block by block where a name occurs.

Goal: less time in a pass of Numba's.  For each name that is assigned more than once Numba goes through all statements
of a function, twice; long functions with many such names take seconds.  Here it goes through the blocks in which the
name occurs; the statements and the names that come out are the same.
Non-goals: another algorithm; each step is Numba's own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from numba.core import ir, postproc, ssa, untyped_passes
from numba.core.analysis import compute_cfg_from_blocks
from numba.core.compiler_machinery import register_pass
from numba.core.ir_utils import build_definitions

Blocks = dict[int, Any]


def single_assignment(blocks: Blocks) -> Blocks:
    """What `numba.core.ssa` makes of the blocks of a function."""
    graph = compute_cfg_from_blocks(blocks)
    frontiers = ssa._iterated_domfronts(graph)
    found_variables = ssa._CacheListVars()
    blocks, places = dict(blocks), _places(blocks)
    for name in ssa._find_defs_violators(blocks, graph):
        renamed, definitions = ssa._fresh_vars({label: blocks[label] for label in places[name]}, name)
        merges: dict[int, list[Any]] = defaultdict(list)
        states = ssa._make_states(blocks) | {
            "varname": name, "defmap": definitions, "phimap": merges, "cfg": graph,
            "phi_locations": ssa._compute_phi_locations(frontiers, definitions),
        }  # fmt: skip
        blocks |= ssa._run_block_rewrite(renamed, states, ssa._FixSSAVars(found_variables))
        for label, merged in merges.items():
            block = ir.Block(blocks[label].scope, blocks[label].loc)
            block.body = merged + blocks[label].body
            blocks[label] = block
    return blocks


def _places(blocks: Blocks) -> dict[str, list[int]]:
    """The blocks that a name occurs in, in their order."""
    places: dict[str, list[int]] = defaultdict(list)
    for label, block in blocks.items():
        for name in {variable.name for stmt in block.body for variable in stmt.list_vars()}:
            places[name].append(label)
    return places


@register_pass(mutates_CFG=False, analysis_only=False)
class SingleAssignment(untyped_passes.ReconstructSSA):  # type: ignore[misc]
    """Numba's own, with the blocks of each name known."""

    _name = "adcompile_single_assignment"

    def run_pass(self, state: Any) -> bool:
        state.func_ir.blocks = single_assignment(state.func_ir.blocks)
        self._patch_locals(state)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        postproc.PostProcessor(state.func_ir).run(emit_dels=False)
        return True
