"""A module as a user has one: a small residual network in Keras and in PyTorch, and what may be wrong with it."""

from __future__ import annotations

import numpy as np


def batches(count=256, classes=4):
    draw = np.random.default_rng(0)

    def part(samples):
        labels = draw.integers(0, classes, samples)
        shift = np.linspace(-1, 1, classes)[labels][:, None, None, None]
        return (draw.normal(size=(samples, 6, 6, 3)) + shift).astype("float32"), labels

    return part(count), part(count // 4)


def resnet_keras(epsilon=1e-5):
    import keras
    from keras import layers

    def normalised(x):
        return layers.BatchNormalization(momentum=0.9, epsilon=epsilon)(x)

    inputs = keras.Input((6, 6, 3))
    x = layers.ReLU()(normalised(layers.Conv2D(4, 3, padding="same")(inputs)))
    for channels in (4, 8):
        y = layers.ReLU()(normalised(layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)))
        y = normalised(layers.Conv2D(channels, 3, padding="same", use_bias=False)(y))
        if channels != x.shape[-1]:
            x = layers.Conv2D(channels, 1, use_bias=False)(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(4)(x))


def resnet_keras_defaults():
    return resnet_keras(epsilon=1e-3)


def resnet_torch():
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, before, after):
            super().__init__()
            self.first = nn.Conv2d(before, after, 3, padding=1, bias=False)
            self.first_norm = nn.BatchNorm2d(after)
            self.second = nn.Conv2d(after, after, 3, padding=1, bias=False)
            self.second_norm = nn.BatchNorm2d(after)
            self.skip = nn.Conv2d(before, after, 1, bias=False) if before != after else nn.Identity()

        def forward(self, x):
            y = self.second_norm(self.second(torch.relu(self.first_norm(self.first(x)))))
            return torch.relu(self.skip(x) + y)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
            self.blocks = nn.Sequential(Block(4, 4), Block(4, 8))
            self.drop, self.head = nn.Dropout(0.3), nn.Linear(8, 4)

        def forward(self, x):
            x = torch.relu(self.norm(self.stem(x.permute(0, 3, 1, 2))))
            return self.head(self.drop(self.blocks(x).mean((2, 3))))

    return Net()


def resnet_torch_defaults():
    import torch

    net = resnet_torch()
    for part in net.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.eps = 1e-3
    return net


CONVOLUTION, DENSE = (3, 2, 0, 1), (1, 0)
LAYERS = {
    "stem": "conv2d",
    "norm": "batch_normalization",
    "blocks.0.first": "conv2d_1",
    "blocks.0.first_norm": "batch_normalization_1",
    "blocks.0.second": "conv2d_2",
    "blocks.0.second_norm": "batch_normalization_2",
    "blocks.1.first": "conv2d_3",
    "blocks.1.first_norm": "batch_normalization_3",
    "blocks.1.second": "conv2d_4",
    "blocks.1.second_norm": "batch_normalization_4",
    "blocks.1.skip": "conv2d_5",
    "head": "dense",
}
WORDS = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}


def mapping(canonical, own):
    """By hand."""
    found = {}
    for name, shape in own:
        layer, _, word = name.rpartition(".")
        if "norm" in layer:
            found[name] = f"{LAYERS[layer]}/{WORDS[word]}"
        elif word == "bias":
            found[name] = f"{LAYERS[layer]}/bias"
        else:
            found[name] = (f"{LAYERS[layer]}/kernel", CONVOLUTION if len(shape) == 4 else DENSE)
    return found


def swapped(canonical, own):
    """A wrong one: two layers of one shape have changed places."""
    found = mapping(canonical, own)
    first, second = "blocks.0.first.weight", "blocks.0.second.weight"
    found[first], found[second] = found[second], found[first]
    return found


def mlp_torch():
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(108, 8), nn.ReLU(), nn.Linear(8, 4))


mlp_again_torch = mlp_torch


def series(count=192):
    """How far a walk of seven steps comes."""
    draw = np.random.default_rng(3)

    def part(samples):
        rows = draw.normal(size=(samples, 7, 2))
        return rows.astype("float32"), rows.sum((1, 2))[:, None].astype("float32") / 4

    return part(count), part(count // 4)


def gru_keras():
    import keras

    inputs = keras.Input((7, 2))
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.GRU(6)(inputs)))


def lstm_torch():
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.output = nn.LSTM(2, 6, batch_first=True), nn.Linear(6, 1)

        def forward(self, x):
            return self.output(self.lstm(x)[0][:, -1])

    return Net()


