"""The Python client: typed handles, and retries that keep the request_id."""
