-- Dead letters that can never be stored, and that somebody has decided to leave at that: they wait for nobody any more. One that is
-- sent again or dies again after that waits as before.
alter table dead_letter
  add column dismissed_at timestamptz,
  -- the name of the operator, and why in the operator's words
  add column dismissed_by text,
  add column dismissed_why text;
