"""The autograd tour: each idea against its closed form, and against PyTorch where that is installed."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

TOUR = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "examples" / "autograd_tour.py")))
X, A = TOUR.X, TOUR.A
SIGMOID = 1.0 / (1.0 + np.exp(-np.linspace(-4.0, 4.0, 81)))


def closed_forms():
    """What each idea gives, by hand."""
    rows = np.linspace(-1.0, 1.0, 2000).reshape(1000, 2)
    zero = np.zeros(1000)
    jacobians = [[rows[:, 1], rows[:, 0]], [np.cos(rows[:, 0]), zero], [zero, 2.0 * rows[:, 1]]]
    points = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    y = 2.0 * X
    e = np.exp(X / 3.0)
    one, two = e[0] * e[1], e[1] * e[2]
    x, w = np.array([0.5, -0.5]), A / 4.0
    inner = np.tanh(w @ x)
    bar = 1.0 - np.tanh(w @ inner) ** 2
    xs = np.linspace(-4.0, 4.0, 81)
    slope = SIGMOID * (1.0 - SIGMOID)
    return {
        "scalar": 14.0,
        "multivariate": (24.0, 10.0),
        "norm": X / np.sqrt(X @ X),
        "twice_the_square": 4.0 * X,
        "of_a_sum": 2.0 * X,
        "accumulated": (2.0 * X + np.cos(X), np.zeros(3)),
        "pullback_twice": (2.0 * X, [2.0, 0.0, 0.0]),
        "jacobian_by_rows": (np.diag(3.0 * X**2), np.diag(3.0 * X**2)),
        "jacobian_of_the_plane": [[4.0, 1.0], [5.0, np.cos(2.0)]],
        "affine_and_more": A + np.eye(2) * (1.0 - np.tanh(0.5) ** 2),
        "batch_of_jacobians": np.moveaxis(np.array(jacobians), 2, 0),
        "batch_row_by_row": np.moveaxis(np.array(jacobians), 2, 0),
        "by_one_column": -np.sin(points[:, 0]) * np.exp(-points[:, 1]),
        "second_and_third": (12.0, 6.0),
        "whole_hessian": [[10.0, 6.0], [6.0, 30.0]],
        "mixed_partial": np.cos(0.4) - 0.4 * np.sin(0.4),
        "hessian_times_vector": [10.0, 6.0],
        "detached_square": 9.0,
        "under_no_grad": np.full(3, 1.0 / np.sqrt(X @ X)),
        "intermediate": (3.0 * y**2, 6.0 * y**2),
        "control_flow": (np.full(3, 2048.0), np.full(3, 204800.0)),
        "own_relu": [0.0, 4.0, 0.0, 8.0],
        "straight_through": [0.0, 4.0],
        "overwritten": [one * (1.0 + X[2] / 3.0), one * (1.0 + X[2] / 3.0) + two, one + two],
        "checkpointed": np.outer(bar, inner) + np.outer((w.T @ bar) * (1.0 - inner**2), x),
        "curves": (
            xs, np.cos(xs), xs * SIGMOID, SIGMOID + xs * slope, slope * (2.0 + xs * (1.0 - 2.0 * SIGMOID)),
        ),
    }


def close(found, expected):
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            close(*pair)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)


def test_the_page_names_ideas_and_tests_that_are_there():
    """Every idea stands on the page, and every row beside other systems ends with a test that there is."""
    page = (Path(__file__).parents[1] / "docs" / "coming_from_pytorch.md").read_text()
    ideas, systems = page.split("## Beside other systems")
    assert {idea.__name__ for idea in TOUR.IDEAS} <= set(re.findall(r"`(\w+)`", ideas))
    rows = [row.split("|")[-2].strip(" `") for row in systems.splitlines() if row.startswith("| ") and "`" in row]
    assert len(rows) > 30
    for row in rows:
        file, _, test = row.partition("::")
        text = (Path(__file__).parent / file).read_text()
        assert not test or f"\ndef {test}(" in text, row


@pytest.mark.parametrize(
    ("idea", "expected"), closed_forms().items(), ids=lambda part: part if isinstance(part, str) else ""
)
def test_closed_form(idea, expected):
    close(getattr(TOUR, idea)(), expected)


def test_micro_batches():
    close(*TOUR.micro_batches())


def test_checked_by_hand():
    assert TOUR.checked_by_hand() < 1e-13


def test_training():
    w, losses = TOUR.least_squares()
    np.testing.assert_allclose(w, [2.0, -3.0], atol=1e-6)
    assert losses[-1] < 1e-10 < losses[0]
    _, losses = TOUR.small_network()
    assert losses[-1] < 1e-2 * losses[0]


def test_physics_informed():
    distance, losses = TOUR.physics_informed()
    assert distance < 3e-3
    assert losses[-1] < 1e-3 * losses[0]


def test_the_curves_are_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    TOUR.draw(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


# ------------------------------------------------------------------------------------------ beside PyTorch
def by_torch():
    """What PyTorch gives where it can do the same; code in place that it refuses, without the overwriting."""
    import torch

    def leaf(value):
        return torch.tensor(np.asarray(value, dtype=float), requires_grad=True)

    def grads(function, *values):
        leaves = [leaf(value) for value in values]
        found = torch.autograd.grad(function(*leaves), leaves)
        return tuple(part.numpy() for part in found) if len(found) > 1 else found[0].numpy()

    def through_the_middle():
        x = leaf(X)
        y = 2.0 * x
        y.retain_grad()
        (y**3).sum().backward()
        return y.grad.numpy(), x.grad.numpy()

    def loop(a):
        b = a * 2.0
        while b.norm() < 1000.0:
            b = b * 2.0
        return b.sum() if b.sum() > 0 else 100.0 * b.sum()

    def in_place(x):
        y = torch.exp(x)
        one = y[1] * y[0]
        return one * x[2] + one + y[2] * y[1]

    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.round(x)

        @staticmethod
        def backward(ctx, bar):
            return bar

    def layers(w):
        x = torch.tensor([0.5, -0.5], dtype=torch.float64)
        return torch.tanh(w @ torch.tanh(w @ x)).sum()

    from torch.autograd.functional import hessian, hvp, jacobian

    plane = lambda x: torch.stack((x[0] ** 2 * x[1], 5.0 * x[0] + torch.sin(x[1])))  # noqa: E731
    saddle = lambda x: x[0] ** 2 * x[1] + x[1] ** 3  # noqa: E731
    at, a = leaf([3.0, 5.0]).detach(), np.array([0.3, -0.1, 0.4])
    return {
        "scalar": grads(lambda x: x**3 + 2.0 * x, 2.0),
        "multivariate": grads(lambda x, y: x**2 * y + y, 3.0, 4.0),
        "norm": grads(torch.linalg.norm, X),
        "jacobian_of_the_plane": jacobian(plane, leaf([1.0, 2.0]).detach()).numpy(),
        "whole_hessian": hessian(saddle, at).numpy(),
        "hessian_times_vector": hvp(saddle, at, torch.tensor([1.0, 0.0], dtype=torch.float64))[1].numpy(),
        "intermediate": through_the_middle(),
        "detached_square": grads(lambda x: (x * x).detach() * x, 3.0),
        "under_no_grad": grads(lambda x: x.sum() / x.norm().detach(), X),
        "overwritten": grads(in_place, X / 3.0),
        "control_flow": (grads(loop, a), grads(loop, -a)),
        "own_relu": grads(lambda x: (torch.relu(x) ** 2).sum(), [-1.0, 2.0, -3.0, 4.0]),
        "straight_through": grads(lambda x: (Round.apply(x) ** 2).sum(), [0.4, 1.7]),
        "checkpointed": grads(layers, A / 4.0),
    }


def test_beside_pytorch():
    pytest.importorskip("torch")
    for idea, expected in by_torch().items():
        close(getattr(TOUR, idea)(), expected)
