"""Generated code is named by all that it is, and a changed derivative is never served from a cache."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adcompile import indices, runtime
from adcompile.backend import cache

MODULE = """
import numpy as np
from numba import njit
from adcompile import grad
from inner import power

SCALE = 2.0

@grad(cache={cached})
def energy(x):
    return SCALE * power(x)

@njit(cache=True)
def caller(x):
    return energy(x) + 1.0

@njit(cache=True)
def outer_caller(x):
    return caller(x) + 1.0
"""
RUN = """
import warnings
from numba.core.errors import NumbaWarning
warnings.simplefilter("ignore", NumbaWarning)  # Numba says that the callers cannot be cached: that is the point
import module
print(module.energy(3.0), module.caller(3.0), module.outer_caller(3.0))
generated = module.energy.generated(module.energy.types_of(3.0))
print(sum(generated.dispatcher.stats.cache_hits.values()), generated.file)
"""


class Process:
    """A user's two modules, run each time in a process of its own."""

    def __init__(self, folder: Path, cached: bool) -> None:
        self.folder = folder
        self.write("module.py", MODULE.format(cached=cached))
        self.write("inner.py", "def power(x):\n    return x * x\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def run(self) -> tuple[list[float], int, Path]:
        environment = {**os.environ, "ADCOMPILE_CACHE_DIR": str(self.folder / "kept")}
        environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[2]), str(self.folder)])
        environment.pop("NUMBA_CACHE_DIR", None)
        done = subprocess.run(
            [sys.executable, "-c", RUN], env=environment, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        values, rest = done.stdout.splitlines()
        hits, _, file = rest.partition(" ")
        return list(map(float, values.split())), int(hits), Path(file)


def test_across_processes_what_changed_is_made_again_and_what_did_not_is_loaded(tmp_path: Path) -> None:
    process = Process(tmp_path, cached=True)
    values, hits, first = process.run()
    assert (values, hits) == ([12.0, 13.0, 14.0], 0)

    values, hits, again = process.run()
    assert (values, hits, again) == ([12.0, 13.0, 14.0], 1, first)

    process.write("inner.py", "def power(x):\n    return x * x * x\n")  # inlined, in another file
    values, hits, changed = process.run()
    assert (values, hits) == ([54.0, 55.0, 56.0], 0)
    assert changed != first

    process.write("module.py", MODULE.format(cached=True).replace("SCALE = 2.0", "SCALE = 4.0"))
    assert process.run()[:2] == ([108.0, 109.0, 110.0], 0)

    for entry in (tmp_path / "kept" / "__pycache__").iterdir():  # damaged entries
        entry.write_bytes(entry.read_bytes()[:100])
    for entry in (tmp_path / "kept").glob("*.py"):
        entry.write_text("not Python")
    assert process.run()[0] == [108.0, 109.0, 110.0]
    assert process.run()[:2] == ([108.0, 109.0, 110.0], 1)


def test_a_cached_caller_of_a_derivative_that_is_not_cached_is_not_stale(tmp_path: Path) -> None:
    process = Process(tmp_path, cached=False)
    assert process.run()[0] == [12.0, 13.0, 14.0]
    process.write("inner.py", "def power(x):\n    return x * x * x\n")
    assert process.run()[0] == [54.0, 55.0, 56.0]


def test_the_name_of_a_code_changes_with_all_that_it_is() -> None:
    table = np.arange(3.0)
    imports = {"np": np, "table": table, "grown": runtime.grown}
    name = cache.digest("text", imports, ("options",))
    assert name == cache.digest("text", {**imports, "table": table.copy()}, ("options",))
    others = [
        cache.digest("text 2", imports, ("options",)),
        cache.digest("text", {**imports, "table": table + 1.0}, ("options",)),
        cache.digest("text", {**imports, "table": table.astype(np.float32)}, ("options",)),
        cache.digest("text", {**imports, "grown": runtime.check_overlap}, ("options",)),
        cache.digest("text", imports, ("other options",)),
    ]
    assert None not in others
    assert len({name, *others}) == 6


def test_code_that_uses_what_cannot_be_described_has_no_name() -> None:
    assert cache.digest("text", {"helper": lambda x: x}, ()) is None


def test_loops_that_count_with_a_range_of_ours_can_be_kept() -> None:
    assert cache.digest("", {"indices": indices.indices}, ()) is not None


def test_a_file_is_written_once_and_a_damaged_one_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADCOMPILE_CACHE_DIR", str(tmp_path / "new"))
    path = cache.written("name.py", "text")
    assert path is not None
    os.utime(path, (1.0, 1.0))
    assert cache.written("name.py", "text") == path
    assert path.stat().st_mtime == 1.0
    path.write_text("tex")
    assert cache.written("name.py", "text") == path
    assert path.read_text() == "text"
    assert [file.name for file in path.parent.iterdir()] == ["name.py"]


def test_where_nothing_can_be_written_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ADCOMPILE_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert cache.written("name.py", "text") is None
