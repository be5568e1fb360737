"""The ways to differentiate on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.contract.implementation import Implementation


def _entry(name: str, framework: str, summary: str, factory: str) -> Implementation:
    return Implementation(
        name=name,
        workload="jacobian",
        framework=framework,
        summary=summary,
        target=f"likeforlike.models.kernels.jacobian.with_{framework}:{factory}",
        needs=(framework,),
    )


IMPLEMENTATIONS = (
    Implementation(
        name="finite-differences",
        workload="jacobian",
        framework="numpy",
        summary="central differences, by hand",
        target="likeforlike.models.kernels.jacobian.with_numpy:central_differences",
        device_kinds=("cpu",),
    ),
    _entry("tf-gradient-tape", "tensorflow", "tf.GradientTape, reverse mode", "reverse"),
    _entry("tf-forward", "tensorflow", "tf.autodiff.ForwardAccumulator, forward mode", "forward"),
    _entry("torch-reverse", "torch", "torch.autograd.grad and torch.func.jacrev", "reverse"),
    _entry("torch-forward", "torch", "torch.func.jvp and torch.func.jacfwd", "forward"),
    _entry("jax-reverse", "jax", "jax.vjp and jax.jacrev under jax.jit", "reverse"),
    _entry("jax-forward", "jax", "jax.jvp and jax.jacfwd under jax.jit", "forward"),
)
