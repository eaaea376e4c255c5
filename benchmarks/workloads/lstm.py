"""A recurrent network of two LSTM layers, predicting the next of a sequence; as in the ADBench suite (Srajer, Kukelova
& Fitzgibbon 2018), with gates that act on each number alone."""

from __future__ import annotations

from functools import partial

import numpy as np

from adcompile import value_and_grad
from benchmarks.workload import Workload, by_hand

PARAMETERS = ("main", "extra")


def loss(main, extra, state, sequence):
    """`main[l, 0, g]`, `main[l, 1, g]`: weight and bias of gate `g` (forget, ingoing, outgoing, change) of layer `l`;
    `extra[0]`: weights of the input, `extra[1:]`: weights and biases of the output."""
    layers, width = main.shape[0], main.shape[3]
    hidden = state[0].copy()
    cell = state[1].copy()
    x = np.empty(width)
    y = np.empty(width)
    total = 0.0
    count = 0
    for t in range(sequence.shape[0] - 1):
        for j in range(width):
            x[j] = sequence[t, j] * extra[0, j]
        for layer in range(layers):
            for j in range(width):
                forget = 1.0 / (1.0 + np.exp(-(x[j] * main[layer, 0, 0, j] + main[layer, 1, 0, j])))
                ingate = 1.0 / (1.0 + np.exp(-(hidden[layer, j] * main[layer, 0, 1, j] + main[layer, 1, 1, j])))
                outgate = 1.0 / (1.0 + np.exp(-(x[j] * main[layer, 0, 2, j] + main[layer, 1, 2, j])))
                change = np.tanh(hidden[layer, j] * main[layer, 0, 3, j] + main[layer, 1, 3, j])
                cell[layer, j] = cell[layer, j] * forget + ingate * change
                hidden[layer, j] = outgate * np.tanh(cell[layer, j])
                x[j] = hidden[layer, j]
        norm = 2.0
        for j in range(width):
            y[j] = x[j] * extra[1, j] + extra[2, j]
            norm += np.exp(y[j])
        log_norm = np.log(norm)
        for j in range(width):
            total += sequence[t + 1, j] * (y[j] - log_norm)
        count += width
    return -total / count


