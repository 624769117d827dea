#!/usr/bin/env bash
# Onboards the example tenant in the simulated cloud, then lets clients that are not ours judge the result.
#
#   tests/clients/run.sh [SKYBRIDGE]     SKYBRIDGE is the built program (default: target/debug/skybridge)
#
# SKYBRIDGE_CLIENTS_CACHE  where the clients are installed (default: target/clients); kept between runs
# SKYBRIDGE_SKIP_AZ=1      leaves out the Azure CLI (a large installation)
# SKYBRIDGE_SPECS          Microsoft's specifications (see oav/validate.mjs); without them that part is skipped
# PYTHON                   python3.11 or newer (default: python3)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
workspace=$(cd "$here/../.." && pwd)
skybridge=${1:-$workspace/target/debug/skybridge}
cache=${SKYBRIDGE_CLIENTS_CACHE:-$workspace/target/clients}
python=${PYTHON:-python3}
manifest=$workspace/examples/azure/contoso.toml

[ -x "$skybridge" ] || { echo "$skybridge: not built (cargo build), or not a program" >&2; exit 2; }
[ -f "$manifest" ] || { echo "$manifest is missing" >&2; exit 2; }
skybridge=$(cd "$(dirname "$skybridge")" && pwd)/$(basename "$skybridge")
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
export NO_PROXY=localhost,127.0.0.1 no_proxy=localhost,127.0.0.1

# --- the clients -----------------------------------------------------------------------------------------------------

# installed FOLDER FILE… COMMAND-STRING: runs the command unless it already ran for these very files.
installed() {
    local folder=$1 command=${*: -1} stamp before
    stamp=$(cat "${@:2:$#-2}" | sha256sum | cut -d' ' -f1)
    if [ "$(cat "$folder/.installed" 2>/dev/null)" = "$stamp" ]; then return; fi
    before=$SECONDS
    rm -rf "$folder"
    mkdir -p "$folder"
    eval "$command"
    echo "$stamp" >"$folder/.installed"
    echo "installed $(basename "$folder") in $((SECONDS - before)) s"
}
environment() { # FOLDER REQUIREMENTS
    installed "$1" "$2" "\"\$python\" -m venv '$1' && '$1/bin/pip' install --quiet --requirement '$2'"
}
environment "$cache/sdk" "$here/requirements.txt"
if [ "${SKYBRIDGE_SKIP_AZ:-}" != 1 ]; then environment "$cache/az" "$here/requirements-az.txt"; fi
installed "$cache/oav" "$here/oav/package.json" "$here/oav/package-lock.json" \
    "cp '$here/oav/package.json' '$here/oav/package-lock.json' '$cache/oav' &&
     (cd '$cache/oav' && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)"

# --- the simulated cloud, onboarded ------------------------------------------------------------------------------------

work=$(mktemp -d "$cache/run.XXXXXX")
simulator=
finish() {
    local code=$?
    stop
    # What a failed run leaves is the evidence; a good run leaves nothing.
    if [ "$code" -eq 0 ]; then rm -rf "$work"; else echo "kept: $work" >&2; fi
}
stop() {
    if [ -n "$simulator" ]; then
        kill "$simulator" 2>/dev/null || true
        wait "$simulator" 2>/dev/null || true
        simulator=
    fi
}
trap finish EXIT
trap 'exit 130' INT TERM

# start NAME ARGS…: a simulated cloud; its address is in $url, what it recorded in NAME.ndjson
start() {
    local name=$1
    shift
    "$skybridge" simulator azure --listen 127.0.0.1:0 --state "$work/$name" --record "$work/$name.ndjson" "$@" \
        >"$work/$name.json" 2>"$work/$name.log" &
    simulator=$!
    for _ in $(seq 300); do
        if grep -q '^{.*}$' "$work/$name.json"; then break; fi
        if ! kill -0 "$simulator" 2>/dev/null; then break; fi
        sleep 0.2
    done
    if ! grep -q '^{.*}$' "$work/$name.json"; then
        echo "the simulator did not start:" >&2
        tail -n 20 "$work/$name.log" >&2
        exit 1
    fi
    url=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["url"])' "$work/$name.json")
    echo "the simulated cloud is at $url"
}
# ends CODE STATE COMMAND ARGS…: a command of ours that has to end so
ends() {
    local code=$1 state=$2 ended=0
    shift 2
    timeout 600 "$skybridge" "$@" --simulator "$url" --yes --state "$work/$state" \
        >>"$work/ours.out" 2>>"$work/ours.log" || ended=$?
    if [ "$ended" -ne "$code" ]; then
        echo "skybridge $1 ended with $ended, not $code:" >&2
        tail -n 40 "$work/ours.log" >&2
        exit 1
    fi
    echo "skybridge $1: ended with $ended"
}
# does STATE COMMAND ARGS…: a command of ours that has to work
does() { ends 0 "$@"; }
# remembers: the secrets that are valid now
remembers() { "$cache/sdk/bin/python" "$here/no_secret.py" --remember "$work/secrets.json" "$work/traffic.json"; }
start traffic
does state apply "$manifest"
remembers

