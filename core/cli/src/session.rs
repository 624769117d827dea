//! What plan, apply, resume and verify share: a locked state directory, simulated clouds when they
//! are meant, open connectors, and the plan they describe.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skybridge_engine::{Limits, RunId};
use skybridge_host::{Vault, Witness};
use skybridge_journal::{Holder, LockError, MemoryStore, RunState, StateLock};
use skybridge_model::{Diagnostic, Diagnostics};
use skybridge_plan::{Action, ConnectorInput, Plan, PlanOptions, Planned};
use skybridge_plugin_protocol::Map;
use skybridge_plugin_protocol::manifest::capability;
use skybridge_plugin_protocol::onboard::{DescribeRequest, purpose};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::args::SimulateArgs;
use crate::connect::{self, Checked, Instances};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::handover::Connection;
use crate::made;
use crate::observe::{self, Looker};
use crate::perform::Context;
use crate::platforms::Platforms;
use crate::render::diagnostics::show;
use crate::render::failures::diagnose;
use crate::simulation::Simulation;
use crate::state::StateDir;
use crate::survey::{self, Surveyed};
use crate::vault;
use crate::witness::Recorder;

/// Everything a command that talks to a cloud has open. Dropping it gives the lock back.
pub(crate) struct Session {
    pub(crate) checked: Checked,
    pub(crate) state: StateDir,
    pub(crate) identity: PathBuf,
    pub(crate) instances: Instances,
    pub(crate) recorder: Arc<Recorder>,
    /// What others are told who find the state directory locked.
    pub(crate) holder: Holder,
    platforms: Platforms,
    /// Which cloud is meant.
    simulate: SimulateArgs,
    simulation: Simulation,
    _lock: StateLock,
}

impl Session {
    /// Opens everything. `doing` is what others are told who find the state directory locked.
    pub(crate) async fn open(
        app: &App,
        checked: Checked,
        state: &Path,
        simulate: &SimulateArgs,
        doing: &str,
    ) -> Outcome<Self> {
        let state = StateDir::open(state)
            .map_err(|error| Failure::io("opening the state directory", &error))?;
        let holder = Holder::this_process(doing, app.clock.now());
        let lock = StateLock::acquire(state.path(), &holder).map_err(locked)?;
        let identity = app.identity.clone().map_or_else(vault::identity_file, Ok)?;
        let vault = vault::open(&state.vault(), &identity)?;
        let clock = Arc::clone(&app.clock);
        let recorder = Recorder::open(&state.audit(), clock, app.ui, app.watchers.clone())?;
        let simulation = Simulation::start(simulate, &checked, &state, &app.log).await?;
        let vault: Arc<dyn Vault> = vault;
        let platforms = Platforms::new(&checked, &simulation, &vault, &app.clock, &recorder);
        let witness: Arc<dyn Witness> = Arc::<Recorder>::clone(&recorder);
        let surroundings = app.surroundings(vault, witness);
        let instances = connect::open(&checked, &surroundings, &simulation.clouds)?;
        let simulate = simulate.clone();
        Ok(Self {
            checked,
            state,
            identity,
            instances,
            recorder,
            holder,
            platforms,
            simulate,
            simulation,
            _lock: lock,
        })
    }

    /// What is needed to act on the steps of a plan.
    pub(crate) fn context(&self, plan: Plan) -> Context {
        Context {
            plan,
            instances: self.instances.clone(),
            state: self.state.clone(),
            platforms: self.platforms.clone(),
            rotates: false,
        }
    }

    /// What the records of all connectors say; refuses one that was never handed over.
    pub(crate) fn records(&self) -> Outcome<Vec<(String, Map)>> {
        let connectors = self.checked.manifest.connectors.iter();
        let record = |connector: &skybridge_manifest::Connector| {
            let name = &connector.name;
            let record = Connection::load(&self.state, name)?;
            let record = record.ok_or_else(|| self.no_connection(name))?;
            Ok((name.clone(), record.facts()))
        };
        connectors.map(record).collect()
    }

    /// There is no connection of that name on record.
    fn no_connection(&self, name: &str) -> Box<Failure> {
        let summary = format!("there is no connection `{name}` on record");
        let diagnostic = Diagnostic::error("SKY-RUN-004", summary)
            .detail(format!("looked in {}", self.state.connection(name).display()))
            .help("`skybridge apply` makes it");
        Failure::new(Exit::Stuck, diagnostic)
    }

    /// Closes what has to be closed in order.
    pub(crate) async fn close(self) {
        drop(self.instances);
        self.simulation.stop().await;
    }

    /// The plan of what the world has of what the settings mean, with what is needed to act on it.
    /// `purpose` is a word of [`purpose`].
    ///
    /// What surveys have to say is shown; errors among it end the command.
    pub(crate) async fn describe(
        &self,
        app: &App,
        purpose: &'static str,
        options: &PlanOptions,
    ) -> Outcome<Context> {
        connect::require(&self.checked, capability::ONBOARD)?;
        let connections = if purpose == purpose::ROTATE { self.records()? } else { Vec::new() };
        let connections = connections.into_iter().collect();
        let Surveyed { facts, mut findings } =
            survey::survey(app, &self.instances, purpose).await?;
        let asked = Asked { purpose, facts, connections };
        let plan = describe(&self.checked, &self.instances, &asked, options).await;
        if findings.has_errors()
            && let Ok(plan) = &plan
        {
            // All at once: what the rest of the plan would meet is told too, as far as it can be.
            let more = survey::preflight(app, &self.instances, plan).await;
            findings.extend(more.unwrap_or_default());
        }
        refuse_errors(app, findings)?;
        Ok(self.context(plan?))
    }

