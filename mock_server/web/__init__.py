"""The HTTP surface: both servers translate between HTTP and the actions, and do nothing else."""
