"""A loop as the contract has it, written apart from ours: for any nn.Module, right or with one fault."""

from __future__ import annotations

import math

import numpy as np
import torch

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.trainer import Phases


class Plain:
    """Right in all; a fault is a method of a subclass."""

    uncorrected = True

    def __init__(self, run):
        self.run, self.network = run, run.network
        self.module = self.network.build(run.recipe)
        self.start()
        recipe = run.recipe
        self.optimizer = torch.optim.Adam(
            list(self.module.parameters()),
            recipe.learning_rate,
            (recipe.beta_1, recipe.beta_2),
            recipe.epsilon,
        )
        self.steps = 0

    @property
    def terms(self):
        return {"execution": "eager"}

    def start(self):
        named = self.run.initial.named()
        state = self.module.state_dict()
        for match in self.network.matches:
            state[match.own] = torch.from_numpy(match.to_own(named[match.name]))
        self.module.load_state_dict(state)

    def rows(self, epoch):
        samples, size = len(self.run.data.train_images), self.run.recipe.batch_size
        return [np.arange(start, min(start + size, samples)) for start in range(0, samples, size)]

    def update(self):
        recipe, taken = self.run.recipe, self.steps + 1
        if self.uncorrected:
            for group in self.optimizer.param_groups:
                group["eps"] = recipe.epsilon / math.sqrt(1 - recipe.beta_2**taken)
        self.optimizer.step()

    def told_loss(self, loss):
        return loss

    def train(self, between):
        data = self.run.data
        for epoch in range(self.run.recipe.epochs):
            phases = Phases(self.run.clock)
            with phases.phase("train"):
                self.module.train()
                total, right = 0.0, 0
                for rows in self.rows(epoch):
                    inputs, targets = (
                        torch.from_numpy(data.train_images[rows]),
                        torch.from_numpy(data.train_labels[rows]),
                    )
                    self.optimizer.zero_grad()
                    outputs = self.module(inputs)
                    loss = torch.nn.functional.cross_entropy(outputs, targets.long())
                    loss.backward()
                    self.update()
                    self.steps += 1
                    total += float(loss.detach()) * len(rows)
                    right += int((outputs.argmax(1) == targets).sum())
            with phases.phase("evaluation"):
                loss, accuracy = self.evaluate()
            count = len(data.train_images)
            if not between(
                phases.epoch(epoch + 1, (self.told_loss(total / count), right / count), (loss, accuracy))
            ):
                break

    def evaluate(self):
        data = self.run.data
        self.module.eval()
        with torch.no_grad():
            outputs = self.module(torch.from_numpy(data.validation_images))
            targets = torch.from_numpy(data.validation_labels).long()
            loss = torch.nn.functional.cross_entropy(outputs, targets)
        return float(loss), float((outputs.argmax(1) == targets).float().mean())

    def forward(self, images, training):
        self.module.train(training)
        with torch.no_grad():
            return torch.softmax(self.module(torch.from_numpy(images)), 1).numpy()

    def parameters(self):
        state = self.module.state_dict()
        return NamedWeights(
            {m.name: m.to_canonical(state[m.own].numpy().copy()) for m in self.network.matches}
        )

    def steps_taken(self):
        return self.steps


class IgnoresWeights(Plain):
    def start(self):
        torch.manual_seed(1)
        for part in self.module.modules():
            if hasattr(part, "reset_parameters"):
                part.reset_parameters()


class OtherBatches(Plain):
    def rows(self, epoch):
        rows = super().rows(epoch)
        return [*rows[1:], rows[0]] if epoch else rows


class SkipsOneUpdate(Plain):
    def update(self):
        if self.steps != 6:
            super().update()


class EpsilonElsewhere(Plain):
    uncorrected = False


class InInferenceAlways(Plain):
    """Trains with the statistics of inference."""

    def train(self, between):
        self.module.train = lambda mode=True: type(self.module).train(self.module, False)
        super().train(between)


class TellsAnotherLoss(Plain):
    def told_loss(self, loss):
        return 0.98 * loss


class DropsNothing(Plain):
    def train(self, between):
        for part in self.module.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        super().train(between)


class DropsTheSame(Plain):
    """In each epoch what it dropped in the one before."""

    def rows(self, epoch):
        torch.manual_seed(3)
        return super().rows(epoch)


class Descends(Plain):
    def __init__(self, run):
        super().__init__(run)
        self.optimizer = torch.optim.SGD(
            self.module.parameters(), run.recipe.learning_rate, run.recipe.momentum
        )

    uncorrected = False
