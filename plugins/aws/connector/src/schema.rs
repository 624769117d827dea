//! JSON Schemas (draft 2020-12) of what a manifest may say about this connector.
//!
//! Titles and descriptions end up in diagnostics, so they say what belongs there and not only what
//! it is called.

use serde_json::{Value, json};
use skybridge_aws_client::Service;

use crate::policies;
use crate::settings::{MEMBER_ROLE, ROLE_NAME};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
const ACCOUNT: &str = "^[0-9]{12}$";
const NAME: &str = "^[A-Za-z0-9+=,.@_-]{1,64}$";
const REFERENCE: &str = "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$";

/// The schema of `[connectors.NAME.settings]`.
pub(crate) fn settings() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "settings of an AWS connector",
        "type": "object",
        "additionalProperties": false,
        "required": ["account", "trust"],
        "properties": {
            "account": account("account id", "the operator's account, twelve digits in quotes; \
                                for an organization its management account"),
            "trust": trust(),
            "external-id": reference(
                "external id",
                "where the external id is that the vendor gave; left out, one is made here and \
                 kept in the vault",
            ),
            "role-name": name("role name", "the name the role gets in every account", ROLE_NAME),
            "policies": {
                "title": "policies",
                "description": "managed policies of AWS's own by name, with their path: \
                                `SecurityAudit`, `job-function/ViewOnlyAccess`",
                "type": "array",
                "minItems": 1,
                "maxItems": 20,
                "uniqueItems": true,
                "items": {
                    "title": "policy name",
                    "type": "string",
                    "pattern": "^([a-z-]+/)?[A-Za-z0-9+=,.@_-]{1,128}$",
                },
                "default": policies::default(),
            },
            "session-duration": {
                "title": "session duration",
                "description": "how long whoever becomes the role stays it, from `1h` to `12h`",
                "type": "string",
                "pattern": "^[1-9][0-9]{0,3}[hm]$",
                "default": "1h",
            },
            "permissions-boundary": {
                "title": "permissions boundary",
                "description": "the ARN of a policy that bounds the role, where the organization \
                                asks for one; with several accounts one of AWS's own",
                "type": "string",
                "pattern": "^arn:[a-z-]+:iam::(aws|[0-9]{12}):policy/[^\\s]+$",
            },
            "existing-role": {
                "title": "existing role",
                "description": "what is done when somebody else made a role of that name: `refuse` \
                                to go on, or `adopt` it: it is changed where it has to be and \
                                never deleted",
                "enum": ["refuse", "adopt"],
                "default": "refuse",
            },
            "scope": scope(),
            "member-role": name(
                "member role",
                "the role by which the operator enters the other accounts",
                MEMBER_ROLE,
            ),
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
                "description": "`environment`: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and \
                                AWS_SESSION_TOKEN; `profile`: a profile of the shared credentials \
                                file with keys in it; `web-identity`: AWS_ROLE_ARN and \
                                AWS_WEB_IDENTITY_TOKEN_FILE; `container`: the role of an ECS task \
                                or an EKS pod; `instance`: the role of an EC2 instance (IMDSv2); \
                                `chain`: the first of these that is configured. For single sign-on \
                                run `aws configure export-credentials --format env` first",
                "enum": ["environment", "profile", "web-identity", "container", "instance", "chain"],
            },
            "profile": {
                "title": "profile",
                "description": "the profile's name; AWS_PROFILE or `default` when left out",
                "type": "string",
                "minLength": 1,
                "maxLength": 200,
            },
        },
    })
}

fn account(title: &str, description: &str) -> Value {
    json!({
        "title": title,
        "description": description,
        "type": "string",
        "pattern": ACCOUNT,
        "x-hint": "twelve digits, such as \"111122223333\"",
    })
}

fn name(title: &str, description: &str, default: &str) -> Value {
    json!({
        "title": title,
        "description": description,
        "type": "string",
        "pattern": NAME,
        "x-hint": "up to 64 letters, digits and any of +=,.@_-",
        "default": default,
    })
}

