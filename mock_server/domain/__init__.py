"""The rules. Pure functions and values: no Flask, file, socket, clock, dice, thread or log."""
