"""Reports on an account. They only read."""
