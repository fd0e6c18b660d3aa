-- A replayed answer says how far the store has come when it is replayed, which includes what the first run kept.
ALTER TABLE idempotency DROP COLUMN position;
