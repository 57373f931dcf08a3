"""A small, correct client; equally correct variants of it; and mutants with one bug each."""
