"""The rules. Pure: no Flask, file, socket, clock, dice, thread or log below this line."""
