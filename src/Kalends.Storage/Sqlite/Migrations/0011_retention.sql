-- What a tenant's trail has lost by policy: every entry up to seq, so many entries in all, and the digests of every seal up to seals. Every entry of a
-- command begun at kept_from or later is there.
CREATE TABLE trail_dropped (
    tenant    INTEGER PRIMARY KEY REFERENCES tenant (key),
    seq       INTEGER NOT NULL,
    kept_from INTEGER NOT NULL,
    entries   INTEGER NOT NULL,
    seals     INTEGER NOT NULL
) STRICT;

-- Of an entry that was dropped: the SHA-256 of what was left of it, since the command that erased it may be there and says what it left.
ALTER TABLE trail_erasure ADD COLUMN says BLOB CHECK (length(says) = 32);

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('trail_dropped', NULL, '100');
