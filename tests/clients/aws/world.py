"""The AWS of the judge: moto's server with accounts, an operator, and a vendor; and our program in it."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
import botocore.config

HOME, VENDOR = "123456789012", "999988887777"
HERE = pathlib.Path(__file__).parent
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
MEMBER_ROLE = "OrganizationAccountAccessRole"


class Moto:
    """A server of its own; ended when left."""

    def __init__(self, folder, plain=False):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, str(HERE / "moto_server.py")] + (["--plain"] if plain else []) + [str(self.port)]
        environment = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
        self.log = open(folder / f"moto-{self.port}.log", "w")
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(self.url + "/moto-api/data.json", timeout=10).read()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"moto did not start; see {self.log.name}")
                time.sleep(0.2)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def check_callers(self, count=0):
        """From now on who asks is checked: signature, policies, trust."""
        address, header = self.url + "/moto-api/reset-auth", {"content-type": "text/plain"}
        request = urllib.request.Request(address, data=str(count).encode(), headers=header, method="POST")
        urllib.request.urlopen(request, timeout=10).read()

    def client(self, service, keys=("setup", "setup", None), account=None):
        """boto3, with keys; while callers are not checked, in any account."""
        client = boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            aws_session_token=keys[2],
            config=botocore.config.Config(retries={"max_attempts": 1}),
        )
        if account:
            add = lambda params, **_: params["headers"].update({"x-moto-account-id": account})
            client.meta.events.register("before-call", add)
        return client

    def user(self, account, name, policy=None, document=None):
        """A user with keys."""
        iam = self.client("iam", account=account)
        iam.create_user(UserName=name)
        if policy:
            iam.attach_user_policy(UserName=name, PolicyArn=policy)
        if document:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"], None

    def member(self, account, master=HOME):
        """What Organizations makes in an account: moto's has an odd ARN, and may do nothing."""
        iam = self.client("iam", account=account)
        iam.delete_role(RoleName=MEMBER_ROLE)
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{master}:root"}, "Action": "sts:AssumeRole"}
            ],
        }
        iam.create_role(RoleName=MEMBER_ROLE, AssumeRolePolicyDocument=json.dumps(trust))
        iam.attach_role_policy(RoleName=MEMBER_ROLE, PolicyArn=ADMINISTRATOR)

    def inside(self, account, keys):
        """boto3's IAM in a member account, as whoever may enter it."""
        arn = f"arn:aws:iam::{account}:role/{MEMBER_ROLE}"
        got = self.client("sts", keys).assume_role(RoleArn=arn, RoleSessionName="judge")["Credentials"]
        return self.client("iam", (got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"]))


class Ran:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.all = out + err


class Program:
    """Our program, in a folder and environment of its own."""

    def __init__(self, binary, folder, operator, vendor=None):
        self.binary, self.folder = binary, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "HOME": str(folder),
            "COLUMNS": "120",
            "SKYBRIDGE_IDENTITY": str(folder / "identity.txt"),
            "AWS_ACCESS_KEY_ID": operator[0],
            "AWS_SECRET_ACCESS_KEY": operator[1],
            # Nothing but the server of the test is asked, whatever is wrong.
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }
        if vendor:
            self.environment |= {"VENDOR_KEY_ID": vendor[0], "VENDOR_KEY": vendor[1]}

    def manifest(self, settings, name="acme"):
        lines = [
            "schema = 1",
            f"[connectors.{name}]",
            'plugin = "aws"',
            f"[connectors.{name}.settings]",
            settings,
            f"[connectors.{name}.operator]",
            'auth = "environment"',
            f"[connectors.{name}.destination]",
            'kind = "local"',
        ]
        (self.folder / "acme.toml").write_text("\n".join(lines) + "\n")

    def start(self, *arguments):
        return subprocess.Popen(
            [self.binary, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, code=0):
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{arguments} did not end:\n{out}\n{err}")
        with open(self.folder / "log.txt", "a") as log:
            log.write(f"$ {arguments}\n{out}\n{err}\n")
        if code is not None and process.returncode != code:
            raise AssertionError(f"{arguments} ended with {process.returncode}, not {code}:\n{out}\n{err}")
        return Ran(process.returncode, out, err)
