"""The exact words of the front end's refusals, what they point at, and the way out."""

import linecache

import numpy as np
import pytest

from adcompile.errors import Unsupported
from adcompile.frontend.read import read
from tests.normal.texts import function_of

TABLE = np.zeros(3)
VALUES = {1.0, 2.0}


def pointed(refusal):
    """What the carets stand under."""
    span = refusal.span
    line = linecache.getline(span.file, span.line)
    return (
        line[span.column - 1 : span.end_column - 1] if span.end_line == span.line else line[span.column - 1 :].strip()
    )


APPENDED = "a function reads a list that is appended to"


@pytest.mark.parametrize(
    ("line", "code", "message", "at"),
    [
        ("y = []; y.append(x); z = lambda v: y[0]", "unsupported-statement", APPENDED, "lambda v: y[0]"),
        (
            "y = []\n    for v in y: y.append(v)",
            "unsupported-statement",
            "a list is appended to in a loop over it",
            "y",
        ),
        (
            "y = []\n    if x:\n        for i in range(3): y.append(i)",
            "unsupported-statement",
            "a list is appended to in a loop in a branch",
            "for i in range(3): y.append(i)",
        ),
        (
            "y = [(lambda u: u * v)(1.0) for v in x]",
            "unsupported-statement",
            "a function reads the variable of a comprehension around it",
            "lambda u: u * v",
        ),
        ("y = [x for x in x]", "unsupported-expression", "this comprehension is not supported", "x"),
        (
            "y = x and sum(v for v in x)",
            "unsupported-expression",
            "a comprehension that may not be evaluated is not supported",
            "v for v in x",
        ),
        (
            "y = {x: 1.0}",
            "unsupported-expression",
            "a dict whose keys are known in the run only is not supported",
            "x: 1.0",
        ),
        (
            "try: y = x\n    except x: pass",
            "unsupported-statement",
            "which exception this is, is not known before the run",
            "except x: pass",
        ),
        (
            "try: return x\n    except ValueError: pass\n    finally: print(x)",
            "unsupported-statement",
            "`finally` after a `return`, `break` or `continue` is not supported",
            "try: return x",
        ),
        (
            "try: y = x\n    except* ValueError: pass",
            "unsupported-statement",
            "`except*` is not supported",
            "try: y = x",
        ),
        (
            "import warnings as w; w.simplefilter('error')",
            "unsupported-statement",
            "warnings are made errors",
            "w.simplefilter('error')",
        ),
        ("y = {x, 2.0}", "unsupported-expression", "a set is not supported", "{x, 2.0}"),
        ("y = len(v for v in x)", "unsupported-expression", "a generator is not supported", "v for v in x"),
        ("y = {v for v in x}", "unsupported-expression", "a set comprehension is not supported", "{v for v in x}"),
        (
            "y = lambda *v: v",
            "unsupported-statement",
            "a function with such parameters or decorators inside another is not supported",
            "lambda *v: v",
        ),
        (
            "y = lambda v: v + y",
            "unsupported-statement",
            "a function reads `y`, which is assigned after it is defined",
            "lambda v: v + y",
        ),
        (
            "y = x and (z := x)",
            "unsupported-expression",
            "an assignment inside an expression is not supported here",
            "z := x",
        ),
        (
            "with np.errstate(all='raise'): pass",
            "unsupported-statement",
            "underflow is made an error",
            "np.errstate(all='raise')",
        ),
        ("del x[0]", "unsupported-statement", "`del` is not supported", "del x[0]"),
        ("y = yield x", "unsupported-expression", "`yield` is not supported", "yield x"),
        ("y = max(*x)", "unsupported-expression", "unpacked arguments are not supported", "*x"),
        ("y = x.nothing if abs(step(x)) in x else 1.0", "unsupported-expression", "`in` is not supported", "x"),
        ("y = 1.0 < abs(x) < VALUES", "unsupported-expression", "a set of outside cannot be read", "VALUES"),
        ("y = np.nothing(x)", "unknown-name", "`np` has no attribute `nothing`", "np.nothing"),
        ("y = nothing(x)", "unknown-name", "`nothing` is not defined", "nothing"),
        ("y = np", "unsupported-expression", "the module `numpy` is no value", "np"),
        ("y = np(x)", "unsupported-expression", "`np` is not callable", "np"),
        (
            "y = 1.0 < step(x) < 2.0",
            "unsupported-expression",
            "a call in the middle of a chained comparison",
            "step(x)",
        ),
        ("y = reversed(x)", "unsupported-expression", "`reversed` gives no number and no array", "reversed(x)"),
        ("input(x)", "unsupported-expression", "`input` is not supported", "input(x)"),
        ("raise", "unsupported-statement", "`raise` without an exception is not supported", "raise"),
        ("global y; y = 1.0", "unsupported-statement", "a global is assigned", "y"),
        ("import nothing", "unsupported-statement", "`import` is not supported", "import nothing"),
        ("class A: pass", "unsupported-statement", "`class` is not supported", "A"),
        ("a, *b = x", "unsupported-statement", "a starred target is not supported", "a, *b"),
        ("a, b = x, x, x", "unsupported-statement", "2 targets for 3 values", "a, b"),
        ("np.y = 1.0", "unsupported-statement", "an attribute is assigned", "np.y"),
        ("x.y += 1.0", "unsupported-statement", "this cannot be updated", "x.y"),
        (
            "TABLE[0] = x",
            "unsupported-statement",
            "`TABLE` comes from outside the function and is written",
            "TABLE[0]",
        ),
        ("abs(x), x", "unsupported-statement", "values that are not used", "abs(x), x"),
        (
            "for v in x.items if x else reversed(x): pass",
            "unsupported-expression",
            "`reversed` gives no number and no array",
            "reversed(x)",
        ),
        ("for i in range(): pass", "unsupported-expression", "this is no range", "range()"),
        (
            "for i, k in zip(x, range(0, 9, x)): pass",
            "unsupported-expression",
            "a range whose step is known only at run time",
            "range(0, 9, x)",
        ),
        (
            "for i in zip(x, strict=True): pass",
            "unsupported-expression",
            "`zip` with these arguments is not supported",
            "zip(x, strict=True)",
        ),
        (
            "for v in (1.0, x): break",
            "unsupported-statement",
            "a loop over a tuple is written out, its body once for every item: this one has `break` or `continue`",
            "1.0, x",
        ),
    ],
)
def test_one(line, code, message, at):
    text = f"def f(x):\n    {line}\n    return x\n"
    f = function_of(text, {"np": np, "TABLE": TABLE, "VALUES": VALUES, "step": lambda v: v})
    with pytest.raises(Unsupported) as caught:
        read(f)
    (refusal,) = caught.value.refusals
    assert (refusal.code, refusal.message, pointed(refusal)) == (code, message, at)