@by_hand
def hand(main, extra, state, sequence):
    layers, width = main.shape[0], main.shape[3]
    steps = sequence.shape[0] - 1
    gates = np.empty((steps, layers, 5, width))  # forget, ingoing, outgoing, change, tanh of the cell
    hiddens = np.empty((steps + 1, layers, width))
    cells = np.empty((steps + 1, layers, width))
    share = np.empty((steps, width))
    for layer in range(layers):
        for j in range(width):
            hiddens[0, layer, j] = state[0, layer, j]
            cells[0, layer, j] = state[1, layer, j]
    x = np.empty(width)
    total = 0.0
    for t in range(steps):
        for j in range(width):
            x[j] = sequence[t, j] * extra[0, j]
        for layer in range(layers):
            for j in range(width):
                h = hiddens[t, layer, j]
                forget = 1.0 / (1.0 + np.exp(-(x[j] * main[layer, 0, 0, j] + main[layer, 1, 0, j])))
                ingate = 1.0 / (1.0 + np.exp(-(h * main[layer, 0, 1, j] + main[layer, 1, 1, j])))
                outgate = 1.0 / (1.0 + np.exp(-(x[j] * main[layer, 0, 2, j] + main[layer, 1, 2, j])))
                change = np.tanh(h * main[layer, 0, 3, j] + main[layer, 1, 3, j])
                c = cells[t, layer, j] * forget + ingate * change
                squashed = np.tanh(c)
                gates[t, layer, 0, j] = forget
                gates[t, layer, 1, j] = ingate
                gates[t, layer, 2, j] = outgate
                gates[t, layer, 3, j] = change
                gates[t, layer, 4, j] = squashed
                cells[t + 1, layer, j] = c
                hiddens[t + 1, layer, j] = outgate * squashed
                x[j] = outgate * squashed
        norm = 2.0
        for j in range(width):
            x[j] = x[j] * extra[1, j] + extra[2, j]
            share[t, j] = np.exp(x[j])
            norm += share[t, j]
        log_norm = np.log(norm)
        over = 1.0 / norm
        for j in range(width):
            share[t, j] *= over
            total += sequence[t + 1, j] * (x[j] - log_norm)
    scale = -1.0 / (steps * width)
    main_bar, extra_bar = np.zeros(main.shape), np.zeros(extra.shape)
    hidden_bar, cell_bar = np.zeros((layers, width)), np.zeros((layers, width))
    for t in range(steps - 1, -1, -1):
        weight = 0.0
        for j in range(width):
            weight += sequence[t + 1, j]
        for j in range(width):
            y_bar = scale * (sequence[t + 1, j] - weight * share[t, j])
            extra_bar[1, j] += hiddens[t + 1, layers - 1, j] * y_bar
            extra_bar[2, j] += y_bar
            x[j] = extra[1, j] * y_bar
        for layer in range(layers - 1, -1, -1):
            for j in range(width):
                below = hiddens[t + 1, layer - 1, j] if layer > 0 else sequence[t, j] * extra[0, j]
                h = hiddens[t, layer, j]
                forget, ingate = gates[t, layer, 0, j], gates[t, layer, 1, j]
                outgate, change = gates[t, layer, 2, j], gates[t, layer, 3, j]
                squashed = gates[t, layer, 4, j]
                hb = hidden_bar[layer, j] + x[j]
                cb = cell_bar[layer, j] + hb * outgate * (1.0 - squashed * squashed)
                f = cb * cells[t, layer, j] * forget * (1.0 - forget)
                i = cb * change * ingate * (1.0 - ingate)
                o = hb * squashed * outgate * (1.0 - outgate)
                g = cb * ingate * (1.0 - change * change)
                cell_bar[layer, j] = cb * forget
                main_bar[layer, 0, 0, j] += f * below
                main_bar[layer, 0, 1, j] += i * h
                main_bar[layer, 0, 2, j] += o * below
                main_bar[layer, 0, 3, j] += g * h
                main_bar[layer, 1, 0, j] += f
                main_bar[layer, 1, 1, j] += i
                main_bar[layer, 1, 2, j] += o
                main_bar[layer, 1, 3, j] += g
                hidden_bar[layer, j] = i * main[layer, 0, 1, j] + g * main[layer, 0, 3, j]
                x[j] = f * main[layer, 0, 0, j] + o * main[layer, 0, 2, j]
        for j in range(width):
            extra_bar[0, j] += sequence[t, j] * x[j]
    return total * scale, (main_bar, extra_bar)


def jax(main, extra, state, sequence):
    import jax
    import jax.numpy as jnp

    layers = main.shape[0]
    state, sequence = jnp.asarray(state), jnp.asarray(sequence)

    def f(main, extra):
        def step(carry, now):
            hidden, cell = carry
            inputs, wanted = now
            x = inputs * extra[0]
            hiddens, cells = [], []
            for layer in range(layers):
                weight, bias = main[layer]
                sigmoid = jax.nn.sigmoid
                forget, outgate = sigmoid(x * weight[0] + bias[0]), sigmoid(x * weight[2] + bias[2])
                ingate = sigmoid(hidden[layer] * weight[1] + bias[1])
                change = jnp.tanh(hidden[layer] * weight[3] + bias[3])
                c = cell[layer] * forget + ingate * change
                x = outgate * jnp.tanh(c)
                hiddens.append(x)
                cells.append(c)
            y = x * extra[1] + extra[2]
            loss = jnp.sum(wanted * (y - jnp.log(jnp.sum(jnp.exp(y)) + 2.0)))
            return (jnp.stack(hiddens), jnp.stack(cells)), loss

        _, losses = jax.lax.scan(step, (state[0], state[1]), (sequence[:-1], sequence[1:]))
        return -jnp.sum(losses) / (losses.shape[0] * sequence.shape[1])

    derivative = jax.jit(jax.value_and_grad(f, argnums=(0, 1)))
    given = jnp.asarray(main), jnp.asarray(extra)
    return lambda: jax.block_until_ready(derivative(*given))


def _stepped(xp, sigmoid, main, extra, state, sequence):
    layers = main.shape[0]
    hidden, cell = [state[0][k] for k in range(layers)], [state[1][k] for k in range(layers)]
    total = 0.0
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for k in range(layers):
            forget, outgate = sigmoid(x * main[k, 0, 0] + main[k, 1, 0]), sigmoid(x * main[k, 0, 2] + main[k, 1, 2])
            ingate = sigmoid(hidden[k] * main[k, 0, 1] + main[k, 1, 1])
            change = xp.tanh(hidden[k] * main[k, 0, 3] + main[k, 1, 3])
            cell[k] = cell[k] * forget + ingate * change
            hidden[k] = x = outgate * xp.tanh(cell[k])
        y = x * extra[1] + extra[2]
        total = total + (sequence[t + 1] * (y - xp.log(xp.exp(y).sum() + 2.0))).sum()
    return -total / ((len(sequence) - 1) * sequence.shape[1])


