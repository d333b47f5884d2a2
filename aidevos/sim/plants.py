"""Planted bugs: the refused variants of the protocol, each behind a switch.

The simulation proves itself by finding every one of them (tests/sim). Named after section 11 of
the protocol; what concerns marks, outbox, alarms and many hosts' etcd comes with those parts.
"""

from enum import StrEnum


class Plant(StrEnum):
    """One wrong variant."""

    READ_BEFORE_FENCE = "reading before fencing"
    EPOCH_ALONE = "IF epoch alone, with an offset used again after a timeout"
    READ_RESOLVES = "resolving a timeout by a read alone"
    OTHER_BATCH = "another batch at the same offset under the same id"
    DEDUP_IN_MEMORY = "deduplication in memory"
    DEDUP_BY_WINDOW = "deduplication by time window"
    DEDUP_BY_COUNT = "deduplication evicted by count"
    CHECKPOINT_WITHOUT_CALLS = "a checkpoint without call records"
    CHECKPOINT_NAMED_EARLY = "ckpt named before it is durable"
    ROLL_WITHOUT_CHECKPOINT = "a new header without ckpt"
    HINT_BELIEVED = "a hint to nothing believed"
    ANSWER_EARLY = "an answer before commit"
    REFUSAL_EARLY = "a refusal before commit"
    REFUSAL_UNRECORDED = "a refusal not recorded"
    EXPIRED_UNCOMMITTED = "EXPIRED by a log_time not committed"
    QUERY_AHEAD = "a query that shows uncommitted state"
    BARRIER_OLD = "a barrier that began before the call arrived"
    NO_BARRIER = "reads from memory without a barrier"
    HEADER_DELETED = "deleting a header"
    NONCE_REUSED = "a reused nonce"
    SNAPSHOT_AHEAD = "snapshots of speculative state"
    CLOCK_FALLS = "log_time that falls"
    EXPIRY_MOVES = "a new expires_at on retry"
    KEPT_AFTER_FENCE = "uncommitted state kept after a fence"
