"""The command line, as a user calls it."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from adcompile.backend import cache
from adcompile.cli import main

MODEL = str(Path(__file__).parent / "model.py")


def run(*arguments, code=0):
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == code, done.output + repr(done.exception)
    return done


# ------------------------------------------------------------------------------------------ dump
def test_a_gradient_is_printed_as_plain_text_in_a_pipe():
    assert run("dump", f"{MODEL}:slowed", "--types", "float64").stdout == """\
def slowed_grad(x, k, n):
    for _ in range(n):
        x = k * x
    # return x ** 2
    x_bar = 2.0 * x
    for _ in range(n - 1, -1, -1):
        # x = k * x
        x_bar = k * x_bar
    return x_bar
"""


@pytest.mark.parametrize(
    ("arguments", "head"),
    [
        (("--mode", "forward"), "def squares_jvp(primals, tangents):"),
        (("--mode", "forward", "--wrt", "k"), "def squares_jvp(primals, tangents):"),
        (("--mode", "primal"), "def squares(x, k):"),
        ((), "def squares_vjp(x, k, seed):"),
        (("--wrt", "x", "--wrt", "k"), "def squares_vjp(x, k, seed):"),
        (("--order", "2"), "def squares_vjp_jvp(primals, tangents):"),
        (("--stage", "ssa"), "def squares(x, k):"),
    ],
)
def test_what_is_asked_for_is_printed(arguments, head):
    assert head.partition("(")[0] in run("dump", f"{MODEL}:squares", *arguments).stdout


def test_the_primal_of_a_derivative_is_meant():
    assert "3.0 * x ** 2" in run("dump", f"{MODEL}:derived", "--types", "float64").stdout


def in_a_terminal(*arguments):
    """What a command prints where a pseudo-terminal is its standard output and error."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "adcompile", *arguments]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            more = os.read(ours, 100_000)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        shown += more
    os.close(ours)
    assert process.wait(timeout=120) == 0, shown
    return shown.decode()


def test_a_terminal_is_given_colours():
    shown = in_a_terminal("dump", f"{MODEL}:derived", "--types", "float64")
    assert "\x1b[" in shown
    assert "derived_grad(x):" in re.sub(r"\x1b\[[0-9;]*m", "", shown)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dump", f"{MODEL}:slowed", "--types", "float64, float64, int64"), "grad of slowed: "),
        (("check", f"{MODEL}:squares", "--order", "1"), "pullback of squares: "),
        (("bench", f"{MODEL}:squares", "--repeats", "2", "--size", "3"), "timing"),
    ],
    ids=["dump", "check", "bench"],
)
def test_long_work_says_what_it_is_at(arguments, said):
    assert said in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", in_a_terminal(*arguments))


def test_a_pipe_is_told_of_no_progress():
    assert run("check", f"{MODEL}:squares", "--order", "1").stderr == ""


def test_a_module_is_written(tmp_path):
    path = tmp_path / "derivative.py"
    run("dump", f"{MODEL}:energy", "--types", "float64[:]", "-o", str(path))
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.modules['adcompile'] = None; from derivative import energy_grad as g; "
         "import numpy as np; print(g(np.array([1.0, 2.0, 4.0]), 1).tolist(), g(np.arange(6.0)[::2], 1.0).tolist())"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == "[-2.0, -2.0, 4.0] [-4.0, 0.0, 4.0]\n", done.stderr
    assert "# 14: s += k" in path.read_text()


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    path = tmp_path / "nowhere" / "derivative.py"
    done = run("dump", f"{MODEL}:derived", "--types", "float64", "-o", str(path), code=3)
    assert done.stderr == f"{path} cannot be written: No such file or directory\n"


# ------------------------------------------------------------------------------------------ explain
def test_a_page_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("explain", f"{MODEL}:slowed", "--args", "2.0, 3.0, 4").stdout == "slowed_grad.html written\n"
    page = (tmp_path / "slowed_grad.html").read_text()
    assert "<h2>The gradient of <code>slowed</code> by <code>x</code></h2>" in page
    assert "x_bar" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("slowed", "--types", "float64, float64"), "Tapes"),
        (("slowed", "--args", "2.0, 3.0, 4", "--wrt", "k"), "32 bytes"),
        (("slowed", "--mode", "forward", "--args", "2.0, 3.0, 4"), "tangent"),
        (("squares", "--args", "np.ones(3), 2.0", "--order", "2"), "tangent"),
    ],
)
def test_what_is_asked_for_is_explained(arguments, said, tmp_path):
    name, *rest = arguments
    run("explain", f"{MODEL}:{name}", *rest, "-o", str(tmp_path / "page.html"))
    assert said in (tmp_path / "page.html").read_text()


def test_a_page_that_cannot_be_written_is_told(tmp_path):
    path = tmp_path / "nowhere" / "page.html"
    done = run("explain", f"{MODEL}:slowed", "-o", str(path), code=3)
    assert done.stderr.endswith(f"{path} cannot be written: No such file or directory\n")


