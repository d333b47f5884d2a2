"""Storage: one shard log over conditional statements; the back ends memory, SQLite, simulated."""
