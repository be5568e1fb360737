"""Inference: the logits that a task's network gives for a batch, however its framework is asked."""
