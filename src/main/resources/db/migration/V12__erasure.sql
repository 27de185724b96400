-- Readers who asked to be forgotten.

-- When this service learnt of it. What was being stored at that moment is there within a minute, as no statement takes longer: from
-- then on nothing of the reader is stored any more, and once nothing is left the reader is swept.
alter table erased_reader add column stored_at timestamptz not null default now();

-- route erase-readers: whose traces are being looked for
create index erased_reader_unswept on erased_reader (at) where swept_at is null;
-- and their dead letters
create index dead_letter_reader on dead_letter (user_id) where user_id is not null;

-- that a reader asked for it is the reader's own business
alter policy own on gift_change
  using (gift in (select event_id from vault where user_id = (select vault_reader()))
         or kind = 'erased' and gift = (select vault_reader()));
