#!/usr/bin/env bash
# The page of a plan in a real browser: tests/browser/run.sh SKYBRIDGE [SCREENSHOTS]
set -euo pipefail
skybridge=$(realpath "$1")
screenshots=${2:+$(realpath -m "$2")}
cd "$(dirname "$0")"

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ]; then
    echo "there is no chromium here, so the page of a plan is not tried in a browser; .ci/run installs one"
    exit 0
fi
exec node plan_page.mjs "$chromium" "$skybridge" ${screenshots:+"$screenshots"}
