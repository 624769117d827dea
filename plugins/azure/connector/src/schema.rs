//! JSON Schemas (draft 2020-12) of what a manifest may say about this connector.
//!
//! Titles and descriptions end up in diagnostics, so they say what belongs there and not only what
//! it is called.

use serde_json::{Value, json};

use crate::settings::{Capability, EXCHANGE_AUDIENCE};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
const GUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
const CLUSTER: &str = "^/[sS]ubscriptions/[0-9a-fA-F-]{36}/[rR]esource[gG]roups/[^/?#]+/providers\
                       /[mM]icrosoft\\.[cC]ontainer[sS]ervice/[mM]anaged[cC]lusters/[^/?#]+$";
const DAYS: &str = "^([1-9]|[1-9][0-9]|[1-6][0-9][0-9]|7[0-2][0-9]|730)d$";

/// The schema of `[connectors.NAME.settings]`.
pub(crate) fn settings() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "settings of an Azure connector",
        "type": "object",
        "additionalProperties": false,
        "required": ["tenant", "scope"],
        "properties": {
            "tenant": {
                "title": "tenant id",
                "description": "the Entra tenant's id, a GUID; Entra admin centre > Overview shows it",
                "type": "string",
                "pattern": GUID,
            },
            "display-name": {
                "title": "application name",
                "description": "the name the application gets in Entra",
                "type": "string",
                // The custom role's name is this in brackets and may have 128 characters.
                "minLength": 1,
                "maxLength": 100,
                "pattern": "^[^\\u0000-\\u001f<>]*$",
                "default": "skybridge-connector",
            },
            "permissions": permissions(),
            "capabilities": capabilities(),
            "scope": scope(),
            "aks": aks(),
            "credential": credential(),
            "root-management-group": {
                "title": "root management group",
                "description": "what is done about Management Group Reader at the root group: \
                                `assign` it, `elevate` the operator (a Global Administrator) for \
                                that time if there is need to, or `skip` it",
                "enum": ["assign", "elevate", "skip"],
                "default": "assign",
            },
            "consent": {
                "title": "consent",
                "description": "who consents to the Graph permissions: `grant`: the operator; \
                                `hand-off`: the operator if allowed to, else a person who is given \
                                an address to open and is waited for",
                "enum": ["grant", "hand-off"],
                "default": "grant",
            },
            "consent-wait": {
                "title": "time to consent",
                "description": "how long `hand-off` waits for that person, such as `30m` or `1h`; \
                                at most `7d`",
                "type": "string",
                "pattern": "^[1-9][0-9]{0,5}[smhd]$",
                "default": "1h",
            },
            "deleted-application": {
                "title": "deleted application",
                "description": "what is done when a deleted application holds the name: `restore` \
                                it, `purge` it and make a new one, or `refuse` to go on",
                "enum": ["restore", "purge", "refuse"],
                "default": "restore",
            },
            "cloud": cloud(),
        },
    })
}

/// The schema of `[connectors.NAME.operator]`.
pub(crate) fn operator() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "who runs the onboarding",
        "type": "object",
        "additionalProperties": false,
        "required": ["auth"],
        "properties": {
            "auth": {
                "title": "how the operator signs in",
                "description": "`azure-cli`: whoever ran `az login`; `environment`: AZURE_TENANT_ID, \
                                AZURE_CLIENT_ID and one of AZURE_CLIENT_SECRET, \
                                AZURE_CLIENT_CERTIFICATE_PATH (PEM with certificate and key) and \
                                AZURE_FEDERATED_TOKEN_FILE; `managed-identity` and \
                                `workload-identity`: the machine's or pod's own identity; \
                                `device-code`: a person signs in on another device; `chain`: the \
                                first that is configured of environment, workload-identity, \
                                managed-identity and azure-cli",
                "enum": [
                    "azure-cli",
                    "environment",
                    "managed-identity",
                    "workload-identity",
                    "device-code",
                    "chain",
                ],
            },
            "client-id": {
                "title": "identity",
                "description": "the client id of a user-assigned managed identity, of the \
                                application a workload identity federates with, or of the public \
                                client application of `device-code` \
                                (04b07795-8ddb-461a-bbee-02f9e1bf7b46 is the Azure CLI's)",
                "type": "string",
                "pattern": GUID,
            },
        },
    })
}