    /// Says everything that would keep the plan's writes from working; errors end the command
    /// before the first of them.
    pub(crate) async fn preflight(&self, app: &App, context: &Context) -> Outcome<()> {
        let mut findings = self.platforms.check(&context.plan, &self.checked);
        findings.extend(survey::preflight(app, &self.instances, &context.plan).await?);
        refuse_errors(app, findings)
    }

    /// The plan after having looked at the world.
    pub(crate) async fn observe(&self, app: &App, context: Context) -> Outcome<Observed> {
        let context = Arc::new(context);
        let looker = Looker::new(Arc::clone(&context));
        let work = context.work(RunId::new(uuid::Uuid::nil()));
        let surroundings = skybridge_engine::Context {
            store: Box::new(MemoryStore::new()),
            clock: Arc::clone(&app.clock),
            cancel: CancellationToken::new(),
            observer: Box::new(()),
            limits: Limits::default(),
        };
        let runner = Arc::new(looker.clone());
        let report = (app.drive)(work, RunState::default(), runner, surroundings)
            .await
            .map_err(|error| engine_failure("looking at the world", &error))?;
        let unseen = diagnose(&report.failures, "SKY-RUN-007");
        let mut seen = looker.seen();
        if seen.values().any(|planned| planned.action == Action::Adopt) {
            let adopted = made::adopted(self.state.path(), &self.simulate)?;
            observe::settle(&mut seen, &adopted);
        }
        for failure in report.failures {
            let mut planned = Planned::new(Action::Read);
            planned.error = Some(failure.error.to_string());
            seen.insert(failure.address, planned);
        }
        // The tasks that looked are done, so nobody else holds it; a copy would be as good.
        let context = Arc::unwrap_or_clone(context);
        let context = Context { plan: context.plan.with_observations(seen), ..context };
        Ok(Observed { context, unseen })
    }
}

/// What looking at the world gave.
pub(crate) struct Observed {
    /// With the plan as the world was found.
    pub(crate) context: Context,
    /// Why steps could not be looked at.
    pub(crate) unseen: Diagnostics,
}

/// What connectors are asked for their steps with.
#[derive(Default)]
pub(crate) struct Asked {
    /// A word of the protocol's purposes; empty: to connect.
    pub(crate) purpose: &'static str,
    /// What surveys found, by connector; empty for a plan that looks at nothing.
    pub(crate) facts: BTreeMap<String, serde_json::Value>,
    /// What the records of connections say, by connector, when a rotation is asked for.
    pub(crate) connections: BTreeMap<String, Map>,
}

/// Shows what was found; errors among it end the command, because a person is needed.
fn refuse_errors(app: &App, findings: Diagnostics) -> Outcome<()> {
    if findings.has_errors() {
        return Err(Box::new(Failure { exit: Exit::Stuck, diagnostics: findings, source: None }));
    }
    show(&app.ui, &findings, None);
    Ok(())
}

/// Asks every connector for its steps and makes one plan of them.
pub(crate) async fn describe(
    checked: &Checked,
    instances: &Instances,
    asked: &Asked,
    options: &PlanOptions,
) -> Outcome<Plan> {
    connect::require(checked, capability::ONBOARD)?;
    let mut inputs = Vec::new();
    for connector in &checked.manifest.connectors {
        let instance = &instances[&connector.name];
        let request = DescribeRequest {
            purpose: asked.purpose.to_owned(),
            survey: asked.facts.get(&connector.name).cloned().unwrap_or_default(),
            connection: asked.connections.get(&connector.name).cloned().unwrap_or_default(),
        };
        let description = instance.describe(&request).await.map_err(|error| {
            let doing = format!("describing `{}`", connector.name);
            Failure::asked_in_vain(&doing, &error, &connector.settings, &checked.text)
        })?;
        let (kind, title) = connect::destination(&connector.destination);
        inputs.push(ConnectorInput {
            name: connector.name.clone(),
            plugin: connector.plugin.clone(),
            description,
            destination: kind.to_owned(),
            destination_title: title.to_owned(),
            depends_on: connector.depends_on.iter().map(dependency).collect(),
            span: Some(connector.span.clone()),
        });
    }
    let (plan, diagnostics) = skybridge_plan::plan(inputs, options);
    match plan {
        Some(plan) if !diagnostics.has_errors() => Ok(plan),
        _ => Err(Failure::manifest(diagnostics, checked.text.clone())),
    }
}

fn dependency(named: &skybridge_manifest::Dependency) -> skybridge_plan::Dependency {
    skybridge_plan::Dependency {
        connector: named.connector.clone(),
        span: Some(named.span.clone()),
    }
}

fn locked(error: LockError) -> Box<Failure> {
    let held = matches!(error, LockError::Held { .. });
    let text = match &error {
        LockError::Held { .. } => error.to_string(),
        LockError::Io { source, .. } => format!("{error}: {source}"),
    };
    let help = if held {
        "wait until it is done, or end it: the lock goes with the process"
    } else {
        "check the folder's permissions and the space on its disk"
    };
    Failure::new(Exit::Stuck, Diagnostic::error("SKY-RUN-001", text).help(help))
}

/// The engine could not go on: the journal, or a plan that cannot be run.
pub(crate) fn engine_failure(doing: &str, error: &dyn std::error::Error) -> Box<Failure> {
    let mut text = format!("{doing}: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    let diagnostic = Diagnostic::error("SKY-RUN-006", text)
        .help("nothing that was recorded is lost; mend the cause and run `skybridge resume`");
    Failure::new(Exit::Stuck, diagnostic)
}
