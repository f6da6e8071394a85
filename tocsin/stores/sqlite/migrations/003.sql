-- Stories that turned out to be one: the id that was registered first stands for both. Articles keep the id they had.
CREATE TABLE aliases (story TEXT PRIMARY KEY, root TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_by_root ON aliases (root);
INSERT INTO aliases SELECT DISTINCT own_story(id), story FROM articles WHERE story NOT IN ('', own_story(id));

-- Sketches are packed, and found by numbers made of their own story, their address and their text. They are numbered as
-- they are registered; those of before keep the number of their article.
ALTER TABLE sketches RENAME TO old_sketches;
DROP INDEX sketches_by_address;
DROP INDEX sketches_by_text;
CREATE TABLE sketches (
  number INTEGER PRIMARY KEY AUTOINCREMENT, own INTEGER NOT NULL, address INTEGER NOT NULL, text INTEGER NOT NULL,
  sketch BLOB NOT NULL
) STRICT;
INSERT INTO sketches
  SELECT article, key_of(own_story(record ->> 'article')), key_of(address_id), key_of(text_hash), packed_sketch(record)
  FROM old_sketches ORDER BY article;
CREATE INDEX sketches_by_own ON sketches (own);
CREATE INDEX sketches_by_address ON sketches (address);
CREATE INDEX sketches_by_text ON sketches (text);
DROP TABLE old_sketches;

-- The first number of each day since 1970: numbers before the window are no candidates.
CREATE TABLE days (day INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;
INSERT INTO days
  SELECT CAST(first_seen / 86400 AS INTEGER), min(number) FROM articles JOIN sketches ON number = seq GROUP BY 1;

-- A fingerprint with its halves changed is a mark; its upper half is the bucket in which it ends. Of an older store,
-- what is in the window goes there at once.
CREATE TABLE fresh_prints (number INTEGER PRIMARY KEY, marks BLOB NOT NULL) STRICT;
ALTER TABLE prints RENAME TO old_prints;
CREATE TABLE prints (bucket INTEGER PRIMARY KEY, postings BLOB NOT NULL) STRICT;
INSERT INTO prints
  SELECT print & 65535, postings_of(print >> 16, article) FROM old_prints
  WHERE article >= (SELECT min(number) FROM days WHERE day > (SELECT max(day) FROM days) - 45)
  GROUP BY 1;
DROP TABLE old_prints;

-- What only one process may do at a time: who does it, until when, and how long that was when it was given.
CREATE TABLE leases (
  name TEXT PRIMARY KEY, owner TEXT NOT NULL, token INTEGER NOT NULL, until REAL NOT NULL, seconds REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- Subscriptions as they were before each edit, and as they were when they were removed.
CREATE TABLE subscription_history (
  id TEXT PRIMARY KEY, subscription TEXT NOT NULL, record BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_history_by_subscription ON subscription_history (subscription);
