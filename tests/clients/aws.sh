#!/usr/bin/env bash
# Onboards accounts of moto, an AWS that nobody here wrote, and lets boto3 judge the result.
#
#   tests/clients/aws.sh [SKYBRIDGE]     SKYBRIDGE is the built program (default: target/debug/skybridge)
#
# SKYBRIDGE_CLIENTS_CACHE  where moto and boto3 are installed (default: target/clients); kept between runs
# PYTHON                   python3.11 or newer (default: python3)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
workspace=$(cd "$here/../.." && pwd)
skybridge=${1:-$workspace/target/debug/skybridge}
cache=${SKYBRIDGE_CLIENTS_CACHE:-$workspace/target/clients}
python=${PYTHON:-python3}
requirements=$here/aws/requirements.txt

[ -x "$skybridge" ] || { echo "$skybridge: not built (cargo build), or not a program" >&2; exit 2; }
skybridge=$(cd "$(dirname "$skybridge")" && pwd)/$(basename "$skybridge")
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
export NO_PROXY=localhost,127.0.0.1 no_proxy=localhost,127.0.0.1

stamp=$(sha256sum <"$requirements" | cut -d' ' -f1)
if [ "$(cat "$cache/aws/.installed" 2>/dev/null)" != "$stamp" ]; then
    before=$SECONDS
    rm -rf "$cache/aws"
    "$python" -m venv "$cache/aws"
    "$cache/aws/bin/pip" install --quiet --requirement "$requirements"
    echo "$stamp" >"$cache/aws/.installed"
    echo "installed aws in $((SECONDS - before)) s"
fi

work=$(mktemp -d "$cache/aws-run.XXXXXX")
finish() {
    local code=$?
    # What a failed run leaves is the evidence; a good run leaves nothing.
    if [ "$code" -eq 0 ]; then rm -rf "$work"; else echo "kept: $work" >&2; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

# No command of the host collects as yet: a small program beside it does.
collector=$(dirname "$skybridge")/examples/collect
[ -x "$collector" ] || { echo "$collector: not built (cargo build -p skybridge-tests --examples)" >&2; exit 2; }

timeout 1800 "$cache/aws/bin/python" "$here/aws/judge.py" "$skybridge" "$work"
