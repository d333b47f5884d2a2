-- The embedded store. The log is an append-only rowid table without another index: the store
-- keeps (shard, offset) -> rowid in memory, so that a commit only ever writes at the end.
CREATE TABLE IF NOT EXISTS header (
  shard INTEGER NOT NULL, segment INTEGER NOT NULL, epoch INTEGER NOT NULL,
  tail INTEGER NOT NULL, base INTEGER NOT NULL, sealed INTEGER NOT NULL,
  owner TEXT, nonce TEXT NOT NULL, last_batch TEXT, ckpt_offset INTEGER, ckpt_epoch INTEGER,
  PRIMARY KEY (shard, segment)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (
  id INTEGER PRIMARY KEY, shard INTEGER NOT NULL, off INTEGER NOT NULL, row BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS hint (shard INTEGER PRIMARY KEY, segment INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoint (
  shard INTEGER NOT NULL, off INTEGER NOT NULL, w_epoch INTEGER NOT NULL, part INTEGER NOT NULL,
  body BLOB NOT NULL, PRIMARY KEY (shard, off, w_epoch, part)
);
-- Blocks of chunks, written behind each other and never changed: the shards' indexes say where.
CREATE TABLE IF NOT EXISTS history (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
-- The shard leads: a checkpoint of one shard then writes pages that lie together.
CREATE TABLE IF NOT EXISTS snapshot (
  shard INTEGER NOT NULL, tenant TEXT NOT NULL, type TEXT NOT NULL, key TEXT NOT NULL,
  version INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (shard, tenant, type, key)
) WITHOUT ROWID;
