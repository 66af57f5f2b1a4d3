"""The models of `../models` in PyTorch: how each is made, and the shape of its batch."""
import torch
from torch import nn


def mlp():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(7 * 7 * 64, 10),
    )


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(7 * 7 * 32, 64), nn.ReLU(), nn.Linear(64, 10),
    )


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        def conv(i, o, s, k=3):
            return nn.Sequential(nn.Conv2d(i, o, k, s, padding=k // 2, bias=False), nn.BatchNorm2d(o))
        self.inner = nn.Sequential(conv(inputs, outputs, stride), nn.ReLU(), conv(outputs, outputs, 1))
        self.shortcut = conv(inputs, outputs, stride, 1) if stride != 1 else nn.Identity()

    def forward(self, x):
        return torch.relu(self.inner(x) + self.shortcut(x))


def resnet():
    layers = [nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
    width = 8
    for stage, filters in enumerate([8, 16, 32]):
        for i in range(3):
            layers.append(Block(width, filters, 2 if stage > 0 and i == 0 else 1))
            width = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(16, 64, batch_first=True)
        self.out = nn.Linear(64, 10)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


class Vit(nn.Module):
    width, heads, patches = 64, 4, 16

    def __init__(self):
        super().__init__()
        w = self.width
        def weight(*shape):
            return nn.Parameter(torch.randn(*shape) * 0.7 / shape[0] ** 0.5)
        self.embed, self.position, self.out = weight(48, w), weight(self.patches, w), weight(w, 10)
        self.blocks = nn.ParameterList(
            p for _ in range(2)
            for p in (weight(w, 3 * w), weight(w, w), weight(w, 4 * w), weight(4 * w, w),
                      nn.Parameter(torch.ones(w)), nn.Parameter(torch.ones(w)))
        )

    def normalise(self, x, gain):
        return nn.functional.layer_norm(x, (self.width,), gain, None, 1e-5)

    def forward(self, x):
        batch, w, heads = x.shape[0], self.width, self.heads
        h = x @ self.embed + self.position
        for b in range(2):
            mixing, out, up, down, gain1, gain2 = self.blocks[6 * b:6 * b + 6]
            q, k, v = (self.normalise(h, gain1) @ mixing).reshape(batch, -1, 3, heads, w // heads).permute(2, 0, 3, 1, 4)
            weights = torch.softmax(q @ k.transpose(-1, -2) / (w // heads) ** 0.5, -1)
            h = h + (weights @ v).transpose(1, 2).reshape(batch, -1, w) @ out
            h = h + torch.relu(self.normalise(h, gain2) @ up) @ down
        return h.mean(1) @ self.out


MODELS = {
    "MLP b128": (mlp, (128, 784)),
    "MLP b8": (mlp, (8, 784)),
    "LeNet b64": (lenet, (64, 1, 28, 28)),
    "CNN b128": (cnn, (128, 1, 28, 28)),
    "ResNet-20-like b32": (resnet, (32, 3, 16, 16)),
    "LSTM b32": (Lstm, (32, 20, 16)),
    "ViT b32": (Vit, (32, 16, 48)),
}
