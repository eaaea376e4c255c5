"""The examples run as a reader would run them."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GALLERY = sorted(
    set((ROOT / "examples").glob("*.py"))
    - {ROOT / "examples" / f"{name}.py" for name in ("influenza", "autograd_tour")}
)


def test_influenza(tmp_path):
    pytest.importorskip("scipy")
    pytest.importorskip("matplotlib")
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "influenza.py"), "picture.png"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "def misfit_grad(theta, counts, steps):" in done.stdout
    assert "R0 = beta / gamma" in done.stdout
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_the_gallery(path, tmp_path, capsys):
    """Each ends in an assertion, draws its picture, and is short."""
    runpy.run_path(str(path))["main"](tmp_path / "picture.png")
    assert capsys.readouterr().out
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert len(path.read_text().splitlines()) < 80


def test_every_picture_is_shown():
    page = (ROOT / "docs" / "gallery.md").read_text()
    for path in GALLERY:
        assert f"gallery/{path.stem}.png" in page
        assert (ROOT / "docs" / "gallery" / f"{path.stem}.png").exists()
