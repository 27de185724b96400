-- Open pages follow changes: a gift that changed moves to a new place on the stream, and keeps the one where it was stored.

-- A trigger, so that every writer is followed, also one that has never heard of it. What was deleted and stays it is on no page,
-- and that a row is in the index of words is nobody's news.
create function vault_moved() returns trigger language plpgsql as $$
begin
  new.txid = pg_current_xact_id()::text::bigint;
  new.saved_txid = coalesce(old.saved_txid, old.txid);
  -- it began before the save and is now behind it: who has passed this place has not passed that one, and may have the gift
  if new.txid < new.saved_txid then
    new.saved_txid = 0;
  end if;
  return new;
end $$;

create trigger vault_moved before update on vault for each row
  when ((old.deleted_at is null or new.deleted_at is null)
        and (old.question, old.answer, old.symbol_id, old.user_id, old.revision, old.deleted_at, old.purged_at)
            is distinct from
            (new.question, new.answer, new.symbol_id, new.user_id, new.revision, new.deleted_at, new.purged_at))
  execute function vault_moved();

-- streams read on for what they show, and not for the index of words
drop trigger vault_notify on vault;
create trigger vault_notify
  after insert or update of question, answer, symbol_id, user_id, revision, deleted_at, purged_at on vault
  for each statement execute function vault_notify();