# ------------------------------------------------------------------------------------------ what cannot be
def test_a_refusal_is_a_caret_and_no_traceback():
    done = run("dump", f"{MODEL}:refused", code=3)
    assert done.stdout == ""
    assert "unsupported-statement: `with` is not supported" in done.stderr
    assert "^^^^" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("energy",), "'energy' names no function: write package.module:function, or file.py:function"),
        (("nowhere.py:f",), "there is no file nowhere.py"),
        (("no_such_module:f",), "there is no module no_such_module, of no_such_module"),
        ((f"{MODEL}:none",), f"{MODEL} has no none; it has Model, derived, energy, refused, slowed, squares, wrong"),
        ((f"{MODEL}:NUMBER",), f"{MODEL}:NUMBER is a float, not a function"),
        ((f"{MODEL}:energy",), "the type of x is not known: say --types 'float64[:], int64', or --args "),
        ((f"{MODEL}:energy", "--types", "double[x]"),
         "'double[x]' is no type: write float64, int64, float64[:], float64[:, :], (float64, int64)"),
        ((f"{MODEL}:energy", "--types", "float64,float64,int64"), "--types has 3 types, and energy takes x, k"),
        ((f"{MODEL}:energy", "--args", "np.ones("), "--args 'np.ones(' cannot be evaluated: SyntaxError: "),
        ((f"{MODEL}:energy", "--types", "float64[:]", "--wrt", "y"),
         "grad of energy: wrt='y' is none of the parameters x, k"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(arguments, message):
    assert run("dump", *arguments, code=3).stderr.startswith(message)


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        ("import no_such_module_either\n", "ModuleNotFoundError: No module named 'no_such_module_either'", 1),
        ("def f(x:\n", "SyntaxError: '(' was never closed", 1),
        ("def f(x: float):\n    return x\n1 / 0\n", "ZeroDivisionError: division by zero", 3),
    ],
)
def test_a_module_that_fails_for_its_own_reasons_says_so(tmp_path, text, told, line):
    path = tmp_path / "broken_model.py"
    path.write_text(text)
    assert run("dump", f"{path}:f", code=3).stderr == f"{path} cannot be imported: {told}\n  --> {path}:{line}\n"


@pytest.mark.parametrize("command", ["dump", "check", "bench"])
def test_arguments_that_do_not_fit_are_told(command):
    said = run(command, f"{MODEL}:energy", "--args", "1.0", code=3).stderr
    assert said.startswith("--args '1.0': missing a required argument: 'k'; energy takes (x, k")


# ------------------------------------------------------------------------------------------ check, bench, doctor, cache
def test_check_says_what_agrees():
    said = run("check", f"{MODEL}:energy", "--types", "float64[:]").stdout
    assert said.endswith("energy: forward and reverse mode agree with differences and with each other, to order 2\n")
    assert "to order 1\n" in run("check", f"{MODEL}:Model.half", "--args", "2.0", "--order", "1").stdout


def test_check_says_what_does_not():
    done = run("check", f"{MODEL}:wrong", code=1)
    assert "check_grads of wrong, order 1" in done.stderr


def test_bench_prints_a_table():
    said = run("bench", f"{MODEL}:squares", "--size", "5", "--repeats", "2").stdout
    assert all(word in said for word in ("squares, 6 floats", "primal", "pullback", "tangent", "differences", "1.00"))


def test_doctor_finds_what_there_is():
    said = run("doctor").stdout
    assert all(word in said for word in ("numba", "libmvec", "threads", "cache", "compiles"))


def test_the_cache_is_listed_and_cleared_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("ADCOMPILE_CACHE_DIR", str(tmp_path))
    cache.written(f"f_grad_{'0' * 20}.py", "def f_grad(x): return x\n")
    cache.written(f"{'a' * 64}.json", "{}")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / f"f_grad_{'0' * 20}.f-1.py311.nbi").write_text("")
    for kept in ("letter.txt", "model.py", "__pycache__/model.nbi"):
        (tmp_path / kept).write_text("mine")
    assert f"3 files, 26 bytes, in {tmp_path}" in run("cache", "list").stdout
    assert run("cache", "clear").stdout == f"3 files removed from {tmp_path}\n"
    left = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["letter.txt", "model.nbi", "model.py"]
    assert f"0 files, 0 bytes, in {tmp_path}" in run("cache", "list").stdout


def test_random_arguments_are_those_of_the_seed():
    first, again = (run("check", f"{MODEL}:energy", "--types", "float64[:]", "--seed", "3").stdout for _ in range(2))
    assert first == again


# ------------------------------------------------------------------------------------------ exit codes
@pytest.mark.parametrize(
    "arguments",
    [
        ("explode",),
        ("dump",),
        ("dump", f"{MODEL}:energy", "--mode", "sideways"),
        ("bench", f"{MODEL}:energy", "--size", "many"),
        ("dump", "a:b", "--nothing"),
    ],
)
def test_a_command_line_that_cannot_be_understood_is_2(arguments):
    assert "Usage: " in run(*arguments, code=2).stderr


def test_an_interrupt_is_130_and_no_traceback(tmp_path):
    """Ctrl-C while the compiler reads the function."""
    text = """
        import os, signal, adcompile.pipeline
        signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs this in the background ignores it
        adcompile.pipeline._run = lambda job: os.kill(os.getpid(), signal.SIGINT)
        def f(x: float): return x * x
    """
    (tmp_path / "long.py").write_text(textwrap.dedent(text))
    command = [sys.executable, "-m", "adcompile", "dump", str(tmp_path / "long.py") + ":f"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
