"""Layer, RMS and group normalization against NumPy in long double, and against PyTorch."""

import numpy as np
import pytest

EPSILON = 1e-3
KINDS = ["variance", "mean square", "norm"]
# One row or many, around the rows that are taken at once (8) and groups (64); columns around lanes (32), strips (64) and
# chunks (1024).
SHAPES = [
    *((rows, c) for rows in (1, 7, 8, 9, 64, 65, 130) for c in (1, 3, 31, 32, 33, 64, 65, 200)),
    (3, 1024),
    (3, 1025),
    (70, 2500),
    (9000, 5),
    (2, 40_000),
]
# Images, pixels, channels, groups: images that are divided (below 8) and others, few channels and many, around groups (64) of
# rows.
GROUPS = [
    *(
        (n, pixels, c, groups)
        for n in (1, 3, 9)
        for pixels in (1, 5, 64, 130)
        for c, groups in ((4, 2), (6, 6), (33, 3), (64, 1))
    ),
    (2, 4096, 4, 2),
    (1, 1100, 16, 4),
    (8, 2000, 70, 7),
]


def draw(native, *shapes, mean=2.0, deviation=1.5):
    rng = np.random.default_rng(0)
    return [native.array(rng.normal(mean, deviation, shape)) for shape in shapes]


class Rows:
    """Normalization of rows, by a kernel and in long double."""

    def __init__(self, native, shape, kind, mean=2.0):
        self.native, self.shape, self.kind = native, shape, kind
        self.x, self.d_y = draw(native, shape, shape, mean=mean)
        self.gamma, self.beta = draw(native, shape[1], shape[1])
        self.mean, self.scale = native.empty(shape[0]), native.empty(shape[0])

    def forward(self, gamma, beta, x=None, y=None):
        x, y = self.x if x is None else x, self.native.empty(self.shape) if y is None else y
        self.native.normalize.normalization_forward(x, gamma, beta, self.kind, EPSILON, self.mean, self.scale, y)
        return y

    def backward(self, gamma, d_y=None, d_x=None):
        d_y, d_x = self.d_y if d_y is None else d_y, self.native.empty(self.shape) if d_x is None else d_x
        d_gamma, d_beta = self.native.empty(self.shape[1]), self.native.empty(self.shape[1])
        self.native.normalize.normalization_backward(
            self.x, gamma, self.kind, EPSILON, self.mean, self.scale, d_y, d_x, d_gamma, d_beta
        )
        return d_x, d_gamma, d_beta

    def expected(self, gamma, beta):
        x, d_y = self.x.astype(np.longdouble), self.d_y.astype(np.longdouble)
        deviation = x - x.mean(axis=1, keepdims=True) if self.kind == "variance" else x
        squares = (np.sum if self.kind == "norm" else np.mean)(deviation**2, axis=1, keepdims=True)
        scale = 1 / np.maximum(np.sqrt(squares), EPSILON) if self.kind == "norm" else 1 / np.sqrt(squares + EPSILON)
        normalized = deviation * scale
        weighted = d_y if gamma is None else d_y * gamma
        slope = np.sum(weighted * normalized, axis=1, keepdims=True) / (1 if self.kind == "norm" else x.shape[1])
        d_x = weighted - normalized * np.where(scale * EPSILON < 1, slope, 0)
        if self.kind == "variance":
            d_x = d_x - weighted.mean(axis=1, keepdims=True)
        y = normalized * (1 if gamma is None else gamma) + (0 if beta is None else beta)
        return y, d_x * scale, np.sum(d_y * normalized, axis=0), np.sum(d_y, axis=0)


def assert_close(received, expected, epsilon, factor=30):
    scale = np.maximum(np.abs(expected).max(initial=0), 1)
    assert np.abs(received - expected).max(initial=0) <= factor * epsilon * scale


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rows(native, shape, kind):
    rows = Rows(native, shape, kind)
    for gamma, beta in ((rows.gamma, rows.beta), (None, None)):
        expected = rows.expected(gamma, beta)
        assert_close(rows.forward(gamma, beta), expected[0], native.epsilon)
        for received, gradient in zip(rows.backward(gamma), expected[1:], strict=True):
            # A variance near epsilon, as that of few numbers may be, magnifies the rounding of the mean.
            assert_close(received, gradient, native.epsilon, 300)


def test_a_large_mean_cancels_nothing(native):
    shape = (20, 5000)
    rows = Rows(native, shape, "variance", mean=100.0)
    # The numbers themselves are rounded at 100 epsilon; the statistics must add nothing to that.
    assert_close(rows.forward(None, None), rows.expected(None, None)[0], native.epsilon, 200)