fn cloud() -> Value {
    let address =
        |title: &str| json!({ "title": title, "type": "string", "pattern": "^https://[^?#\\s]+$" });
    json!({
        "title": "cloud",
        "description": "which Azure the tenant lives in: a name, or { login = \"https://…\", \
                        resource-manager = \"https://…\", graph = \"https://…\" }",
        "default": "public",
        "oneOf": [
            { "enum": ["public", "us-government", "us-government-dod", "china"] },
            {
                "type": "object",
                "additionalProperties": false,
                "required": ["login", "resource-manager", "graph"],
                "properties": {
                    "login": address("address of the login service"),
                    "resource-manager": address("address of Resource Manager"),
                    "graph": address("address of Microsoft Graph"),
                    "ca-file": {
                        "title": "certificate authority",
                        "description": "a PEM file; only its certificates are believed",
                        "type": "string",
                        "minLength": 1,
                    },
                },
            },
        ],
    })
}

fn permissions() -> Value {
    json!({
        "title": "grants",
        "description": "`seed`: exactly the grants of the onboarding page; `least`: only \
                        those that an enabled capability needs",
        "enum": ["seed", "least"],
        "default": "seed",
    })
}

fn capabilities() -> Value {
    json!({
        "title": "capabilities",
        "description": "what the connection is for; all of them when left out. They decide \
                        what `permissions = \"least\"` grants",
        "type": "array",
        "minItems": 1,
        "uniqueItems": true,
        "items": { "title": "capability", "enum": Capability::ALL.map(Capability::word) },
    })
}

fn scope() -> Value {
    let patterns = |title: &str, description: &str| {
        json!({
            "title": title,
            "description": description,
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "uniqueItems": true,
            "items": { "title": "pattern", "type": "string", "minLength": 1, "maxLength": 200 },
        })
    };
    json!({
        "title": "scope",
        "description": "what is watched over: { subscriptions = [\"…\"] }, \
                        { management-groups = [\"…\"] } or { tenant = true }",
        "type": "object",
        "additionalProperties": false,
        "oneOf": [
            { "required": ["subscriptions"] },
            { "required": ["management-groups"] },
            { "required": ["tenant"] },
        ],
        "properties": {
            "subscriptions": {
                "title": "subscription ids",
                "description": "one GUID per subscription, each once",
                "type": "array",
                "minItems": 1,
                "uniqueItems": true,
                "items": { "title": "subscription id", "type": "string", "pattern": GUID },
            },
            "management-groups": {
                "title": "management groups",
                "description": "their ids, not their display names; every subscription below them \
                                is meant, whatever the level",
                "type": "array",
                "minItems": 1,
                "maxItems": 1000,
                "uniqueItems": true,
                "items": {
                    "title": "management group id",
                    "type": "string",
                    "pattern": "^[A-Za-z0-9_().-]{1,90}$",
                },
            },
            "tenant": {
                "title": "the whole tenant",
                "description": "every subscription the operator can see",
                "const": true,
            },
            "include": patterns(
                "only these subscriptions",
                "patterns on the name, in which `*` stands for anything, or ids: `prod-*`",
            ),
            "exclude": patterns(
                "not these subscriptions",
                "patterns on the name, in which `*` stands for anything, or ids; stronger than \
                 `include`",
            ),
        },
    })
}

