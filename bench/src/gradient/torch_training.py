"""Trains a model in PyTorch on one thread, by SGD with momentum or by SAM over it: the usual loop, with accuracy.

Usage: torch_training.py MODEL RULE EXAMPLES EPOCHS. Prints the milliseconds of each epoch as JSON, the first included.
Threads: OMP_NUM_THREADS, and the same in OPENBLAS_NUM_THREADS, which torch.set_num_threads does not limit.
"""
import json
import os
import sys
import time

import torch
from torch import nn

from torch_models import MODELS

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
torch.manual_seed(0)


def climb(parameters, rho):
    """Moves the weights by rho along the normalised gradient; answers by how much."""
    norm = torch.norm(torch.stack([p.grad.norm() for p in parameters]))
    moves = [p.grad * (rho / (norm + 1e-12)) for p in parameters]
    for p, move in zip(parameters, moves):
        p.add_(move)
    return moves


def main(name, rule, examples, epochs):
    make, shape = MODELS[name]
    model = make()
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, lr=1e-4, momentum=0.9)
    cross_entropy = nn.CrossEntropyLoss()
    xs, ys = torch.randn(examples, *shape[1:]), torch.arange(examples) * 7 % 10
    times = []
    for _ in range(epochs):
        start = time.perf_counter()
        loss_sum, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for indices in torch.randperm(examples).split(shape[0]):
            x, y = xs[indices], ys[indices]
            optimizer.zero_grad()
            logits = model(x)
            loss = cross_entropy(logits, y)
            loss.backward()
            loss_sum += loss.detach() * len(y)
            right += (logits.argmax(1) == y).sum()
            if rule == "sam":
                with torch.no_grad():
                    moves = climb(parameters, 0.05)
                optimizer.zero_grad()
                cross_entropy(model(x), y).backward()
                with torch.no_grad():
                    for p, move in zip(parameters, moves):
                        p.sub_(move)
            optimizer.step()
        (loss_sum / examples).item(), (right / examples).item()
        times.append(1000 * (time.perf_counter() - start))
    print(json.dumps(times))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
