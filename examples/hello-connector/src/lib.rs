//! The smallest Skybridge plugin: its cloud is a folder, its resources are greetings in it.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;
use skybridge_plugin_sdk::protocol::audit::Write;
use skybridge_plugin_sdk::protocol::collect::{Asset, Batch, CollectRequest};
use skybridge_plugin_sdk::protocol::manifest::{PluginManifest, capability};
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Call, DescribeRequest, Description, Observation, ObserveRequest, Ready,
    ReadyRequest, Remains, Step, StepCall, StepTemplate, Undo, UndoRequest, Undone, applied,
    effect, observed,
};
use skybridge_plugin_sdk::protocol::open::OpenRequest;
use skybridge_plugin_sdk::{
    BatchSender, Collect, Connector, Ctx, Error, Host, Onboard, Result, async_trait, kind,
};

#[derive(serde::Deserialize)]
struct Settings {
    folder: PathBuf,
    names: Vec<String>,
}

struct Hello(Settings);

fn io(error: std::io::Error) -> Error {
    Error::new(kind::UNAVAILABLE, error.to_string()).help("check that the folder can be written")
}

impl Connector for Hello {
    fn manifest() -> PluginManifest {
        PluginManifest {
            name: "hello".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            title: "Greets people in a folder".into(),
            capabilities: vec![capability::ONBOARD.into(), capability::COLLECT.into()],
            settings_schema: json!({
                "type": "object", "additionalProperties": false, "required": ["folder", "names"],
                "properties": {
                    "folder": { "type": "string" },
                    "names": { "type": "array", "items": { "type": "string", "pattern": "^[a-z]+$" } },
                },
            }),
            operator_schema: json!({ "type": "object" }),
            explanations: Vec::new(),
        }
    }

    fn open(request: OpenRequest, _host: Host) -> Result<Self> {
        serde_json::from_value(request.settings.unwrap_or_default())
            .map(Self)
            .map_err(|error| Error::new(kind::INVALID_CONFIG, error.to_string()))
    }

    fn onboard(&self) -> Option<&dyn Onboard> {
        Some(self)
    }

    fn collect(&self) -> Option<&dyn Collect> {
        Some(self)
    }
}

impl Hello {
    fn file(&self, step: &StepCall) -> PathBuf {
        self.0.folder.join(format!("{}.txt", step.scope.as_deref().unwrap_or("nobody")))
    }
}

#[async_trait]
impl Onboard for Hello {
    fn describe(&self, _: &DescribeRequest) -> Result<Description> {
        let template = StepTemplate {
            kind: "greeting".into(),
            title: "greet {scope}".into(),
            group: "Greetings".into(),
            effect: effect::ENSURE.into(),
            desired: json!({ "text": "hello, {scope}" }),
            calls: vec![Call { method: "PUT".into(), url: "{scope}.txt".into(), permission: None }],
            undo: Some(Undo { title: "remove the greeting".into(), calls: vec![] }),
            throttle: "folder".into(),
            ..StepTemplate::default()
        };
        let step = |name: &String| Step { scope: Some(name.clone()), ..Step::default() };
        let steps = self.0.names.iter().map(step).collect();
        Ok(Description { templates: vec![template], steps, ..Description::default() })
    }

    async fn observe(&self, request: ObserveRequest, _: &Ctx) -> Result<Observation> {
        let found = fs_err::read_to_string(self.file(&request.step)).ok();
        let state = match found {
            Some(text) if request.step.desired["text"] == text => observed::MATCHES,
            Some(_) => observed::DIFFERS,
            None => observed::ABSENT,
        };
        Ok(Observation { state: state.into(), ..Observation::default() })
    }

    async fn apply(&self, request: ApplyRequest, ctx: &Ctx) -> Result<Applied> {
        let text = request.step.desired["text"].as_str().unwrap_or_default();
        let file = self.file(&request.step);
        let done = |action: &str| Applied {
            action: action.into(),
            undo: json!(file),
            ..Applied::default()
        };
        if fs_err::read_to_string(&file).is_ok_and(|found| found == text) {
            return Ok(done(applied::UNCHANGED));
        }
        ctx.progress(0, 1, "writing");
        fs_err::write(&file, text).map_err(io)?;
        ctx.audit(&Write {
            operation: "writing a greeting".into(),
            method: "PUT".into(),
            target: file.display().to_string(),
            ..Write::default()
        });
        tracing::info!(file = %file.display(), "greeted");
        Ok(done(applied::CREATED))
    }

    async fn ready(&self, request: ReadyRequest, _: &Ctx) -> Result<Ready> {
        Ok(Ready { ready: self.file(&request.step).exists(), reason: None })
    }

    async fn undo(&self, request: UndoRequest, _: &Ctx) -> Result<Undone> {
        let file = request.undo.as_str().unwrap_or_default();
        Ok(Undone { removed: fs_err::remove_file(file).is_ok(), detail: None })
    }

    async fn remains(&self, request: UndoRequest, _: &Ctx) -> Result<Remains> {
        let file = PathBuf::from(request.undo.as_str().unwrap_or_default());
        Ok(Remains { remains: file.exists(), detail: None })
    }
}

#[async_trait]
impl Collect for Hello {
    async fn collect(&self, _: CollectRequest, out: BatchSender, _: &Ctx) -> Result<()> {
        for entry in fs_err::read_dir(&self.0.folder).map_err(io)? {
            let id = entry.map_err(io)?.path().display().to_string();
            let asset = Asset {
                name: id.clone(),
                id,
                kind: "greeting".into(),
                scope: self.0.folder.display().to_string(),
                region: None,
                properties: json!(BTreeMap::<String, String>::new()),
            };
            out.send(&Batch { assets: vec![asset], relations: vec![] }).await?;
        }
        Ok(())
    }
}

skybridge_plugin_sdk::export_plugin!(Hello);
