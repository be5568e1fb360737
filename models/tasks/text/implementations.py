"""The trainers that the registry lists; importing this imports no framework."""

from __future__ import annotations

from likeforlike.models.tasks.oracle.trainers import trainers

IMPLEMENTATIONS = trainers("text", "likeforlike.models.tasks.text")
