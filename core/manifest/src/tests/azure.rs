//! Schemas as the Azure plugin has them, in the manner of schemars: definitions and references.

use serde_json::{Value, json};

pub(super) fn settings() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["tenant", "scope"],
        "additionalProperties": false,
        "properties": {
            "tenant": { "$ref": "#/$defs/guid", "x-hint": "the directory id, a GUID such as `11111111-2222-3333-4444-555555555555`" },
            "display-name": { "type": "string", "minLength": 1, "maxLength": 20 },
            "permissions": { "enum": ["seed", "least"] },
            "scope": { "$ref": "#/$defs/scope" },
            "aks": { "oneOf": [
                { "const": false },
                { "type": "object", "required": ["scope"], "additionalProperties": false,
                  "properties": { "scope": { "const": "subscription" } } },
                { "type": "object", "required": ["clusters"], "additionalProperties": false,
                  "properties": { "clusters": { "type": "array", "items": { "type": "string" }, "minItems": 1 } } },
            ] },
            "credential": { "oneOf": [
                { "type": "object", "required": ["kind"], "additionalProperties": false, "properties": {
                    "kind": { "const": "client-secret" },
                    "lifetime": { "$ref": "#/$defs/duration" }, "warn": { "$ref": "#/$defs/duration" } } },
                { "type": "object", "required": ["kind"], "additionalProperties": false, "properties": {
                    "kind": { "const": "certificate" }, "lifetime": { "$ref": "#/$defs/duration" } } },
                { "type": "object", "required": ["kind", "issuer"], "additionalProperties": false, "properties": {
                    "kind": { "const": "federated" }, "issuer": { "type": "string" } } },
            ] },
            "cloud": { "anyOf": [
                { "enum": ["public", "us-government", "us-government-dod", "china"] },
                { "type": "object", "required": ["login"], "properties": { "login": { "type": "string" } } },
            ] },
            "parallel": { "type": "integer", "minimum": 1, "maximum": 64 },
        },
        "$defs": {
            "guid": {
                "type": "string",
                "pattern": "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
                "x-hint": "a GUID such as `33333333-3333-3333-3333-333333333333`",
            },
            "duration": { "type": "string", "pattern": "^[0-9]+[dh]$", "x-hint": "a duration such as `180d` or `12h`" },
            "names": { "type": "array", "items": { "type": "string" } },
            "scope": { "oneOf": [
                scope_form("subscriptions", &json!({
                    "type": "array", "items": { "$ref": "#/$defs/guid" }, "minItems": 1, "uniqueItems": true,
                })),
                scope_form("management-groups", &json!({ "$ref": "#/$defs/names" })),
                scope_form("tenant", &json!({ "const": true })),
            ] },
        },
    })
}

fn scope_form(key: &str, schema: &Value) -> Value {
    json!({
        "type": "object",
        "required": [key],
        "additionalProperties": false,
        "properties": { key: schema, "include": { "$ref": "#/$defs/names" }, "exclude": { "$ref": "#/$defs/names" } },
    })
}

pub(super) fn operator() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": { "auth": { "enum": ["azure-cli", "environment", "managed-identity", "workload-identity", "device-code"] } },
    })
}
