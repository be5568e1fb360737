"""What PyTorch's loops share: a module and its weights' names, updates."""
