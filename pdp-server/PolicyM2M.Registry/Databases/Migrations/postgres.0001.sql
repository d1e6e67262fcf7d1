CREATE TABLE registry (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  sequence BIGINT NOT NULL
);
INSERT INTO registry (only_row, sequence) VALUES (1, 0);

CREATE TABLE devices (
  id             TEXT COLLATE "C" PRIMARY KEY,
  state          TEXT NOT NULL,
  site           TEXT COLLATE "C",
  risk           INTEGER,
  revoked_at     BIGINT,
  revoked_reason TEXT,
  attributes     TEXT NOT NULL,
  version        BIGINT NOT NULL,
  updated_at     BIGINT NOT NULL
);
CREATE INDEX devices_by_site ON devices (site, id);

CREATE TABLE changes (
  sequence  BIGINT PRIMARY KEY,
  device_id TEXT COLLATE "C" NOT NULL,
  at        BIGINT NOT NULL,
  actor     TEXT NOT NULL,
  verb      TEXT NOT NULL,
  reason    TEXT
);
CREATE INDEX changes_by_device ON changes (device_id, sequence);
