-- The live timeline: what was inserted since a stream looked last, in an order that every process sees alike.

-- The transaction that stored the row. Ids are drawn before the commit, so rows become visible out of the order of their
-- ids, and a stream that went by ids would skip some. A stream goes by transactions instead, see StreamPosition. The default
-- serves every writer, also one that has never heard of it; rows from before this migration were stored by "transaction 0".
-- Two steps, because a constant default rewrites no row.
alter table vault add column txid bigint not null default 0;
alter table vault alter column txid set default (pg_current_xact_id()::text::bigint);

-- GET /vault/list of one page, or of one symbol
create index vault_page on vault (page_id, created_at desc, id desc);
create index vault_symbol on vault (symbol_id, created_at desc, id desc) where symbol_id is not null;

-- GET /vault/stream: what came after a position
create index vault_stream on vault (txid, id);

-- One notification a statement, however many rows it stored; it is delivered when the transaction commits.
create function vault_notify() returns trigger language plpgsql as $$
begin
  perform pg_notify('vault', '');
  return null;
end $$;

create trigger vault_notify after insert on vault for each statement execute function vault_notify();
