-- Search by words (GET /vault/search).

-- What a gift is found by: its words, as they are (configuration simple, of no language) but for case, compatibility forms and
-- accents written apart (NFKC). Scripts without spaces between words get a break before each character (Han, Kana, Hangul; Thai,
-- Lao, Burmese and Khmer before each base letter, whose marks stay with it), and what is looked for in them is a phrase. Of the
-- first 50,000 characters: what has more different words than a tsvector holds could not be stored.
--
-- The collation is one that knows the letters of all scripts: that of the database may be C, which lowers A to Z only.
-- All in one expression without functions of our own, which maintenance would not find with its empty search path.
do $do$
declare
  letters text := coalesce(
    (select collname from pg_collation
       join (values ('pg_c_utf8', 1), ('und-x-icu', 2), ('C.utf8', 3), ('C.UTF-8', 4)) as best (name, place) on name = collname
      where collencoding in (-1, pg_char_to_encoding('UTF8')) and collnamespace = 'pg_catalog'::regnamespace
      order by place limit 1), 'default');
  without_spaces text := '([\u0e01-\u0e30\u0e40-\u0e46\u0e81-\u0eb0\u0ec0-\u0ec6\u1000-\u102a\u1780-\u17b3'
    '\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])';
begin
  execute format($f$
    create function vault_words(question text, answer text) returns tsvector language sql immutable parallel safe as $$
      select to_tsvector('pg_catalog.simple', regexp_replace(regexp_replace(
        lower(upper(normalize(left(question || ' ' || answer, 50000), NFKC) collate pg_catalog.%I)),
        '[[:punct:][:space:][:cntrl:]]', ' ', 'g'), %L, ' \1', 'g'))
    $$ $f$, letters, without_spaces);

  -- What a reader looks for: words, "a phrase", -not, or. Signs within a word make it a phrase, as its parts are.
  execute format($f$
    create function vault_query(words text) returns tsquery language sql immutable parallel safe as $$
      select websearch_to_tsquery('pg_catalog.simple', regexp_replace(regexp_replace(
        lower(upper(normalize(translate(words, '“”„«»', '"""""'), NFKC) collate pg_catalog.%I)),
        '(?!["-])[[:punct:]]|(?<=\S)-|-(?!\S)', ',', 'g'), %L, ',\1', 'g'))
    $$ $f$, letters, without_spaces);
end $do$;

-- Whether the gift is in the index yet. To take words apart costs ten times what it costs to store the row, so it is done afterwards,
-- by the workers, a few at a time; and so are the rows that are there already.
alter table vault add column searchable boolean not null default false;

-- what is to be taken in, newest first
create index vault_unsearched on vault (id) where not searchable;

-- GET /vault/search
create index vault_search on vault using gin (vault_words(question, answer)) where searchable and deleted_at is null;
