-- The whole life of a gift. Its row is never deleted, only blanked: a save that comes late finds it and brings nothing back.

alter table vault
  -- the event that made the text: the newest edit, and null while it is the save itself
  add column revision    uuid,
  -- when the newest edit was made
  add column changed_at  timestamptz,
  -- which edit set a field last, and when: {"question": {"at": time, "change": id}}, likewise answer and symbol_id. An edit
  -- sets a field only if it is newer than that, so edits end in the same row in whatever order they arrive
  add column written     jsonb,
  -- null unless it is deleted
  add column deleted_at  timestamptz,
  -- the newest delete or restore, by the same rule
  add column presence_at timestamptz,
  add column presence_id uuid,
  -- when its texts were taken away for good
  add column purged_at   timestamptz,
  -- the transaction that stored it first, once a change has moved txid on; null until then
  add column saved_txid  bigint;

-- route purge-deleted: what is deleted and has texts yet, the longest first
create index vault_deleted on vault (deleted_at) where deleted_at is not null and purged_at is null;

-- every change that came, whatever became of it: the one place of its event
create table gift_change (
  change_id  uuid primary key,
  -- edited, deleted or restored
  kind       text not null,
  -- event_id of the gift
  gift       uuid not null,
  -- null where readers are not known
  by_user    uuid,
  at         timestamptz not null,
  -- the fields it set
  sets       text[] not null default '{}',
  -- the gift as the change wanted it to be
  question   text not null,
  answer     text not null,
  symbol_id  integer,
  -- and as it was before; null where there was no row
  before_question  text,
  before_answer    text,
  before_symbol_id integer,
  -- the revision it was made for; null for any
  base       uuid,
  -- applied; superseded: newer changes had set all it names; conflict: the base was another; void: nothing is left of the gift
  outcome    text not null,
  stored_at  timestamptz not null default now()
);

-- GET /vault/gifts/{event_id}/history
create index gift_change_gift on gift_change (gift, at, change_id);

-- readers who asked to be forgotten
create table erased_reader (
  user_id    uuid primary key,
  change_id  uuid not null,
  at         timestamptz not null,
  -- when the last of what was stored until then had been blanked; null while that goes on
  swept_at   timestamptz
);

-- when an erasure blanked it
alter table dead_letter add column erased_at timestamptz;

-- a gift's history is its owner's; a subquery on vault, whose own policy says whose that is
create policy own on gift_change for select
  using (gift in (select event_id from vault where user_id = (select vault_reader())));

-- Supabase serves the schema to the world, and grants these two everything in it by default
do $$
declare
  anybody text;
begin
  foreach anybody in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = anybody) then
      execute format('revoke all on gift_change, erased_reader from %I', anybody);
    end if;
  end loop;
end $$;

-- a stream sees changes as soon as saves
drop trigger vault_notify on vault;
create trigger vault_notify after insert or update on vault for each statement execute function vault_notify();
