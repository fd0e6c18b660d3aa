-- What the program does again and again. The messages of the queue that stand for it, and these rows, are of a tenant that no token can name: ''.

CREATE TABLE schedule (
    next_at      timestamptz NOT NULL,
    last_at      timestamptz,
    turn         bigint      NOT NULL,
    tenant       integer     NOT NULL,
    name         text COLLATE "C" NOT NULL,
    rule         text        NOT NULL,
    zone         text        NOT NULL,
    last_outcome text,
    PRIMARY KEY (tenant, name)
);
COMMENT ON TABLE schedule IS 'A message of the queue names each and its turn; whoever ends that sends the next turn in the same transaction.';
COMMENT ON COLUMN schedule.turn IS 'Grows by one with each message: one of an earlier turn stands for nothing.';

ALTER TABLE schedule ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON schedule USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
