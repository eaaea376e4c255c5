"""A small network learns to read: 1,797 handwritten digits of 8 x 8 pixels, which scikit-learn ships.

    python examples/digits.py [picture.png]
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from numba import njit
from sklearn.datasets import load_digits

from adcompile import value_and_grad

HIDDEN, BATCH, EPOCHS, RATE = 32, 64, 30, 0.004


@njit
def scores(w1, b1, w2, b2, x):
    return np.tanh(x @ w1 + b1) @ w2 + b2


@njit
def loss(w1, b1, w2, b2, x, labels):
    """The mean cross-entropy of a batch."""
    z = scores(w1, b1, w2, b2, x)
    total = 0.0
    for n in range(z.shape[0]):
        top = np.max(z[n])
        total += top + np.log(np.sum(np.exp(z[n] - top))) - z[n, labels[n]]
    return total / z.shape[0]


def main(picture=None):
    digits = load_digits()
    generator = np.random.default_rng(0)
    order = generator.permutation(digits.target.size)
    x, labels = digits.data[order] / 16.0, digits.target[order].astype(np.int64)
    test = slice(1400, None)
    parameters = [generator.normal(size=(64, HIDDEN)) / 8.0, np.zeros(HIDDEN),
                  generator.normal(size=(HIDDEN, 10)) / 6.0, np.zeros(10)]  # fmt: skip
    gradient = value_and_grad(loss, wrt=("w1", "b1", "w2", "b2"))
    mean, square, step, history = [0.0] * 4, [0.0] * 4, 0, []
    for _ in range(EPOCHS):
        for first in range(0, 1400, BATCH):
            value, slopes = gradient(*parameters, x[first : first + BATCH], labels[first : first + BATCH])
            history.append(value)
            step += 1
            for k, g in enumerate(slopes):  # Adam: Kingma & Ba, 2015, algorithm 1
                mean[k] = 0.9 * mean[k] + 0.1 * g
                square[k] = 0.999 * square[k] + 0.001 * g * g
                size = RATE * np.sqrt(1.0 - 0.999**step) / (1.0 - 0.9**step)
                parameters[k] = parameters[k] - size * mean[k] / (np.sqrt(square[k]) + 1e-8)
    read = np.argmax(scores(*parameters, x[test]), axis=1)
    right = np.mean(read == labels[test])
    print(f"loss {history[0]:.2f} -> {history[-1]:.3f}; {right:.1%} of {read.size} digits that it never saw read right")
    assert right > 0.95

    if picture:
        figure = Figure((9, 3), layout="constrained")
        left, right = figure.subfigures(1, 2)
        left.subplots().semilogy(history)
        left.suptitle("loss of each batch")
        for axes, image, says in zip(right.subplots(3, 8).flat, x[test], read, strict=False):
            axes.imshow(image.reshape(8, 8), cmap="gray_r")
            axes.set(xticks=[], yticks=[], title=str(says))
        figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
