-- Readers who are known see their own gifts, dead ones too.

-- GET /vault/list of one reader, and of one reader's page
create index vault_user on vault (user_id, created_at desc, id desc);

-- The reader whose gift it is; null when the gift names none, or cannot be read at all.
alter table dead_letter add column user_id uuid;

create function pg_temp.reader_of(gift bytea) returns uuid language plpgsql as $$
begin
  return (convert_from(gift, 'UTF8')::jsonb ->> 'user_id')::uuid;
exception when others then
  return null;
end $$;

update dead_letter set user_id = pg_temp.reader_of(value);

drop function pg_temp.reader_of(bytea);
