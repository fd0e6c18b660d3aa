-- The chain behind the trail, made behind those who write to it: nobody waits for it, and the trail's own tables are left as they are.

CREATE TABLE trail_seal (
    made_at timestamptz NOT NULL,
    number  bigint      NOT NULL,
    whole   bigint      NOT NULL,
    entries bigint      NOT NULL,
    up_to   bigint,
    settled xid8,
    tenant  integer     NOT NULL,
    digests bytea,
    sum     bytea       NOT NULL,
    hash    bytea       NOT NULL,
    PRIMARY KEY (tenant, number)
);
COMMENT ON TABLE trail_seal IS
    'Each is bound to the one before it, and covers entries of the trail that none before it does: hash is of the hash before, number, time, whole, entries '
    'and sum. kalends verify follows it.';
COMMENT ON COLUMN trail_seal.whole IS 'Every entry up to this number is covered, by this seal or one before it; some beyond it are as well.';
COMMENT ON COLUMN trail_seal.up_to IS 'The highest number there was when it was made. Lower ones may be committed later, until settled.';
COMMENT ON COLUMN trail_seal.settled IS
    'Whoever was given a number up to up_to is of a transaction below this: once none of those runs, every entry up to up_to is there. Null, like up_to, in '
    'what was brought from another store.';
COMMENT ON COLUMN trail_seal.digests IS 'Of each entry covered, in the order of numbers: eight bytes of its number, and the SHA-256 of what it says.';

-- Hashes do not get smaller.
ALTER TABLE trail_seal ALTER COLUMN digests SET STORAGE EXTERNAL;

CREATE TABLE trail_erasure (
    seq      bigint  NOT NULL,
    tenant   integer NOT NULL,
    is_after boolean NOT NULL,
    command  uuid    NOT NULL,
    said     bytea   NOT NULL CHECK (length(said) = 32),
    PRIMARY KEY (tenant, seq, is_after)
);
COMMENT ON TABLE trail_erasure IS
    'What was erased from the trail by a command: of an entry, before or after, the SHA-256 of what it said, so that its digest can still be worked out.';

ALTER TABLE trail_seal ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON trail_seal USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
ALTER TABLE trail_erasure ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON trail_erasure USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
