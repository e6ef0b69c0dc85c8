# shellcheck shell=bash disable=SC2154 # ../with-servers sets the variables
# Starts a private Redis or Valkey; sourced by ../with-servers, whose variables and functions it uses.

if [[ -z $redis_server ]]; then
    echo "with-servers: no Redis server found; install it: apt-get install redis-server" >&2
    exit 1
fi

# Succeeds when the server at this port answers PING, without redis-cli, which has another name where Valkey is.
answers_ping() { # PORT
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'PING\r\n' >&3 && read -r -t 5 answer <&3 &&
            [[ $answer == +PONG* ]]
    ) 2>/dev/null
}

if [[ -n $durable ]]; then
    tuning=(--appendonly yes --appendfsync always)
else
    tuning=(--appendonly no)
fi
mkdir "$dir/redis"
port=$(free_port)
launch "$dir/redis.log" "${dies_with_us[@]}" "$redis_server" --port "$port" --bind 127.0.0.1 --dir "$dir/redis" \
    --loglevel warning --save '' "${tuning[@]}"
await "$dir/redis.log" answers_ping "$port"

export STINT_TEST_REDIS_URL="redis://127.0.0.1:$port/0"
