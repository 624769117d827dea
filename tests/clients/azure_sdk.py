"""Judges the simulated cloud, and what Skybridge onboarded in it, with Microsoft's own Python SDKs.

    azure_sdk.py --ready READY-FILE

Signs in as the connector with azure-identity and reads through azure-mgmt-* and msgraph-sdk. Prints one line per
check and, last, `N passed, M failed`; exits 1 when a check failed.
"""

import argparse
import asyncio
import base64
import json
import logging
import ssl
import sys
import traceback
import uuid

import httpx
import jwt
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.authorization.models import RoleAssignmentCreateParameters
from azure.mgmt.managementgroups import ManagementGroupsMgmtClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.graph_request_adapter import options as graph_options
from msgraph_core import GraphClientFactory

import connection

ARM_SCOPE = "https://management.azure.com/.default"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"
GRAPH_APPLICATION = "00000003-0000-0000-c000-000000000000"

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
MANAGEMENT_GROUP_READER = "ac63b705-f282-497d-ac71-919bf39d939d"
SUBSCRIPTION_ROLES = {
    READER,
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",  # Storage Blob Data Reader
    "b8eda974-7b85-4f76-af95-65846b26df6d",  # Storage File Data Privileged Reader
    "7f6c6a51-bcf8-42ba-9220-52d62157d7db",  # Azure Kubernetes Service RBAC Reader
    "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",  # Azure Kubernetes Service Cluster User Role
}
CUSTOM_ROLE_PREFIX = "Skybridge Connector ("
CUSTOM_ROLE_ACTIONS = {
    "microsoft.web/sites/config/list/action",
    "microsoft.network/bastionhosts/getshareablelinks/action",
}
GRAPH_ROLES = {
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
}


def equal(what, actual, expected):
    if actual != expected:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def holds(condition, why):
    if not condition:
        raise AssertionError(why)


def last_segment(identifier):
    return identifier.rsplit("/", 1)[-1].lower()


