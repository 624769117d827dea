"""What a client needs to know to reach the simulated cloud as the connector that Skybridge onboarded.

    connection.py READY-FILE FIELD      prints one field, for shell scripts

READY-FILE holds the JSON line that `skybridge simulator azure` prints when it is ready. The identifiers and the
newest secret come from the simulator's own state page; everything else a client learns from the simulated services.
"""

import json
import sys
import urllib.request
from dataclasses import dataclass

APPLICATION = "skybridge-connector"
SUBSCRIPTION = "33333333-4444-5555-6666-777777777777"


@dataclass(frozen=True)
class Connection:
    login: str
    resource_manager: str
    graph: str
    ca_file: str
    tenant: str
    subscription: str
    application: str  # object id
    client_id: str
    service_principal: str  # object id
    secret: str


def read_ready(path):
    """The first line of the file that is a JSON object: the program may print other lines before it."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.lstrip().startswith("{"):
                return json.loads(line)
    raise SystemExit(f"{path}: no JSON line in it: is the simulator ready?")


def state(ready):
    # The state page is plain HTTP on loopback: it is no part of the simulated cloud.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{ready['url']}/_simulator/state?secrets=clear", timeout=30) as reply:
        return json.load(reply)


def connect(path):
    ready = read_ready(path)
    objects = state(ready)
    named = [a for a in objects["applications"] if a.get("displayName") == APPLICATION]
    if len(named) != 1:
        raise SystemExit(f"expected one application named {APPLICATION}, the simulated tenant has {len(named)}")
    application = named[0]
    principals = [p for p in objects["servicePrincipals"] if p.get("appId") == application["appId"]]
    if len(principals) != 1:
        raise SystemExit(f"expected one service principal of {APPLICATION}, the simulated tenant has {len(principals)}")
    secrets = [c for c in application.get("passwordCredentials", []) if c.get("secretText")]
    if not secrets:
        raise SystemExit(f"{APPLICATION} has no client secret in the simulator's state")
    newest = max(secrets, key=lambda c: c.get("startDateTime") or "")
    return Connection(
        login=ready["endpoints"]["login"].rstrip("/"),
        resource_manager=ready["endpoints"]["resource-manager"].rstrip("/"),
        graph=ready["endpoints"]["graph"].rstrip("/"),
        ca_file=ready["ca-file"],
        tenant=ready["tenant"],
        subscription=SUBSCRIPTION,
        application=application["id"],
        client_id=application["appId"],
        service_principal=principals[0]["id"],
        secret=newest["secretText"],
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__.strip())
    print(getattr(connect(sys.argv[1]), sys.argv[2].replace("-", "_")))
