"""What the keys of optimizer and model do in either engine, seen in nothing but the files of runs
and held against the formulas, worked out here."""

import functools
import math
import struct

import pytest
from conftest import run_binary
from idx import write_idx
from support import CNN, CPU, SMOKE, read_epochs, split_safetensors

ENGINES = ("libtorch", "native")


def read_parameters(folder):
    """All numbers of model.safetensors, in one list."""
    header, values = split_safetensors((folder / "model.safetensors").read_bytes())
    assert {t["dtype"] for name, t in header.items() if name != "__metadata__"} == {"F32"}
    return struct.unpack(f"<{len(values) // 4}f", values)


# Adam (paper, eq. 15 to 18), with ε so large that a step tells the gradient, and β₂ = 0, so that
# the second moment is the square of the last gradient. All images are one batch: a step an epoch.

RATE = 0.5
EPSILON = 0.25
FULL_BATCH = (SMOKE, *CPU, "data.train_limit=300", "data.test_limit=100", "model.hidden=[4]",
              "model.dropout=0", "training.batch_size=300")  # fmt: skip
PLAIN = {"learning_rate": RATE, "beta1": 0, "beta2": 0, "epsilon": EPSILON, "weight_decay": 0}


@pytest.fixture(name="after", scope="module", params=ENGINES)
def fixture_after(request, tmp_path_factory):
    """after(steps, key=value) gives the parameters after `steps` steps of PLAIN with that change."""
    home = tmp_path_factory.mktemp(request.param)

    @functools.cache
    def train(steps, **optimizer):
        chosen = optimizer if optimizer.get("type") == "sgd" else {**PLAIN, **optimizer}
        overrides = [f"optimizer.{key}={value}" for key, value in chosen.items()]
        done = run_binary("run", *FULL_BATCH, f"training.engine={request.param}", *overrides,
                          f"training.epochs={steps}", "--force", "--output", "run", cwd=home)  # fmt: skip
        assert done.code == 0, done
        return read_parameters(home / "run")

    return train


def gradients(before, after):
    """Of a step with β₁ = β₂ = 0, which is RATE · g / (|g| + EPSILON)."""
    shares = [(b - a) / RATE for b, a in zip(before, after)]
    return [share * EPSILON / (1 - abs(share)) for share in shares]


def assert_near(found, expected, unlike):
    """`found` is `expected` up to the rounding of float32, and is far from what it would be if the
    key that is tested had been ignored, `unlike`."""
    tolerance = 1e-6
    assert max(abs(f - e) for f, e in zip(found, expected)) < tolerance
    assert max(abs(f - u) for f, u in zip(found, unlike)) > 100 * tolerance


def test_weight_decay_is_added_to_the_gradient(after):
    start = after(1, learning_rate=1e-30)
    plain = after(1)
    decay = 0.75
    decayed = [g + decay * theta for g, theta in zip(gradients(start, plain), start)]
    expected = [theta - RATE * g / (abs(g) + EPSILON) for theta, g in zip(start, decayed)]
    assert_near(after(1, weight_decay=decay), expected, unlike=plain)


def test_beta1_weighs_the_gradient_before(after):
    start = after(1, learning_rate=1e-30)
    one, two = after(1), after(2)
    beta = 0.5
    expected = []
    for theta, first, second in zip(one, gradients(start, one), gradients(one, two)):
        moment = beta * (1 - beta) * first + (1 - beta) * second
        expected.append(theta - RATE * moment / (1 - beta**2) / (abs(second) + EPSILON))
    assert_near(after(1, beta1=beta), one, unlike=start)  # the first moment is unbiased
    assert_near(after(2, beta1=beta), expected, unlike=two)


