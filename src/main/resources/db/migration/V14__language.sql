-- The language of question and answer, a tag of BCP 47 such as de or pt-BR; null when not known, as for all that is there. Columns without
-- a default: no row is written, however many there are. A worker that stores meanwhile may hold one of the two tables and wait for the
-- other: then one of the two is undone, and tried again.
alter table vault add column lang text;
alter table gift_change
  add column lang        text,
  add column before_lang text;

-- as in V10, and the language too
drop trigger vault_moved on vault;
create trigger vault_moved before update on vault for each row
  when ((old.deleted_at is null or new.deleted_at is null)
        and (old.question, old.answer, old.symbol_id, old.lang, old.user_id, old.revision, old.deleted_at, old.purged_at)
            is distinct from
            (new.question, new.answer, new.symbol_id, new.lang, new.user_id, new.revision, new.deleted_at, new.purged_at))
  execute function vault_moved();
drop trigger vault_notify on vault;
create trigger vault_notify
  after insert or update of question, answer, symbol_id, lang, user_id, revision, deleted_at, purged_at on vault
  for each statement execute function vault_notify();

-- as in V11, and the language too
create or replace function vault_blank(gifts uuid[], reader_too boolean) returns bigint language plpgsql strict as $$
declare
  blanked bigint;
begin
  update gift_change
     set question = '', answer = '', symbol_id = null, before_symbol_id = null, lang = null, before_lang = null,
         -- null says that there was no row
         before_question = left(before_question, 0), before_answer = left(before_answer, 0),
         by_user = case when not reader_too then by_user end
   where gift = any(gifts);
  update vault
     set question = '', answer = '', symbol_id = null, lang = null,
         user_id = case when reader_too then '00000000-0000-0000-0000-000000000000' else user_id end,
         deleted_at = coalesce(deleted_at, now()), purged_at = coalesce(purged_at, now())
   where event_id = any(gifts);
  get diagnostics blanked = row_count;
  return blanked;
end $$;
