-- What operators had done to gifts, noted before it is done: replays and resends. The outcome is null while it is done, and stays so
-- when the process ended meanwhile. Nothing deletes from it.
create table operator_action (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    -- name in the file of tokens, «anybody» or «jmx»
    actor text not null,
    -- null over JMX
    address text,
    -- the endpoint
    action text not null,
    arguments jsonb not null,
    trace text not null,
    outcome text,
    result text,
    ended_at timestamptz
);

-- Supabase serves the schema to the world, and grants these two everything in it by default
do $$
begin
    if exists (select from pg_roles where rolname = 'anon') then
        revoke all on operator_action from anon;
    end if;
    if exists (select from pg_roles where rolname = 'authenticated') then
        revoke all on operator_action from authenticated;
    end if;
end $$;
