-- wrapping: the version in force; a rotation raises it with every row.
ALTER TABLE installation ADD COLUMN wrapping INTEGER NOT NULL DEFAULT 1;

-- at: when the key was destroyed the first time, in microseconds since 1970 UTC. Rows are never taken away.
CREATE TABLE destroyed (
  customer TEXT    PRIMARY KEY,
  at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

UPDATE schema_version SET version = 2;
