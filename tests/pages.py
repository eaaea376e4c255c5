"""Pages of the documentation that are written from the code: `python -m tests.pages` writes them."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import scipy.special

from adcompile import grad
from adcompile.ir.show import spelling
from adcompile.normal.array_calls import FORMS
from adcompile.normal.written_out import OF_DISTRIBUTIONS, OF_SCIPY, WRITTEN_OUT
from adcompile.rules import registry

DOCS = Path(__file__).parents[1] / "docs"

_OF_OTHERS = ("numpy", "math", "cmath", "scipy")

_STAGES = """# One function through every stage

Written by `python -m tests.pages`. This is a function, and what it is after each stage of the compiler that changes
it, on the way to its gradient by `x`; what each stage is for stands in [How it works](how_it_works.md). Names with
numbers (`total.1`) are versions of one variable; what stands behind a loop or a branch is what it carries and merges.

```python
{source}```
"""

_FUNCTIONS = """# Functions that have derivatives

Written by `python -m tests.pages` from the rules and from what the compiler writes out. How they are called, and with
which arguments, stands in [What is supported](supported.md). A function that is neither here nor written in Python is
refused.
"""


def first_below(x, k):
    total = 0.0
    for i in range(x.shape[0]):
        if x[i] < 0.0:
            break
        total += np.exp(-k * x[i])
    return total


def stages() -> str:
    """The page that shows one function after each stage."""
    derivative = grad(first_below, jit=False)
    text = derivative.source_for(np.ones(2), 1.0)
    derivative(np.ones(2), 1.0)
    lines = Path(__file__).read_text().splitlines(keepends=True)
    start = lines.index("def first_below(x, k):\n")
    parts = [_STAGES.format(source="".join(lines[start : lines.index("    return total\n") + 1]))]
    before = ""
    for name, shown in derivative.stages.items():
        if shown != before:
            parts.append(f"## After `{name}`\n\n```text\n{shown.rstrip()}\n```\n")
        before = shown
    said = "Versions have their one name again, and Numba compiles this:"
    parts.append(f"## Printed\n\n{said}\n\n```python\n{text}```\n")
    return "\n".join(parts)


def functions() -> str:
    """The page that lists the functions with derivatives."""
    registry.rule_for(scipy.special.erf)  # those of SciPy come when one is asked for
    smooth = [fn for rule in registry.all_rules() for fn in (rule.fn, *rule.same)]
    written = [*WRITTEN_OUT, *(f"{module}.{name}" for module, name in OF_SCIPY)]
    normal = [f"scipy.stats.{kind.removesuffix('_gen')}.{name}" for kind, name in OF_DISTRIBUTIONS]
    parts = [
        _FUNCTIONS,
        _section("Of numbers, element by element", "One rule serves both modes.", smooth),
        _section("Of numbers, with the derivative zero", "", registry._CONSTANTS),
        _section("Of arrays", "Loops, sums, views or products of matrices are written in their place.", FORMS),
        _section("Written out", "As loops that are differentiated like those of a user.", [*written, *normal]),
    ]
    return "\n".join(parts)


def _section(title: str, says: str, of: Iterable[Callable | str]) -> str:
    names: dict[str, set[str]] = {}
    for fn in of:
        name = fn if isinstance(fn, str) else _name(fn)
        if name is not None:
            where, _, own = name.rpartition(".")
            names.setdefault(where, set()).add(own)
    rows = [
        f"**{where or 'Python'}:** {', '.join(f'`{n}`' for n in sorted(own))}" for where, own in sorted(names.items())
    ]
    return "\n\n".join([f"## {title}", *([says] if says else []), *rows]) + "\n"


def _name(fn: Callable) -> str | None:
    """What a user calls a function; nothing for what is the compiler's own, or registered by others."""
    if isinstance(owner := getattr(fn, "__self__", None), np.ufunc):
        return f"np.{owner.__name__}.{fn.__name__}"
    for where, of in (("np.linalg", np.linalg), ("np.fft", np.fft), ("np.emath", np.emath)):
        if getattr(of, fn.__name__, None) is fn:
            return f"{where}.{fn.__name__}"
    name = spelling(fn)
    module = getattr(fn, "__module__", None) or "builtins"
    if name.startswith(("np.", "math.")) or module == "builtins":
        return f"scipy.{name}" if name.startswith("special.") else name
    return f"{module.replace('numpy', 'np', 1)}.{name}" if module.partition(".")[0] in _OF_OTHERS else None


PAGES = {"stages.md": stages, "functions.md": functions}

if __name__ == "__main__":
    for file, page in PAGES.items():
        (DOCS / file).write_text(page())
