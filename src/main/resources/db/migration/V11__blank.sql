-- Takes the texts of gifts away for good, and those of their history; the rows stay. For routes that have locked the rows in the
-- same statement. A function, because each statement in it sees what has been committed by then: a change that had the lock
-- before has left its texts in the history, and the statement that waited for it does not see them.
--
-- gifts: event_id of each, null for none. reader_too: takes away whose they were as well. Returns how many there were.
create function vault_blank(gifts uuid[], reader_too boolean) returns bigint language plpgsql strict as $$
declare
  blanked bigint;
begin
  update gift_change
     set question = '', answer = '', symbol_id = null, before_symbol_id = null,
         -- null says that there was no row
         before_question = left(before_question, 0), before_answer = left(before_answer, 0),
         by_user = case when not reader_too then by_user end
   where gift = any(gifts);
  update vault
     set question = '', answer = '', symbol_id = null,
         user_id = case when reader_too then '00000000-0000-0000-0000-000000000000' else user_id end,
         deleted_at = coalesce(deleted_at, now()), purged_at = coalesce(purged_at, now())
   where event_id = any(gifts);
  get diagnostics blanked = row_count;
  return blanked;
end $$;
