"""PyTorch as a peer of mnist-bench: trains one model and reports its times and test accuracy.

usage: PYTHON pytorch_peer.py FORM MODEL EPOCHS THREADS SEED

FORM is one of
  dataloader   as a tutorial has it: a Dataset that normalizes image by image, a DataLoader, Adam
  plain        the data in memory, normalized once, and else PyTorch's defaults
  eager        the same with fused Adam, and channels_last for the CNN
  compile      the same as eager, with torch.compile for the forward and backward pass
"""

import copy
import sys
import time

import torch
from peer_data import BATCH, MEAN, STD, read_mnist, report
from torch import nn
from torch.utils.data import DataLoader, Dataset


def make_model(name):
    """The paper's Table 1 and Table 2, He-normal weights."""
    if name == "mlp":
        model = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(),
            nn.Dropout(0.2), nn.Linear(128, 10))  # fmt: skip
    else:
        model = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1), nn.Dropout2d(0.25), nn.MaxPool2d(2), nn.ReLU(),
            nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(128, 10))  # fmt: skip
    for parameter in model.parameters():
        if parameter.dim() > 1:
            nn.init.kaiming_normal_(parameter)
        else:
            nn.init.zeros_(parameter)
    return model


class Images(Dataset):
    """Bytes in memory; an item is normalized when it is asked for, as by torchvision's ToTensor and
    Normalize (without the detour over PIL that torchvision's MNIST takes)."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.images[index].float().div(255).sub(MEAN).div(STD), int(self.labels[index])


class InMemoryBatches:
    """Shuffled batches of tensors, the last one partial."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __iter__(self):
        for batch in torch.randperm(len(self.labels)).split(BATCH):
            yield self.images[batch], self.labels[batch]


def read_tensors(split):
    images, labels = (torch.frombuffer(bytearray(b), dtype=torch.uint8) for b in read_mnist(split))
    return images.view(-1, 1, 28, 28), labels.long()


def normalized(images):
    return images.float().div_(255).sub_(MEAN).div_(STD)


def train_epoch(batches, loss_of, optimizer):
    for images, labels in batches:
        optimizer.zero_grad()
        loss_of(images, labels).backward()
        optimizer.step()


def main(form, model_name, epochs, threads, seed):
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    tuned = form in ("eager", "compile")
    images, labels = read_tensors("train")
    model = make_model(model_name)
    if form == "dataloader":
        batches = DataLoader(Images(images, labels), batch_size=BATCH, shuffle=True, num_workers=0)
    else:
        batches = InMemoryBatches(normalized(images), labels)
        if tuned and model_name == "cnn":
            model = model.to(memory_format=torch.channels_last)

    def make_optimizer():
        # None: PyTorch's default
        return torch.optim.Adam(model.parameters(), lr=0.001, fused=True if tuned else None)

    cross_entropy = nn.CrossEntropyLoss()

    def loss_of(images, labels):
        return cross_entropy(model(images), labels)

    if form == "compile":  # for both sizes of a batch, which are compiled in the warm-up
        loss_of = torch.compile(loss_of, dynamic=False)

    # Warm-up, with what it changes put back: first-use costs are no part of an epoch.
    initial = copy.deepcopy(model.state_dict())
    start = time.perf_counter()
    for size in 3 * [BATCH, len(labels) % BATCH]:
        train_epoch([(normalized(images[:size]), labels[:size])], loss_of, make_optimizer())
    warm_up_seconds = time.perf_counter() - start
    model.load_state_dict(initial)

    optimizer = make_optimizer()
    seconds = []
    for _ in range(epochs):
        start = time.perf_counter()
        train_epoch(batches, loss_of, optimizer)
        seconds.append(time.perf_counter() - start)

    model.eval()
    images, labels = read_tensors("t10k")
    with torch.inference_mode():
        correct = sum(
            (model(normalized(a)).argmax(1) == b).sum().item()
            for a, b in zip(images.split(100), labels.split(100))
        )
    report(seconds, warm_up_seconds if form == "compile" else None, correct / len(labels),
           {"torch": torch.__version__})  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
