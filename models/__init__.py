"""What runs: workloads, tasks, and their interchangeable implementations."""
