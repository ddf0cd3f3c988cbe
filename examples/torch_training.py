"""Rules as a layer: their truth values and gammas learnt from labels, `python examples/torch_training.py`."""

import torch

import kistdsl
from kistdsl.backends.torch_module import RuleModule

torch.manual_seed(0)
rules = kistdsl.compile(
    "property area scale 1\n"
    "IF area is high AND gray is low THEN anomalous (0.5)\n"
    "IF gray is high THEN anomalous (0.5)\n"
)
regions = torch.rand(400, 2) * torch.tensor([1.0, 255.0])  # columns as in rules.properties
labels = ((regions[:, 0] > 0.5) & (regions[:, 1] < 90)).float()

layer = RuleModule(rules, dtype="float32", trainable=("gammas", "truth_values"))
# gray's gamma is in gray levels, a truth value in 0..1: each learns at its own pace
optimiser = torch.optim.Adam(
    [{"params": [layer.gammas], "lr": 0.02}, {"params": [layer.truth_values], "lr": 0.05}]
)
losses = []
for _ in range(60):
    loss = torch.nn.functional.mse_loss(layer(regions), labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    layer.project()
    losses.append(loss.item())

print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}")
print("truth values", [round(v, 2) for v in layer.truth_values.tolist()])
