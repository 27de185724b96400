-- As in V8, but piece by piece: to order the accents of one letter takes PostgreSQL the square of their number, and no time limit ends
-- that. A text of nothing but accents took a minute, in which no other gift was taken into the index. A piece ends between words where
-- there are spaces. And what is longer in compatible forms, up to 18 times, is cut again.
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
    create or replace function vault_words(question text, answer text) returns tsvector language sql immutable parallel safe as $$
      select to_tsvector('pg_catalog.simple', regexp_replace(regexp_replace(
        lower(upper(left(
          (select string_agg(normalize(piece[1], NFKC), '' order by place)
             from regexp_matches(left(question || ' ' || answer, 50000), '.{1,100}(?:\s|$)|.{1,100}', 'g')
                  with ordinality as pieces (piece, place)), 50000) collate pg_catalog.%I)),
        '[[:punct:][:space:][:cntrl:]]', ' ', 'g'), %L, ' \1', 'g'))
    $$ $f$, letters, without_spaces);
end $do$;
