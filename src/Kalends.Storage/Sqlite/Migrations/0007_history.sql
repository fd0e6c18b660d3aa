-- What a person did, newest first.
CREATE INDEX command_by_person ON command (tenant, person, at);

-- What was done that changed no appointment, such as setting up calendars: few, and found by the calendars they touched.
CREATE INDEX trail_without_appointment ON trail (tenant, seq) WHERE appointment IS NULL;

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('command', 'command_by_person', '500000 500000 100 1'),
    ('trail', 'trail_without_appointment', '10000 10000 1');
