"""A plain PyTorch loop on one thread, which is quickest for networks this small."""

import time

STARTED = time.perf_counter()

import digits  # noqa: E402
import torch  # noqa: E402


def network(depth: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for block in range(depth):
        layers += [torch.nn.Linear(64 if block == 0 else digits.WIDTH, digits.WIDTH)]
        layers += [torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(digits.WIDTH, 10))


def main() -> None:
    torch.set_num_threads(1)
    train, validation, _ = (
        (torch.from_numpy(x), torch.from_numpy(y).long()) for x, y in digits.splits()
    )
    loss_of = torch.nn.CrossEntropyLoss()
    scores = {}
    for depth, rate, seed in digits.TRAININGS:
        torch.manual_seed(seed)
        model = network(depth)
        optimizer = torch.optim.Adam(model.parameters(), lr=rate)
        best = 0.0
        for _ in range(digits.EPOCHS):
            for rows in torch.randperm(len(train[0])).split(digits.BATCH):
                optimizer.zero_grad(set_to_none=True)
                loss_of(model(train[0][rows]), train[1][rows]).backward()
                optimizer.step()
            with torch.no_grad():
                correct = model(validation[0]).argmax(1) == validation[1]
            best = max(best, correct.float().mean().item())
        scores[depth, rate, seed] = best
    digits.report(scores, STARTED)


main()