fn aks() -> Value {
    json!({
        "title": "Kubernetes",
        "description": "where the AKS roles are assigned: { scope = \"subscription\" }, \
                        { clusters = [\"/subscriptions/…\"] } or false",
        "default": { "scope": "subscription" },
        "oneOf": [
            { "const": false },
            {
                "type": "object",
                "additionalProperties": false,
                "required": ["scope"],
                "properties": { "scope": { "const": "subscription" } },
            },
            {
                "type": "object",
                "additionalProperties": false,
                "required": ["clusters"],
                "properties": {
                    "clusters": {
                        "title": "cluster resource ids",
                        "type": "array",
                        "minItems": 1,
                        "uniqueItems": true,
                        "items": {
                            "title": "cluster resource id",
                            "type": "string",
                            "pattern": CLUSTER,
                        },
                    },
                },
            },
        ],
    })
}

fn credential() -> Value {
    let kind = |word: &str| json!({ "title": "kind of credential", "const": word });
    let optional = json!({ "title": "kind of credential", "const": "client-secret", "default": "client-secret" });
    json!({
        "title": "credential",
        "description": "how the connector signs in: { kind = \"client-secret\" }, \
                        { kind = \"certificate\" } or { kind = \"federated\", issuer = \"…\", \
                        subject = \"…\" }",
        "type": "object",
        "oneOf": [
            {
                "additionalProperties": false,
                "properties": { "kind": optional, "lifetime": lifetime(), "warn": warn() },
            },
            {
                "additionalProperties": false,
                "required": ["kind"],
                "properties": {
                    "kind": kind("certificate"),
                    "lifetime": lifetime(),
                    "warn": warn(),
                    "certificate": file(
                        "certificate file",
                        "PEM with a certificate and its private key (PKCS#8), readable by its \
                         owner only; its own end counts then and not `lifetime`. Left out, a key \
                         is made and kept in the vault",
                    ),
                },
            },
            federated(&kind("federated")),
        ],
    })
}

fn federated(kind: &Value) -> Value {
    let text = |title: &str, description: &str, chars: u16| {
        json!({
            "title": title,
            "description": description,
            "type": "string",
            "minLength": 1,
            "maxLength": chars,
            "pattern": "^[^\\u0000-\\u001f<>{}]*$",
        })
    };
    let mut issuer = text("issuer", "the address of whoever issues the tokens, exactly", 600);
    issuer["pattern"] = json!("^https://[^\\s<>{}]+$");
    issuer["x-hint"] = json!("an address such as https://token.actions.githubusercontent.com");
    let mut audience = text("audience", "what the tokens must be meant for", 600);
    audience["default"] = json!(EXCHANGE_AUDIENCE);
    let mut name = text("name", "the credential's name on the application, kept for good", 120);
    name["pattern"] = json!("^[A-Za-z0-9][A-Za-z0-9_-]*$");
    name["x-hint"] = json!("letters, digits, hyphens and underscores");
    json!({
        "additionalProperties": false,
        "required": ["kind", "issuer", "subject"],
        "properties": {
            "kind": kind,
            "issuer": issuer,
            "subject": text("subject", "whom the tokens must be about, exactly", 600),
            "audience": audience,
            "name": name,
            "assertion": file(
                "token file",
                "a file with a token of the issuer, read anew each time; with it the connection \
                 is proved by signing in",
            ),
        },
    })
}

fn file(title: &str, description: &str) -> Value {
    json!({
        "title": title,
        "description": description,
        "type": "string",
        "pattern": "^file:.+$",
        "x-hint": "`file:PATH`",
    })
}

fn days(title: &str, description: &str, default: &str) -> Value {
    json!({
        "title": title,
        "description": description,
        "type": "string",
        "pattern": DAYS,
        "default": default,
    })
}

fn lifetime() -> Value {
    days("lifetime", "days until it expires, such as `180d`; at most `730d`", "180d")
}

fn warn() -> Value {
    days("warning window", "days before the end at which warnings begin", "30d")
}
