"""Planted bugs: the refused variants of the protocol, each behind a switch.

The simulation proves itself by finding every one of them (tests/sim). Named after section 11 of
the protocol; what concerns outbox, alarms and many hosts' etcd comes with those parts. The last
ones are of the shell: of sessions' clients, of the executor that holds live states, of streams,
of bursts.
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
    MARK_UNCOMMITTED = "answers released by a mark that is not committed"
    MARK_OVER_CALL = "a mark that covers a call under way"
    MARK_UNANSWERED = "a mark that covers what was never answered"
    BELOW_MARK = "numbers below the mark not refused"
    SESSION_FORGOTTEN = "a session forgotten before it expires"
    SESSION_EXPIRY_MOVES = "a new expires_at for a session on retry"
    CHECKPOINT_WITHOUT_SESSIONS = "a checkpoint without sessions"
    CHECKPOINT_WITHOUT_MARKS = "a checkpoint without marks"
    DEAD_RESULT = "a result of a dead executor, taken after its objects were activated again"
    OLD_RESULT = "a result of a turn sent before its object was activated again, taken"
    SNAPSHOT_TAKEN_BACK = "a snapshot of a state that was taken back, under a version that came"
    STALE_RESULT = "a result that does not go on from what is known, taken"
    GROUP_UNCHECKED = "a result that saw of its group what was taken back, taken"
    UNCOMMITTED_READ = "an activation that does not wait for the commit of what is under way"
    STALE_ACTIVATION = "an activation without the rows after the checkpoint"
    SENT_AGAIN = "a turn sent again after a worker's death though its result was taken"
    HALF_KEPT = "a failed turn's half state kept"
    ITEM_EARLY = "a stream item before its commit"
    BURST_OF_KNOWN = "a burst admitted though some of its calls are known"
    BURST_BELOW_MARK = "a burst admitted though some of its numbers are below the mark"
    BURST_EXPIRED = "a burst admitted though its session has expired"
    BURST_UNCHECKED = "a burst taken though not all of it goes on from what is known"
    BURST_EARLY = "a burst's answers before its commit"
    BURST_REST_FORGOTTEN = (
        "a rest cut off from a burst, whose repeats still wait for the first part"
    )
    BURST_COPIES_IN_BOTH = "copies of a burst's calls that wait with both parts of it"
    BURST_SENT_AGAIN = "a burst that fell apart, kept as a burst as well"
    KEPT_BURST_DROPPED = "a kept burst forgotten when the mark passes its first number"
    BURST_REPLAY_SKIPS = "a replay of a burst that skips the second change of an object"
    NEIGHBOURS_ROLLED_BACK = "one shard's failed update rolling back its neighbours"