def torch(main, extra, state, sequence):
    import torch

    main, extra = torch.tensor(main, requires_grad=True), torch.tensor(extra, requires_grad=True)
    state, sequence = torch.tensor(state), torch.tensor(sequence)

    def run():
        value = _stepped(torch, torch.sigmoid, main, extra, state, sequence)
        return value.detach().numpy(), tuple(g.numpy() for g in torch.autograd.grad(value, (main, extra)))

    return run


def autograd(main, extra, state, sequence):
    import autograd
    import autograd.numpy as anp

    def sigmoid(x):
        return 1.0 / (1.0 + anp.exp(-x))

    derivative = autograd.value_and_grad(lambda p: _stepped(anp, sigmoid, p[0], p[1], state, sequence))
    return lambda: derivative((main, extra))


def casadi(main, extra, state, sequence):
    import casadi as ca

    layers, width = main.shape[0], main.shape[3]
    m, e = ca.SX.sym("m", main.size), ca.SX.sym("e", extra.size)
    carry = ca.SX.sym("carry", 2 * layers * width + 1)
    inputs, wanted = ca.SX.sym("inputs", width), ca.SX.sym("wanted", width)

    def part(layer, kind, gate):
        start = ((layer * 2 + kind) * 4 + gate) * width
        return m[start : start + width]

    def sigmoid(x):
        return 1.0 / (1.0 + ca.exp(-x))

    x = inputs * e[:width]
    hiddens, cells = [], []
    for k in range(layers):
        hidden = carry[k * width : (k + 1) * width]
        cell = carry[(layers + k) * width : (layers + k + 1) * width]
        forget, outgate = sigmoid(x * part(k, 0, 0) + part(k, 1, 0)), sigmoid(x * part(k, 0, 2) + part(k, 1, 2))
        ingate = sigmoid(hidden * part(k, 0, 1) + part(k, 1, 1))
        cells.append(cell * forget + ingate * ca.tanh(hidden * part(k, 0, 3) + part(k, 1, 3)))
        x = outgate * ca.tanh(cells[-1])
        hiddens.append(x)
    y = x * e[width : 2 * width] + e[2 * width :]
    gain = ca.dot(wanted, y - ca.log(ca.sum1(ca.exp(y)) + 2.0))
    step = ca.Function("step", [carry, inputs, wanted, m, e], [ca.vertcat(*hiddens, *cells, carry[-1] + gain)])
    steps = len(sequence) - 1
    p, q = ca.MX.sym("p", main.size), ca.MX.sym("q", extra.size)
    first = np.append(state.ravel(), 0.0)
    swept = step.mapaccum("steps", steps)(
        first, sequence[:-1].T, sequence[1:].T, ca.repmat(p, 1, steps), ca.repmat(q, 1, steps)
    )
    value = -swept[-1, -1] / (steps * width)
    f = ca.Function("f", [p, q], [value, ca.gradient(value, p), ca.gradient(value, q)])

    def run():
        value, main_bar, extra_bar = f(main.ravel(), extra.ravel())
        return float(value), (np.asarray(main_bar), np.asarray(extra_bar))

    return run


def _sequence(layers, steps, width):
    rng = np.random.default_rng(4)
    main = 0.5 * rng.standard_normal((layers, 2, 4, width))
    return (
        main, 0.5 * rng.standard_normal((3, width)), 0.1 * rng.standard_normal((2, layers, width)),
        rng.integers(0, 2, (steps, width)).astype(float),
    )  # fmt: skip


WORKLOADS = [
    Workload(
        "LSTM, 2 layers, 1,024 steps, width 14", loss, value_and_grad(loss, wrt=PARAMETERS), hand,
        partial(_sequence, 2, 1024, 14), partial(_sequence, 2, 5, 3),
        {
            "jax": jax,
            "torch": torch,
            "torch compiled": "unrolls the loop: 1,024 steps do not compile in minutes",
            "autograd": autograd,
            "casadi": casadi,
        },
    )
]  # fmt: skip
