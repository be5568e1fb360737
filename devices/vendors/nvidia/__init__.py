"""NVIDIA's GPUs: what NVML reads, which of them a process sees, and the maker."""
