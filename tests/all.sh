#!/usr/bin/env bash
# The README's test command: formatting, lints, build, every test, documentation, and the judges that are not ours.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
    local started=$SECONDS
    printf '\n=== %s\n' "$*"
    "$@"
    printf '=== took %s s\n' "$((SECONDS - started))"
}

step cargo fmt --all --check
step cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
# What is tested has the traces' feature besides: whoever does not use it has a program that says nothing.
traces=(--workspace --features skybridge/otlp,skybridge-tests/otlp --locked)
step cargo clippy "${traces[@]}" --all-targets --quiet -- -D warnings
# The plugins first: the whole-system tests load them from beside the host.
step cargo build "${traces[@]}"
step cargo nextest run "${traces[@]}" --no-fail-fast --status-level fail --final-status-level slow
step cargo test --doc --locked --quiet -p skybridge-plugin-sdk
step env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
step tests/clients/run.sh target/debug/skybridge
step tests/clients/aws.sh target/debug/skybridge
step tests/browser/run.sh target/debug/skybridge
