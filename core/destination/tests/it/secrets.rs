//! No secret leaves by any other way than the body and the header it belongs in.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::filter::LevelFilter;

use crate::gateway::{Fault, Gateway, errors};
use crate::server::{Answer, Server};
use crate::world::{CLIENT_SECRET, KEY, all_of, connection, deliver, ox, webhook, withdraw};

/// Everything anybody traces, of every crate.
#[derive(Clone, Default)]
struct Traced(Arc<Mutex<Vec<u8>>>);

impl Write for Traced {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn assert_clean(what: &str, text: &str) {
    for secret in [CLIENT_SECRET, KEY] {
        assert!(!text.contains(secret), "{what} shows a secret: {text}");
    }
}

/// Answers that repeat everything they were sent, in every place that is ever quoted.
async fn echoing() -> Vec<(Gateway, String)> {
    let said = format!("you sent {CLIENT_SECRET} with {KEY}");
    let mut cases = Vec::new();
    for status in [200, 302, 401, 404, 429, 500] {
        let gateway = Gateway::start().await;
        let answer = Answer::new(status, said.clone());
        gateway.faults([Fault::Pass, Fault::Instead(answer)]);
        cases.push((gateway, format!("status {status}")));
    }
    for code in ["UNAUTHENTICATED", "BAD_USER_INPUT", "INTERNAL_SERVER_ERROR"] {
        let gateway = Gateway::start().await;
        gateway.faults([Fault::Pass, Fault::Instead(errors(code, &said))]);
        cases.push((gateway, code.to_owned()));
    }
    let gateway = Gateway::start().await;
    let odd = format!(r#"{{"data":{{"addCredentials":"{said}"}}}}"#);
    gateway.faults([Fault::Pass, Fault::Instead(Answer::new(200, odd))]);
    cases.push((gateway, "an odd answer".to_owned()));
    let gateway = Gateway::start().await;
    gateway.state().invalid = Some(said);
    cases.push((gateway, "a verdict".to_owned()));
    cases
}

#[tokio::test]
async fn no_secret_is_in_an_error_in_debug_or_in_a_trace() {
    let traced = Traced::default();
    let writer = traced.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let gateway = Gateway::start().await;
    let target = ox(&gateway.server);
    assert_clean("a target", &format!("{target:?} {:?}", connection(1)));
    let delivered = deliver(&gateway.server, &target, &connection(1)).await.unwrap();
    assert_clean("what was delivered", &format!("{delivered:?}"));
    let taken = withdraw(&gateway.server, &target, &connection(1), &delivered.undo).await.unwrap();
    assert_clean("what was withdrawn", &format!("{taken:?}"));
    for (gateway, what) in echoing().await {
        let target = ox(&gateway.server);
        let error = deliver(&gateway.server, &target, &connection(1)).await.unwrap_err();
        assert_clean(&what, &all_of(&error));
    }
    let echo = Server::start(|call| {
        let signature = call.header("skybridge-signature").unwrap().to_owned();
        Answer::new(400, [call.body, KEY.into(), signature.into_bytes()].concat())
    })
    .await;
    let target = webhook(&echo, Some(KEY));
    assert!(!format!("{target:?}").contains("p4th"));
    let error = deliver(&echo, &target, &connection(1)).await.unwrap_err();
    assert_clean("a webhook's error", &all_of(&error));

    let traced = String::from_utf8(traced.0.lock().unwrap().clone()).unwrap();
    assert!(traced.contains("called the platform") && traced.contains("posted to a webhook"));
    assert!(traced.contains("hyper"), "the libraries' own traces are looked at too");
    assert_clean("a trace", &traced);
}
