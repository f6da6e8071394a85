-- First form. Times are seconds since 1970 in UTC; `record` is the record as JSON, beside the columns that are asked for.
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('generation', 1);

CREATE TABLE outlets (name TEXT PRIMARY KEY, active INTEGER NOT NULL, record BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE feeds (url TEXT PRIMARY KEY, outlet TEXT NOT NULL, record BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX feeds_by_outlet ON feeds (outlet);
CREATE TABLE pages (
  address_id TEXT PRIMARY KEY, outlet TEXT NOT NULL, due REAL, fetched REAL, record BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pages_by_due ON pages (due) WHERE due IS NOT NULL;
CREATE INDEX pages_fetched ON pages (fetched) WHERE fetched IS NOT NULL;
CREATE TABLE drops (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, room TEXT NOT NULL, reason TEXT NOT NULL,
  outlet TEXT NOT NULL, url TEXT NOT NULL, address_id TEXT NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE INDEX drops_by_address ON drops (address_id);
CREATE INDEX drops_by_reason ON drops (reason);

CREATE TABLE articles (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, address_id TEXT NOT NULL, outlet TEXT NOT NULL,
  state TEXT NOT NULL, lease INTEGER NOT NULL DEFAULT 0, lease_until REAL NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, story TEXT NOT NULL DEFAULT '', relation TEXT NOT NULL DEFAULT '',
  first_seen REAL NOT NULL, ready_at REAL, arrival INTEGER UNIQUE, record BLOB NOT NULL
) STRICT;
CREATE INDEX articles_by_address ON articles (address_id);
CREATE INDEX articles_by_story ON articles (story);
CREATE INDEX articles_fresh ON articles (seq) WHERE state = 'accepted' AND attempts = 0;
CREATE INDEX articles_tried ON articles (lease_until) WHERE state IN ('accepted', 'filed') AND attempts > 0;
CREATE INDEX articles_by_state ON articles (state, relation);
CREATE INDEX articles_by_ready_at ON articles (ready_at);
CREATE INDEX articles_by_outlet ON articles (outlet, first_seen);
CREATE INDEX articles_by_first_seen ON articles (first_seen);
CREATE TABLE arrivals (arrival INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL) STRICT;

CREATE TABLE tokens (article INTEGER PRIMARY KEY, keys BLOB NOT NULL) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (title, text, content = '', contentless_delete = 1, tokenize = 'tocsin_keys');
CREATE TABLE tags (
  name TEXT NOT NULL, value TEXT NOT NULL, article INTEGER NOT NULL, PRIMARY KEY (name, value, article)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_article ON tags (article);

CREATE TABLE sketches (
  article INTEGER PRIMARY KEY, address_id TEXT NOT NULL, text_hash TEXT NOT NULL, record BLOB NOT NULL
) STRICT;
CREATE INDEX sketches_by_address ON sketches (address_id);
CREATE INDEX sketches_by_text ON sketches (text_hash);
CREATE TABLE prints (print INTEGER NOT NULL, article INTEGER NOT NULL, PRIMARY KEY (print, article)) STRICT, WITHOUT ROWID;
CREATE INDEX prints_by_article ON prints (article);

CREATE TABLE subscriptions (id TEXT PRIMARY KEY, record BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE alerts (
  id TEXT PRIMARY KEY, subscription TEXT NOT NULL, story TEXT NOT NULL, created REAL NOT NULL, record BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_by_story ON alerts (story, subscription);
CREATE INDEX alerts_by_created ON alerts (created);
CREATE TABLE notices (
  id TEXT PRIMARY KEY, alert TEXT NOT NULL, article TEXT NOT NULL, created REAL NOT NULL, record BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notices_by_alert ON notices (alert);
CREATE INDEX notices_by_article ON notices (article);
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY, notice TEXT NOT NULL, state TEXT NOT NULL, next_try REAL NOT NULL DEFAULT 0, record BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_notice ON deliveries (notice);
CREATE INDEX deliveries_by_state ON deliveries (state);
CREATE INDEX deliveries_waiting ON deliveries (next_try) WHERE state = 'waiting';
