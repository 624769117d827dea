"""Looks for the connector's client secret where it must never be.

    no_secret.py READY-FILE PATH…      files, or folders with everything in them

Prints `N passed, M failed`, one for each path; exits 1 when the secret was found in one of them.
"""

import base64
import json
import pathlib
import sys
import urllib.parse

import connection


def spellings(secret):
    """The secret as it may have been written: plain, in JSON, in a form or a URL, in base64."""
    plain = secret.encode()
    return {
        plain,
        json.dumps(secret)[1:-1].encode(),
        urllib.parse.quote(secret, safe="").encode(),
        urllib.parse.quote_plus(secret).encode(),
        base64.b64encode(plain),
        base64.urlsafe_b64encode(plain),
    }


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__.strip())
    needles = spellings(connection.connect(sys.argv[1]).secret)
    passed, failed, total = 0, 0, 0
    for path in map(pathlib.Path, sys.argv[2:]):
        if not path.exists():
            failed += 1
            print(f"FAIL {path}: is missing")
            continue
        files = [f for f in path.rglob("*") if f.is_file()] if path.is_dir() else [path]
        read, found = 0, []
        for file in files:
            content = file.read_bytes()
            read += len(content)
            if any(needle in content for needle in needles):
                found.append(str(file))
        total += read
        if found:
            failed += 1
            print(f"FAIL {path}: the secret is in {', '.join(found)}")
        else:
            passed += 1
            print(f"ok   {path}: no secret in {len(files)} files, {read} bytes")
    if total == 0:
        failed += 1
        print("FAIL all of it is empty: nothing was looked at")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
