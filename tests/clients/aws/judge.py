"""Onboards accounts of moto with the real program, and looks with boto3 at what became of them.

    judge.py SKYBRIDGE FOLDER

Prints a line for each thing that holds; the last is `N passed, M failed`. Exits 1 when something does not hold.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import time
import traceback

import botocore.exceptions

from world import ADMINISTRATOR, HOME, MEMBER_ROLE, VENDOR, Moto, Program

ROLE = "skybridge-connector"
ARN = f"arn:aws:iam::{HOME}:role/{ROLE}"
POLICIES = {
    "arn:aws:iam::aws:policy/SecurityAudit",
    "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
}
PROOF = 'proof = { access-key-id = "env:VENDOR_KEY_ID", secret-access-key = "env:VENDOR_KEY" }'

passed, failed = 0, []


def holds(what, is_so, but=""):
    global passed
    if is_so:
        passed += 1
        print(f"ok   {what}")
    else:
        failed.append(what)
        print(f"FAIL {what}: {but}")


def settings(moto, trust=f'account = "{VENDOR}", {PROOF}', more=""):
    return f'account = "{HOME}"\ntrust = {{ {trust} }}\ncloud = {{ endpoint = "{moto.url}" }}\n{more}'


def people(moto):
    """The operator, and the vendor in an account of its own."""
    operator = moto.user(HOME, "operator", policy=ADMINISTRATOR)
    assume = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}
    vendor = moto.user(VENDOR, "scanner", document=assume)
    return operator, vendor


def role_of(iam, name=ROLE):
    try:
        return iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None


def attached(iam, name=ROLE):
    return {one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]}


def external_id(role):
    return role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"]


def refused(call, **arguments):
    try:
        call(**arguments)
        return False
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"] == "AccessDenied"


def is_onboarded(iam):
    """Everything, and nothing else; a text of what differs."""
    role = role_of(iam)
    if role is None:
        return "there is no role"
    statements = role["AssumeRolePolicyDocument"]["Statement"]
    tags = {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName=ROLE)["Tags"]}
    found = [
        role["Path"] == "/",
        len(statements) == 1,
        statements[0]["Principal"] == {"AWS": f"arn:aws:iam::{VENDOR}:root"},
        statements[0]["Action"] == "sts:AssumeRole",
        statements[0].get("Condition", {}).keys() == {"StringEquals"},
        role["MaxSessionDuration"] == 3600,
        tags == {"managed-by": "skybridge", "skybridge-connector": "acme"},
        attached(iam) == POLICIES,
        iam.list_role_policies(RoleName=ROLE)["PolicyNames"] == [],
    ]
    return "" if all(found) else f"{found} {role} {tags} {attached(iam)}"


def untouched(iam):
    return [role["RoleName"] for role in iam.list_roles()["Roles"]]


def onboarding(binary, folder):
    """Plan, apply, prove, repair, take away, in one account, every caller checked."""
    with Moto(folder) as moto:
        operator, vendor = people(moto)
        moto.check_callers()
        iam = moto.client("iam", operator)
        before = untouched(iam)
        program = Program(binary, folder / "onboarding", operator, vendor)
        program.manifest(settings(moto))
        program.run("validate", "acme.toml")
        offline = program.run("plan", "acme.toml", "--offline").out
        steps = ("external-id", "role@", "policy-attachment.security-audit@", "unplanned-policies@", "verification@")
        holds("the plan made offline has every step", all(step in offline for step in steps), offline)
        planned = program.run("plan", "acme.toml", "--detailed-exit-code", code=3)
        holds("planning makes nothing", untouched(iam) == before, untouched(iam))
        holds("the plan says create", "+ make the role" in planned.out, planned.out)

        applied = program.run("apply", "acme.toml", "--yes")
        holds("boto3 finds the role as asked for, and nothing besides", is_onboarded(iam) == "", is_onboarded(iam))
        holds("the hand-over has the role's ARN", ARN in applied.out, applied.out)
        secret = external_id(role_of(iam))
        holds("the external id is long and random", len(secret) > 40, secret)
        sts = moto.client("sts", vendor)
        session = sts.assume_role(RoleArn=ARN, RoleSessionName="scan", ExternalId=secret)["Credentials"]
        keys = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        seen = moto.client("iam", keys).list_roles()["Roles"]
        holds("the vendor becomes the role and reads", any(role["RoleName"] == ROLE for role in seen), seen)
        holds("and does not write", refused(moto.client("iam", keys).create_user, UserName="intruder"))
        holds("without the external id it does not", refused(sts.assume_role, RoleArn=ARN, RoleSessionName="scan"))
        holds(
            "with another neither",
            refused(sts.assume_role, RoleArn=ARN, RoleSessionName="scan", ExternalId="another-one"),
        )
        again = program.run("apply", "acme.toml", "--yes")
        holds("a second run finds nothing to do", again.out.startswith("Nothing to do"), again.out)
        verified = program.run("verify", "acme.toml").out
        holds("verify tries with, without and with another external id", verified.count("external id") >= 3, verified)

        drift(program, iam, moto, vendor, secret)
        leaks = [
            str(path)
            for path in program.folder.rglob("*")
            if path.is_file() and (secret.encode() in path.read_bytes() or vendor[1].encode() in path.read_bytes())
        ]
        holds("the external id and the vendor's key are in no file in clear", leaks == [], leaks)

        program.run("offboard", "acme.toml", "--yes")
        holds("offboarding leaves nothing", untouched(iam) == before, untouched(iam))
        sealed = list(program.folder.rglob("*external-id*"))
        holds("not in the vault either", sealed == [], sealed)
        program.run("offboard", "acme.toml", "--yes")


def drift(program, iam, moto, vendor, secret):
    """Each thing somebody could change is seen, and repaired."""
    trust = role_of(iam)["AssumeRolePolicyDocument"]
    open_to_all = json.loads(json.dumps(trust))
    del open_to_all["Statement"][0]["Condition"]
    to_another = json.loads(json.dumps(trust))
    to_another["Statement"][0]["Principal"]["AWS"] = "arn:aws:iam::444455556666:root"
    inline = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    changes = [
        ("the condition was taken out of the trust policy", iam.update_assume_role_policy, {"PolicyDocument": json.dumps(open_to_all)}),
        ("the trust policy names another account", iam.update_assume_role_policy, {"PolicyDocument": json.dumps(to_another)}),
        ("a policy was detached", iam.detach_role_policy, {"PolicyArn": sorted(POLICIES)[0]}),
        ("another policy was attached", iam.attach_role_policy, {"PolicyArn": ADMINISTRATOR}),
        ("a policy was written into the role", iam.put_role_policy, {"PolicyName": "extra", "PolicyDocument": json.dumps(inline)}),
        ("the session's length was changed", iam.update_role, {"MaxSessionDuration": 7200, "Description": "mine"}),
    ]
    for what, change, arguments in changes:
        change(RoleName=ROLE, **arguments)
        planned = program.run("plan", "acme.toml", "--detailed-exit-code", code=3).out
        holds(f"{what}: the plan says so", "~ " in planned or "+ attach" in planned, planned)
        holds(f"{what}: no external id in the plan", secret not in planned)
        if "trust policy" in what:
            verified = program.run("verify", "acme.toml", code=None)
            holds(f"{what}: verify says so", verified.code == 4, verified.all)
        program.run("apply", "acme.toml", "--yes")
        holds(f"{what}: apply repairs it", is_onboarded(iam) == "", is_onboarded(iam))
    holds("the external id is the same after all repairs", external_id(role_of(iam)) == secret)


def ownership(binary, folder):
    """What somebody else made is refused, or adopted and left."""
    with Moto(folder) as moto:
        operator, vendor = people(moto)
        moto.check_callers()
        iam = moto.client("iam", operator)
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
        }
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))
        mine = role_of(iam)
        program = Program(binary, folder / "ownership", operator, vendor)
        program.manifest(settings(moto))
        told = program.run("apply", "acme.toml", "--yes", code=None)
        holds("a role of our name that is not ours is refused", told.code != 0 and "AWS-ROLE-004" in told.all, told.all)
        holds("and not touched", role_of(iam) == mine and attached(iam) == set(), role_of(iam))

        program.manifest(settings(moto, more='existing-role = "adopt"'))
        program.run("apply", "acme.toml", "--yes")
        adopted = role_of(iam)
        holds("it is adopted when the manifest says so", external_id(adopted) and attached(iam) == POLICIES, adopted)
        holds("without our tags", iam.list_role_tags(RoleName=ROLE)["Tags"] == [])
        program.run("offboard", "acme.toml", "--yes")
        holds("offboarding leaves an adopted role", role_of(iam) is not None and attached(iam) == set(), attached(iam))

        iam.delete_role(RoleName=ROLE)
        program.manifest(settings(moto))
        program.run("apply", "acme.toml", "--yes")
        for policy in POLICIES:
            iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy)
        iam.delete_role(RoleName=ROLE)
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))
        for policy in POLICIES:
            iam.attach_role_policy(RoleName=ROLE, PolicyArn=policy)
        program.run("offboard", "acme.toml", "--yes")
        stays = role_of(iam) is not None and attached(iam) == POLICIES
        holds("a role somebody made anew under our name stays, policies and all", stays)


def refusals(binary, folder):
    """What cannot work is said in a sentence, before anything is made."""
    with Moto(folder) as moto:
        operator, vendor = people(moto)
        nobody = moto.user(HOME, "nobody")
        elsewhere = moto.user("444455556666", "operator", policy=ADMINISTRATOR)
        moto.check_callers()
        iam = moto.client("iam", operator)
        before = untouched(iam)
        cases = [
            ("no rights", nobody, vendor, "AWS-IAM-001"),
            ("another account", elsewhere, vendor, "AWS-ACCOUNT-001"),
            ("a wrong secret key", (operator[0], "wrong", None), vendor, "AWS-AUTH-004"),
            ("an unknown key", ("AKIAUNKNOWNUNKNOWN12", "wrong", None), vendor, "AWS-AUTH-002"),
        ]
        for what, who, proof, code in cases:
            program = Program(binary, folder / f"refusals-{code}", who, proof)
            program.manifest(settings(moto))
            started = time.monotonic()
            told = program.run("apply", "acme.toml", "--yes", code=None)
            seconds = time.monotonic() - started
            holds(f"an operator with {what} is told {code}", told.code != 0 and code in told.all, told.all)
            holds(f"an operator with {what} is told at once", seconds < 60, seconds)
        program = Program(binary, folder / "refusals-policy", operator, vendor)
        program.manifest(settings(moto, more='policies = ["SecurityAudits"]'))
        told = program.run("apply", "acme.toml", "--yes", code=None)
        holds("a policy AWS does not have is found before", told.code != 0 and "AWS-POLICY-002" in told.all, told.all)
        program.manifest(settings(moto))
        program.environment |= {"VENDOR_KEY_ID": operator[0], "VENDOR_KEY": operator[1]}
        told = program.run("apply", "acme.toml", "--yes", code=None)
        holds("a proof that is not the vendor's is refused", told.code == 4 and "AWS-VERIFY-003" in told.all, told.all)
        program.run("offboard", "acme.toml", "--yes")
        holds("nothing of all that is left", untouched(iam) == before, untouched(iam))
        told = program.run("apply", "acme.toml", "--simulate", "--yes", code=2)
        holds("a rehearsal with --simulate is told how to rehearse", "moto_server" in told.err, told.err)


def not_aws(binary, folder):
    """What does not evaluate trust policies is seen not to."""
    with Moto(folder, plain=True) as moto:
        operator, vendor = people(moto)
        program = Program(binary, folder / "plain", operator, vendor)
        program.manifest(settings(moto))
        told = program.run("apply", "acme.toml", "--yes", code=4)
        holds("a role that can be had without the external id is no success", "AWS-VERIFY-004" in told.all, told.all)
        program.run("offboard", "acme.toml", "--yes")
        program.manifest(settings(moto, trust=f'account = "{VENDOR}"'))
        told = program.run("apply", "acme.toml", "--yes")
        holds("without a proof it is looked at from outside", "could not be tried" in told.out, told.out)
        program.run("offboard", "acme.toml", "--yes")


def organization(binary, folder):
    """Every account of an organization, but those that are not meant or cannot be."""
    with Moto(folder) as moto:
        operator, vendor = people(moto)
        home = moto.client("organizations", operator)
        home.create_organization(FeatureSet="ALL")
        ids = {}
        for name in ("prod-web", "prod-db", "prod-old", "prod-closed", "sandbox"):
            made = home.create_account(AccountName=name, Email=f"{name}@example.org")["CreateAccountStatus"]
            ids[name] = made["AccountId"]
        for name, account in ids.items():
            moto.member(account)
            if name == "prod-closed":
                closed = moto.client("iam", account=account)
                closed.detach_role_policy(RoleName=MEMBER_ROLE, PolicyArn=ADMINISTRATOR)
                closed.delete_role(RoleName=MEMBER_ROLE)
        home.close_account(AccountId=ids["prod-old"])
        moto.check_callers()
        program = Program(binary, folder / "organization", operator, vendor)
        scope = 'scope = { organization = true, include = ["prod-*"], exclude = ["nothing-*"] }'
        program.manifest(settings(moto, more=scope))
        offline = program.run("plan", "acme.toml", "--offline").out
        holds("offline one sub-graph stands for all", "each-account" in offline, offline)
        applied = program.run("apply", "acme.toml", "--yes")
        for name in ("prod-web", "prod-db"):
            inside = moto.inside(ids[name], operator)
            holds(f"{name} is onboarded", is_onboarded(inside) == "", is_onboarded(inside))
        for name, why in (("prod-old", "SUSPENDED"), ("prod-closed", "cannot enter"), ("sandbox", "include")):
            at = applied.out.find(ids[name])
            holds(f"{name} is left out with its reason", at >= 0 and why in applied.out[at : at + 400], applied.out)
        holds("the sandbox has no role", role_of(moto.inside(ids["sandbox"], operator)) is None)
        again = program.run("apply", "acme.toml", "--yes")
        holds("a second run finds nothing to do", again.out.startswith("Nothing to do"), again.out)
        program.run("verify", "acme.toml")
        program.run("offboard", "acme.toml", "--yes")
        left = [name for name in ("prod-web", "prod-db") if role_of(moto.inside(ids[name], operator))]
        holds("offboarding leaves no role in any account", left == [], left)


def crashes(binary, folder):
    """Killed anywhere, the next run goes on, and the end is the same."""
    with Moto(folder) as moto:
        operator, vendor = people(moto)
        moto.check_callers()
        iam = moto.client("iam", operator)
        before = untouched(iam)
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        for attempt in range(6):
            program = Program(binary, folder / f"crashes-{attempt}", operator, vendor)
            program.manifest(settings(moto))
            killed = [kill(program, chance, "apply")]
            program.run("apply", "acme.toml", "--yes")
            what = f"killed after {killed} (seed {seed})"
            holds(f"{what}: the role is there once, as asked for", is_onboarded(iam) == "", is_onboarded(iam))
            killed.append(kill(program, chance, "offboard"))
            program.run("offboard", "acme.toml", "--yes")
            holds(f"killed again after {killed}: nothing is left", untouched(iam) == before, untouched(iam))


def collecting(binary, folder):
    """What is in the account comes in the normalised form, read as the vendor reads."""
    with Moto(folder) as moto:
        operator, vendor = people(moto)
        ec2, s3, eks = (moto.client(service) for service in ("ec2", "s3", "eks"))
        image = ec2.describe_images()["Images"][0]["ImageId"]
        named = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web & db <1>"}]}]
        made = ec2.run_instances(ImageId=image, MinCount=3, MaxCount=3, TagSpecifications=named)["Instances"]
        for bucket in ("logs-of-acme", "data-of-acme"):
            s3.create_bucket(Bucket=bucket)
        network = {"subnetIds": [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]}
        eks.create_cluster(name="main", roleArn=f"arn:aws:iam::{HOME}:role/eks", resourcesVpcConfig=network)
        moto.check_callers()
        iam = moto.client("iam", operator)
        program = Program(binary, folder / "collecting", operator, vendor)
        program.manifest(settings(moto))
        program.run("apply", "acme.toml", "--yes")
        proof = {"access-key-id": "env:VENDOR_KEY_ID", "secret-access-key": "env:VENDOR_KEY"}
        asked = {
            "settings": {
                "account": HOME,
                "trust": {"account": VENDOR, "proof": proof},
                "cloud": {"endpoint": moto.url},
            },
            "external-id": external_id(role_of(iam)),
        }
        file = program.folder / "collect.json"
        file.write_text(json.dumps(asked))
        beside = pathlib.Path(binary).parent
        collect = [beside / "examples/collect", beside / "libskybridge_plugin_aws.so", file]
        ran = subprocess.run(collect, env=program.environment, capture_output=True, text=True, timeout=300)
        holds("collecting ends well", ran.returncode == 0, ran.stdout + ran.stderr)
        batches = json.loads(ran.stdout)
        assets = [asset for batch in batches for asset in batch["assets"]]
        by = lambda kind: {asset["name"] for asset in assets if asset["kind"] == kind}
        machines = {one["id"].split("/")[-1] for one in assets if one["kind"] == "virtual-machine"}
        holds("every instance", machines == {one["InstanceId"] for one in made}, machines)
        holds("by the name people gave it", by("virtual-machine") == {"web & db <1>"}, by("virtual-machine"))
        holds("every bucket", by("storage-bucket") == {"logs-of-acme", "data-of-acme"}, by("storage-bucket"))
        holds("every cluster", by("kubernetes-cluster") == {"main"}, by("kubernetes-cluster"))
        roles = {role["RoleName"] for role in iam.list_roles()["Roles"]}
        holds("every role", by("role") == roles, by("role"))
        holds("every user", by("user") == {"operator"}, by("user"))
        ids = {asset["id"] for asset in assets}
        relations = [one for batch in batches for one in batch["relations"]]
        contained = {one["to"] for one in relations if one["kind"] == "contains"}
        holds("the account contains all of it", contained | {f"arn:aws:iam::{HOME}:root"} == ids, ids)
        program.run("offboard", "acme.toml", "--yes")


def kill(program, chance, command):
    """Kills the program at some moment of its work."""
    process = program.start(command, "acme.toml", "--yes")
    seconds = chance.uniform(0.3, 6.0)
    time.sleep(seconds)
    process.kill()
    process.communicate()
    return f"{command} {seconds:.1f} s"


def main():
    binary, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    for part in (onboarding, ownership, refusals, not_aws, organization, crashes, collecting):
        print(f"-- {part.__name__}: {part.__doc__}")
        started = time.monotonic()
        try:
            part(binary, folder)
        except Exception:
            failed.append(part.__name__)
            print(f"FAIL {part.__name__}: {traceback.format_exc()}")
        print(f"-- {part.__name__} took {time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
