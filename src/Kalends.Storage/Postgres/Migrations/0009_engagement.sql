-- Who was shown whose calendar: counted in memory and added here every few seconds, so that no query writes.

CREATE TABLE calendar_view (
    views    bigint  NOT NULL CHECK (views > 0),
    tenant   integer NOT NULL,
    calendar integer NOT NULL,
    day      integer NOT NULL,
    viewer   text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, calendar, day, viewer)
);
COMMENT ON TABLE calendar_view IS 'How often somebody was shown a calendar on a day.';
COMMENT ON COLUMN calendar_view.day IS 'From 1970-01-01, in UTC.';

-- Of all calendars, as pages go.
CREATE INDEX calendar_view_by_day ON calendar_view (tenant, day, calendar, viewer);

ALTER TABLE calendar_view ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON calendar_view USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
