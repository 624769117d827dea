//! What a plugin gets of the machine.

use std::collections::BTreeMap;

use serde_json::json;
use skybridge_plugin_protocol::manifest::{Need, When};
use skybridge_plugin_protocol::open::{OpenRequest, SimulatedCloud};

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn request(settings: Value) -> OpenRequest {
    OpenRequest { settings: Some(settings), operator: json!({}), ..OpenRequest::default() }
}

fn names(access: &Access) -> Vec<&str> {
    access.environment.keys().map(String::as_str).collect()
}

#[test]
fn ports_of_addresses() {
    for (address, port) in [
        ("https://login.example.com", Some(443)),
        ("https://login.example.com:8443/path", Some(8443)),
        ("http://user:word@proxy:3128", Some(3128)),
        ("proxy:3128", Some(3128)),
        ("http://[::1]", Some(80)),
        ("http://[::1]:8080/", Some(8080)),
        ("socks5://proxy", Some(1080)),
        ("https://x:notaport", None),
    ] {
        assert_eq!(port_of(address), port, "{address}");
    }
}

#[test]
fn everybody_gets_the_network_and_what_the_manifest_names() {
    let environment = environment(&[
        ("HTTPS_PROXY", "http://proxy:3128"),
        ("SSL_CERT_FILE", "/etc/own.pem"),
        ("TOKEN", "hush"),
        ("TZ", "UTC"),
    ]);
    let request = request(json!({
        "certificate": "file:/keys/own.pem",
        "cloud": { "login": "https://login.own:8443/x", "words": ["file:/keys/two.pem"] },
    }));
    let access = Access::connector(&environment, &request, &[]);
    assert_eq!(names(&access), ["HTTPS_PROXY", "SSL_CERT_FILE", "TZ"]);
    let read: Vec<_> = access.read.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(read, ["/etc/own.pem", "/keys/own.pem", "/keys/two.pem"]);
    assert_eq!(access.connect, [53, 443, 3128, 8443].into());
    assert!(access.datagrams && !access.exec && !access.listen && access.write.is_empty());
}

#[test]
fn a_rehearsal_reaches_its_cloud_alone() {
    let cloud = SimulatedCloud {
        endpoints: BTreeMap::from([("login".into(), "https://127.0.0.1:4711".into())]),
        ca_pem: String::new(),
        operator: BTreeMap::new().into_iter().collect(),
    };
    let mut request = request(json!({ "login": "https://login.own" }));
    request.simulated = Some(cloud);
    let access = Access::connector(&Environment::new(), &request, &[]);
    assert_eq!(access.connect, [4711].into());
    assert!(!access.datagrams);
}

fn needs() -> Vec<Need> {
    let when = |one_of| Some(When { pointer: "/operator/auth".into(), one_of });
    vec![
        Need {
            why: "the tool signs in".into(),
            when: when(vec![json!("tool"), Value::Null]),
            env: vec!["HOME".into()],
            exec: vec!["no-such-programme".into()],
            write: vec!["~/.tool".into(), "$TOOL_DIR".into(), "$UNSET".into()],
            ..Need::default()
        },
        Need {
            why: "the machine signs in".into(),
            when: when(vec![json!("machine")]),
            ports: vec![80],
            read: vec!["@/settings/ca".into(), "relative".into()],
            ..Need::default()
        },
    ]
}

#[test]
fn what_is_asked_for_is_granted_by_somebody() {
    let needs = needs();
    let mut request = request(json!({ "ca": "/own/ca.pem" }));
    let asked = decide(&needs, &request, &Permit::Undecided).unwrap_err();
    let asked: Vec<String> = asked.into_iter().map(|(word, _)| word).collect();
    let all =
        ["env:HOME", "exec:no-such-programme", "write:~/.tool", "write:$TOOL_DIR", "write:$UNSET"];
    assert_eq!(asked, all);

    let environment =
        environment(&[("HOME", "/home/ada"), ("TOOL_DIR", "/tool"), ("PATH", "/nowhere")]);
    let granted = decide(&needs, &request, &Permit::Everything).unwrap();
    let access = Access::connector(&environment, &request, &granted);
    assert!(access.exec);
    assert_eq!(access.write, ["/home/ada/.tool".into(), "/tool".into()].into());
    assert_eq!(names(&access), ["HOME", "PATH"]);

    let only = Permit::Only(["env:HOME".to_owned(), "port:80".to_owned()].into());
    let granted = decide(&needs, &request, &only).unwrap();
    assert_eq!(granted, [Granted::Env("HOME")]);

    request.operator = json!({ "auth": "machine" });
    let granted = decide(&needs, &request, &Permit::Everything).unwrap();
    let access = Access::connector(&environment, &request, &granted);
    assert_eq!(access.connect, [53, 80, 443].into());
    assert_eq!(access.read, ["/own/ca.pem".into()].into());
    assert!(!access.exec);

    request.operator = json!({ "auth": "nobody" });
    assert_eq!(decide(&needs, &request, &Permit::Undecided).unwrap(), []);
}
