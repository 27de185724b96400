# Read by the image's own script, once, when the volume is empty. The user owns the database, and is no superuser.
psql --set ON_ERROR_STOP=1 --set password="$VAULT_PASSWORD" --username postgres <<'SQL'
create role gibsey login password :'password';
create database gibsey owner gibsey;
SQL
