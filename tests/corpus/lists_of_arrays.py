"""Lists of arrays of one shape, lists of whole numbers that are places, and lists that become arrays."""

import numpy as np

from tests.corpus.registry import case, positive, vector


@case(vector(6).reshape(2, 3), 9, jit=True)
@case(vector(6).reshape(2, 3), 0)
def a_trajectory(x, n):
    ts, ys = [0.0], [x[0]]
    y = x[0]
    for k in range(n):
        y = y + 0.1 * np.sin(y) * x[1]
        ts.append(ts[-1] + 0.5)
        ys.append(y)
    ts = np.array(ts)
    ys = np.array(ys)
    return np.sum(ys[:, 0] * ts) + np.sum(ys[-1] ** 2)


@case(vector(12).reshape(4, 3))
def each_from_the_one_before(x):
    rows = [x[0]]
    for k in range(len(x) - 1):
        rows.append(rows[-1] * x[k + 1] + rows[k // 2])
    return np.sum(rows[-1]) + np.sum(rows[2] * rows[1])


@case(vector(12).reshape(4, 3))
@case(-positive(12).reshape(4, 3), twice=False)
def in_branches(x):
    chosen = []
    for k in range(len(x)):
        if x[k, 0] < -5.0:
            continue
        if x[k, 0] + x[k, 1] > 0.0:
            chosen.append(x[k] * x[0])
            chosen.append(np.sin(x[k]))
    total = 0.0
    for v in chosen:
        total += v @ v
    return total * (1.0 + len(chosen))


@case(positive(12).reshape(4, 3))
def appended_where_the_first_tells_how_long(x):
    basis = [x[0]]
    for row in x[1:]:
        rest = row - basis[-1] * 0.5
        if rest @ rest > 0.1:
            basis.append(rest / np.sqrt(rest @ rest) + basis[0])
    return np.sum(basis[-1] ** 2) + len(basis)


@case(vector(24).reshape(4, 3, 2), jit=True, twice=False)
def joined(x):
    products = []
    for k in range(4):
        products.append(x[k] @ x[k].T)
    rows = [a[0] ** 2 for a in products]
    first = np.sum(np.stack(products, axis=-1)[0, :, 1] ** 2) + np.sum(np.concatenate(products, axis=1)[1] ** 3)
    second = np.vstack(products)[-1, 0] * np.hstack(products)[0, -1] + products[1][2, 2]
    third = np.concatenate(rows)[4] + np.column_stack(rows)[1, 2] * np.hstack(rows)[3] + np.mean(rows, axis=0)[1]
    return first + second + third + np.vstack(rows)[2, 1]


@case(vector(9).reshape(3, 3))
def lists_of_lists(x):
    table = [[0.0 for _ in range(4)] for _ in range(len(x))]
    for i in range(len(x)):
        for j in range(3):
            table[i][j + 1] = table[i][j] + x[i, j] * table[i - 1][j + 1] + x[i][j]
    rows = []
    for k in range(3):
        row = []
        for j in range(3):
            row.append(table[k][j] * x[k, j])
        rows.append(row)
    return table[-1][-1] + sum(table[2]) + np.sum(np.array(rows) ** 2) + len(rows[0])


@case(vector(12).reshape(4, 3))
def items_of_a_list_changed(x):
    rows = [x[k] * 2.0 for k in range(len(x))]
    last = rows[-1]
    last[0] = 5.0 * x[0, 0]
    for row in rows:
        row *= x[0]
    return np.sum(rows[-1] ** 2) + np.sum(rows[0])


@case(vector(12).reshape(4, 3))
def items_of_a_list_replaced(x):
    rows = [x[k] * 2.0 for k in range(len(x))]
    for k in range(1, len(x)):
        rows[k] = rows[k] * rows[k - 1]
    more = [x[0], x[1]]
    more.append(x[2] * more[0])
    return np.sum(rows[-1] ** 2) + np.sum(more[2] * more[1])


@case(vector(6), jit=True)
def whole_numbers_as_places(x):
    order = []
    for i in range(len(x)):
        if x[i] > 0.0:
            order.append(i)
    degrees = [2, 3, 1]
    at, total = 0, 0.0
    for n in degrees:
        part = np.zeros(n)
        for j in range(n):
            part[j] = x[at]
            at += 1
        total += np.prod(part)
    for i in order:
        total += x[i] ** 2
    return total + np.sum(x[[i for i in range(len(x)) if x[i] > 0.0]] ** 3)


@case(vector(12).reshape(4, 3))
def assembled(x):
    matrix = np.zeros((5, 5))
    for e in range(3):
        nodes = [e, e + 1, e + 2]
        for a in range(3):
            for b in range(3):
                matrix[nodes[a], nodes[b]] += x[e, a] * x[e + 1, b]
    return np.sum(matrix * matrix) + matrix[2, 3]


@case(positive(1), 25)
def whole_numbers_beyond_int64(x, n):
    factorials = [1]
    for i in range(1, n):
        factorials.append(factorials[-1] * i)
    return sum(x[0] ** k / factorials[k] for k in range(n))


@case(vector(4), analytic=False)
def of_complex_numbers(x):
    z = [1j * v for v in x]
    z.append(z[0] * 2.0 + x[1])
    return abs(sum(z)) + abs(z[-1]) ** 2


@case(vector(9).reshape(3, 3))
def a_list_in_a_loop_becomes_an_array(x):
    rows = []
    for k in range(3):
        row = []
        for j in range(3):
            row.append(x[k, j] * j)
        row = np.asarray(row)
        row /= 2.0 + np.sum(row)
        rows.append(row)
    return np.sum(np.stack(rows) ** 2)


@case(positive(12).reshape(4, 3), analytic=False, twice=False)
def orthogonalised(x):
    columns = [x[:, j] for j in range(3)]
    for j in range(3):
        for i in range(j):
            columns[j] = columns[j] - (columns[i] @ columns[j]) * columns[i]
        columns[j] = columns[j] / np.linalg.norm(columns[j])
    q = np.column_stack(columns)
    return q[0, 0] + q[1, 1] * q[2, 2]


@case(vector(5))
def lists_by_other_names(x):
    u = [0.0] * 5
    for _ in range(3):
        new = u[:]
        for i in range(1, 4):
            new[i] = u[i] + 0.1 * (u[i - 1] - 2 * u[i] + u[i + 1]) + x[i]
        u = new
    first = u.copy()
    first[0] = x[0]
    second = list(u)
    second[1] = x[4]
    return sum(v * v for v in u) + first[0] * second[1] + first[1] * second[0]


@case(vector(4))
def lengthened(x):
    path = [x[0]]
    for k in range(1, len(x)):
        path += [x[k] * path[-1], path[0]]
        if x[k] > 0.0:
            path = path + [x[k]]
    rows = [x]
    for k in range(3):
        rows += [rows[-1] * x]
    return sum(path) * len(path) + np.sum(rows[-1])


@case(positive(4))
def quotients_appended(x):
    table = [[x[i] * x[j] for j in range(len(x))] for i in range(len(x))]
    found = []
    for i in range(len(x)):
        found.append(x[i] / sum([x[j] * table[i][j] for j in range(len(x))]))
    return sum(found) + sum([v / sum(found) * v for v in x])


@case(vector(12).reshape(4, 3))
def tuples_appended(x):
    points = [(0.0, 1.0)]
    for k in range(len(x)):
        a, b = points[-1]
        points.append((a + x[k, 0], b + x[k, 1] * a))
    rows = []
    pairs = []
    for i in range(len(x)):
        rows.append([x[i, 0], 1.0, x[i, 1] ** 2])
        for j in range(i):
            if x[i, 0] > x[j, 0]:
                pairs.append((i, j))
    area = 0.0
    for i in range(len(points) - 1):
        area += points[i][0] * points[i + 1][1] - points[i + 1][0] * points[i][1]
    for i, j in pairs:
        area += x[i, 1] * x[j, 2]
    matrix = np.array(rows)
    return area + np.sum(matrix.T @ matrix) + rows[2][2] + sum(a * b for a, b in points)


@case(positive(10).reshape(5, 2), jit=True)
@case(-positive(10).reshape(5, 2))
def appended_on_one_side(x):
    rows = [x[0] * 2.0]
    if x[0, 0] > 0.0:
        rows.append(x[1] * x[0])
    elif x[0, 1] > -9.0:
        rows.append(x[1] * rows[0])
        rows.append(x[2])
    rows.append(x[3] * rows[0])
    total = 0.0
    more = []
    if x[1, 0] > 0.0:
        more.append(x[0] * 2.0)
        more.append(x[1] * 3.0)
        for row in more:
            total += np.sum(row * row)
    return np.sum(np.array(rows) ** 2) + total
