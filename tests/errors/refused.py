"""Functions that are refused, each for one reason (or for several, all told at once), with arguments."""

import math

import numpy as np

x = np.arange(1.0, 5.0)
A = np.arange(1.0, 10.0).reshape(3, 3)
REFUSED = []


def refused(*args, **options):
    def register(fn):
        REFUSED.append((fn, args, options))
        return fn

    return register


@refused(x)
def several_at_once(x):
    y = yield x[0]
    z = {v for v in x}
    return y + z[0] + not_defined_anywhere  # noqa: F821


@refused(x)
def a_file(x):
    with open("f") as file:
        y = x[0]
    return y


@refused(x)
def prints_a_text_of_the_run(x):
    print(f"{x[0]}")
    return x[0]


@refused(x)
def prints_elsewhere(x):
    print(x[0], end="")
    return x[0]


@refused(x)
def raises_again(x):
    if x[0] < 0.0:
        raise
    return np.sqrt(x[0])


@refused(x)
def raises_a_value(x):
    error = ValueError
    if x[0] < 0.0:
        raise error("negative")
    return np.sqrt(x[0])


@refused(x)
def f_string(x):
    name = f"{x}"
    return x[0] * len(name)


@refused(x)
def maybe_undefined_in_a_loop(x):
    for k in range(x.shape[0]):
        if x[k] > 0.5:
            y = x * x[k]
    return y[0] * y[1]


@refused(x, 3)
def maybe_undefined_where_a_call_decides(x, n):
    for i in range(n):
        y = x[i]
    return y * y if np.random.rand() > 0.5 and y > 0.0 else x[0]


@refused(x)
def an_exception_as_a_value(x):
    try:
        y = math.log(x[0])
    except ValueError as error:
        y = len(error.args)
    return y * x[0]


@refused(x)
def an_attribute(x):
    x.name = "x"
    return x[0]


@refused(x)
def a_dict_with_a_key_in_a_branch(x):
    d = {"a": x[0]}
    if x[0] > 0.0:
        d["b"] = x[1]
    return d["a"] * d["b"]


@refused(x)
def a_dict_with_a_key_in_a_loop(x):
    d = {}
    for i in range(3):
        d["a"] = x[i]
    return d["a"]


@refused(x)
def a_dict_with_two_names(x):
    d = {"a": x[0]}
    e = d
    d["a"] = x[1]
    return e["a"]


@refused(x, 1)
def a_key_of_the_run(x, k):
    d = {0: x[0], 1: x[1]}
    d[k] = 2.0
    return d[0]


def changes(d, x):
    d["a"] = x
    return x


@refused(x)
def a_dict_changed_elsewhere(x):
    d = {"a": x[0]}
    return changes(d, x[1]) * d["a"]


@refused(2.0)
def a_root_by_bisection(c):
    low, high = 0.0, 10.0
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        if middle * middle > c:
            high = middle
        else:
            low = middle
    return low


@refused(2.0)
def a_root_by_bisection_of_a_pair(c):
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if middle * middle < c else (low, middle)
    return low


@refused(x)
def result_is_an_array(x):
    return x * 2.0


@refused(x)
def result_is_a_tuple(x):
    return x[0], x[1]


@refused(x)
def result_is_an_integer(x):
    return x.shape[0]


@refused(3)
def by_an_integer(n):
    return n * 2.0


@refused(x)
def out_of_another_shape(x):
    return np.sum(np.add(x, 1.0, out=np.zeros((3, 3))))


@refused({1.0, 2.0})
def of_a_set(x):
    return sum(x)


@refused({"rate": 1, "how": "mean"})
def of_a_dict_without_floats(p):
    return 2.0 * p["rate"]


@refused([1.0, 2.0])
def of_a_list_taken_for_an_array(x):
    return x.shape[0]


@refused(x)
def no_rule(x):
    return math.modf(x[0])[0]


@refused(x)
def not_a_function_of_arrays(x):
    return np.fft.hfft(x).real.sum()


@refused(A)
def not_lowered(A):
    return np.partition(A[0], 2)


@refused(4.0)
def recursive(x):
    return x * recursive(x / 2.0)


@refused(x)
def mask_in_a_test(x):
    while np.sum(x[x > 1.0]) > 2.0:
        x = 0.5 * x
    return np.sum(x)


@refused(x)
def roots_of_a_polynomial(x):
    return np.sum(np.roots(x))


@refused(x)
def unknown_attribute(x):
    return x.nonsense[0]


@refused(x)
def unknown_method(x):
    return x.nonsense()


@refused(x)
def nothing_returned(x):
    y = x[0]


@refused(x)
def a_set(x):
    s = 0.0
    for v in {1.0, 2.0}:
        s += v * x[0]
    return s


