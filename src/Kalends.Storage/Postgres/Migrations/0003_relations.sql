-- Who may do what: relation tuples, beside the calendars they are about.

CREATE TABLE relation (
    tenant   integer NOT NULL REFERENCES tenant (key),
    object   text COLLATE "C" NOT NULL,
    relation text COLLATE "C" NOT NULL,
    subject  text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, object, relation, subject)
);
COMMENT ON TABLE relation IS 'Relation tuples, object#relation@subject: calendar:user:ana#viewer@group:eng#member, group:eng#member@user:ben.';

-- A decision begins with who asks: the groups they are in, then what these have.
CREATE INDEX relation_of_subject ON relation (tenant, subject, object, relation);

CREATE TABLE relation_state (
    tenant         integer PRIMARY KEY REFERENCES tenant (key),
    version        bigint  NOT NULL DEFAULT 0,
    default_stated boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE relation_state IS 'One row for each tenant that ever changed a relation; locked by whoever does.';
COMMENT ON COLUMN relation_state.version IS 'Raised by each change, so that what was decided before is known to be old.';
COMMENT ON COLUMN relation_state.default_stated IS 'False: everyone of the tenant views details, unsaid.';

ALTER TABLE relation ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON relation USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
ALTER TABLE relation_state ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON relation_state USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
