"""Training on two processes that MPI starts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "distributed" / "mpi_training.py"


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="mpiexec is not installed (Debian: openmpi-bin)")
def test_two_processes_train_one_model():
    """The example asserts that both have the same weights, and that the gradient of all data is zero there."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    allowed = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    done = subprocess.run(
        ["mpiexec", "-n", "2", "--oversubscribe", sys.executable, str(EXAMPLE)],
        env={**os.environ, "PYTHONPATH": path, **allowed}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2 processes, loss" in done.stdout
    assert len(EXAMPLE.read_text().splitlines()) <= 80
