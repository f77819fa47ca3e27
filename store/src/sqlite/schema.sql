-- Version 1 of events.db. Only `record` is truth; kind, campaign and customer are read from it.
CREATE TABLE schema_version (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;

-- pos: last + 1, given by the one writer, so positions are dense in commit order.
-- batch_index, batch_count: which event of how many of its batch; a repeat is told from a part by them.
-- recorded_at: microseconds since 1970, one per commit, never less than the row before.
-- digest: first 8 bytes of SHA-256(recorded_at, 8 bytes big-endian, then the record), to name a damaged row.
CREATE TABLE event (
  pos         INTEGER PRIMARY KEY,
  stream      TEXT    NOT NULL,
  version     INTEGER NOT NULL CHECK (version >= 1),
  id          BLOB    NOT NULL UNIQUE,
  batch_index INTEGER NOT NULL,
  batch_count INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  campaign    TEXT,
  customer    TEXT,
  digest      BLOB    NOT NULL,
  record      BLOB    NOT NULL,
  UNIQUE (stream, version)
) STRICT;

INSERT INTO schema_version (one, version) VALUES (1, 1);
