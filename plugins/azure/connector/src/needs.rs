//! What the connector needs of the machine besides the network: the operator's credentials, each only
//! when the manifest says that they are used.

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::manifest::{Need, When};

fn operator(words: &[&str]) -> Option<When> {
    let one_of: Vec<Value> = words.iter().map(|word| json!(word)).collect();
    Some(When { pointer: "/operator/auth".into(), one_of })
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub(crate) fn needs() -> Vec<Need> {
    // Who says nothing means `azure-cli`.
    let mut cli = operator(&["azure-cli", "chain"]);
    cli.iter_mut().for_each(|when| when.one_of.push(Value::Null));
    vec![
        Need {
            why: "the Azure CLI gives the tokens of whoever ran `az login`".into(),
            when: cli,
            env: texts(&["HOME", "PATH", "AZURE_CONFIG_DIR"]),
            exec: texts(&["az"]),
            write: texts(&["~/.azure", "$AZURE_CONFIG_DIR"]),
            ..Need::default()
        },
        Need {
            why: "an application of the environment signs in".into(),
            when: operator(&["environment", "chain"]),
            env: texts(&[
                "AZURE_TENANT_ID",
                "AZURE_CLIENT_ID",
                "AZURE_CLIENT_SECRET",
                "AZURE_CLIENT_CERTIFICATE_PATH",
                "AZURE_CLIENT_CERTIFICATE_PASSWORD",
            ]),
            read: texts(&["$AZURE_CLIENT_CERTIFICATE_PATH"]),
            ..Need::default()
        },
        Need {
            why: "the pod's identity is a token in a file".into(),
            when: operator(&["environment", "workload-identity", "chain"]),
            env: texts(&[
                "AZURE_TENANT_ID",
                "AZURE_CLIENT_ID",
                "AZURE_FEDERATED_TOKEN_FILE",
                "AZURE_AUTHORITY_HOST",
            ]),
            read: texts(&["$AZURE_FEDERATED_TOKEN_FILE"]),
            ..Need::default()
        },
        Need {
            why: "the machine's identity is asked for over plain HTTP on its own network".into(),
            when: operator(&["managed-identity", "chain"]),
            env: texts(&["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET"]),
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
