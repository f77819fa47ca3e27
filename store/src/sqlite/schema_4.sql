-- Version 4: rows in order of positions, and nothing to find them by: that stands in index.db, which is made of
-- these rows and runs behind them (decision 0037). A row's commit then writes the pages of its own rows alone.
-- That a version of a stream and an id stand here once, the writer sees to, which asks the index before it adds
-- a row.
-- Nothing is deleted for good: the same rows stand in the new table. Overwritten with zeros, the old ones would be
-- written once more.
PRAGMA secure_delete = OFF;

CREATE TABLE event_4 (
  pos         INTEGER PRIMARY KEY,
  stream      TEXT    NOT NULL,
  version     INTEGER NOT NULL CHECK (version >= 1),
  id          BLOB    NOT NULL,
  batch_index INTEGER NOT NULL,
  batch_count INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  campaign    TEXT,
  customer    TEXT,
  digest      BLOB    NOT NULL,
  record      BLOB    NOT NULL
) STRICT;
INSERT INTO event_4 SELECT * FROM event ORDER BY pos;
DROP TABLE event;
ALTER TABLE event_4 RENAME TO event;

PRAGMA secure_delete = ON;

UPDATE schema_version SET version = 4;