class Fixed:
    """A credential that hands out one given token, whatever it is asked for."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_options):
        return AccessToken(self.token, 4102444800)


class Checks:
    """Every method is one check; its docstring is the line that is printed."""

    def __init__(self, to):
        self.to = to
        # No retries that hide a wrong answer, and no half hour of waiting when nothing answers.
        self.transport = {
            "connection_verify": to.ca_file,
            "connection_timeout": 10,
            "read_timeout": 30,
            "retry_total": 2,
            "proxies": {"http": None, "https": None},
        }
        self.arm = {"base_url": to.resource_manager, "credential_scopes": [ARM_SCOPE], **self.transport}
        self.credential = self.sign_in(to.client_id, to.secret)
        self.authorization = AuthorizationManagementClient(self.credential, to.subscription, **self.arm)
        self.scope = f"/subscriptions/{to.subscription}"
        self.root = f"/providers/Microsoft.Management/managementGroups/{to.tenant}"

    def sign_in(self, client_id, secret):
        return ClientSecretCredential(
            self.to.tenant,
            client_id,
            secret,
            authority=self.to.login,
            disable_instance_discovery=True,
            **self.transport,
        )

    def assignments(self):
        return list(
            self.authorization.role_assignments.list_for_subscription(
                filter=f"principalId eq '{self.to.service_principal}'"
            )
        )

    def custom_role(self):
        found = [
            r
            for r in self.authorization.role_definitions.list(self.scope, filter="type eq 'CustomRole'")
            if r.role_name.startswith(CUSTOM_ROLE_PREFIX)
        ]
        equal("custom roles of the connector", len(found), 1)
        return found[0]

    # --- tokens ----------------------------------------------------------------------------------------------------

    def verified_claims(self, scope):
        token = self.credential.get_token(scope).token
        trust = ssl.create_default_context(cafile=self.to.ca_file)
        with httpx.Client(verify=trust, trust_env=False, timeout=30) as client:
            discovery = client.get(f"{self.to.login}/{self.to.tenant}/v2.0/.well-known/openid-configuration")
            discovery.raise_for_status()
        keys = jwt.PyJWKClient(discovery.json()["jwks_uri"], ssl_context=trust)
        equal("algorithm", jwt.get_unverified_header(token)["alg"], "RS256")
        return jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=["RS256"],
            # The audience is checked below: Azure accepts several spellings of one resource.
            options={"require": ["exp", "nbf", "iat", "iss", "aud"], "verify_aud": False},
        )

    def common_claims(self, claims):
        equal("tid", claims["tid"], self.to.tenant)
        equal("appid", claims.get("appid", claims.get("azp")), self.to.client_id)
        equal("oid", claims["oid"], self.to.service_principal)
        equal("idtyp", claims.get("idtyp"), "app")
        holds(self.to.tenant in claims["iss"], f"iss names no tenant: {claims['iss']}")
        holds("scp" not in claims, "an app-only token has no scp")

    def token_resource_manager(self):
        """azure-identity: the resource manager token's signature is valid against the published keys; aud, tid, appid, oid"""
        claims = self.verified_claims(ARM_SCOPE)
        self.common_claims(claims)
        equal("aud", claims["aud"].rstrip("/"), "https://management.azure.com")

    def token_graph(self):
        """azure-identity: the Graph token carries exactly the two consented roles"""
        claims = self.verified_claims(GRAPH_SCOPE)
        self.common_claims(claims)
        equal("aud", claims["aud"].rstrip("/"), "https://graph.microsoft.com")
        equal("roles", set(claims.get("roles", [])), set(GRAPH_ROLES))

    def refused_sign_in(self, client_id, secret, code):
        try:
            self.sign_in(client_id, secret).get_token(ARM_SCOPE)
        except ClientAuthenticationError as error:
            holds(code in str(error), f"expected {code}, got: {error}")
        else:
            raise AssertionError("signed in")

    def wrong_secret(self):
        """azure-identity: a wrong secret is refused with AADSTS7000215"""
        self.refused_sign_in(self.to.client_id, "wrong" + self.to.secret, "AADSTS7000215")

    def unknown_client(self):
        """azure-identity: an unknown client is refused with AADSTS700016"""
        self.refused_sign_in(str(uuid.uuid4()), self.to.secret, "AADSTS700016")

    def refused_token(self, token, why):
        client = SubscriptionClient(Fixed(token), **self.arm)
        try:
            list(client.subscriptions.list())
        except ClientAuthenticationError as error:
            equal("status", error.status_code, 401)
        else:
            raise AssertionError(why)

    def token_of_another_audience(self):
        """azure-mgmt: the resource manager refuses a token made for Graph (401)"""
        self.refused_token(self.credential.get_token(GRAPH_SCOPE).token, "a Graph token opened the resource manager")

    def forged_token(self):
        """azure-mgmt: the resource manager refuses a token whose claims were changed (401)"""
        header, payload, signature = self.credential.get_token(ARM_SCOPE).token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        claims["oid"] = str(uuid.uuid4())
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        self.refused_token(f"{header}.{payload}.{signature}", "a forged token opened the resource manager")

    # --- resource manager ------------------------------------------------------------------------------------------

    def subscriptions(self):
        """azure-mgmt-resource-subscriptions: lists and reads the one subscription it may see"""
        client = SubscriptionClient(self.credential, **self.arm)
        listed = list(client.subscriptions.list())
        equal("subscriptions", [s.subscription_id for s in listed], [self.to.subscription])
        one = client.subscriptions.get(self.to.subscription)
        equal("id", one.id, self.scope)
        equal("state", one.state, "Enabled")
        equal("tenant", one.tenant_id, self.to.tenant)
        holds(one.display_name, "no display name")

    def tenants(self):
        """azure-mgmt-resource-subscriptions: lists the tenant"""
        client = SubscriptionClient(self.credential, **self.arm)
        equal("tenants", [t.tenant_id for t in client.tenants.list()], [self.to.tenant])

    def role_assignments(self):
        """azure-mgmt-authorization: the connector has exactly the expected role assignments, each where it belongs"""
        custom = self.custom_role().name.lower()
        expected = {(self.scope.lower(), role) for role in SUBSCRIPTION_ROLES | {custom}}
        expected.add((self.root.lower(), MANAGEMENT_GROUP_READER))
        listed = self.assignments()
        actual = {(a.scope.lower(), last_segment(a.role_definition_id)) for a in listed}
        equal("missing", expected - actual, set())
        equal("unexpected", actual - expected, set())
        equal("number of assignments", len(listed), len(expected))
        equal("principal types", {a.principal_type for a in listed}, {"ServicePrincipal"})
        equal("principals", {a.principal_id for a in listed}, {self.to.service_principal})

    def role_assignment_by_name(self):
        """azure-mgmt-authorization: each role assignment can be read by scope and name and is the same one"""
        for listed in self.assignments():
            one = self.authorization.role_assignments.get(listed.scope, listed.name)
            equal("id", one.id.lower(), listed.id.lower())
            equal("type", one.type, "Microsoft.Authorization/roleAssignments")
            equal("role", last_segment(one.role_definition_id), last_segment(listed.role_definition_id))
            holds(one.created_on is not None, "no createdOn")

    def role_assignments_at_root(self):
        """azure-mgmt-authorization: the root management group lists Management Group Reader for the connector"""
        listed = self.authorization.role_assignments.list_for_scope(self.root, filter="atScope()")
        mine = [a for a in listed if a.principal_id == self.to.service_principal]
        equal("roles", [last_segment(a.role_definition_id) for a in mine], [MANAGEMENT_GROUP_READER])

    def custom_role_definition(self):
        """azure-mgmt-authorization: the custom role allows exactly its two actions, at the subscription"""
        role = self.authorization.role_definitions.get(self.scope, self.custom_role().name)
        equal("type", role.role_type, "CustomRole")
        equal("scopes", [s.lower() for s in role.assignable_scopes], [self.scope.lower()])
        equal("permissions", len(role.permissions), 1)
        permission = role.permissions[0]
        equal("actions", {a.lower() for a in permission.actions}, CUSTOM_ROLE_ACTIONS)
        equal("notActions", permission.not_actions or [], [])
        equal("dataActions", permission.data_actions or [], [])
        equal("notDataActions", permission.not_data_actions or [], [])

    def built_in_role(self):
        """azure-mgmt-authorization: Reader is found by name, and is built in"""
        found = list(self.authorization.role_definitions.list(self.scope, filter="roleName eq 'Reader'"))
        equal("ids", [r.name for r in found], [READER])
        equal("type", found[0].role_type, "BuiltInRole")
        equal("actions", found[0].permissions[0].actions, ["*/read"])

    def root_management_group(self):
        """azure-mgmt-managementgroups: reads the root management group"""
        client = ManagementGroupsMgmtClient(self.credential, **self.arm)
        root = client.management_groups.get(self.to.tenant)
        equal("name", root.name, self.to.tenant)
        equal("id", root.id.lower(), self.root.lower())
        equal("tenant", root.tenant_id, self.to.tenant)
        holds(root.display_name, "no display name")

    def refused_arm(self, call):
        try:
            call()
        except HttpResponseError as error:
            equal("status", error.status_code, 403)
            equal("code", error.error and error.error.code, "AuthorizationFailed")
            holds(self.to.service_principal in str(error), f"the message does not name the principal: {error}")
        else:
            raise AssertionError("it was allowed")

    def write_role_assignment(self):
        """azure-mgmt-authorization: the connector may not assign a role to itself (403 AuthorizationFailed)"""
        parameters = RoleAssignmentCreateParameters(
            role_definition_id=f"{self.scope}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
            principal_id=self.to.service_principal,
            principal_type="ServicePrincipal",
        )
        name = str(uuid.uuid4())
        self.refused_arm(lambda: self.authorization.role_assignments.create(self.scope, name, parameters))

    def delete_role_assignment(self):
        """azure-mgmt-authorization: the connector may not delete its own role assignment (403 AuthorizationFailed)"""
        mine = next(a for a in self.assignments() if a.scope.lower() == self.scope.lower())
        self.refused_arm(lambda: self.authorization.role_assignments.delete(self.scope, mine.name))

    # --- Microsoft Graph -------------------------------------------------------------------------------------------

    def with_graph(self, use):
        """Runs `use(client)` with msgraph-sdk's default middleware over a client that trusts the simulator's CA."""

        async def run():
            trust = ssl.create_default_context(cafile=self.to.ca_file)
            async with httpx.AsyncClient(verify=trust, http2=True, trust_env=False, timeout=30) as plain:
                adapter = GraphRequestAdapter(
                    AzureIdentityAuthenticationProvider(self.credential, scopes=[GRAPH_SCOPE]),
                    GraphClientFactory.create_with_default_middleware(client=plain, options=graph_options),
                )
                adapter.base_url = f"{self.to.graph}/v1.0"
                return await use(GraphServiceClient(request_adapter=adapter))

        return asyncio.run(run())

    def graph_application(self):
        """msgraph-sdk: reads the application, by object id and by client id, and its declared permissions"""

        async def use(graph):
            by_object = await graph.applications.by_application_id(self.to.application).get()
            by_client = await graph.applications_with_app_id(self.to.client_id).get()
            return by_object, by_client

        by_object, by_client = self.with_graph(use)
        equal("appId", by_object.app_id, self.to.client_id)
        equal("id", by_client.id, self.to.application)
        equal("displayName", by_object.display_name, connection.APPLICATION)
        equal("signInAudience", by_object.sign_in_audience, "AzureADMyOrg")
        wanted = [r for r in by_object.required_resource_access if r.resource_app_id == GRAPH_APPLICATION]
        equal("resources", len(wanted), 1)
        equal("types", {a.type for a in wanted[0].resource_access}, {"Role"})
        equal("permissions", {str(a.id) for a in wanted[0].resource_access}, set(GRAPH_ROLES.values()))

    def graph_secret(self):
        """msgraph-sdk: the application lists its client secret without the secret's text"""
        application = self.with_graph(
            lambda graph: graph.applications.by_application_id(self.to.application).get()
        )
        secrets = application.password_credentials
        holds(secrets, "no password credential")
        equal("texts", {s.secret_text for s in secrets}, {None})
        for secret in secrets:
            holds(secret.key_id and secret.hint and secret.end_date_time > secret.start_date_time, f"incomplete: {secret}")
            equal("hint", len(secret.hint), 3)

    def graph_find_application(self):
        """msgraph-sdk: finds the application with $filter"""

        async def use(graph):
            query = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(
                filter=f"displayName eq '{connection.APPLICATION}'", select=["id", "appId", "displayName"]
            )
            configuration = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetRequestConfiguration(
                query_parameters=query
            )
            return await graph.applications.get(request_configuration=configuration)

        found = self.with_graph(use).value
        equal("ids", [a.id for a in found], [self.to.application])

    def graph_service_principal(self):
        """msgraph-sdk: reads the service principal, by object id and by client id"""

        async def use(graph):
            by_object = await graph.service_principals.by_service_principal_id(self.to.service_principal).get()
            by_client = await graph.service_principals_with_app_id(self.to.client_id).get()
            return by_object, by_client

        by_object, by_client = self.with_graph(use)
        equal("appId", by_object.app_id, self.to.client_id)
        equal("id", by_client.id, self.to.service_principal)
        equal("accountEnabled", by_object.account_enabled, True)
        equal("type", by_object.service_principal_type, "Application")
        equal("owner", str(by_object.app_owner_organization_id), self.to.tenant)
        holds(self.to.client_id in by_object.service_principal_names, "servicePrincipalNames lacks the client id")

    def graph_app_role_assignments(self):
        """msgraph-sdk: the service principal has exactly the two app role assignments, on Microsoft Graph"""

        async def use(graph):
            principal = graph.service_principals.by_service_principal_id(self.to.service_principal)
            page = await principal.app_role_assignments.get()
            found = list(page.value)
            while page.odata_next_link:
                page = await principal.app_role_assignments.with_url(page.odata_next_link).get()
                found += page.value
            resource = await graph.service_principals_with_app_id(GRAPH_APPLICATION).get()
            return found, resource

        found, resource = self.with_graph(use)
        equal("roles", sorted(str(a.app_role_id) for a in found), sorted(GRAPH_ROLES.values()))
        equal("resources", {str(a.resource_id) for a in found}, {resource.id})
        equal("principals", {str(a.principal_id) for a in found}, {self.to.service_principal})
        names = {str(r.id): r.value for r in resource.app_roles}
        equal("names", {names[str(a.app_role_id)] for a in found}, set(GRAPH_ROLES))

    def graph_reads_allowed(self):
        """msgraph-sdk: the granted roles read the organization and the authorization policy"""

        async def use(graph):
            return await graph.organization.get(), await graph.policies.authorization_policy.get()

        organizations, policy = self.with_graph(use)
        equal("organization", [o.id for o in organizations.value], [self.to.tenant])
        holds(policy.id, "no authorization policy")

    def graph_write(self):
        """msgraph-sdk: the connector may not add a secret to its own application (403 Authorization_RequestDenied)"""
        from msgraph.generated.applications.item.add_password.add_password_post_request_body import (
            AddPasswordPostRequestBody,
        )

        try:
            self.with_graph(
                lambda graph: graph.applications.by_application_id(self.to.application).add_password.post(
                    AddPasswordPostRequestBody()
                )
            )
        except ODataError as error:
            equal("status", error.response_status_code, 403)
            equal("code", error.error.code, "Authorization_RequestDenied")
        else:
            raise AssertionError("it was allowed")

    def graph_unknown(self):
        """msgraph-sdk: an application that does not exist is 404 Request_ResourceNotFound"""
        try:
            self.with_graph(lambda graph: graph.applications.by_application_id(str(uuid.uuid4())).get())
        except ODataError as error:
            equal("status", error.response_status_code, 404)
            equal("code", error.error.code, "Request_ResourceNotFound")
        else:
            raise AssertionError("it was found")

    CHECKS = [
        token_resource_manager,
        token_graph,
        wrong_secret,
        unknown_client,
        token_of_another_audience,
        forged_token,
        subscriptions,
        tenants,
        role_assignments,
        role_assignment_by_name,
        role_assignments_at_root,
        custom_role_definition,
        built_in_role,
        root_management_group,
        write_role_assignment,
        delete_role_assignment,
        graph_application,
        graph_secret,
        graph_find_application,
        graph_service_principal,
        graph_app_role_assignments,
        graph_reads_allowed,
        graph_write,
        graph_unknown,
    ]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--ready", required=True, help="file with the JSON line the simulator prints")
    to = connection.connect(arguments.parse_args().ready)
    # Refusals are asked for here; azure-identity would log each as a warning.
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    checks = Checks(to)
    failures = []
    for check in Checks.CHECKS:
        name = check.__doc__.strip()
        try:
            check(checks)
        except AssertionError as error:
            failures.append(f"{name}\n      {error}")
        except Exception as error:  # whatever a client raises is a finding about the simulated cloud
            where = traceback.extract_tb(error.__traceback__)[-1]
            failures.append(f"{name}\n      {type(error).__name__} ({where.name}): {error}")
        else:
            print(f"ok   {name}", flush=True)
            continue
        print(f"FAIL {name}", flush=True)
    for failure in failures:
        # A client's error may quote what it sent: the secret is never printed.
        print("  - " + failure.replace(to.secret, "[redacted]"))
    print(f"{len(Checks.CHECKS) - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
