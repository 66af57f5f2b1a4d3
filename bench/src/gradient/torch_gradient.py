"""Times the gradient of one batch in PyTorch on one thread, on several, or on a GPU: the models of torch_models.py.

Usage: torch_gradient.py MODEL ROUNDS WARM_UP DEVICE. Prints the times in milliseconds as JSON, warm-up left out.
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


def main(name, rounds, warm_up, device):
    make, shape = MODELS[name]
    model, x = make().to(device), torch.randn(*shape, device=device)
    y = torch.arange(shape[0], device=device) * 7 % 10
    loss = nn.CrossEntropyLoss()
    times = []
    for i in range(rounds + warm_up):
        start = time.perf_counter()
        torch.autograd.grad(loss(model(x), y), list(model.parameters()))
        if device == "cuda":
            torch.cuda.synchronize()
        if i >= warm_up:
            times.append(1000 * (time.perf_counter() - start))
    print(json.dumps(times))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
