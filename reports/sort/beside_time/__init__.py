"""Figures that stand beside time: accuracies, prices, and what people count by the second."""