def test_signatures():
    def f(x, *rest, k, **more):
        return x

    assert read(f).function.params == ("x", "k", "rest", "more")


def test_all_at_once_in_the_order_of_the_text():
    head = "def f(x):\n    for v in (1.0, 2.0):\n"
    f = function_of(head + "        y = {x} + {v for v in x}\n    del x[0]\n    return y\n")
    with pytest.raises(Unsupported) as caught:
        read(f)
    assert str(caught.value).replace(f.__code__.co_filename, "file.py") == "\n".join(
        [
            "unsupported-expression: a set is not supported",
            "  --> file.py:3:13 in f",
            " 3 |         y = {x} + {v for v in x}",
            "   |             ^^^",
            "  help: use an array",
            "",
            "unsupported-expression: a set comprehension is not supported",
            "  --> file.py:3:19 in f",
            " 3 |         y = {x} + {v for v in x}",
            "   |                   ^^^^^^^^^^^^^^",
            "  help: write the loop out",
            "",
            "unsupported-statement: `del` is not supported",
            "  --> file.py:4:5 in f",
            " 4 |     del x[0]",
            "   |     ^^^^^^^^",
            "  help: leave the element alone",
        ]
    )


def test_a_very_deep_expression_is_no_crash():
    text = "def f(x):\n    return " + "(" * 60 + "x" + " + 1.0)" * 60 + "\n"
    read(function_of(text))
    chain = " + ".join(["x"] * 700)
    with pytest.raises(Unsupported, match="no-source"):
        read(function_of(f"def f(x):\n    return {chain}\n"))
