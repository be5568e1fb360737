"""What a training is made of: data, network, recipe, trainer, the task and the ways of a loop."""
