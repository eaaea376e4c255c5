"""The right text for every function, or none."""

import functools
import importlib.util
import linecache
import math
import os

import numba
import numpy as np
import pytest

from adcompile.errors import Unsupported
from adcompile.frontend.read import read
from adcompile.ir.show import show
from tests.normal.texts import function_of


def last_line(fn):
    return show(read(fn).function).strip().splitlines()[-1].strip()


def refused(fn):
    with pytest.raises(Unsupported) as caught:
        read(fn)
    return str(caught.value)


def test_lambdas_of_one_line_are_told_apart_by_what_they_do():
    f, g, h = lambda x: x + 1.0, lambda x: x - 1.0, lambda x: -(x + 1.0)
    assert [last_line(fn) for fn in (f, g, h)] == ["return x + 1.0", "return x - 1.0", "return -(x + 1.0)"]


def test_equal_lambdas_of_one_line_are_told_apart_by_their_place():
    f, g = lambda x: x * 2.0, lambda x: x * 2.0
    spans = [read(fn).function.body[0].span for fn in (f, g)]
    assert spans[0].line == spans[1].line
    assert spans[0].column < spans[1].column


def test_places_in_a_lambda_of_several_lines():
    # fmt: off
    f = functools.partial((lambda é, x: é
                           * x), 2.0)
    # fmt: on
    span = read(f.func).function.body[0].span
    with open(__file__, encoding="utf-8") as file:
        lines = file.read().splitlines()
    assert lines[span.line - 1][span.column - 1 :] == "é"
    assert lines[span.end_line - 1][: span.end_column - 1].endswith("* x")


def test_a_wrapper_is_not_what_it_wraps():
    def doubled(fn):
        @functools.wraps(fn)
        def wrapper(x):
            return 2.0 * fn(x)

        return wrapper

    @doubled
    def f(x):
        return x * x

    assert last_line(f) == "return 2.0 * fn(x)" or last_line(f) == "return 2.0 * f(x)"
    assert read(f).function.params == ("x",)


def test_compiled_functions_are_read_through_their_python():
    @numba.njit
    def f(x):
        return np.sin(x) * math.cos(x)

    assert last_line(f) == "return np.sin(x) * math.cos(x)"


def test_functions_that_call_themselves_and_functions_of_classes():
    class Model:
        @staticmethod
        def energy(x):
            __k = 2.0
            return x * __k

    assert last_line(Model.energy) == "return x * __k"
    assert last_line(again) == "return again(x - 1.0) if x > 0.0 else x"


class Ellipsoid:
    flattening = 0.25

    @staticmethod
    def series(x):
        return x * Ellipsoid.flattening


def test_a_method_that_calls_its_class_by_name():
    class Local:
        flattening = 0.5

        @staticmethod
        def series(x):
            return x * Local.flattening

    assert last_line(Ellipsoid.series) == "return x * 0.25"
    assert last_line(Local.series) == "return x * 0.5"


def again(x):
    return again(x - 1.0) if x > 0.0 else x


def test_a_file_that_changed_after_its_import(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        "import numpy as np\n\ndef f(x):\n    if x > 0.0:\n        x = np.sin(x)\n        x = x * 2.0\n    return x\n"
    )
    spec = importlib.util.spec_from_file_location("model", path)
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    read(model.f)
    before = path.read_text()
    for new in (
        before.replace("2.0", "3.0"),
        before.replace("x * 2.0", "x / 2.0"),
        before.replace("np.sin", "np.cos"),
        before.replace("        x = x * 2.0", "    x = x * 2.0"),
        before.replace("x > 0.0", "x < 0.0"),
        before.replace("x", "y"),
    ):
        path.write_text(new)
        os.utime(path, (1, hash(new) % 1_000_000))
        assert refused(model.f).startswith("source-changed: the text of `f` is not what runs")
    path.write_text("# a line more\n" + before)
    os.utime(path, (1, 1))
    assert refused(model.f).startswith(("source-changed", "no-source"))
    path.write_text(before.replace("def", "# a comment\ndef", 0))
    os.utime(path, (1, 2))
    linecache.checkcache(str(path))
    read(model.f)


def test_functions_without_a_text():
    namespace = {}
    exec("def f(x):\n    return x\n", namespace)
    for fn in (namespace["f"], eval("lambda x: x"), len, np.sin, functools.partial(math.pow, 1.0), 3.0):
        assert refused(fn).startswith("no-source: ")


def test_what_only_looks_like_a_dispatcher():
    class Anything:
        def __getattr__(self, name):
            return Anything() if name == "py_func" else 3.0

    assert refused(Anything()).startswith("no-source: ")


def test_places_in_indented_and_decorated_functions():
    @functools.lru_cache
    @numba.njit
    def outer(x):
        return x

    source = read(outer.__wrapped__)
    assert source.first_line == outer.__wrapped__.py_func.__code__.co_firstlineno
    span = source.function.body[0].span
    assert span.line == source.first_line + 3 and span.column == 9


def test_texts_in_linecache_and_tabs():
    f = function_of("def f(x):\n\tif x > 1.0:\n\t\treturn x  # \\d\n\treturn {x}\n")
    with pytest.raises(Unsupported) as caught:
        read(f)
    (refusal,) = caught.value.refusals
    assert (refusal.span.line, refusal.span.column) == (4, 9)


def test_warnings_of_the_text_are_not_given_again():
    with pytest.warns(SyntaxWarning):
        f = function_of("def f(x):\n    return x if x is 1.0 else 2.0\n")
    assert last_line(f) == "return x if is_(x, 1.0) else 2.0"


def test_names_are_looked_up_as_python_does():
    late = None

    def f(x):
        return x * late  # noqa: F821

    assert last_line(f) == "return x * None"
    del late
    assert "unknown-name: `late` has no value yet in the function around" in refused(f)