# --- the judges --------------------------------------------------------------------------------------------------------

summary=()
failed=0
judge() { # NAME COMMAND…
    local name=$1 code=0 before=$SECONDS
    shift
    echo
    echo "== $name"
    timeout 900 "$@" 2>&1 | tee "$work/judge.log" || code=$?
    if [ "$code" -ne 0 ]; then failed=$((failed + 1)); fi
    summary+=("$(printf '%-44s %s, %s s%s' "$name" "$(tail -n 1 "$work/judge.log")" "$((SECONDS - before))" \
        "$([ "$code" -eq 0 ] || echo ", FAILED ($code)")")")
}

sdk=$cache/sdk/bin/python
judge "Python SDKs (azure-*, msgraph)" "$sdk" "$here/azure_sdk.py" --ready "$work/traffic.json"
if [ "${SKYBRIDGE_SKIP_AZ:-}" = 1 ]; then
    summary+=("Azure CLI                                    skipped (SKYBRIDGE_SKIP_AZ=1)")
else
    judge "Azure CLI" env AZ="$cache/az/bin/az" PYTHON="$sdk" "$here/az_cli.sh" "$work/traffic.json"
fi
ours=("$work/ours.out" "$work/ours.log" "$work/state")
judge "no secret in recording, logs or state" "$sdk" "$here/no_secret.py" "$work/secrets.json" \
    "$work/traffic.ndjson" "$work/traffic.log" "${ours[@]}"
does state rotate "$manifest"
remembers
judge "no secret after a rotation" "$sdk" "$here/no_secret.py" "$work/secrets.json" \
    "$work/traffic.ndjson" "$work/traffic.log" "${ours[@]}"
does state offboard "$manifest" --purge
stop # the recording is complete now
judge "no secret after offboarding" "$sdk" "$here/no_secret.py" "$work/secrets.json" \
    "$work/traffic.ndjson" "$work/traffic.log" "${ours[@]}"

# Management groups, a certificate, subscriptions that are left out.
cat >"$work/large.toml" <<'MANIFEST'
schema = 1
[connectors.contoso]
plugin = "azure"
[connectors.contoso.settings]
tenant = "11111111-2222-3333-4444-555555555555"
scope = { tenant = true, exclude = ["Sandbox*"] }
credential = { kind = "certificate" }
[connectors.contoso.operator]
auth = "azure-cli"
[connectors.contoso.destination]
kind = "local"
MANIFEST
start large --scenario "$workspace/plugins/azure/sim/scenarios/tenant-large.toml"
does large-state apply "$work/large.toml"
does large-state rotate "$work/large.toml"
does large-state offboard "$work/large.toml" --purge
stop
judge "no key of a certificate, old or new" "$sdk" "$here/no_secret.py" "$work/secrets.json" \
    "$work/large.ndjson" "$work/large.log" "${ours[@]}" "$work/large-state"

# An operator who could activate the role and has not: told before anything is written.
start eligible --scenario "$workspace/plugins/azure/sim/scenarios/operator-eligible.toml"
ends 5 eligible-state apply "$manifest"
stop

# Elevation takes a person, and the program is operated by an application in a rehearsal: the connector's own test
# travels that way, and all others with every kind of credential, a restored and a purged application.
(cd "$workspace" && SKYBRIDGE_RECORDING="$work/journeys.ndjson" CARGO_TERM_QUIET=true \
    cargo test --offline -p skybridge-azure tests::faults::table >>"$work/ours.log" 2>&1) ||
    { tail -n 40 "$work/ours.log" >&2; exit 1; }
echo "the connector's journeys: recorded"
export SKYBRIDGE_OAV=$cache/oav
judge "oav: Microsoft's own examples pass" node "$here/oav/validate.mjs" --examples
judge "oav: recording against Microsoft's OpenAPI" node "$here/oav/validate.mjs" "$work/traffic.ndjson"
judge "oav: a large tenant against the same" node "$here/oav/validate.mjs" "$work/large.ndjson"
judge "oav: an operator who could activate a role" node "$here/oav/validate.mjs" --refused "$work/eligible.ndjson"
judge "oav: elevation and all other journeys" node "$here/oav/validate.mjs" "$work/journeys.ndjson"
judge "oav: a spoilt recording is rejected" node "$here/oav/validate.mjs" --tamper "$work/traffic.ndjson"

echo
echo "== summary"
printf '%s\n' "${summary[@]}"
[ "$failed" -eq 0 ]