def test_rows_of_a_small_norm(native):
    rows = Rows(native, (9, 70), "norm")
    factors = np.where(np.arange(9) % 3, 1, EPSILON / 1000)
    factors[1] = 0
    rows.x = native.array(rows.x * factors[:, np.newaxis])
    expected = rows.expected(None, None)
    assert_close(rows.forward(None, None), expected[0], native.epsilon)
    assert_close(rows.backward(None)[0], expected[1], native.epsilon)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_in_place(native, kind):
    rows = Rows(native, (70, 130), kind)
    expected, gradients = rows.forward(rows.gamma, rows.beta), rows.backward(rows.gamma)
    y, d_x = rows.x.copy(), rows.d_y.copy()
    np.testing.assert_array_equal(rows.forward(rows.gamma, rows.beta, y, y), expected)
    for received, gradient in zip(rows.backward(rows.gamma, d_x, d_x), gradients, strict=True):
        np.testing.assert_array_equal(received, gradient)


@pytest.mark.parametrize("shape", [(9000, 70), (40, 20_000)], ids=str)
def test_rows_do_not_depend_on_threads(native, threads, shape):
    rows = Rows(native, shape, "variance")
    results = []
    for count in (1, 3):
        with threads(count):
            results.append([rows.forward(rows.gamma, rows.beta), rows.mean.copy(), *rows.backward(rows.gamma)])
    for one, several in zip(*results, strict=True):
        np.testing.assert_array_equal(one, several)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0)], ids=str)
def test_no_rows(native, shape):
    rows = Rows(native, shape, "variance")
    rows.forward(rows.gamma, rows.beta)
    _, d_gamma, d_beta = rows.backward(rows.gamma)
    assert not d_gamma.any()
    assert not d_beta.any()


def test_nan_stays_in_its_row(native):
    rows = Rows(native, (70, 40), "variance")
    x = rows.x.copy()
    x[3, 5] = np.nan
    y = rows.forward(rows.gamma, rows.beta, x)
    assert np.isnan(y[3]).all()
    assert np.isfinite(np.delete(y, 3, axis=0)).all()


# Groups ---------------------------------------------------------------------------------------------------------------


