-- The event log. A position is given under the lock of the one row of `head`, held to the commit: positions
-- are dense and in commit order, so that a reader of `pos > $1 ORDER BY pos` never skips a slow transaction.
-- Positions, versions and instants are checked where they are read; no foreign keys, no triggers.

-- HOT updates need room in the row's page.
CREATE TABLE ledgerline.head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  pos bigint NOT NULL,
  -- Microseconds since 1970 UTC of the last group; 0 before the first.
  recorded_at bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO ledgerline.head (pos, recorded_at) VALUES (0, 0);

CREATE TABLE ledgerline.event (
  pos bigint PRIMARY KEY,
  recorded_at bigint NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  -- First 8 bytes of SHA-256(record), exclusive-or recorded_at: names a damaged row by its position.
  digest bigint NOT NULL,
  batch_index integer NOT NULL,
  batch_count integer NOT NULL,
  id uuid NOT NULL,
  stream text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  campaign text COLLATE "C",
  customer text COLLATE "C",
  record bytea NOT NULL,
  CONSTRAINT event_id UNIQUE (id),
  CONSTRAINT event_version UNIQUE (stream, version)
);
CREATE INDEX event_campaign ON ledgerline.event (campaign, pos) WHERE campaign IS NOT NULL;
CREATE INDEX event_customer ON ledgerline.event (customer, pos) WHERE customer IS NOT NULL;

-- What the installation is for life.
CREATE TABLE ledgerline.meta (name text PRIMARY KEY, value text NOT NULL);

-- One group commit. `check_*` name versions that must exist: streams of which the caller has seen less than
-- it expects. That a version is still free is what UNIQUE (stream, version) says.
CREATE FUNCTION ledgerline.append_many(
  clock_at bigint, check_streams text[], check_versions bigint[],
  streams text[], versions bigint[], ids uuid[], indexes integer[], counts integer[],
  kinds text[], campaigns text[], customers text[], digests bigint[], records bytea[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  before bigint;
  group_at bigint;
BEGIN
  UPDATE ledgerline.head
    SET pos = pos + cardinality(ids), recorded_at = greatest(recorded_at, clock_at)
    RETURNING pos - cardinality(ids), recorded_at INTO STRICT before, group_at;
  IF cardinality(check_streams) > 0 AND EXISTS (
    SELECT FROM unnest(check_streams, check_versions) AS c (stream, version)
    WHERE NOT EXISTS (
      SELECT FROM ledgerline.event e WHERE e.stream = c.stream AND e.version = c.version)
  ) THEN
    RAISE EXCEPTION 'a stream is behind the version expected of it' USING ERRCODE = 'LL001';
  END IF;
  INSERT INTO ledgerline.event (pos, recorded_at, version, digest, batch_index, batch_count,
      id, stream, kind, campaign, customer, record)
    SELECT before + r.step, group_at, r.version, r.digest # group_at, r.batch_index, r.batch_count,
      r.id, r.stream, r.kind, r.campaign, r.customer, r.record
    FROM unnest(versions, digests, indexes, counts, ids, streams, kinds, campaigns, customers, records)
      WITH ORDINALITY AS r (version, digest, batch_index, batch_count, id, stream, kind, campaign, customer,
        record, step);
  PERFORM pg_notify('ledgerline_events', (before + cardinality(ids))::text);
  RETURN before;
END $$;

-- Takes over events of another log as they are; they follow the head exactly.
CREATE FUNCTION ledgerline.load_many(
  first bigint, instants bigint[], check_streams text[], check_versions bigint[],
  streams text[], versions bigint[], ids uuid[], indexes integer[], counts integer[],
  kinds text[], campaigns text[], customers text[], digests bigint[], records bytea[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before bigint;
  last_at bigint;
BEGIN
  SELECT h.pos, h.recorded_at INTO STRICT before, last_at FROM ledgerline.head h FOR UPDATE;
  IF first <> before + 1 THEN
    RAISE EXCEPTION 'the log ends at %, so % does not follow', before, first USING ERRCODE = 'LL002';
  END IF;
  IF instants[1] < last_at THEN
    RAISE EXCEPTION 'position % was recorded before the one it follows', first USING ERRCODE = 'LL002';
  END IF;
  IF EXISTS (
    SELECT FROM unnest(check_streams, check_versions) AS c (stream, version)
    WHERE NOT EXISTS (
      SELECT FROM ledgerline.event e WHERE e.stream = c.stream AND e.version = c.version)
  ) THEN
    RAISE EXCEPTION 'a stream has a gap in its versions' USING ERRCODE = 'LL002';
  END IF;
  INSERT INTO ledgerline.event (pos, recorded_at, version, digest, batch_index, batch_count,
      id, stream, kind, campaign, customer, record)
    SELECT before + r.step, r.instant, r.version, r.digest # r.instant, r.batch_index, r.batch_count,
      r.id, r.stream, r.kind, r.campaign, r.customer, r.record
    FROM unnest(instants, versions, digests, indexes, counts, ids, streams, kinds, campaigns, customers,
        records)
      WITH ORDINALITY AS r (instant, version, digest, batch_index, batch_count, id, stream, kind, campaign,
        customer, record, step);
  UPDATE ledgerline.head
    SET pos = before + cardinality(ids), recorded_at = instants[cardinality(instants)];
  PERFORM pg_notify('ledgerline_events', (before + cardinality(ids))::text);
END $$;
