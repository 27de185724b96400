-- The second wall between readers: row level security. Until it is switched on (VAULT_ROW_SECURITY) these lie idle.

-- The reader of a transaction, out of the claims of his token: as this service sets them, and as Supabase does for its Data API
-- and for Realtime, whose readers the same policies bind. Null where there are none.
create function vault_reader() returns uuid language sql stable as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;

-- a subquery, so that it is computed once and not for each row
create policy own on vault for select using (user_id = (select vault_reader()));
create policy own on dead_letter for select using (user_id = (select vault_reader()));
