"""Doors: the ways in. They translate between a wire and `port.ObjectPort`, and decide nothing."""
