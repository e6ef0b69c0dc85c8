# shellcheck shell=bash disable=SC2154,SC2164 # ../with-servers sets the variables, and -e
# Starts a private Postgres; sourced by ../with-servers, whose variables and functions it uses.

if [[ -z $postgres_bin ]]; then
    echo "with-servers: no Postgres server found; install it: apt-get install postgresql" >&2
    exit 1
fi

# Postgres refuses to run as root.
as_owner=(env)
if [[ $EUID -eq 0 ]]; then
    id postgres >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin postgres
    chown postgres "$dir"
    as_owner=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi

cd "$dir" # a folder that its owner may enter
"${as_owner[@]}" "$postgres_bin/initdb" --pgdata "$dir/postgres" --username stint --auth trust --encoding UTF8 \
    --locale C --no-sync --no-instructions >"$dir/initdb.log" 2>&1 || fail "$dir/initdb.log"

if [[ -n $durable ]]; then
    # As shipped, but with room for the working set, and no checkpoint in the middle of a measurement.
    tuning=(-c shared_buffers=512MB -c max_wal_size=8GB -c checkpoint_timeout=1h)
else
    # On purpose: these databases live as long as the command.
    tuning=(-c shared_buffers=128MB -c fsync=off -c synchronous_commit=off -c full_page_writes=off)
fi
port=$(free_port)
launch "$dir/postgres.log" "${as_owner[@]}" "${dies_with_us[@]/TERM/INT}" "$postgres_bin/postgres" \
    -D "$dir/postgres" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories='' \
    -c max_connections=400 -c log_min_messages=fatal "${tuning[@]}"
await "$dir/postgres.log" "$postgres_bin/pg_isready" -q -h 127.0.0.1 -p "$port"

cd "$OLDPWD"
export STINT_TEST_DATABASE_URL="postgres://stint@127.0.0.1:$port/postgres"
