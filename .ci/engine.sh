# A Docker engine of our own: started, used through DOCKER_HOST, and ended without a trace. To be sourced.
# It shares nothing with an engine that the machine may have: sockets, containers and images are its own.

engine_pid=""

# End the engine of an earlier run that was killed before it could, and remove what it has left in /tmp.
end_stale_engine() {
    local stale folder
    { read -r stale && read -r folder; } 2>/dev/null <"$E2E_STATE/engine" || return 0
    if tr '\0' ' ' 2>/dev/null <"/proc/$stale/cmdline" | grep -qF -- "--data-root $E2E_STATE/docker"; then
        echo "e2e: ends an engine that an earlier run has left"
        kill "$stale"
        for _ in $(seq 100); do
            kill -0 "$stale" 2>/dev/null || break
            sleep 0.2
        done
    fi
    rm -rf "$folder" "$E2E_STATE/engine" 2>/dev/null || true
}

start_engine() {
    # The socket's path has to be short.
    engine_run=$(mktemp -d /tmp/kohonen-e2e.XXXXXX)
    # Debian's own client fits the engine; another `docker` that comes first on the PATH may not know BuildKit.
    ln -sf /usr/bin/docker "$E2E_STATE/bin/docker"
    export PATH=$E2E_STATE/bin:$PATH DOCKER_HOST=unix://$engine_run/docker.sock
    export DOCKER_CONFIG=$engine_run/config
    # Two engines would fight over the bridge. The lock is held until this process ends.
    exec 9>/tmp/kohonen-e2e.lock
    flock --timeout 1200 9 || { echo 'e2e: another run holds the engine' >&2; return 1; }
    end_stale_engine
    ip link show docker0 >/dev/null 2>&1 && engine_bridge="" || engine_bridge=docker0
    dockerd --data-root "$E2E_STATE/docker" --exec-root "$engine_run/exec" --pidfile "$engine_run/pid" \
        --host "$DOCKER_HOST" >"$E2E_STATE/dockerd.log" 2>&1 9>&- &
    engine_pid=$!
    printf '%s\n' "$engine_pid" "$engine_run" >"$E2E_STATE/engine"
    for _ in $(seq 300); do
        docker info >/dev/null 2>&1 && return
        kill -0 "$engine_pid" 2>/dev/null || break
        sleep 0.2
    done
    echo 'e2e: the Docker engine does not start:' >&2
    tail -20 "$E2E_STATE/dockerd.log" >&2
    return 1
}

remove_containers() {
    local left
    left=$(docker ps --all --quiet --filter label=kohonen-e2e 2>/dev/null)
    # On an engine of our own, what SAM has left, too.
    [ -z "$engine_pid" ] || left=$(docker ps --all --quiet 2>/dev/null)
    [ -z "$left" ] || docker rm --force --volumes $left >/dev/null
}

stop_engine() {
    [ -n "$engine_pid" ] || return 0
    kill "$engine_pid" 2>/dev/null || true
    for _ in $(seq 100); do
        kill -0 "$engine_pid" 2>/dev/null || break
        sleep 0.2
    done
    kill -KILL "$engine_pid" 2>/dev/null || true
    wait "$engine_pid" 2>/dev/null || true
    [ -z "$engine_bridge" ] || ip link delete "$engine_bridge" 2>/dev/null || true
    rm -rf "$engine_run" "$E2E_STATE/engine"
    echo 'e2e: the Docker engine is stopped'
}
