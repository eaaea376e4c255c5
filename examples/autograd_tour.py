"""What the usual tutorials of PyTorch's autograd teach, done here: each function is one idea and returns what it found.

`docs/coming_from_pytorch.md` sets each beside PyTorch; `tests/test_tour.py` holds each to its closed form, and to
PyTorch where that is installed.  What is small runs with `jit=False`, as Python; what is trained is compiled.

    python examples/autograd_tour.py [picture.png]
"""

import sys

import numpy as np

from adcompile import (
    checkpoint,
    custom_vjp,
    grad,
    hessian,
    hvp,
    jacobian,
    no_grad,
    stop_gradient,
    value_and_grad,
    vjp,
    vmap,
)

X = np.array([1.0, 2.0, 3.0])


# ------------------------------------------------------------------------------------------ gradients
def scalar():
    """y = x**3 + 2 x at 2."""
    return grad(lambda x: x**3 + 2.0 * x, jit=False)(2.0)


def multivariate():
    """By several numbers at once: z = x**2 y + y."""
    return grad(lambda x, y: x**2 * y + y, wrt=("x", "y"), jit=False)(3.0, 4.0)


def norm():
    return grad(lambda x: np.sqrt(x @ x), jit=False)(X)


def twice_the_square():
    return grad(lambda x: 2.0 * (x @ x), jit=False)(X)


def of_a_sum():
    return grad(lambda x: np.sum(x * x), jit=False)(X)


def first_loss(w):
    return np.sum(w * w)


def second_loss(w):
    return np.sum(np.sin(w))


def accumulated():
    """Gradients of two losses add up in one array; `[:] = 0.0` clears it."""
    w_bar = np.zeros(3)
    grad(first_loss, accumulate=True, jit=False)(X, out=w_bar)
    grad(second_loss, accumulate=True, jit=False)(X, out=w_bar)
    both = w_bar.copy()
    w_bar[:] = 0.0
    return both, w_bar


def squared_errors(w, data, targets):
    return np.sum((data @ w - targets) ** 2)


def micro_batches():
    """Three batches, accumulated, and all at once."""
    data, targets = np.arange(18.0).reshape(6, 3) / 10.0, np.linspace(-1.0, 1.0, 6)
    gradient = grad(squared_errors, accumulate=True, jit=False)
    w_bar = np.zeros(3)
    for k in range(0, 6, 2):
        gradient(X, data[k : k + 2], targets[k : k + 2], out=w_bar)
    return w_bar, grad(squared_errors, jit=False)(X, data, targets)


# ------------------------------------------------------------------------------------------ results that are no number
def pullback_twice():
    """A pullback may be called any number of times: no `retain_graph`."""
    _, pullback = vjp(lambda x: x * x, jit=False)(X)
    return pullback(np.ones(3)), pullback(np.array([1.0, 0.0, 0.0]))


def cube(x):
    return x**3


def jacobian_by_rows():
    """`grad_outputs` is the seed of a pullback; one-hot seeds are the rows of the Jacobian."""
    _, pullback = vjp(cube, jit=False)(X)
    return np.array([pullback(row) for row in np.eye(3)]), jacobian(cube, jit=False)(X)


def plane(x):
    return np.array([x[0] ** 2 * x[1], 5.0 * x[0] + np.sin(x[1])])


def jacobian_of_the_plane():
    return jacobian(plane, jit=False)(np.array([1.0, 2.0]))


A = np.array([[1.0, 2.0], [3.0, 4.0]])


def affine_and_more():
    return jacobian(lambda x: A @ x + np.tanh(x), jit=False)(np.array([0.5, -0.5]))


def features(x):
    return np.array([x[0] * x[1], np.sin(x[0]), x[1] ** 2])


def batch_of_jacobians():
    """1,000 Jacobians, 3 x 2 each, by one compiled loop."""
    rows = np.linspace(-1.0, 1.0, 2000).reshape(1000, 2)
    return vmap(jacobian(features))(rows)


def features_of_all(rows):
    return np.stack((rows[:, 0] * rows[:, 1], np.sin(rows[:, 0]), rows[:, 1] ** 2), axis=1)


def batch_row_by_row():
    """The same by pullbacks of the whole batch: no point's features depend on another point, so that a seed that is
    one-hot at every point gives a row of every Jacobian."""
    rows = np.linspace(-1.0, 1.0, 2000).reshape(1000, 2)
    _, pullback = vjp(features_of_all, jit=False)(rows)
    jacobians = np.empty((1000, 3, 2))
    for k in range(3):
        seed = np.zeros((1000, 3))
        seed[:, k] = 1.0
        jacobians[:, k] = pullback(seed)
    return jacobians


