-- Version 2: what a campaign or a customer went through is found without reading the log through. Each entry
-- ends with the row's pos, so that an index gives positions in order. Kinds have none: the frequent ones are
-- found as fast by reading on, and every append would pay for the rare ones (decision 0019).
CREATE INDEX event_by_campaign ON event (campaign) WHERE campaign IS NOT NULL;
CREATE INDEX event_by_customer ON event (customer) WHERE customer IS NOT NULL;

UPDATE schema_version SET version = 2;