def test_beta2_weighs_the_square_before(after):
    start = after(1, learning_rate=1e-30)
    one, two = after(1), after(2)
    beta = 0.5
    expected = []
    for theta, first, second in zip(one, gradients(start, one), gradients(one, two)):
        moment = beta * (1 - beta) * first**2 + (1 - beta) * second**2
        expected.append(theta - RATE * second / (math.sqrt(moment / (1 - beta**2)) + EPSILON))
    assert_near(after(1, beta2=beta), one, unlike=start)
    assert_near(after(2, beta2=beta), expected, unlike=two)


# SGD, whose steps tell the gradients: after(1) − start = −rate · g.


def sgd(after, steps, **settings):
    return after(steps, type="sgd", learning_rate=RATE, **settings)


def sgd_gradients(before, after):
    return [(b - a) / RATE for b, a in zip(before, after)]


def test_sgd_adds_weight_decay_to_the_gradient(after):
    start = after(1, type="sgd", learning_rate=1e-30)
    plain = sgd(after, 1)
    decay = 0.75
    expected = [b - RATE * decay * a for a, b in zip(start, plain)]
    assert_near(sgd(after, 1, weight_decay=decay), expected, unlike=plain)


def test_sgd_keeps_a_share_of_the_step_before(after):
    start = after(1, type="sgd", learning_rate=1e-30)
    one, two = sgd(after, 1), sgd(after, 2)
    momentum = 0.5
    assert sgd(after, 1, momentum=momentum) == one
    first, second = sgd_gradients(start, one), sgd_gradients(one, two)
    expected = [b - RATE * (momentum * f + s) for b, f, s in zip(one, first, second)]
    assert_near(sgd(after, 2, momentum=momentum), expected, unlike=two)


def test_nesterovs_momentum_looks_ahead(after):
    start = after(1, type="sgd", learning_rate=1e-30)
    one = sgd(after, 1)
    momentum = 0.5
    first = sgd_gradients(start, one)
    expected = [a - RATE * (1 + momentum) * g for a, g in zip(start, first)]
    assert_near(sgd(after, 1, momentum=momentum, nesterov="true"), expected, unlike=one)


# Dropout: where all images are equal and no parameter moves, nothing but the masks can make one
# loss differ from another.

DROPOUTS = {
    "mlp": (SMOKE, "model.hidden=[64]", ("dropout",)),
    "cnn": (CNN, "model.hidden=64", ("dropout2d", "dropout")),
}


@pytest.fixture(name="losses")
def fixture_losses(bench, tmp_path):
    """losses(config, override, ...) gives the training loss of each of three epochs."""
    image = [[(17 * row * column) % 256 for column in range(12)] for row in range(12)]
    write_idx(tmp_path / "data", [image] * 8, [1] * 8)

    def train(*config, images=8):
        done = bench("run", *config, *CPU, "data.directory=data", "data.dataset=own",
                     f"data.train_limit={images}", "data.test_limit=8", "training.epochs=3",
                     "training.batch_size=4", "optimizer.learning_rate=1e-30",
                     "--force", "--output", "run")  # fmt: skip
        assert done.code == 0, done
        return [epoch["train_loss"] for epoch in read_epochs(tmp_path / "run")]

    return train


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", list(DROPOUTS))
def test_dropout_draws_new_masks_in_each_step_and_epoch(losses, engine, model):
    *base, keys = DROPOUTS[model]
    base.append(f"training.engine={engine}")
    none = [f"model.{key}=0" for key in keys]
    still = losses(*base, *none)
    assert max(still) - min(still) < 1e-6 * still[0]
    for key in keys:
        run = (*base, *(f"model.{other}=0" for other in keys if other != key), f"model.{key}=0.5")
        two_steps = losses(*run)
        one_step = losses(*run, images=4)
        assert len(set(two_steps)) == 3, key
        assert len(set(one_step)) == 3, key
        # The mean over two steps is that of the first alone where the second has the same masks.
        for both, first in zip(two_steps, one_step):
            assert abs(both - first) > 1e-6 * first, key
        assert losses(*run) == two_steps, key
