"""Looks for the connector's secrets and keys, those of today and those it had, where they must never be.

    no_secret.py --remember SECRETS READY-FILE     adds the secrets of now to the file SECRETS
    no_secret.py SECRETS PATH…                     files, or folders with everything in them

The simulated cloud knows the texts of secrets only as long as they are valid: they are remembered before each is
removed. Private keys it never knows, so what they begin with is looked for.

Prints `N passed, M failed`, one for each path; exits 1 when a secret was found in one of them.
"""

import base64
import json
import pathlib
import sys
import urllib.parse

import connection

KEYS = ["PRIVATE KEY-----", "BEGIN PRIVATE", "BEGIN EC PRIVATE", "BEGIN RSA PRIVATE"]


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


def remembered(path):
    return json.loads(path.read_text()) if path.exists() else []


def remember(path, ready):
    objects = connection.state(connection.read_ready(ready))
    now = [
        credential["secretText"]
        for application in objects["applications"]
        for credential in application.get("passwordCredentials", [])
        if credential.get("secretText")
    ]
    known = remembered(path)
    new = [secret for secret in now if secret not in known]
    path.write_text(json.dumps(known + new))
    print(f"{len(known + new)} secrets are known, {len(new)} of them new")
    return 0 if new else 1


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--remember":
        return remember(pathlib.Path(sys.argv[2]), sys.argv[3])
    if len(sys.argv) < 3:
        raise SystemExit(__doc__.strip())
    secrets = remembered(pathlib.Path(sys.argv[1]))
    needles = set().union(*(spellings(secret) for secret in secrets), *(spellings(key) for key in KEYS))
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
            print(f"FAIL {path}: a secret or a key is in {', '.join(found)}")
        else:
            passed += 1
            print(f"ok   {path}: none of {len(secrets)} secrets and no key in {len(files)} files, {read} bytes")
    if total == 0:
        failed += 1
        print("FAIL all of it is empty: nothing was looked at")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
