ALTER TABLE registry ADD COLUMN identity TEXT NOT NULL DEFAULT '';
UPDATE registry SET identity = lower(hex(randomblob(16)));
