-- route erase-readers, and the proof: what a reader changed, also of a gift whose row is not there any more
create index gift_change_reader on gift_change (by_user) where by_user is not null;
