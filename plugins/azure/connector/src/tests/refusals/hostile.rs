//! Answers that no simulated cloud gives: of a proxy in the service's place, of a tenant that wants
//! more proof, of another tenant.

use std::sync::Arc;

use expect_test::expect_file;
use jiff::Timestamp;
use serde_json::{Value, json};
use skybridge_azure_client::{ClientError, Response, TransportKind};

use super::Bench;
use crate::azure::Answer;
use crate::operator::Operator;

/// What is answered in place of a service.
fn reply(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Response {
    let ids = [("request-id", "r"), ("x-ms-request-id", "r")];
    let id = "0f0f0f0f-0000-4000-8000-00000000000a";
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let ids = ids.iter().map(|(name, _)| ((*name).to_owned(), id.to_owned()));
    Response::new(status, headers.chain(ids), body.to_vec(), Timestamp::now())
}

impl Bench {
    /// From now on every request whose address holds `part` is answered so.
    pub(super) fn answered(
        &mut self,
        part: &'static str,
        answer: impl Fn(&str) -> Result<Response, ClientError> + Send + Sync + 'static,
    ) {
        self.reopen(|_| {});
        let operator = Operator::simulated(self.rehearsal.ready["operator"].clone()).unwrap();
        let answer: Arc<Answer> =
            Arc::new(move |request| request.url.contains(part).then(|| answer(&request.url)));
        self.rehearsal.azure.intercept(operator, answer);
    }

    /// The same with a body of JSON.
    pub(super) fn answered_json(&mut self, part: &'static str, body: Value) {
        self.answered(part, move |_| Ok(reply(200, &[], body.to_string().as_bytes())));
    }
}

/// A transport's failure that takes minutes or gigabytes to have for real.
fn broken(kind: TransportKind, message: &str) -> ClientError {
    ClientError::Transport {
        service: skybridge_azure_client::Service::ResourceManager,
        operation: "reading subscription",
        kind,
        message: message.into(),
    }
}

#[tokio::test]
async fn in_the_place_of_a_service() {
    let mut bench = Bench::before("subscription").await;
    bench.answered("/subscriptions/", |_| {
        Ok(reply(200, &[("content-type", "text/html")], b"<html>Sign in to the wireless</html>"))
    });
    bench.meet("a page of a proxy", "", &[], 0).await;
    bench.answered("/subscriptions/", |_| {
        Ok(reply(407, &[("content-type", "text/html")], b"<html>Who are you?</html>"))
    });
    bench.meet("a refusal of a proxy", "", &[], 0).await;
    let challenge = "Bearer error=\"insufficient_claims\", claims=\"eyJ9\"";
    bench.answered("/subscriptions/", move |_| {
        Ok(reply(401, &[("www-authenticate", challenge)], b"{}"))
    });
    bench.meet("a challenge for more proof", "", &[], 0).await;
    bench.answered_json("/permissions", json!({"value": [], "nextLink": "https://evil.example/"}));
    bench.meet("a list that goes on elsewhere", "", &[], 0).await;
    bench.answered("/permissions", |url| {
        let page = json!({"value": [], "nextLink": url});
        Ok(reply(200, &[], page.to_string().as_bytes()))
    });
    bench.meet("a list without end", "", &[], 0).await;
    bench.answered("/permissions", |_| {
        Err(broken(TransportKind::TooLarge, "the answer is larger than 67108864 bytes"))
    });
    bench.meet("an answer larger than any", "", &[], 0).await;
    bench.answered("/permissions", |_| Err(broken(TransportKind::Timeout, "no answer in 120 s")));
    bench.meet("silence", "", &[], 0).await;
    bench.compare(&expect_file!["hostile.txt"]);
}

/// Errors as each service words them, known by nothing but what is in them: details, and the ids
/// inside.
#[tokio::test]
async fn documents_of_every_service() {
    let id = "0f0f0f0f-0000-4000-8000-00000000000f";
    let manager = json!({"error": {
        "code": "InvalidTemplate", "message": "Two things are wrong.", "target": "properties",
        "details": [
            {"code": "First", "message": "One is missing."},
            {"code": "Second", "message": "Another is too long."},
        ],
        "additionalInfo": [{"type": "PolicyViolation", "info": {}}],
    }});
    let graph = json!({"error": {
        "code": "Request_UnsupportedQuery", "message": "Unsupported query.", "details": [],
        "innerError": {"date": "2026-11-22T00:00:00", "request-id": id, "client-request-id": id},
    }});
    let login = json!({
        "error": "invalid_request", "error_description": "AADSTS900144: A parameter is missing.",
        "error_codes": [900_144], "timestamp": "2026-11-22 00:00:00Z", "trace_id": id,
        "correlation_id": id, "error_uri": "https://login.example/error?code=900144",
    });
    let mut bench = Bench::before("application").await;
    for (row, part, word, document, headers) in [
        ("a document of Resource Manager", "/subscriptions/", "subscription", manager, true),
        ("a document of Graph", "/applications", "application", graph, false),
        ("a document of the login service", "/oauth2/", "application", login, false),
    ] {
        bench.answered(part, move |_| {
            let ids = headers.then(|| ("x-ms-request-id".to_owned(), id.to_owned()));
            let body = document.to_string().into_bytes();
            Ok(Response::new(400, ids.into_iter(), body, Timestamp::now()))
        });
        bench.word = word.into();
        bench.meet(row, "", &[], 0).await;
    }
    bench.compare(&expect_file!["documents.txt"]);
}

/// A deny assignment for a group: whether the operator is one of it nobody says.
#[tokio::test]
async fn a_deny_assignment_for_a_group() {
    let mut bench = Bench::before("subscription").await;
    let id = "0f0f0f0f-0000-4000-8000-00000000000c";
    bench.answered_json(
        "/denyAssignments",
        json!({"value": [{"id": id, "name": id, "properties": {
            "denyAssignmentName": "Locked", "scope": "/subscriptions/33333333-4444-5555-6666-777777777777",
            "permissions": [{"actions": ["*"], "notActions": [], "dataActions": [],
                "notDataActions": []}],
            "principals": [{"id": id, "type": "Group"}], "excludePrincipals": [],
            "doNotApplyToChildScopes": false,
        }}]}),
    );
    let writes = crate::tests::preflight::writes(&bench.rehearsal.description);
    let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
    let report = crate::preflight::preflight(&session, &writes).await.unwrap();
    for it in report.findings {
        let (detail, help) = (it.detail.unwrap_or_default(), it.help.unwrap_or_default());
        let told =
            format!("{} ({}) {}\ndetail: {detail}\nhelp: {help}", it.code, it.severity, it.summary);
        bench.saw("named is a group", Ok(&told));
    }
    bench.compare(&expect_file!["deny_group.txt"]);
}

/// A cloud whose Graph is another than everybody's.
#[tokio::test]
async fn another_graph() {
    let id = "0f0f0f0f-0000-4000-8000-00000000000b";
    let mut bench = Bench::before("service-principal").await;
    bench.answered_json(
        "/servicePrincipals(appId=",
        json!({"id": id, "appId": id, "accountEnabled": true,
            "appOwnerOrganizationId": "99999999-2222-3333-4444-555555555555"}),
    );
    bench.meet("a principal of another tenant's application", "", &[], 0).await;
    bench.reopen(|_| {});
    bench.go_on_to("admin-consent.directory-read-all").await;
    bench.answered_json(
        "00000003-0000-0000-c000-000000000000",
        json!({"id": id, "appId": id, "appRoles": []}),
    );
    bench.meet("Graph has no such permission", "", &[], 0).await;
    bench.reopen(|_| {});
    bench.go_on_to("verification.directory").await;
    bench.answered_json("/v1.0/organization", json!({"value": [{"id": id, "displayName": "x"}]}));
    bench.meet("Graph shows another tenant", "", &[], 0).await;
    bench.compare(&expect_file!["another_graph.txt"]);
}

/// An operator whose token says nothing of who it is.
#[tokio::test]
async fn a_token_without_a_name() {
    let mut settings = crate::tests::support::settings();
    settings["root-management-group"] = json!("elevate");
    let word = "elevation-removal";
    let mut bench = Bench::with(word, crate::tests::support::NO_LAG, settings).await;
    let marker = json!({"operator": "x", "at": "2026-01-01T00:00:00Z"}).to_string();
    bench.rehearsal.host.secrets.lock().unwrap().insert("elevation".into(), marker.into_bytes());
    bench.answered_json("/oauth2/", json!({"access_token": "e30.e30.e30", "expires_in": 3600}));
    bench.meet("nobody knows who was elevated", "", &[], 0).await;
    bench.compare(&expect_file!["token_without_a_name.txt"]);
}
