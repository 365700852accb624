"""The forward passes of the shipped networks in NumPy, by the names of model.safetensors: the oracle
for what LibTorch, the native engine, ONNX files and `inspect` compute. In float64 if the tensors
are. `numpy` is a parameter: third_party/python is not on every test's path."""

import gzip

from support import SHIPPED_MNIST


def mnist_test_pixels(numpy):
    """[10000, 28, 28], bytes."""
    pixels = gzip.decompress((SHIPPED_MNIST / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    return numpy.frombuffer(pixels, numpy.uint8).reshape(-1, 28, 28)


def scaled(images):
    """[n, 28, 28] bytes as the networks take them: [n, 1, 28, 28]."""
    return ((images / 255 - 0.1307) / 0.3081)[:, None]


def softmax(numpy, logits):
    """[n, classes]"""
    powers = numpy.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def linear(tensors, name, x):
    return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]


def convolution(numpy, weight, x, stride=1):
    """3 × 3, padding 1, without bias. x: [n, in, rows, columns]; weight: [out, in, 3, 3]."""
    padded = numpy.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = numpy.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    strided = windows[:, :, ::stride, ::stride]
    return numpy.moveaxis(numpy.tensordot(strided, weight, axes=((1, 4, 5), (1, 2, 3))), 3, 1)


def max_pool(x):
    n, channels, rows, columns = x.shape
    return x.reshape(n, channels, rows // 2, 2, columns // 2, 2).max((3, 5))


def mlp_outputs(numpy, tensors, images):
    """Every layer's output by name; the last are the logits. images: [n, 28, 28]."""
    x = scaled(images).reshape(len(images), -1)
    outputs = {"flatten": x}
    layers = sum(name.endswith(".weight") for name in tensors)
    for i in range(1, layers):
        outputs[f"fc{i}"] = linear(tensors, f"fc{i}", x)
        outputs[f"relu{i}"] = x = numpy.maximum(outputs[f"fc{i}"], 0)
    outputs["dropout"] = x
    outputs[f"fc{layers}"] = linear(tensors, f"fc{layers}", x)
    return outputs


def cnn_outputs(numpy, tensors, images):
    def convolved(name, x):
        bias = tensors[f"{name}.bias"][:, None, None]
        return convolution(numpy, tensors[f"{name}.weight"], x) + bias

    outputs = {"conv1": convolved("conv1", scaled(images))}
    outputs["pool1"] = max_pool(outputs["conv1"])
    outputs["relu1"] = numpy.maximum(outputs["pool1"], 0)
    outputs["conv2"] = outputs["dropout2d"] = convolved("conv2", outputs["relu1"])
    outputs["pool2"] = max_pool(outputs["conv2"])
    outputs["relu2"] = numpy.maximum(outputs["pool2"], 0)
    outputs["flatten"] = outputs["relu2"].reshape(len(images), -1)
    outputs["fc1"] = linear(tensors, "fc1", outputs["flatten"])
    outputs["relu3"] = outputs["dropout"] = numpy.maximum(outputs["fc1"], 0)
    outputs["fc2"] = linear(tensors, "fc2", outputs["dropout"])
    return outputs


def resnet8_logits(numpy, tensors, images):
    """He et al. 2016."""

    def norm(x, name):
        mean, variance, scale, shift = (
            tensors[f"{name}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / numpy.sqrt(variance + 1e-5) * scale + shift

    def convolved(x, name, stride=1):
        return convolution(numpy, tensors[f"{name}.weight"], x, stride)

    x = numpy.maximum(norm(convolved(scaled(images), "conv1"), "bn1"), 0)
    for block, stride in (("block1", 1), ("block2", 2), ("block3", 2)):
        y = numpy.maximum(norm(convolved(x, f"{block}.conv1", stride), f"{block}.bn1"), 0)
        y = norm(convolved(y, f"{block}.conv2"), f"{block}.bn2")
        shortcut = x[:, :, ::stride, ::stride]
        y[:, : shortcut.shape[1]] += shortcut
        x = numpy.maximum(y, 0)
    return linear(tensors, "fc1", x.mean(axis=(2, 3)))
