"""A network of JAX as its loops train it: two dictionaries of arrays, one moved by gradients, one state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from likeforlike.models.contract.training.network import SPARSE_CROSSENTROPY, NamedWeights
from likeforlike.models.contract.training.recipe import RecipeRefused, refuse_precision
from likeforlike.models.contract.training.trainer import Run, Score
from likeforlike.models.loops.parts.naming import Naming, are_classes, network_of

Arrays = dict[str, jax.Array]
"""By own name: the path in the network's tree, joined by ``/``."""

PRECISIONS = ("float32", "float64", "tf32", "bfloat16", "mixed")
EVALUATED_AT_ONCE = 500
"""Samples of one evaluation step: their activations fit a processor's caches better than all at once."""


class JaxNetwork:
    """The tree taken apart, with the run's starting weights in it, on the run's device.

    ``rewrite`` may change how ``apply`` computes, never what.
    """

    def __init__(
        self, loop: str, run: Run, rewrite: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None
    ) -> None:
        """Raises ValueError for weights that don't match, RecipeRefused for a precision."""
        self.run, self.loop = run, loop
        self.network = network_of(loop, run.network)
        precision = run.recipe.precision
        refuse_precision(loop, run.recipe, run.device, PRECISIONS)
        jax.config.update("jax_enable_x64", precision == "float64")
        jax.config.update(
            "jax_default_matmul_precision", "tensorfloat32" if precision == "tf32" else "highest"
        )
        self.dtype = jnp.dtype({"float64": "float64", "bfloat16": "bfloat16"}.get(precision, "float32"))
        self.compute_dtype = jnp.dtype("bfloat16") if precision == "mixed" else self.dtype
        self.loss_dtype = jnp.dtype("float64" if precision == "float64" else "float32")
        self.device = place(run.device)
        init, apply = self.network.build(run.recipe)
        made = init(jax.random.key(run.recipe.seed))
        paths = jax.tree_util.tree_leaves_with_path(made)
        self.tree: Any = jax.tree.structure(made)
        built = {own_name(path): self._placed(leaf) for path, leaf in paths}
        self.names = tuple(built)
        self.apply = rewrite(apply) if rewrite else apply
        state = self._state_names(built)
        shapes = {name: tuple(leaf.shape) for name, leaf in built.items()}
        trained = [name for name in built if name not in state]
        if not trained:
            raise ValueError(
                f"{self.network.name}: apply gives back every weight as changed, so that no gradient would "
                "move any; return (logits, changed) with the state alone"
            )
        self.naming = Naming(self.network, run.initial, shapes, trained)
        start = built | {name: self._placed(array) for name, array in self.naming.initial.items()}
        self.weights = {name: start[name] for name in trained}
        self.state = {name: start[name] for name in built if name in state}
        self.classes = run.recipe.metrics != "none" and self._are_classes(run.data.train_labels)
        if precision == "mixed" and self.state:
            why = f"{self.network.name} has state, whose float32 would spread to all layers after it"
            raise RecipeRefused(loop, "precision", precision, why)

    def _are_classes(self, targets: np.ndarray) -> bool:
        """Whether targets are class numbers, and there is an output for each class; nothing is computed."""
        if not are_classes(targets) or self.network.loss == SPARSE_CROSSENTROPY:
            return are_classes(targets)
        few, key = self.host_inputs(self.run.data.train_images[:2]), jax.random.key(0)
        outputs, _ = jax.eval_shape(
            lambda weights, state, inputs: self.outputs(weights, state, inputs, False, key),
            self.weights,
            self.state,
            few,
        )
        return len(outputs.shape) == targets.ndim + 1 and outputs.shape[-1] > 1

    def outputs(
        self, weights: Arrays, state: Arrays, inputs: jax.Array, training: bool, key: jax.Array
    ) -> tuple[jax.Array, Arrays]:
        """What the loss takes, in the loss's precision, and the state after it."""
        arrays = weights | state
        if self.compute_dtype != self.dtype:
            arrays = {name: self._computed(array) for name, array in arrays.items()}
            inputs = self._computed(inputs)
        tree = self.tree.unflatten([arrays[name] for name in self.names])
        outputs, changed = _parted(self.apply(tree, inputs, training, key))
        new = {name: array.astype(state[name].dtype) for name, array in changed.items()} if training else {}
        return outputs.astype(self.loss_dtype), state | new

    def losses(self, targets: jax.Array, outputs: jax.Array) -> jax.Array:
        """Each sample's loss [n]; of several predictions a sample, as of tokens, their mean."""
        if self.network.loss != SPARSE_CROSSENTROPY:
            if not callable(self.network.loss):
                raise ValueError(f"{self.loop} knows no loss {self.network.loss!r}: give a function")
            return self.network.loss(targets, outputs).astype(self.loss_dtype)
        # no gather, which XLA does one by one
        chosen = targets[..., None] == jnp.arange(outputs.shape[-1])
        losses = jax.nn.logsumexp(outputs, axis=-1) - jnp.where(chosen, outputs, 0).sum(-1)
        return losses.reshape(len(losses), -1).mean(-1)

    def sums(self, losses: jax.Array, targets: jax.Array, outputs: jax.Array) -> jax.Array:
        """Sum of losses and sum of each sample's share of right answers, [2]."""
        right = jnp.zeros((), losses.dtype)
        if self.classes:
            hits = outputs.argmax(-1) == targets
            right = hits.reshape(len(hits), -1).mean(-1, dtype=losses.dtype).sum()
        return jnp.stack([losses.sum(), right])

    def score(self, sums: jax.Array, samples: int) -> Score:
        """Mean loss and accuracy; waits for the device."""
        loss, right = np.asarray(jax.block_until_ready(sums)).tolist()
        return loss / samples, right / samples if self.classes else None

    def host_inputs(self, inputs: np.ndarray) -> np.ndarray:
        """Numbers in the run's precision; whole numbers, as of tokens, as they are."""
        return np.asarray(inputs).astype(self.dtype) if inputs.dtype.kind == "f" else np.asarray(inputs)

    def host_targets(self, targets: np.ndarray) -> np.ndarray:
        """Class numbers as they are, others in the loss's precision."""
        return targets if are_classes(targets) else targets.astype(self.loss_dtype)

    def parameters(self, weights: Arrays, state: Arrays) -> NamedWeights:
        """Copies on the host, by canonical name; bfloat16 as float32, which NumPy's functions know."""
        arrays = {name: np.array(array) for name, array in (weights | state).items()}
        narrow = jnp.dtype("bfloat16")
        return self.naming.canonical(
            {name: a.astype(np.float32) if a.dtype == narrow else a for name, a in arrays.items()}
        )

    def probabilities(self, outputs: jax.Array) -> np.ndarray:
        """Softmax where the loss is crossentropy; of another loss the outputs themselves."""
        softmax = self.network.loss == SPARSE_CROSSENTROPY
        return np.asarray(jax.nn.softmax(outputs, axis=-1) if softmax else outputs)

    def _state_names(self, built: Mapping[str, jax.Array]) -> set[str]:
        few = self.host_inputs(self.run.data.train_images[:2])
        tree = self.tree.unflatten(list(built.values()))
        found = jax.eval_shape(lambda w, x, k: self.apply(w, x, True, k), tree, few, jax.random.key(0))
        _, changed = _parted(found)
        strange = [name for name in changed if name not in built]
        if strange:
            raise ValueError(
                f"{self.network.name}: apply changes {', '.join(strange)}, which init doesn't make"
            )
        whole = {name for name, leaf in built.items() if not jnp.issubdtype(leaf.dtype, jnp.floating)}
        return set(changed) | whole

    def _placed(self, leaf: Any) -> jax.Array:
        array = np.asarray(leaf)
        whole = array.dtype.kind in "iub"
        return jax.device_put(array if whole else array.astype(self.dtype), self.device)

    def _computed(self, array: jax.Array) -> jax.Array:
        return array.astype(self.compute_dtype) if jnp.issubdtype(array.dtype, jnp.floating) else array


def own_name(path: tuple[Any, ...]) -> str:
    """The path of a leaf, joined by ``/``: keys of dictionaries, numbers of lists, names of fields."""
    return jax.tree_util.keystr(path, simple=True, separator="/")


def _parted(found: Any) -> tuple[Any, dict[str, Any]]:
    """Outputs, and what changed by own name."""
    if not isinstance(found, tuple):
        return found, {}
    outputs, changed = found
    paths, _ = jax.tree_util.tree_flatten_with_path(changed)
    return outputs, {own_name(path): leaf for path, leaf in paths}


def place(device: str) -> jax.Device:
    """JAX's device for ``cpu:0`` or ``gpu:0``. Raises ValueError if it has no such device."""
    kind, _, index = device.partition(":")
    try:
        return jax.devices("cuda" if kind == "gpu" else kind)[int(index or 0)]
    except (IndexError, RuntimeError):
        raise ValueError(f"JAX sees no device {device}") from None
