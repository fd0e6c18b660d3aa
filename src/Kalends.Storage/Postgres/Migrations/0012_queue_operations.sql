-- Commands that nobody waits for: what they were sent with, how far they are, and what came of them.

CREATE TABLE operation (
    created_at timestamptz NOT NULL,
    tenant     integer     NOT NULL,
    scopes     integer     NOT NULL,
    id         uuid        NOT NULL,
    status     text        NOT NULL CHECK (status IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    person     text COLLATE "C" NOT NULL,
    app        text        NOT NULL,
    command    text        NOT NULL,
    key        text        NOT NULL,
    request_id text,
    request    json        NOT NULL,
    answer     json,
    PRIMARY KEY (tenant, id)
);
COMMENT ON TABLE operation IS 'Asynchronous commands. A message of the queue names each that waits or runs.';
COMMENT ON COLUMN operation.scopes IS 'What the token of whoever sent it allowed; what else they may is looked at when it runs.';
COMMENT ON COLUMN operation.answer IS 'The result of what is done, the refusal of what failed.';

CREATE INDEX operation_by_age ON operation (tenant, created_at);

ALTER TABLE operation ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON operation USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