def wave(x, t):
    return np.sin(x) * np.exp(-t)


def by_one_column():
    """The derivative of every row's result by its second column."""
    points = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    return vmap(grad(wave, wrt="t"))(points[:, 0].copy(), points[:, 1].copy())


# ------------------------------------------------------------------------------------------ higher derivatives
def second_and_third():
    f = grad(cube, jit=False)
    return grad(f, jit=False)(2.0), grad(grad(f, jit=False), jit=False)(2.0)


def saddle(x):
    return x[0] ** 2 * x[1] + x[1] ** 3


def whole_hessian():
    return hessian(saddle, jit=False)(np.array([3.0, 5.0]))


def mixed_partial():
    return grad(grad(lambda x, y: np.sin(x * y), wrt="x", jit=False), wrt="y", jit=False)(0.5, 0.8)


def hessian_times_vector():
    return hvp(saddle, jit=False)(np.array([3.0, 5.0]), np.array([1.0, 0.0]))


# ------------------------------------------------------------------------------------------ what is held constant
def detached_square():
    """z = detach(x * x) * x: the first factor is a number."""
    return grad(lambda x: stop_gradient(x * x) * x, jit=False)(3.0)


def normalised(x):
    with no_grad():
        scale = np.sqrt(x @ x)
    return np.sum(x) / scale


def under_no_grad():
    return grad(normalised, jit=False)(X)


def doubled_and_cubed(x):
    y = 2.0 * x
    return np.sum(y**3)


def intermediate():
    """The gradient by a variable on the way (`retain_grad`), beside that by the argument."""
    return grad(doubled_and_cubed, wrt=("y", "x"), jit=False)(X)


# ------------------------------------------------------------------------------------------ code that PyTorch refuses
def in_place(x):
    y = np.exp(x)
    y[1:] *= y[:-1]
    y[0] = y[1] * x[2]
    return np.sum(y)


def overwritten():
    return grad(in_place, jit=False)(X / 3.0)


def until_it_is_long(a):
    """Control flow that the data decide."""
    b = a * 2.0
    while np.sqrt(b @ b) < 1000.0:
        b = b * 2.0
    if np.sum(b) > 0.0:
        return np.sum(b)
    return 100.0 * np.sum(b)


def control_flow():
    a = np.array([0.3, -0.1, 0.4])
    return grad(until_it_is_long, jit=False)(a), grad(until_it_is_long, jit=False)(-a)


# ------------------------------------------------------------------------------------------ derivatives of one's own
@custom_vjp
def relu(x):
    return np.maximum(x, 0.0)


def relu_fwd(x):
    return relu(x), x


def relu_bwd(x, y_bar):
    return (np.where(x > 0.0, y_bar, 0.0),)


relu.defvjp(relu_fwd, relu_bwd)


@custom_vjp
def rounded(x):
    return np.round(x)


def rounded_fwd(x):
    return rounded(x), None


def rounded_bwd(_, y_bar):
    return (y_bar,)


rounded.defvjp(rounded_fwd, rounded_bwd)


def own_relu():
    return grad(lambda x: np.sum(relu(x) ** 2), jit=False)(np.array([-1.0, 2.0, -3.0, 4.0]))


def straight_through():
    return grad(lambda x: np.sum(rounded(x) ** 2), jit=False)(np.array([0.4, 1.7]))


@checkpoint
def layer(x, w):
    return np.tanh(w @ x)


def two_layers(x, w):
    return np.sum(layer(layer(x, w), w))


def checkpointed():
    return grad(two_layers, wrt="w", jit=False)(np.array([0.5, -0.5]), A / 4.0)


def checked_by_hand():
    """A gradient derived by hand, on a batch of 1,000: the largest difference."""
    rows = np.sin(np.arange(3000.0)).reshape(1000, 3)
    by_hand = np.cos(rows) * np.sum(rows**2, axis=1)[:, None] + 2.0 * rows * np.sum(np.sin(rows), axis=1)[:, None]
    return np.max(np.abs(vmap(grad(product_of_sums))(rows) - by_hand))


def product_of_sums(x):
    return np.sum(np.sin(x)) * np.sum(x * x)


# ------------------------------------------------------------------------------------------ training
def line(w, xs, ys):
    return np.mean((w[0] + w[1] * xs - ys) ** 2)


def least_squares():
    """Gradient descent to y = 2 - 3 x."""
    xs = np.linspace(-1.0, 1.0, 50)
    ys, w = 2.0 - 3.0 * xs, np.zeros(2)
    step = value_and_grad(line)
    losses = []
    for _ in range(200):
        loss, w_bar = step(w, xs, ys)
        w = w - 0.3 * w_bar
        losses.append(loss)
    return w, losses