def waves_torch(steep=100.0):
    """A small step of a weight goes through many waves: with large steps rounding decides where it ends."""
    import torch
    from torch import nn

    class Waves(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.output = nn.Linear(108, 8), nn.Linear(8, 4)

        def forward(self, x):
            return self.output(torch.sin(steep * self.hidden(x.flatten(1))))

    return Waves()


def tokens(count=256):
    """Of ten, so that a batch looks most of them up several times."""
    draw = np.random.default_rng(1)

    def part(samples):
        rows = draw.integers(0, 10, (samples, 6))
        return rows, rows[:, 0] % 4

    return part(count), part(count // 4)


def lookup_keras():
    import keras

    inputs = keras.Input((6,), dtype="int32")
    x = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(10, 5)(inputs))
    return keras.Model(inputs, keras.layers.Dense(4)(x))


def tied_torch():
    """One array in two places, as of an embedding and the layer that undoes it."""
    from torch import nn

    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(108, 108, bias=False), nn.Linear(108, 108)
            self.second.weight = self.first.weight
            self.output = nn.Linear(108, 4)

        def forward(self, x):
            return self.output(self.second(nn.functional.relu(self.first(x.flatten(1)))))

    return Tied()


def mlp_torch_drops(rate=0.3):
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(108, 8), nn.ReLU(), nn.Dropout(rate), nn.Linear(8, 4))


def mlp_torch_drops_more():
    return mlp_torch_drops(0.8)


def mlp_torch_drops_by_hand(factor=1.0):
    """The same, but no layer tells what it drops, so that nobody can switch it off."""
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.output = nn.Linear(108, 8), nn.Linear(8, 4)

        def forward(self, x):
            x = torch.relu(self.hidden(x.flatten(1)))
            return factor * self.output(nn.functional.dropout(x, 0.3, self.training))

    return Net()


def mlp_torch_drops_by_hand_otherwise():
    return mlp_torch_drops_by_hand(7.0)


def mlp_torch_in_float32_alone():
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.output = nn.Linear(108, 4)

        def forward(self, x):
            return self.output(x.float().flatten(1))

    return Net()


mlp_torch_in_float32_alone_too = mlp_torch_in_float32_alone


def mlp_torch_in_bfloat16():
    import torch

    return mlp_torch().to(torch.bfloat16)


def power_torch():
    """An exponent called p, as of a generalised mean, is no rate."""
    import torch
    from torch import nn

    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.p = 3.0

        def forward(self, x):
            return x.clamp(min=1e-3).pow(self.p).mean((1, 2)).pow(1.0 / self.p)

    torch.manual_seed(0)
    return nn.Sequential(Mean(), nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4))


def probabilities_torch():
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(108, 4), nn.Softmax(-1))


def pair_torch():
    from torch import nn

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.output = nn.Linear(108, 4)

        def forward(self, x):
            return self.output(x.flatten(1)), x

    return Two()


def smoothed(targets, outputs):
    """A loss of one's own as PyTorch's users write it: class numbers must be int64."""
    from torch.nn import functional

    return functional.cross_entropy(outputs, targets, reduction="none", label_smoothing=0.1)


def unused_torch():
    """One of its weights is asked by nobody, as of a head that is not used yet."""
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.output = nn.Linear(108, 8), nn.Linear(8, 4)
            self.unused = nn.Linear(8, 3, bias=False)

        def forward(self, x):
            return self.output(nn.functional.relu(self.hidden(x.flatten(1))))

    return Net()


class Smoothing:
    """The same as an object that tells it."""

    label_smoothing = 0.1

    def __call__(self, targets, outputs):
        return smoothed(targets, outputs)


smoothing = Smoothing()


def deaf_torch():
    import torch

    class Deaf(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head = torch.nn.Linear(108, 4)
            self.own = [self.head.weight.detach().clone(), self.head.bias.detach().clone()]

        def forward(self, x):
            return (
                x.flatten(1) @ self.own[0].to(x.dtype).T
                + self.own[1].to(x.dtype)
                + 0 * self.head(x.flatten(1))
            )

    return Deaf()


def pair_jax():
    import jax
    from jax import numpy as jnp

    def init(key):
        first, second = jax.random.split(key)
        return {
            "hidden": {"kernel": jax.random.normal(first, (108, 8)) * 0.1, "bias": jnp.zeros(8)},
            "output": {"kernel": jax.random.normal(second, (8, 4)) * 0.3, "bias": jnp.zeros(4)},
        }

    def apply(weights, inputs, training, key):
        x = inputs.reshape(len(inputs), -1)
        x = jax.nn.relu(x @ weights["hidden"]["kernel"] + weights["hidden"]["bias"])
        return x @ weights["output"]["kernel"] + weights["output"]["bias"]

    return init, apply


def needs_classes(classes):
    return classes


def returns_nothing():
    return None


def fails():
    raise RuntimeError("out of luck")


three = 3


def not_a_pair():
    return np.zeros(3)


def with_nan():
    data = batches(32)
    data[0][0][5] = np.nan
    return data


def of_two_lengths():
    (inputs, labels), validation = batches(32)
    return (inputs[:-1], labels), validation


def with_a_fifth_class():
    (inputs, labels), validation = batches(32)
    labels[7] = 4
    return (inputs, labels), validation