class Groups:
    """Group normalization, by a kernel and in long double. Arrays are (n, pixels, c), for kernels of planes transposed."""

    def __init__(self, native, n, pixels, c, groups, mean=2.0, module="normalize_groups"):
        self.native, self.groups, self.shape = native, groups, (n, pixels, c)
        self.module, self.axes = getattr(native, module), (0, 2, 1) if module == "normalize_planes" else (0, 1, 2)
        self.x, self.d_y = draw(native, self.shape, self.shape, mean=mean)
        self.gamma, self.beta = draw(native, c, c)
        self.mean, self.scale = native.empty((n, groups)), native.empty((n, groups))

    def ordered(self, x):
        return self.native.array(x.transpose(self.axes))

    def forward(self, gamma, beta, x=None, in_place=False):
        x = self.ordered(self.x if x is None else x)
        y = self.native.empty(x.shape)
        if in_place:
            x = y = x.copy()
        self.module.group_normalization_forward(x, gamma, beta, EPSILON, self.mean, self.scale, y)
        return y.transpose(self.axes)

    def backward(self, gamma, in_place=False):
        d_y = self.ordered(self.d_y)
        d_x = self.native.empty(d_y.shape)
        if in_place:
            d_y = d_x = d_y.copy()
        d_gamma, d_beta = self.native.empty(self.shape[2]), self.native.empty(self.shape[2])
        self.module.group_normalization_backward(self.ordered(self.x), gamma, self.mean, self.scale, d_y, d_x, d_gamma, d_beta)
        return d_x.transpose(self.axes), d_gamma, d_beta

    def expected(self, gamma, beta):
        n, pixels, c = self.shape
        apart = (n, pixels, self.groups, c // self.groups)
        x, d_y = self.x.astype(np.longdouble).reshape(apart), self.d_y.astype(np.longdouble)
        deviation = x - x.mean(axis=(1, 3), keepdims=True)
        scale = 1 / np.sqrt(np.mean(deviation**2, axis=(1, 3), keepdims=True) + EPSILON)
        normalized = deviation * scale
        weighted = (d_y if gamma is None else d_y * gamma).reshape(apart)
        d_x = weighted - weighted.mean(axis=(1, 3), keepdims=True)
        d_x = (d_x - normalized * np.mean(weighted * normalized, axis=(1, 3), keepdims=True)) * scale
        normalized = normalized.reshape(self.shape)
        y = normalized * (1 if gamma is None else gamma) + (0 if beta is None else beta)
        return y, d_x.reshape(self.shape), np.sum(d_y * normalized, axis=(0, 1)), np.sum(d_y, axis=(0, 1))


@pytest.fixture(params=["normalize_groups", "normalize_planes"])
def module(request):
    return request.param


@pytest.mark.parametrize(("n", "pixels", "c", "groups"), GROUPS, ids=str)
def test_groups(native, module, n, pixels, c, groups):
    case = Groups(native, n, pixels, c, groups, module=module)
    for gamma, beta in ((case.gamma, case.beta), (None, None)):
        expected = case.expected(gamma, beta)
        assert_close(case.forward(gamma, beta), expected[0], native.epsilon, 100)
        for received, gradient in zip(case.backward(gamma), expected[1:], strict=True):
            assert_close(received, gradient, native.epsilon, 1000)


def test_a_large_mean_of_groups_cancels_nothing(native, module):
    case = Groups(native, 2, 3000, 8, 2, mean=100.0, module=module)
    assert_close(case.forward(None, None), case.expected(None, None)[0], native.epsilon, 200)


def test_groups_in_place(native, module):
    case = Groups(native, 3, 70, 12, 3, module=module)
    expected, gradients = case.forward(case.gamma, case.beta), case.backward(case.gamma)
    np.testing.assert_array_equal(case.forward(case.gamma, case.beta, in_place=True), expected)
    for received, gradient in zip(case.backward(case.gamma, in_place=True), gradients, strict=True):
        np.testing.assert_array_equal(received, gradient)


@pytest.mark.parametrize("n", [2, 9])
def test_groups_do_not_depend_on_threads(native, threads, module, n):
    case = Groups(native, n, 5000, 32, 4, module=module)
    results = []
    for count in (1, 3):
        with threads(count):
            results.append([case.forward(case.gamma, case.beta), case.mean.copy(), *case.backward(case.gamma)])
    for one, several in zip(*results, strict=True):
        np.testing.assert_array_equal(one, several)


@pytest.mark.parametrize(("n", "pixels", "c", "groups"), [(0, 3, 4, 2), (3, 0, 4, 2)], ids=str)
def test_no_images(native, module, n, pixels, c, groups):
    case = Groups(native, n, pixels, c, groups, module=module)
    case.forward(case.gamma, case.beta)
    _, d_gamma, d_beta = case.backward(case.gamma)
    assert not d_gamma.any()
    assert not d_beta.any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_stays_in_its_group(native, module, value):
    case = Groups(native, 2, 70, 6, 2, module=module)
    x = case.x.copy()
    x[1, 0, 4] = value
    y = case.forward(case.gamma, case.beta, x)
    assert np.isnan(y[1, 0, 4])
    assert np.isfinite(y[0]).all()
    assert np.isfinite(y[1, :, :3]).all()


# As PyTorch ----------------------------------------------------------------------------------------------------------


def test_pytorch_agrees(native):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    rows, case = Rows(native, (65, 70), "variance"), Groups(native, 3, 30, 12, 3)
    pairs = [
        (rows, lambda x, gamma, beta: functional.layer_norm(x, (70,), gamma, beta, EPSILON)),
        (case, lambda x, *weights: functional.group_norm(x.permute(0, 2, 1), 3, *weights, EPSILON).permute(0, 2, 1)),
    ]
    for ours, theirs in pairs:
        leaves = [torch.tensor(array.copy(), requires_grad=True) for array in (ours.x, ours.gamma, ours.beta)]
        y = theirs(*leaves)
        y.backward(torch.tensor(ours.d_y.copy()))
        assert_close(ours.forward(ours.gamma, ours.beta), y.detach().numpy(), native.epsilon, 1000)
        for received, leaf in zip(ours.backward(ours.gamma), leaves, strict=True):
            assert_close(received, leaf.grad.numpy(), native.epsilon, 1000)


@pytest.mark.parametrize("change", ["dtype", "order", "axes", "writeable"])
def test_arrays_that_do_not_fit_are_refused(native, change):
    rows = Rows(native, (6, 6), "variance")
    x, y = rows.x, native.empty(rows.shape)
    if change == "dtype":
        x = x.astype("float32" if native.dtype == "float64" else "float64")
    elif change == "order":
        x = x.T
    elif change == "axes":
        x = x.reshape(-1)
    else:
        y.flags.writeable = False
    with pytest.raises(ValueError, match="Expected"):
        rows.forward(rows.gamma, rows.beta, x, y)
