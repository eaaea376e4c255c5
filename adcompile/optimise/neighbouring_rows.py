"""What a nest of loops adds to neighbouring rows is added in the rows' own iterations.

Goal: the adjoint of a stencil in two dimensions, each element read and written once.  What iteration `i` adds to row
`i + 1` is added by iteration `i + 1` instead, which computes it again from row `i`; the neighbours within a row are
left to `optimise.neighbours`, which then gathers all of them.  The additions at the first and the last rows stay as
they are, in nests of their own.  (The reverse sweep over a stencil of five points: 0.65 of its time.)

Legal where the nest does nothing to the array but add to it, at its two indices plus constants; where what is added can
be computed again, and all additions can be made before all else that the nest does, since neither loop has an order
(`analysis.parallel`).

Non-goals: more than two axes; loops with anything beside each other; an inner range that depends on the row.

    for i in range(n):                          for i in range(1, n - 1):
        for j in range(m):                          for j in range(m):
            x_bar[i, j] += 2.0 * y_bar[i, j]            x_bar[i, j] += 2.0 * y_bar[i, j]
            x_bar[i + 1, j] += y_bar[i, j]      ->      x_bar[i, j] += y_bar[i - 1, j]
            x_bar[i - 1, j] -= y_bar[i, j]              x_bar[i, j] -= y_bar[i + 1, j]
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from adcompile.analysis.effects import loaded_roots
from adcompile.analysis.lines import FAR, FEWEST, live, needed
from adcompile.analysis.parallel import Parallel
from adcompile.ir.affine import difference
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.nodes import Accum, Assign, Block, Const, For, Function, Index, Name, Stmt, Store
from adcompile.ir.types import INT, Array, is_float
from adcompile.ir.walk import blocks, expressions, names, nodes, renamed, statements, with_blocks
from adcompile.optimise.neighbours import Gatherer, greatest, least, untold
from adcompile.optimise.rewriting import same, with_body

_Rows = dict[int, list[Accum]]  # additions, by how far their row lies from the outer index


def neighbouring_rows(function: Function) -> Function:
    """`function` with additions to neighbouring rows made by the rows' own iterations."""
    if not any(isinstance(s, Accum) and len(s.index) == 2 for s in statements(function.body)):
        return function
    gatherer = _Rowwise(function)
    return with_body(function, gatherer.block(function.body), gatherer.types)


