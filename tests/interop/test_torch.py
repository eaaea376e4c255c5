"""Functions in PyTorch: values and gradients of every order against PyTorch's own."""

import numpy as np
import pytest
import torch

from adcompile import InvalidArgument
from adcompile.interop.torch import to_torch

pytestmark = pytest.mark.interop


def chain(x, k, n):
    """A loop in place, which PyTorch would have to be told otherwise."""
    y = x.copy()
    for _ in range(n):
        for i in range(1, y.shape[0]):
            y[i] = y[i] + k * np.sin(y[i - 1])
    return np.sum(y * y)


def chain_in_torch(x, k, n):
    y = list(x)
    for _ in range(n):
        for i in range(1, len(y)):
            y[i] = y[i] + k * torch.sin(y[i - 1])
    return torch.stack(y).square().sum()


def two(x, w):
    """A tuple of results, one of them no float."""
    m, b = w
    return m @ x + b, x.shape[0], np.sum(x) * m[0, 0]


def tensors(*values, dtype=torch.float64):
    return [torch.tensor(value, dtype=dtype, requires_grad=True) for value in values]


X = [0.3, -0.2, 0.5, 1.1]


@pytest.mark.parametrize("jit", [False, True])
def test_gradients_are_those_of_torch(jit):
    x, k = tensors(X, 0.4)
    x2, k2 = tensors(X, 0.4)
    value, expected = to_torch(chain, jit=jit)(x, k, 3), chain_in_torch(x2, k2, 3)
    assert value.shape == ()
    assert value.dtype == torch.float64
    torch.testing.assert_close(value, expected)
    value.backward()
    expected.backward()
    torch.testing.assert_close(x.grad, x2.grad)
    torch.testing.assert_close(k.grad, k2.grad)


def test_only_what_is_asked_for_is_differentiated():
    x, k = tensors(X, 0.4)
    k.requires_grad_(False)
    to_torch(chain, jit=False)(x, k, 2).backward()
    assert k.grad is None
    assert x.grad is not None


def test_higher_orders():
    assert torch.autograd.gradcheck(lambda x, k: to_torch(chain, jit=False)(x, k, 2), tensors(X, 0.4))
    assert torch.autograd.gradgradcheck(lambda x, k: to_torch(chain, jit=False)(x, k, 2), tensors(X, 0.4))
    (x,) = tensors(2.0)
    once = to_torch(lambda x: x**5, jit=False)(x)
    for power in (5, 4, 3):
        (once,) = torch.autograd.grad(once, x, create_graph=True)
        assert power
    assert once.item() == pytest.approx(60 * 4.0)


def test_tuples_in_and_out():
    x, m, b = tensors([1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]], [0.5, 0.25])
    f = to_torch(two, jit=False)
    y, n, s = f(x, (m, b))
    assert not n.requires_grad
    assert n.item() == 2
    ((y * y).sum() + s).backward()
    x2, m2, b2 = tensors([1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]], [0.5, 0.25])
    ((m2 @ x2 + b2).square().sum() + x2.sum() * m2[0, 0]).backward()
    for ours, theirs in ((x, x2), (m, m2), (b, b2)):
        torch.testing.assert_close(ours.grad, theirs.grad)


def test_single_precision_stays():
    x, k = tensors(X, 0.4, dtype=torch.float32)
    value = to_torch(chain, jit=False)(x, k, 2)
    value.backward()
    assert x.grad.dtype == k.grad.dtype == torch.float32


def test_memory_is_shared():
    seen = []

    def look(x):
        return x * 2.0

    x = torch.ones(3, dtype=torch.float64)
    y = to_torch(look, jit=False)(x)
    seen.append(y)
    assert torch.equal(y, 2.0 * x)


def test_a_network_trains():
    torch.manual_seed(0)
    f = to_torch(lambda w, x, t: np.sum((np.tanh(x @ w) - t) ** 2))
    x = torch.randn(20, 3, dtype=torch.float64)
    target = torch.tanh(x @ torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([w], lr=0.1)
    for _ in range(300):
        optimiser.zero_grad()
        loss = f(w, x, target)
        loss.backward()
        optimiser.step()
    assert loss.item() < 1e-4


def test_what_cannot_be_is_told():
    with pytest.raises(InvalidArgument, match="x is on meta, and adcompile runs on the CPU"):
        to_torch(lambda x: x * 2.0, jit=False)(torch.ones(2, device="meta"))
