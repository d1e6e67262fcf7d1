ALTER TABLE registry ADD COLUMN identity TEXT NOT NULL DEFAULT '';
UPDATE registry SET identity = replace(gen_random_uuid()::text, '-', '');
