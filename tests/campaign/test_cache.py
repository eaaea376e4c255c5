"""What may happen to the files of `cache=True`: the derivative is right, whatever has become of them."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba.core import caching

from adcompile import grad
from adcompile.backend import cache, compile

USE = """
import numpy as np
from adcompile import grad

def f(x, k):
    return np.sum(np.sin(x) * k)

assert np.allclose(grad(f, cache=True)(np.arange(4.0), 3.0), 3.0 * np.cos(np.arange(4.0)))
print("right")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADCOMPILE_CACHE_DIR", str(tmp_path / "kept"))
    compile._known.clear()
    return tmp_path / "kept"


def derivative(factor: float) -> float:
    def f(x):
        return factor * x * x

    return grad(f, cache=True)(3.0)


def started(program: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=os.getcwd(),
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
def test_a_directory_that_others_can_write_is_not_used(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    with pytest.warns(UserWarning, match="can be written by others"):
        assert derivative(1.0) == 6.0
    assert not list(folder.iterdir())


def test_a_directory_of_somebody_else_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert derivative(2.0) == 12.0
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert cache.open_to_others() == (folder.stat().st_uid != 0)


def test_a_new_directory_is_the_user_s_own(folder: Path) -> None:
    assert derivative(3.0) == 18.0
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_full_disk_while_numba_writes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(caching.IndexDataCacheFile, "_open_for_write", full)
    with pytest.warns(UserWarning, match="No space left on device"):
        assert derivative(4.0) == 24.0


def test_a_full_disk_while_the_text_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(UserWarning, match="cannot be written"):
        assert derivative(5.0) == 30.0
    assert not [path for path in folder.iterdir() if path.suffix == ".tmp"]


@pytest.mark.campaign
def test_eight_processes_at_once(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "use.py"
    program.write_text(USE)
    for process in [started(program) for _ in range(8)]:
        out, error = process.communicate()
        assert out == "right\n", error


@pytest.mark.campaign
def test_processes_killed_at_any_moment(folder: Path, tmp_path: Path) -> None:
    program, rnd = tmp_path / "use.py", random.Random(0)
    program.write_text(USE)
    before = time.perf_counter()
    assert started(program).communicate()[0] == "right\n"
    usual = time.perf_counter() - before
    for _ in range(20):
        for path in cache.entries():
            path.unlink()
        process = started(program)
        time.sleep(rnd.uniform(0.4, 1.0) * usual)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        out, error = started(program).communicate()
        assert out == "right\n", error


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _emptied(content: bytes) -> bytes:
    return b""


def _altered(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0x41]) + content[middle + 1 :]


@pytest.mark.campaign
@pytest.mark.parametrize("damage", [_cut, _emptied, _altered], ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("suffix", [".py", ".json", ".nbi"])
def test_damaged_files(folder: Path, tmp_path: Path, damage: Callable[[bytes], bytes], suffix: str) -> None:
    program = tmp_path / "use.py"
    program.write_text(USE)
    assert started(program).communicate()[0] == "right\n"
    hurt = [path for path in cache.entries() if path.suffix == suffix]
    assert hurt
    for path in hurt:
        path.write_bytes(damage(path.read_bytes()))
    out, error = started(program).communicate()
    assert out == "right\n", error


@pytest.mark.campaign
@pytest.mark.parametrize("damage", [_cut, _emptied], ids=lambda damage: damage.__name__)
def test_compiled_code_that_is_cut(folder: Path, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    program = tmp_path / "use.py"
    program.write_text(USE)
    assert started(program).communicate()[0] == "right\n"
    for path in cache.entries():
        if path.suffix == ".nbc":
            path.write_bytes(damage(path.read_bytes()))
    out, error = started(program).communicate()
    assert out == "right\n", error


@pytest.mark.campaign
def test_a_directory_that_goes_away(folder: Path, tmp_path: Path) -> None:
    gone = tmp_path / "use.py"
    gone.write_text(
        USE + f"\nimport shutil\nshutil.rmtree({str(folder)!r})\n"
        "assert np.allclose(grad(f, cache=True)(np.arange(4.0, dtype=np.float32), 3.0), 3 * np.cos(np.arange(4.0)))\n"
    )
    out, error = started(gone).communicate()
    assert out == "right\n", error
    assert not error
