"""The examples run as a reader would run them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
