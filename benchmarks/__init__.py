"""Side-by-side measurements, run by `make bench`. Only ratios mean anything elsewhere."""