fn reference(title: &str, description: &str) -> Value {
    json!({
        "title": title,
        "description": description,
        "type": "string",
        "pattern": REFERENCE,
        "x-hint": "`env:NAME` or `file:PATH`",
    })
}

fn trust() -> Value {
    json!({
        "title": "trust",
        "description": "who may become the role: { account = \"…\" } or { principal = \"arn:…\" }",
        "type": "object",
        "additionalProperties": false,
        "oneOf": [{ "required": ["account"] }, { "required": ["principal"] }],
        "properties": {
            "account": account("the vendor's account id", "whoever that account lets may become the role"),
            "principal": {
                "title": "the vendor's principal",
                "description": "the ARN of the one role or user that may become the role",
                "type": "string",
                "pattern": "^arn:[a-z-]+:iam::[0-9]{12}:(root|(user|role)/[A-Za-z0-9+=,.@_/-]+)$",
                "x-hint": "such as arn:aws:iam::999988887777:role/scanner",
            },
            "proof": proof(),
        },
    })
}

fn proof() -> Value {
    json!({
        "title": "proof",
        "description": "credentials of the trusted principal, to prove the connection by becoming \
                        the role: { profile = \"…\" }, or { access-key-id = \"env:…\", \
                        secret-access-key = \"env:…\" }; left out, the operator looks from outside",
        "type": "object",
        "oneOf": [
            {
                "additionalProperties": false,
                "required": ["profile"],
                "properties": {
                    "profile": {
                        "title": "profile",
                        "description": "a profile of the shared credentials file",
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 200,
                    },
                },
            },
            {
                "additionalProperties": false,
                "required": ["access-key-id", "secret-access-key"],
                "properties": {
                    "access-key-id": reference("access key id", "where it is"),
                    "secret-access-key": reference("secret access key", "where it is"),
                    "session-token": reference("session token", "where it is, of temporary ones"),
                },
            },
        ],
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
        "description": "which accounts are watched over: { accounts = [\"…\"] } or \
                        { organization = true }; the operator's own when left out",
        "type": "object",
        "additionalProperties": false,
        "oneOf": [{ "required": ["accounts"] }, { "required": ["organization"] }],
        "properties": {
            "accounts": {
                "title": "account ids",
                "description": "each once; those that are not the operator's are entered by \
                                `member-role`",
                "type": "array",
                "minItems": 1,
                "items": account("account id", "twelve digits in quotes"),
            },
            "organization": {
                "title": "the whole organization",
                "description": "every account the organization lists",
                "const": true,
            },
            "include": patterns(
                "only these accounts",
                "patterns on the name, in which `*` stands for anything, or ids: `prod-*`",
            ),
            "exclude": patterns(
                "not these accounts",
                "patterns on the name, in which `*` stands for anything, or ids; stronger than \
                 `include`",
            ),
        },
    })
}

fn cloud() -> Value {
    let address = |title: &str| {
        json!({
            "title": title,
            "type": "string",
            "pattern": "^https?://[^?#\\s]+$",
            "x-hint": "https, or http on this machine",
        })
    };
    let each: serde_json::Map<String, Value> = Service::ALL
        .into_iter()
        .map(|service| (service.word().to_owned(), address(&format!("address of {service}"))))
        .collect();
    json!({
        "title": "cloud",
        "description": "which AWS: a partition's name, or { partition = \"…\", region = \"…\", \
                        endpoint = \"https://…\" }",
        "default": "aws",
        "oneOf": [
            { "enum": ["aws", "aws-us-gov", "aws-cn"] },
            {
                "type": "object",
                "additionalProperties": false,
                "minProperties": 1,
                "properties": {
                    "partition": { "title": "partition", "enum": ["aws", "aws-us-gov", "aws-cn"] },
                    "region": {
                        "title": "region",
                        "description": "the region STS is asked in",
                        "type": "string",
                        "pattern": "^[a-z]{2}(-[a-z]+)+-[0-9]$",
                    },
                    "endpoint": address("address of all services"),
                    "endpoints": {
                        "title": "addresses by service",
                        "description": "of single services; stronger than `endpoint`",
                        "type": "object",
                        "additionalProperties": false,
                        "properties": each,
                    },
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
