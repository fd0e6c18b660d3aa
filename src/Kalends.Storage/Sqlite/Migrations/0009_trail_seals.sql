-- The chain behind the trail: each seal is bound to the one before it and covers entries that none before it does. digests is, for each of them in
-- the order of numbers, eight bytes of its number and the SHA-256 of what it says; whole: every entry up to that number is covered by now.
-- With rowids, because digests would leave the page.
CREATE TABLE trail_seal (
    tenant  INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    whole   INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    digests BLOB,
    sum     BLOB NOT NULL,
    hash    BLOB NOT NULL,
    PRIMARY KEY (tenant, number),
    FOREIGN KEY (tenant) REFERENCES tenant (key)
) STRICT;

-- What was erased from the trail by a command: of an entry, before or after, the SHA-256 of what it said, so that its digest can still be worked out.
CREATE TABLE trail_erasure (
    tenant   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    is_after INTEGER NOT NULL,
    command  BLOB NOT NULL CHECK (length(command) = 16),
    said     BLOB NOT NULL CHECK (length(said) = 32),
    PRIMARY KEY (tenant, seq, is_after)
) STRICT, WITHOUT ROWID;

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('trail_seal', 'sqlite_autoindex_trail_seal_1', '100000 100000 1'),
    ('trail_erasure', 'trail_erasure', '10000 10000 2 1');
