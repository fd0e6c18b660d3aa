-- What a person did, newest first; and what was done that changed no appointment, such as setting up calendars: few, found by the calendars they touched.
-- Of the parents alone, which are not searched until every partition has its part (0005_history.online.sql): what is made from here on brings it along.

LOCK TABLE ONLY command, ONLY trail IN SHARE MODE;

CREATE INDEX command_by_person ON ONLY command (tenant, person, at);

CREATE INDEX trail_without_appointment ON ONLY trail (tenant, seq) WHERE appointment IS NULL;