def network(w1, b1, w2, x):
    return np.sum(w2 * np.tanh(w1 * x + b1))


def fit(w1, b1, w2, xs, ys):
    total = 0.0
    for i in range(xs.shape[0]):
        total += (network(w1, b1, w2, xs[i]) - ys[i]) ** 2
    return total / xs.shape[0]


def adam(gradient, weights, steps, rate=0.02):
    """Adam, in a dozen plain lines; gives the weights and the losses."""
    means = [np.zeros_like(w) for w in weights]
    squares = [np.zeros_like(w) for w in weights]
    losses = []
    for t in range(1, steps + 1):
        loss, bars = gradient(*weights)
        losses.append(loss)
        for k, bar in enumerate(bars):
            means[k] = 0.9 * means[k] + 0.1 * bar
            squares[k] = 0.999 * squares[k] + 0.001 * bar**2
            change = means[k] / (1.0 - 0.9**t) / (np.sqrt(squares[k] / (1.0 - 0.999**t)) + 1e-8)
            weights[k] = weights[k] - rate * change
    return weights, losses


def first_weights(width=8):
    k = np.arange(width)
    return [np.cos(k) * 2.0, np.sin(3.0 * k), np.cos(5.0 * k) / width]


def small_network():
    """A network of one hidden layer learns a sine."""
    xs = np.linspace(-2.0, 2.0, 40)
    ys = np.sin(xs)
    gradient = value_and_grad(fit, wrt=("w1", "b1", "w2"))
    return adam(lambda *w: gradient(*w, xs, ys), first_weights(), 400)


def trial(w1, b1, w2, t):
    """It is 1 at t = 0, whatever the weights are."""
    return 1.0 + t * network(w1, b1, w2, t)


def ode_loss(w1, b1, w2, ts):
    """How far from u' = -u: a derivative inside of what is differentiated."""
    total = 0.0
    for t in ts:
        slope = grad(lambda s: trial(w1, b1, w2, s))(t)
        total += (slope + trial(w1, b1, w2, t)) ** 2
    return total / ts.shape[0]


def physics_informed():
    """The network that solves u' = -u, u(0) = 1: its largest distance to exp(-t), and the losses."""
    ts = np.linspace(0.0, 1.0, 12)
    gradient = value_and_grad(ode_loss, wrt=("w1", "b1", "w2"))
    weights, losses = adam(lambda *w: gradient(*w, ts), first_weights(), 600)
    found = np.array([trial(*weights, t) for t in ts])
    return np.max(np.abs(found - np.exp(-ts))), losses


# ------------------------------------------------------------------------------------------ pictures
def swish(x):
    return x / (1.0 + np.exp(-x))


def curves():
    """A sine with its derivative; an activation with its first and second."""
    xs = np.linspace(-4.0, 4.0, 81)
    sine = vmap(grad(np_sin), jit=False)(xs)
    first = vmap(grad(swish), jit=False)(xs)
    second = vmap(grad(grad(swish)), jit=False)(xs)
    return xs, sine, swish(xs), first, second


def np_sin(x):
    return np.sin(x)


def draw(path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    xs, sine, value, first, second = curves()
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    left.plot(xs, np.sin(xs), label="sin")
    left.plot(xs, sine, label="its derivative")
    for values, label in ((value, "swish"), (first, "first derivative"), (second, "second derivative")):
        right.plot(xs, values, label=label)
    left.legend()
    right.legend()
    plt.savefig(path, dpi=110)
    plt.close()


IDEAS = (
    scalar, multivariate, norm, twice_the_square, of_a_sum, accumulated, micro_batches, pullback_twice,
    jacobian_by_rows, jacobian_of_the_plane, affine_and_more, batch_of_jacobians, batch_row_by_row, by_one_column,
    second_and_third, whole_hessian, mixed_partial, hessian_times_vector, detached_square, under_no_grad, intermediate,
    overwritten, control_flow, own_relu, straight_through, checkpointed, checked_by_hand, least_squares, small_network,
    physics_informed, curves,
)  # fmt: skip


def shown(found):
    """A result, or its shape where it is long."""
    if isinstance(found, tuple):
        return ", ".join(map(shown, found))
    return str(found) if np.size(found) <= 20 else f"of shape {np.shape(found)}"


def main(path=None):
    for idea in IDEAS:
        print(f"{idea.__name__}: {shown(idea())}")
    if path is not None:
        draw(path)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
