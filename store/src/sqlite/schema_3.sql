-- Version 3: events of a customer's own stream have no entry here, since they are found by their stream. Such
-- an entry dirtied a page of its own with nearly every event of a customer (decision 0033). Whoever looks for
-- a customer's events asks this index and the stream `customer-<id>`.
DROP INDEX event_by_customer;
CREATE INDEX event_by_customer ON event (customer)
  WHERE customer IS NOT NULL AND stream <> 'customer-' || customer;

UPDATE schema_version SET version = 3;
