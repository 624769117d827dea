//! Who the plugin says it is, and whether it does what it says.

use std::collections::BTreeSet;
use std::time::Duration;

use skybridge_host::PluginError;
use skybridge_plugin_api::{kind, method};
use skybridge_plugin_protocol::collect::CollectRequest;
use skybridge_plugin_protocol::manifest::capability;
use skybridge_plugin_protocol::onboard::{DescribeRequest, purpose};

use super::{Cases, Verdict, require};
use crate::bench::{Bench, Opened};
use crate::fixture::with_folder;

/// Enough for an answer that takes no thought.
const SOON: Duration = Duration::from_secs(20);

/// A method that no interface has.
const NO_METHOD: u16 = 60_000;

/// Each capability with a method that only it answers, and a request that comes to nothing.
const METHODS: [(&str, u16, &str); 4] = [
    (capability::ONBOARD, method::DESCRIBE, "{}"),
    (capability::VERIFY, method::VERIFY, "{}"),
    (capability::PLATFORM, method::DELIVER, "{}"),
    (capability::SIMULATE, method::SIMULATE, r#"{ "listen": "nowhere" }"#),
];

pub(super) async fn run(bench: &Bench<'_>, cases: &mut Cases) {
    cases.add("the manifest says who it is", says_who_it_is(bench));
    cases.add("settings are judged by the schema and by opening", judges_settings(bench));
    cases.add("what is advertised is implemented, and nothing else", implements(bench).await);
    cases.add("unknown methods and garbage are answered", answers_garbage(bench).await);
}

fn says_who_it_is(bench: &Bench<'_>) -> Verdict {
    let manifest = bench.manifest();
    require(skybridge_model::address::is_word(&manifest.name), || {
        format!("`{}` is not a name: lower-case letters, digits and hyphens", manifest.name)
    })?;
    for (what, text) in [("version", &manifest.version), ("title", &manifest.title)] {
        require(!text.trim().is_empty(), || format!("it has no {what}"))?;
    }
    let mut codes = BTreeSet::new();
    for explained in &manifest.explanations {
        let code = &explained.code;
        require(codes.insert(code), || format!("{code} is explained twice"))?;
        let whole = [&explained.title, &explained.cause, &explained.fix];
        require(whole.iter().all(|text| !text.trim().is_empty()), || {
            format!("{code} lacks a title, a cause or a fix")
        })?;
    }
    Ok(())
}

fn judges_settings(bench: &Bench<'_>) -> Verdict {
    let schema = jsonschema::validator_for(&bench.manifest().settings_schema)
        .map_err(|error| format!("its settings' schema is no JSON Schema: {error}"))?;
    let folder = std::env::temp_dir().to_string_lossy().into_owned();
    let settings = with_folder(&bench.fixture.settings, &folder);
    schema
        .validate(&settings)
        .map_err(|error| format!("the fixture's settings do not fit the schema: {error}"))?;
    for refused in &bench.fixture.refused {
        let refused = with_folder(refused, &folder);
        if !schema.is_valid(&refused) {
            continue;
        }
        match bench.open_with(&refused) {
            Ok(_) => return Err(format!("{refused} is neither against the schema nor refused")),
            Err(error) => require(error.kind == kind::INVALID_CONFIG, || {
                format!(
                    "{refused} is refused with kind {}, not INVALID_CONFIG: {error}",
                    error.kind
                )
            })?,
        }
    }
    Ok(())
}

async fn implements(bench: &Bench<'_>) -> Verdict {
    let opened = bench.open(None).await?;
    for (capability, method, request) in METHODS {
        let declared = bench.manifest().can(capability);
        let request = request.as_bytes().to_vec();
        let answer = opened.instance.call_raw(method, "test", request, SOON).await;
        let unsupported = is_unsupported(answer.err());
        require(declared != unsupported, || match declared {
            true => format!("it declares `{capability}` and answers UNSUPPORTED"),
            false => format!("it can `{capability}` and does not declare it"),
        })?;
    }
    let stream = opened.instance.collect(&CollectRequest::default());
    let unsupported = match stream {
        Ok(mut stream) => stream.next().await.is_some_and(|batch| is_unsupported(batch.err())),
        Err(error) => is_unsupported(Some(error)),
    };
    let declared = bench.manifest().can(capability::COLLECT);
    require(declared != unsupported, || match declared {
        true => "it declares `collect` and answers UNSUPPORTED".to_owned(),
        false => "it can `collect` and does not declare it".to_owned(),
    })?;
    rotates(bench, &opened).await
}

/// A plugin that does not know the purpose describes what connects; one that says it knows must.
async fn rotates(bench: &Bench<'_>, opened: &Opened) -> Verdict {
    if !bench.manifest().can(capability::ROTATE) {
        return Ok(());
    }
    let request = DescribeRequest { purpose: purpose::ROTATE.to_owned(), ..Default::default() };
    let error = opened.instance.describe(&request).await.err();
    require(!is_unsupported(error), || "it declares `rotate` and answers UNSUPPORTED".to_owned())
}

fn is_unsupported(error: Option<PluginError>) -> bool {
    error.is_some_and(|error| error.kind == kind::UNSUPPORTED)
}

async fn answers_garbage(bench: &Bench<'_>) -> Verdict {
    let opened = bench.open(None).await?;
    let unknown = opened.instance.call_raw(NO_METHOD, "test", Vec::new(), SOON).await;
    let kind_of = |answer: Result<Vec<u8>, PluginError>| answer.err().map(|it| it.kind);
    require(kind_of(unknown) == Some(kind::UNSUPPORTED), || {
        "a method that does not exist is not answered UNSUPPORTED".to_owned()
    })?;
    if bench.manifest().can(capability::ONBOARD) {
        let garbage =
            opened.instance.call_raw(method::OBSERVE, "test", b"\xff{".to_vec(), SOON).await;
        require(kind_of(garbage) == Some(kind::CONTRACT_VIOLATION), || {
            "a request that is no JSON is not answered CONTRACT_VIOLATION".to_owned()
        })?;
    }
    Ok(())
}
