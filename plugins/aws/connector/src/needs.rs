//! What the connector needs of the machine besides the network: the operator's credentials, each only
//! when the manifest says that they are used.

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::manifest::{Need, When};

/// Who says nothing means `chain`.
fn operator(word: &str) -> Option<When> {
    let one_of = vec![json!(word), json!("chain"), Value::Null];
    Some(When { pointer: "/operator/auth".into(), one_of })
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub(crate) fn needs() -> Vec<Need> {
    vec![
        Need {
            why: "access keys of the environment sign in".into(),
            when: operator("environment"),
            env: texts(&[
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_SESSION_TOKEN",
                "AWS_CREDENTIAL_EXPIRATION",
            ]),
            ..Need::default()
        },
        Need {
            why: "a profile's access keys stand in the files of the AWS CLI".into(),
            when: operator("profile"),
            env: texts(&["HOME", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"]),
            read: texts(&["~/.aws", "$AWS_SHARED_CREDENTIALS_FILE", "$AWS_CONFIG_FILE"]),
            ..Need::default()
        },
        Need {
            why: "the pod's identity is a token in a file".into(),
            when: operator("web-identity"),
            env: texts(&["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME"]),
            read: texts(&["$AWS_WEB_IDENTITY_TOKEN_FILE"]),
            ..Need::default()
        },
        Need {
            why: "a container's role is asked for over plain HTTP on its own network".into(),
            when: operator("container"),
            env: texts(&[
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            ]),
            read: texts(&["$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]),
            ports: vec![80],
            ..Need::default()
        },
        Need {
            why: "the machine's role is asked for over plain HTTP on its own network".into(),
            when: operator("instance"),
            ports: vec![80],
            ..Need::default()
        },
        Need {
            why: "a cloud with addresses of its own has a certificate authority of its own".into(),
            when: None,
            read: texts(&["@/settings/cloud/ca-file"]),
            ..Need::default()
        },
    ]
}
