-- Version 1 of keys.db. Everything in it is wrapped (AES-256-GCM, nonce first) under master.key.
CREATE TABLE schema_version (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;

-- id: 16 random bytes, lower hex; pins every wrapped key to this installation.
-- check_value: a known text, so that a wrong master key is told from a damaged secret.
CREATE TABLE installation (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  id          TEXT    NOT NULL,
  check_value BLOB    NOT NULL,
  secret      BLOB    NOT NULL
) STRICT;

-- version: of the wrapping; a rotated master key will be the next.
CREATE TABLE person_key (
  customer TEXT    PRIMARY KEY,
  version  INTEGER NOT NULL,
  wrapped  BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO schema_version (one, version) VALUES (1, 1);
