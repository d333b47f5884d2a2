"""AIDevOS: durable objects for Python and a team of agents that builds on them."""
