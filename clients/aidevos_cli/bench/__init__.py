"""`aidevos bench`, and the load generator that the repository's own benchmarks use as well."""
