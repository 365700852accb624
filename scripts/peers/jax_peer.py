"""JAX as a peer of mnist-bench: trains one model and reports its times and test accuracy.

usage: PYTHON jax_peer.py FORM MODEL EPOCHS THREADS SEED

FORM is one of
  scan   the whole epoch is one compiled lax.scan
  step   one compiled step, called from Python
XLA takes its number of threads from the cores that the process may use; THREADS is not needed.
"""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from peer_data import BATCH, MEAN, STD, read_mnist, report


def initial_parameters(name, key):
    """{layer: (weight, bias)} of the paper's Table 1 or Table 2, He-normal weights."""
    if name == "mlp":
        shapes = {"fc1": (784, 256), "fc2": (256, 128), "fc3": (128, 10)}
    else:
        shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64),
                  "fc1": (3136, 128), "fc2": (128, 10)}  # fmt: skip
    he_normal = jax.nn.initializers.variance_scaling(2.0, "fan_in", "normal")
    keys = jax.random.split(key, len(shapes))
    return {
        layer: (he_normal(key, shape), jnp.zeros(shape[-1]))
        for key, (layer, shape) in zip(keys, shapes.items())
    }


def linear(x, layer):
    return x @ layer[0] + layer[1]


def convolution(x, layer):
    layouts = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, layer[0], (1, 1), "SAME", dimension_numbers=layouts) + layer[1]


def max_pool(x):
    """2×2. With lax.reduce_window, whose gradient is slow on the CPU, an epoch takes more than twice
    as long. Equal greatest values share the gradient here; PyTorch gives it to the first."""
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))


def dropout(x, rate, key, mask_shape):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, mask_shape), x / (1 - rate), 0)


def mlp(p, x, key):
    """x: [N, 784]; key: None to evaluate. Returns logits [N, 10]."""
    x = jax.nn.relu(linear(x, p["fc1"]))
    x = jax.nn.relu(linear(x, p["fc2"]))
    if key is not None:
        x = dropout(x, 0.2, key, x.shape)
    return linear(x, p["fc3"])


def cnn(p, x, key):
    """As mlp()."""
    channel_key, unit_key = (None, None) if key is None else jax.random.split(key)
    x = convolution(x.reshape(-1, 28, 28, 1), p["conv1"])
    x = convolution(jax.nn.relu(max_pool(x)), p["conv2"])
    if key is not None:
        x = dropout(x, 0.25, channel_key, (x.shape[0], 1, 1, x.shape[3]))
    x = jax.nn.relu(max_pool(x))
    x = jax.nn.relu(linear(x.reshape(x.shape[0], -1), p["fc1"]))
    if key is not None:
        x = dropout(x, 0.5, unit_key, x.shape)
    return linear(x, p["fc2"])


def adam(state, gradients):
    """Equations 15 to 18, with ε outside the root. state: (parameters, m, v, t)."""
    parameters, m, v, t = state
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
    rate, root = 0.001 / (1 - 0.9**t), jnp.sqrt(1 - 0.999**t)

    def updated(p, m, v):
        return p - rate * m / (jnp.sqrt(v) / root + 1e-8)

    return jax.tree.map(updated, parameters, m, v), m, v, t


def make_step(apply, key):
    """step(state, images, labels, batch): the state after training on the images of `batch`."""

    def loss_of(parameters, images, labels, dropout_key):
        log_probabilities = jax.nn.log_softmax(apply(parameters, images, dropout_key))
        return -jnp.take_along_axis(log_probabilities, labels[:, None], 1).mean()

    def step(state, images, labels, batch):
        dropout_key = jax.random.fold_in(key, state[3])
        return adam(state, jax.grad(loss_of)(state[0], images[batch], labels[batch], dropout_key))

    return step


def compiled_scan(step, state, images, labels):
    """epoch(state, order), compiled before the first one."""
    full = len(labels) // BATCH * BATCH

    def epoch(state, images, labels, order):
        def body(state, batch):
            return step(state, images, labels, batch), None

        state, _ = lax.scan(body, state, order[:full].reshape(-1, BATCH))
        return step(state, images, labels, order[full:])  # the last, partial batch

    order = jnp.arange(len(labels), dtype=jnp.int32)
    compiled = jax.jit(epoch, donate_argnums=0).lower(state, images, labels, order).compile()
    return lambda state, order: compiled(state, images, labels, jnp.asarray(order))


def compiled_step(step, state, images, labels):
    """epoch(state, order) in Python, its step compiled for both sizes of a batch."""
    step = jax.jit(step, donate_argnums=0)
    for size in (BATCH, len(labels) % BATCH):
        spare = jax.tree.map(jnp.array, state)  # the step takes its memory
        jax.block_until_ready(step(spare, images, labels, np.arange(size, dtype=np.int32)))

    def epoch(state, order):
        for start in range(0, len(order), BATCH):
            state = step(state, images, labels, order[start : start + BATCH])
        return state

    return epoch


def read_arrays(split):
    images, labels = (np.frombuffer(b, np.uint8) for b in read_mnist(split))
    images = (images.reshape(-1, 784) / np.float32(255) - np.float32(MEAN)) / np.float32(STD)
    return jnp.asarray(images), jnp.asarray(labels, jnp.int32)


def main(form, model_name, epochs, _threads, seed):
    apply = {"mlp": mlp, "cnn": cnn}[model_name]
    shuffle = np.random.default_rng(seed)
    initial_key, dropout_key = jax.random.split(jax.random.key(seed))
    images, labels = read_arrays("train")
    parameters = initial_parameters(model_name, initial_key)
    m, v = (jax.tree.map(jnp.zeros_like, parameters) for _ in "mv")
    state = (parameters, m, v, jnp.int32(0))

    start = time.perf_counter()
    prepare = {"scan": compiled_scan, "step": compiled_step}[form]
    epoch = prepare(make_step(apply, dropout_key), state, images, labels)
    compile_seconds = time.perf_counter() - start

    seconds = []
    for _ in range(epochs):
        start = time.perf_counter()
        order = shuffle.permutation(len(labels)).astype(np.int32)
        state = jax.block_until_ready(epoch(state, order))
        seconds.append(time.perf_counter() - start)

    images, labels = read_arrays("t10k")
    predict = jax.jit(lambda images: apply(state[0], images, None).argmax(1))
    correct = sum(
        int((predict(images[i : i + 100]) == labels[i : i + 100]).sum())
        for i in range(0, len(labels), 100)
    )
    report(seconds, compile_seconds, correct / len(labels),
           {"jax": jax.__version__, "jaxlib": jax.lib.__version__})  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
