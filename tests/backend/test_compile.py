"""Text into functions: their source can be read, and one text is compiled once."""

import inspect
import traceback

import numpy as np
import pytest

from adcompile.backend.compile import Options, compiled, module_text
from adcompile.backend.emit import Emitted
from adcompile.runtime import grown

DOUBLE = Emitted("def double(x):\n    return 2.0 * x\n", {})


def test_the_source_of_a_generated_function_is_read_as_any_other() -> None:
    function = compiled("double", DOUBLE, Options()).python
    assert inspect.getsource(function) == DOUBLE.text
    assert function(3.0) == 6.0


def test_tracebacks_show_generated_lines() -> None:
    function = compiled("fails", Emitted("def fails(x):\n    return x.no_such\n", {}), Options()).python
    with pytest.raises(AttributeError) as raised:
        function(1.0)
    assert traceback.extract_tb(raised.value.__traceback__)[-1].line == "return x.no_such"


def test_one_text_with_one_set_of_options_is_one_function() -> None:
    first = compiled("double", DOUBLE, Options())
    assert compiled("double", DOUBLE, Options()) is first
    assert compiled("double", DOUBLE, Options(fastmath=False)) is not first
    assert compiled("double", Emitted(DOUBLE.text, {"helper": max}), Options()) is not first


def test_the_module_says_what_it_imports() -> None:
    emitted = Emitted("def f(x):\n    return x\n", {"grown": grown, "np": np, "table": np.zeros(3)})
    assert module_text(emitted).splitlines()[:3] == [
        "import numpy as np",
        "from adcompile.runtime import grown",
        "# table: a constant array of shape (3,)",
    ]


def test_options_are_compared_by_value() -> None:
    assert Options(fastmath=["reassoc"]) == Options()
    assert hash(Options(fastmath={"nnan", "reassoc"})) == hash(Options(fastmath={"reassoc", "nnan"}))