class _Rowwise(Gatherer):
    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, For) and len(stmt.body) == 1 and isinstance(inner := stmt.body[0], For):
                found = self.arrays(stmt, inner)
                if found:
                    out += self.nest(stmt, inner, found)
                    continue
            out.append(with_blocks(stmt, [self.block(each) for each in blocks(stmt)]))
        return block if same(out, block) else tuple(out)

    # ------------------------------------------------------------------------------------ which arrays
    def arrays(self, outer: For, inner: For) -> list[_Rows]:
        """The additions to each array whose rows can be gathered."""
        if not all(isinstance(stmt, (Assign, Store, Accum)) for stmt in inner.body):
            return []
        if not all(self.plain_range(loop) for loop in (outer, inner)) or self.lines.short(outer):
            return []
        bound = {outer.index, *(carry.inner for carry in outer.carried)}
        if any(name in bound for end in (inner.start, inner.stop) for name in names(end)):
            return []
        adding: dict[str, list[Accum]] = defaultdict(list)
        for stmt in inner.body:
            type_ = self.types[stmt.array] if isinstance(stmt, Accum) else None
            if isinstance(stmt, Accum) and stmt.origin and isinstance(type_, Array) and is_float(type_):
                adding[stmt.array].append(stmt)
        chosen = []
        for array, additions in adding.items():
            rows = self.rows_of(outer, inner, additions)
            if rows is not None and self.lines.only_added_to(array, inner, additions):
                chosen.append(rows)
        return chosen if chosen and self.in_front(outer, inner, chosen) else []

    def plain_range(self, loop: For) -> bool:
        ends = (loop.start, loop.stop)
        if loop.step != Const(1) or loop.parallel or any(isinstance(n, Index) for end in ends for n in nodes(end)):
            return False
        return all(dtype_of(end, self.types) == INT.dtype for end in ends)

    def rows_of(self, outer: For, inner: For, additions: list[Accum]) -> _Rows | None:
        """The additions by their rows, if they are to a few neighbours on both axes."""
        rows: _Rows = defaultdict(list)
        places = set()
        for stmt in additions:
            if len(stmt.index) != 2:
                return None
            pairs = zip(stmt.index, (outer, inner), strict=True)
            row, column = (difference(part, Name(loop.index), self.types) for part, loop in pairs)
            if row is None or column is None:
                return None
            rows[row].append(stmt)
            places.add((row, column))
        for offsets in (set(rows), {column for _, column in places}):
            if max(offsets | {0}) - min(offsets | {0}) > FAR:
                return None
        return rows if len(rows) > 1 and len(places) >= FEWEST else None

    def in_front(self, outer: For, inner: For, chosen: list[_Rows]) -> bool:
        """Whether all additions can be made before all else that the nest does, and again."""
        adding = [stmt for rows in chosen for some in rows.values() for stmt in some]
        carried = {carry.inner for carry in outer.carried}
        if not all(self.lines.again(stmt, inner) for stmt in adding):
            return False
        for stmt in adding:
            steps: list[Stmt] = [*needed(stmt, inner.body), stmt]
            if any(name in carried for step in steps for expr in expressions(step) for name in names(expr)):
                return False
            written: set[str] = set()
            for step in inner.body:
                if step in steps:
                    if any(written & loaded_roots(expr, self.lines.roots) for expr in expressions(step)):
                        return False
                elif isinstance(step, (Store, Accum)) and step not in adding:
                    written.add(self.lines.roots.find(step.array))
        parallel = Parallel(self.function)
        return all(parallel.division(loop) is not None for loop in (outer, inner))

    # ------------------------------------------------------------------------------------ the nests
    def nest(self, outer: For, inner: For, chosen: list[_Rows]) -> list[Stmt]:
        """A nest with its additions in front of it, those that can be gathered by row."""
        out: list[Stmt] = []
        gone: list[Stmt] = []
        for rows in chosen:
            out += self.gathered_rows(outer, inner, rows)
            gone += [stmt for some in rows.values() for stmt in some]
        body = live(tuple(stmt for stmt in inner.body if stmt not in gone), inner)
        if outer.carried or not all(isinstance(stmt, Assign) for stmt in body):
            out.append(replace(outer, body=(replace(inner, body=body),)))
        return out

    def gathered_rows(self, outer: For, inner: For, rows: _Rows) -> list[Stmt]:
        """Nests that make the additions to one array: at the first rows, between, and at the last."""
        highest, lowest = max(0, *rows), min(0, *rows)
        left: list[Stmt] = []
        right: list[Stmt] = []
        body: list[Stmt] = []
        flat = replace(outer, body=inner.body)
        for row, additions in rows.items():
            first, last = self.plus(outer.start, highest - row), self.plus(outer.stop, lowest - row)
            steps = [step for addition in additions for step in needed(addition, inner.body)]
            own = tuple(stmt for stmt in inner.body if stmt in additions or stmt in steps)
            if highest - row:
                left += self.alone_in(outer, inner, untold(own), outer.start, least(first, outer.stop))
            if lowest - row:
                right += self.alone_in(outer, inner, untold(own), greatest(last, first), outer.stop)
            for addition in additions:
                body += self.moved(addition, flat, -row)
        start, stop = self.plus(outer.start, highest), self.plus(outer.stop, lowest)
        return [*left, *self.alone_in(outer, inner, tuple(body), start, stop), *right]

    def alone_in(self, outer: For, inner: For, body: Block, start: object, stop: object) -> list[Stmt]:
        """A nest over some of the rows that does nothing else."""
        one = replace(inner, body=body, carried=())
        nest = replace(outer, start=start, stop=stop, body=(one,), carried=())  # type: ignore[arg-type]
        return list(renamed((nest,), self.names, self.types)[0])  # type: ignore[arg-type]
