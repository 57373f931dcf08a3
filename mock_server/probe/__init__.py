"""Probe: asks a real service, on a budget, what the simulator cannot know."""
