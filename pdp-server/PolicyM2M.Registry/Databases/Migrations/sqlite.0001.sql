CREATE TABLE registry (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  sequence INTEGER NOT NULL
);
INSERT INTO registry (only_row, sequence) VALUES (1, 0);

CREATE TABLE devices (
  id             TEXT PRIMARY KEY,
  state          TEXT NOT NULL,
  site           TEXT,
  risk           INTEGER,
  revoked_at     INTEGER,
  revoked_reason TEXT,
  attributes     TEXT NOT NULL,
  version        INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL
);
CREATE INDEX devices_by_site ON devices (site, id);

CREATE TABLE changes (
  sequence  INTEGER PRIMARY KEY,
  device_id TEXT NOT NULL,
  at        INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  verb      TEXT NOT NULL,
  reason    TEXT
);
CREATE INDEX changes_by_device ON changes (device_id, sequence);
