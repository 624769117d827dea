"""Starts moto, with what is corrected that it gets wrong about trust policies and signatures.

    moto_server.py [--plain] PORT

Where moto checks who asks at all (`/moto-api/reset-auth`), it evaluates the trust policy of a role only when the role
is in the caller's own account, does not know that an account's ARN means everybody in it, and lets a condition on the
external id pass when none is sent. AWS does all three. It also takes the query of a GET for its signed body, so that no
signature of such a request is right, boto3's included. `--plain` leaves moto as it is.
"""

import json
import sys
import urllib.parse

from moto.iam import access_control, iam_backends
from moto.server import main


def role_of(request, arn):
    """The role an ARN names, in whatever account; nothing when there is none."""
    account = arn.split(":")[4]
    backend = iam_backends[account][request.backend.partition]
    return next((role for role in backend.roles.values() if role.arn == arn), None)


def listed(value):
    return value if isinstance(value, list) else [value]


def trusts(statement, caller, external_id):
    """Whether a statement of a trust policy lets `caller` in."""
    if statement.get("Effect") != "Allow" or "sts:AssumeRole" not in listed(statement.get("Action")):
        return False
    account = caller.split(":")[4]
    principals = statement.get("Principal", {})
    names = ["*"] if principals == "*" else listed(principals.get("AWS", []))
    everybody = {"*", account, f"arn:aws:iam::{account}:root"}
    role = None
    if ":assumed-role/" in caller:
        role = f"arn:aws:iam::{account}:role/{caller.split('/')[1]}"
    if not any(name in everybody or name in (caller, role) for name in names):
        return False
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            if operator != "StringEquals" or key != "sts:ExternalId":
                raise NotImplementedError(f"{operator} on {key}")
            if external_id not in listed(values):
                return False
    return True


def is_assuming_role(request, resource):
    return request._action == "sts:AssumeRole" and ":role/" in resource


def check_trust(request, resource):
    role = role_of(request, resource)
    if role is None:
        return False
    document = json.loads(urllib.parse.unquote(role.assume_role_policy_document))
    sent = request._data.get("ExternalId")
    external_id = listed(sent)[0] if sent else None
    statements = listed(document.get("Statement", []))
    return any(trusts(statement, request._access_key.arn, external_id) for statement in statements)


def signed_request(request):
    data = request._data
    if request._method == "GET":
        request._data = b""
    made = create_aws_request(request)
    request._data = data
    return made


arguments = sys.argv[1:]
if "--plain" in arguments:
    arguments.remove("--plain")
else:
    access_control.IAMRequestBase._is_assuming_role_operation = is_assuming_role
    access_control.IAMRequestBase._check_role_trust_relationship = check_trust
    create_aws_request = access_control.IAMRequestBase._create_aws_request
    access_control.IAMRequestBase._create_aws_request = signed_request
main(["-p", arguments[0]])
