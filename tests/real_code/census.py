"""Which constructs of Python the numerical functions of the packages use, and how many wait for each.

A function is numerical if it computes with numbers (a product, a quotient, a power, a call of an elementary function)
and returns something.  `share` is the share of functions that use a construct; `alone` the share in which it is the
only one that the language did not have when the corpus was first run: what would be won by having it.

    python -m tests.real_code.census
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.real_code.packages import all_cases

SPELLED: dict[type[ast.AST], str] = {
    ast.Raise: "raise", ast.Assert: "assert", ast.Try: "try", ast.With: "with", ast.FunctionDef: "nested function",
    ast.Lambda: "lambda", ast.ListComp: "list comprehension", ast.GeneratorExp: "generator expression",
    ast.DictComp: "dict comprehension", ast.SetComp: "set comprehension", ast.List: "list", ast.Dict: "dict",
    ast.Set: "set", ast.JoinedStr: "f-string", ast.NamedExpr: ":=", ast.Starred: "* in a call or display",
    ast.Global: "global", ast.Nonlocal: "nonlocal", ast.Delete: "del", ast.Yield: "yield", ast.Await: "await",
    ast.Import: "import", ast.ImportFrom: "import", ast.Match: "match", ast.While: "while", ast.For: "for",
    ast.IfExp: "a if c else b", ast.Break: "break", ast.Continue: "continue", ast.AugAssign: "augmented assignment",
}  # fmt: skip
ACCEPTED = frozenset({"while", "for", "a if c else b", "break", "continue", "augmented assignment", "is None"})
_OF_CONTAINERS = ("append", "extend", "pop", "insert", "get", "items", "format")
ELEMENTARY = frozenset({"sin", "cos", "tan", "exp", "log", "sqrt", "arctan2", "atan2", "log10", "power", "pow"})


def functions(package: str) -> Iterator[ast.FunctionDef]:
    """Every function of the modules that the cases of a package name."""
    for module in sorted({case.name.partition(":")[0] for name, case in all_cases() if name == package}):
        try:
            tree = ast.parse(Path(inspect.getfile(importlib.import_module(module))).read_text())
        except (OSError, TypeError, SyntaxError):
            continue
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def is_numerical(node: ast.FunctionDef) -> bool:
    """Whether a function computes with numbers and returns something."""
    inner = list(ast.walk(node))
    returns = any(isinstance(one, ast.Return) and one.value is not None for one in inner)
    return returns and any(
        (isinstance(one, ast.BinOp) and isinstance(one.op, (ast.Mult, ast.Div, ast.Pow)))
        or (isinstance(one, ast.Call) and _called(one) in ELEMENTARY)
        for one in inner
    )


def constructs(node: ast.FunctionDef) -> set[str]:
    """The constructs in a function's body."""
    found: set[str] = set()
    for one in (inner for stmt in node.body for inner in ast.walk(stmt)):
        found |= set(_named(one))
    if node.args.vararg is not None:
        found.add("*args parameter")
    if node.args.kwarg is not None:
        found.add("**kwargs parameter")
    if node.args.args[:1] and node.args.args[0].arg in ("self", "cls"):
        found.add("method")
    return found


def _named(one: ast.AST) -> Iterator[str]:
    if type(one) in SPELLED:
        yield SPELLED[type(one)]
    if isinstance(one, (ast.For, ast.While)) and one.orelse:
        yield "else of a loop"
    if isinstance(one, ast.Compare):
        if any(isinstance(op, (ast.Is, ast.IsNot)) for op in one.ops):
            yield "is None"
        if any(isinstance(op, (ast.In, ast.NotIn)) for op in one.ops):
            yield "in"
        if any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in one.comparators):
            yield "comparison with a string (accepted)"
    if isinstance(one, ast.Call):
        if any(keyword.arg is None for keyword in one.keywords):
            yield "** in a call"
        name = _called(one)
        if name in ("isinstance", "print", "hasattr", "getattr", "map", "filter", "sorted", "zip", "enumerate"):
            yield f"{name}()"
        if isinstance(one.func, ast.Attribute) and name in _OF_CONTAINERS:
            yield f".{name}()"
    if isinstance(one, ast.Constant) and isinstance(one.value, complex):
        yield "complex number"


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""


def table() -> list[tuple[str, float, float]]:
    """Construct, share of the functions that use it, share that waits for it alone; most wanted first."""
    used: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    total = 0
    for package in sorted({name for name, _ in all_cases()}):
        for node in filter(is_numerical, functions(package)):
            total += 1
            found = constructs(node)
            used.update(found)
            missing = {name for name in found - ACCEPTED if not name.endswith("(accepted)")}
            if len(missing) == 1:
                alone.update(missing)
            used["(only what is accepted)"] += not missing
    rows = [(name, count / total, alone[name] / total) for name, count in used.most_common()]
    return [("(functions)", float(total), 0.0), *rows]


def main() -> None:
    """Prints the table."""
    warnings.simplefilter("ignore")
    (_, total, _), *rows = table()
    sys.stdout.write(f"{total:.0f} numerical functions\n\n{'construct':28} {'share':>6} {'alone':>6}\n")
    for name, share, alone in rows:
        sys.stdout.write(f"{name:28} {share:6.1%} {alone:6.1%}\n")


if __name__ == "__main__":
    main()
