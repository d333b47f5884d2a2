"""The shard host: policy, mailbox, turn, log, gate. `host.Host` is what doors call."""
