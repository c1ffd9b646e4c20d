"""PyTorch's words for what programs of several rooms write."""

from __future__ import annotations

from types import MappingProxyType

ACTIVATIONS = MappingProxyType(
    {
        "linear": "nn.Identity()",
        "relu": "nn.ReLU()",
        "relu6": "nn.ReLU6()",
        "tanh": "nn.Tanh()",
        "sigmoid": "nn.Sigmoid()",
        "leaky_relu": "nn.LeakyReLU(0.2)",
        "elu": "nn.ELU()",
        "selu": "nn.SELU()",
        "celu": "nn.CELU()",
        "gelu": "nn.GELU()",
        "silu": "nn.SiLU()",
        "mish": "nn.Mish()",
        "softplus": "nn.Softplus()",
        "softsign": "nn.Softsign()",
        "hard_sigmoid": "nn.Hardsigmoid()",
        "hard_silu": "nn.Hardswish()",
        "hard_tanh": "nn.Hardtanh()",
        "log_sigmoid": "nn.LogSigmoid()",
        "softmax": "nn.Softmax(-1)",
        "log_softmax": "nn.LogSoftmax(-1)",
        "exponential": "Exponential()",
    }
)
EXPONENTIAL = """
class Exponential(nn.Module):
    def forward(self, x):
        return x.exp()

"""
