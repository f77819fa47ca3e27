-- Keys of persons, in a database that holds no events. Run at every start; makes what is missing.
BEGIN;

-- Two processes that start at once would both find nothing.
SELECT pg_advisory_xact_lock(hashtext('ledgerline_keys'));

CREATE SCHEMA IF NOT EXISTS ledgerline_keys;

-- id: 16 random bytes, lower hex; pins every wrapped key to this installation.
CREATE TABLE IF NOT EXISTS ledgerline_keys.installation (
  one         integer PRIMARY KEY CHECK (one = 1),
  id          text    NOT NULL,
  check_value bytea   NOT NULL,
  secret      bytea   NOT NULL,
  wrapping    bigint  NOT NULL
);

-- One row per person for ever: a wrapped key, or (µs since 1970 UTC) when it was destroyed. One row decides
-- between a process that makes a key and one that destroys it.
CREATE TABLE IF NOT EXISTS ledgerline_keys.person_key (
  customer     text   PRIMARY KEY,
  version      bigint NOT NULL,
  wrapped      bytea,
  destroyed_at bigint,
  CHECK ((wrapped IS NULL) <> (destroyed_at IS NULL))
);

COMMIT;