@refused(x)
def a_list_read_and_run_again(x):
    heap = []
    for v in x:
        heap.append(v)
        i = len(heap) - 1
        while i > 0 and heap[(i - 1) // 2] > heap[i]:
            heap[(i - 1) // 2], heap[i] = heap[i], heap[(i - 1) // 2]
            i = (i - 1) // 2
    return heap[0] ** 2 + heap[-1]


@refused(x)
def a_slice_of_a_list_is_assigned(x):
    ys = [x[0], x[1]]
    ys.append(x[2])
    ys[0:2] = [x[2]]
    return sum(ys)


@refused(x)
def lists_are_joined(x):
    ys = [v * v for v in x]
    zs = ys + ys
    return sum(zs)


@refused(x, 3)
def a_tuple_is_repeated(x, n):
    return np.sum((x[0], x[1]) * n)


@refused(x)
def starred(x):
    first, *rest = x[0], x[1], x[2]
    return first


@refused(x)
def walrus(x):
    return y * (y := x[0])


@refused(x)
def deleted(x):
    y = x[0]
    del x[0]
    return y


@refused(x)
def inner_function(x):
    def scaled(z):
        return k * z

    k = x[0]
    return scaled(x[0])


@refused(x)
def rank_changes(x):
    y = x
    for i in range(2):
        y = y[0] if i else y
    return y


@refused(x, 2.0)
def shape_of_a_branch(x, c):
    if c > 1.0:
        y = x[0]
    else:
        y = x
    return 2.0 * y


@refused(1.0 + 2.0j)
def complex_result(z):
    return z * z


@refused(x)
def written_under_two_names(x):
    y = x
    for i in range(3):
        y[0] = y[1] * 2.0
        y = y * 1.5
    return np.sum(y) + x[0]


@refused(x)
def written_after_a_reshape(x):
    m = x.reshape(2, 2)
    m[0, 1] = m[1, 0] * m[1, 1]
    return np.sum(x**2) + m[1, 1]


@refused(x, 0.3)
def written_through_one_of_two(x, a):
    y = 2.0 * x
    z = y if a > 0.0 else x
    z[0] = a * z[1]
    return np.sum(x * x) + np.sum(y * y * a)


@refused(x)
def an_alias_written_before_it_is_rebound(x):
    y = x
    s = 0.0
    for i in range(3):
        x[0] += 0.1 * x[1]
        s += y[0] * y[1]
        y = y * 2.0
    return s


@refused(x)
def raveled_and_written(x):
    y = x[::2].ravel()
    y[0] = 5.0
    return x[0] * y[0]


@refused(x, x + 1.0)
def iterated_and_swapped(x, w):
    for v in x:
        w, x = x, w
        w[1] -= np.sin(v)
    return np.sum(w)


@refused(2.0)
def complex_into_real_memory(x):
    out = np.zeros(3)
    out[0] = np.exp(1j * x)
    return out[0]


@refused(2.0)
def complex_numbers_in_order(x):
    z = x + 1j
    return x if z < 2j else 2.0 * x


@refused(x)
def greatest_complex_number(x):
    return np.max(x * 1j).imag


@refused(2.0)
def float_of_a_complex_number(x):
    return float(x * 1j)


@refused(2.0)
def step_of_a_complex_number(x):
    return np.floor(x * 1j).imag


@refused(2.0)
def imaginary_part_written(x):
    z = np.zeros(3, dtype=complex)
    z.imag = x
    return np.sum(np.abs(z))


@refused(2.0)
def place_that_a_refused_branch_gives(x):
    i = 0
    out = np.zeros(4)
    for _ in range(3):
        if i < 2 and math.frexp(x)[0] > 0.0:
            i += 1
        out[i] = x * x
    return np.sum(out)


@refused(x)
def part_of_what_is_written(x):
    z = x * 1j
    part = z.imag
    z[0] = 2.0 * x[1]
    return np.sum(part)


@refused(2.0)
def real_part_written(x):
    z = np.zeros(3, dtype=complex)
    z.real[1] = x
    return np.sum(np.abs(z))


@refused(x, wrt="z")
def by_what_another_name_changes(x):
    z = x * x
    w = z[1:]
    w[0] = 5.0
    return np.sum(z)


@refused(x, wrt="z")
def by_what_may_not_be_reached(x):
    if x[0] > 100.0:
        return 1.0
    z = x[0]
    return z * z


@refused(x, wrt="z")
def by_what_may_have_no_value(x):
    if x[0] > 0.0:
        z = x[0]
    return z * z


@refused(x, wrt="z")
def by_a_list(x):
    z = [x[0], x[1]]
    z.append(x[2])
    return z[0] * z[2]


@refused(x, wrt="z")
def by_what_a_function_has_captured(x):
    s = 0.0
    z = 1.0
    for i in range(3):
        z = z * x[i]

        def f(t):
            return t * z  # noqa: B023

        s += f(x[0])
    return s


@refused(x, wrt="z")
def by_an_integer_inside(x):
    z = 3
    return x[0] * z


@refused({"w": x, "b": 1.0}, wrt="p.w")
def by_a_key_behind_a_dot(p):
    return np.sum(p["w"]) * p["b"]


@refused({"w": x, "b": 1.0}, wrt="p['w'][0]")
def by_an_element(p):
    return np.sum(p["w"]) * p["b"]


@refused({"w": x, "b": 1.0}, wrt=("p", "p['b']"))
def by_a_part_and_the_whole(p):
    return np.sum(p["w"]) * p["b"]


@refused(1.3)
def a_test_with_its_bits_inverted(x):
    if ~(x > 0.0):
        return 2.0 * x
    return 3.0 * x


@refused(np.ones((3, 3)), 1.0)
def a_list_that_a_branch_chooses_is_an_index(A, x):
    if x > 0.5:
        rows = [0, 1]
    else:
        rows = [1, 2]
    return np.sum(A[rows]) * x


@refused(x)
def pieces_that_are_functions(x):
    return np.sum(np.piecewise(x, [x > 1.0], [lambda v: v / v.sum(), 0.0]))


@refused(x)
def pieces_by_a_condition_of_another_rank(x):
    return np.sum(np.piecewise(x, [x[0] > 1.0], [2.0, 0.0]) * x)


@refused(x)
def a_number_joined_to_an_array(x):
    return np.sum(np.concatenate((x, 2.0)))


@refused(x)
def a_number_stacked_on_an_array(x):
    return np.sum(np.stack((x[0], x[:1])))


@refused(x)
def a_list_of_an_array_that_is_written_later(x):
    h = x.copy()
    path = []
    for k in range(3):
        path.append(h)
        h += x
    return sum(np.sum(v) for v in path)


@refused(x)
def a_list_that_is_an_item_and_gets_longer(x):
    rows = []
    row = []
    for v in x:
        row.append(v)
        rows.append(row)
    return rows[0][0] * len(rows[0])


@refused(x)
def an_item_written_after_its_list_got_longer(x):
    rows = [x * 1.0]
    first = rows[0]
    for k in range(12):
        rows.append(x * k)
    first[0] = 5.0
    return sum(np.sum(v * v) for v in rows)


@refused(x)
def an_item_replaced_that_has_a_name(x):
    rows = [x * 1.0, x * 2.0]
    for k in range(1, 2):
        first = rows[k]
        rows[k] = x * 3.0
        x = x + first
    return np.sum(rows[1] * x)


@refused(x)
def a_list_of_numbers_and_arrays(x):
    rows = []
    for v in x:
        rows.append(v)
        rows.append(x)
    return np.sum(rows[1])


@refused(x)
def appended_in_a_branch_of_a_length_that_the_loop_makes(x):
    rows = []
    for k in range(len(x)):
        if x[k] > 1.0:
            part = np.concatenate((x[k:], x[:k]))
            rows.append(np.append(part, x[k]))
    return np.sum(rows[0])


@refused(1.3)
def an_item_of_what_may_be_a_number(x):
    y = x
    if x > 0.5:
        y = np.asarray(x)
    y[...] = 2.0
    return y * x


@refused(1.3)
def an_item_that_has_another_name(x):
    a = np.asarray(x)
    b = a
    b[...] = 2.0
    return a * x


@refused(1.3)
def an_item_of_an_array_without_axes_by_a_place(x):
    y = np.asarray(x)
    y[0] = 2.0 * x
    return y


@refused(1.3)
def an_item_of_whole_numbers(x):
    n = np.zeros((), dtype=int)
    n[...] = x
    return n * x


@refused(1.3)
def an_error_that_depends_on_the_kind_of_number(x):
    y = np.asarray(x) if x > 0.5 else x
    try:
        y[...] = 2.0 * x
    except TypeError:
        return x
    return y


@refused(np.ones(2))
def a_sum_whose_overflow_is_an_error(x):
    with np.errstate(over="raise"):
        return np.sum(x)


@refused(1.3)
def underflow_is_an_error(x):
    with np.errstate(all="raise"):
        return x * x


def given_back(v, n):
    return v if n == 0 else given_back(v, n - 1)


@refused(x, 2)
def written_where_a_recursive_function_gave_it_back(x, n):
    y = x * 2.0
    z = given_back(y, n)
    y[0] = 1.0
    return np.sum(z)


def doubled(v, n):
    v *= 2.0
    return v if n == 0 else doubled(v, n - 1)


@refused(x, 2)
def a_recursive_function_writes_by_an_operator(x, n):
    return np.sum(doubled(x * 1.0, n))


def filled(v, n):
    v[n] = 2.0 * v[0]
    return v[1] if n == 0 else filled(v, n - 1)


@refused(x, 2)
def a_recursive_function_writes_into_no_variable(x, n):
    return filled(x[x > 0.5], n)


def composed(f, x, n):
    return f(x) if n == 0 else composed(lambda t: f(f(t)), x, n - 1)


@refused(1.3, 2)
def a_recursive_function_of_ever_other_functions(x, n):
    return composed(np.sin, x, n)


def by_key(values, n):
    return values["a"] if n == 0 else by_key({"a": values["a"] * 2.0}, n - 1)


@refused(1.3, 2)
def a_recursive_function_of_a_dict(x, n):
    return by_key({"a": x}, n)


def later(x, n):
    def first(x, n):
        return x if n == 0 else second(x, n - 1)

    def second(x, n):
        return first(np.sin(x), n)

    return first(x, n)


@refused(1.3, 2)
def local_functions_that_call_one_another(x, n):
    return later(x, n)


@refused(x)
def a_list_that_grows_under_another_name(x):
    ys = []
    other = ys
    for i in range(3):
        ys.append(x[i])
    return sum(ys) + len(other) * x[0]


@refused(x)
def two_names_of_a_list_that_both_grow(x):
    ys = [x[0]]
    other = ys
    ys.append(x[1])
    other.append(x[2])
    return sum(ys) + len(other) * x[0]


@refused(x)
def random_numbers_without_a_seed(x):
    return np.sum(x * np.random.randn(3))


@refused(x)
def a_generator_without_a_seed(x):
    rng = np.random.default_rng()
    return np.sum(x * rng.normal(size=3))


@refused(x)
def as_many_random_numbers_as_the_run_says(x):
    rng = np.random.default_rng(0)
    return np.sum(x * rng.normal(size=x.shape))


@refused(x)
def a_random_number_for_each_element(x):
    rng = np.random.default_rng(0)
    s = 0.0
    for v in x:
        s += v * rng.normal()
    return s


@refused(x)
def random_numbers_in_a_branch(x):
    rng = np.random.default_rng(0)
    s = x[0]
    for k in range(3):
        if x[k] > 0.5:
            s = s * rng.random()
    return s


@refused(x)
def a_shuffle(x):
    rng = np.random.default_rng(0)
    order = np.arange(3)
    rng.shuffle(order)
    return np.sum(x * order)


@refused(x)
def a_sum_that_may_stay_a_number(x):
    total = 0
    for k in range(len(x)):
        if x[k] > 0.5:
            total = total + x
    return np.sum(total)


@refused(x)
def a_text_of_the_run_as_a_number(x):
    how = "a" if x[0] > 0.5 else "b"
    return x[0] * how


@refused(x)
def places_that_are_no_integers(x):
    return np.sum(np.outer(x, x)[np.ix_(x, [0, 1])])


@refused(x)
def an_item_of_a_list_that_holds_it_twice(x):
    rows = []
    z = x * 1.0
    for _ in range(3):
        rows.append(z)
    rows[0][0] = x[1] * 5.0
    return np.sum(np.array(rows) ** 2)


@refused(x)
def an_item_of_two_lists(x):
    a = []
    b = []
    for k in range(3):
        row = x * k
        a.append(row)
        b.append(row)
    a[0][0] = x[0] * 9.0
    return np.sum(np.array(b) ** 2)


@refused(x)
def an_item_of_a_part_of_a_list_is_replaced(x):
    a = [x * 1.0 for _ in range(3)]
    b = a[:]
    for k in range(1):
        b[k] = x * 5.0
    return sum(np.sum(v**2) for v in a) + np.sum(b[0])


@refused(x)
def an_item_of_a_list_that_holds_a_named_list_twice(x):
    rows = []
    row = [x[0], x[1]]
    for _ in range(len(x)):
        rows.append(row)
    rows[0][0] = x[1] * 5.0
    return sum(r[0] * r[1] for r in rows)


@refused(x)
def a_list_changed_after_it_was_put_into_a_list(x):
    rows = []
    for k in range(len(x)):
        row = [x[k], x[0]]
        rows.append(row)
        row[0] = 7.0
    return sum(r[0] * r[1] for r in rows)


@refused(x)
def a_list_that_a_branch_makes_longer_by_its_own_lengths(x):
    rows = []
    if x[0] > 0.5:
        part = np.append(x, x)
        rows.append(part * 2.0)
    else:
        rows.append(x)
    return np.sum(rows[0])


@refused(x)
def a_list_beside_an_array_that_its_loop_makes(x):
    seen = []
    for k in range(len(x)):
        y = x * x[k]
        seen.append(np.sum(y))
    return np.sum(y) + np.sum(np.array(seen) ** 2)
