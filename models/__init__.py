"""What runs: the workloads and their interchangeable implementations."""
