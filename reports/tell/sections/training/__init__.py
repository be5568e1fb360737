"""Trainings: trainers, floors, learning curves, ladders, and division among workers."""
