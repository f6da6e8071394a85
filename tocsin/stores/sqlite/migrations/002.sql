-- Words are analysed anew (analyser 2): tokens become numbers of `forms`, and the index is keyed by arrival. What was
-- stored before is brought over by `tocsin reindex`, from the text; until then it is not found by its words.
CREATE TABLE forms (form INTEGER PRIMARY KEY, keys TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE form_keys (key TEXT NOT NULL, form INTEGER NOT NULL, PRIMARY KEY (key, form)) STRICT, WITHOUT ROWID;
DELETE FROM tokens;
ALTER TABLE tokens RENAME COLUMN keys TO forms;
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5 (
  title, text, content = '', contentless_delete = 1, prefix = '4 5', tokenize = 'tocsin_keys'
);
CREATE VIRTUAL TABLE words_keys USING fts5vocab (words, row);

ALTER TABLE articles ADD COLUMN published REAL;
UPDATE articles SET published = unixepoch(record ->> 'published', 'subsec');
CREATE INDEX articles_by_published ON articles (published);
ALTER TABLE articles ADD COLUMN analyser INTEGER NOT NULL DEFAULT 0;
CREATE INDEX articles_by_analyser ON articles (analyser) WHERE state = 'ready';
