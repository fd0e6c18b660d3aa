-- The parts of the partitions that were there before. What an interrupted build leaves is not valid; so it goes first.

FOR EACH PARTITION OF command WITHOUT command_by_person: DROP INDEX CONCURRENTLY IF EXISTS {partition}_by_person;

FOR EACH PARTITION OF command WITHOUT command_by_person: CREATE INDEX CONCURRENTLY {partition}_by_person ON {partition} (tenant, person, at);

FOR EACH PARTITION OF command WITHOUT command_by_person: ALTER INDEX command_by_person ATTACH PARTITION {partition}_by_person;

FOR EACH PARTITION OF trail WITHOUT trail_without_appointment: DROP INDEX CONCURRENTLY IF EXISTS {partition}_without_appointment;

FOR EACH PARTITION OF trail WITHOUT trail_without_appointment: CREATE INDEX CONCURRENTLY {partition}_without_appointment ON {partition} (tenant, seq) WHERE appointment IS NULL;

FOR EACH PARTITION OF trail WITHOUT trail_without_appointment: ALTER INDEX trail_without_appointment ATTACH PARTITION {partition}_without_appointment;
