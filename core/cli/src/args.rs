//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;

/// Connects a cloud account to the tools that watch over it: plan, rehearse, apply, verify.
#[derive(Debug, Parser)]
#[command(
    name = "skybridge",
    version,
    max_term_width = 100,
    after_help = "Examples:
  skybridge validate connection.toml
  skybridge plan connection.toml --offline --format mermaid
  skybridge apply connection.toml --simulate --yes    rehearse on a simulated cloud
  skybridge apply connection.toml                     the real thing, after a question

Exit codes: 0 done, 2 bad manifest or usage, 3 plan has changes (--detailed-exit-code),
4 finished with failed steps, 5 stuck, 6 plugin refused, 7 credential expires, 70 internal."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Where runs, journals and sealed secrets are kept [default: .skybridge beside the manifest]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// What is logged to stderr: a level, or directives such as `info,skybridge_azure=debug`
    #[arg(long, global = true, value_name = "LEVEL", default_value = "warn")]
    pub(crate) log: String,
    /// Print what happens as it happens, one JSON object a line, to stderr
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) events: Option<EventFormat>,
    /// A folder to look for plugins in, after the host's own; may be repeated
    #[arg(long = "plugin-dir", global = true, value_name = "DIR")]
    pub(crate) plugin_dirs: Vec<PathBuf>,
    /// Whether to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// Do not draw progress
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// How events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventFormat {
    /// One JSON object a line.
    Ndjson,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Running against a simulated cloud.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Simulation")]
pub(crate) struct SimulateArgs {
    /// Rehearse on the plugin's own simulated cloud, started in this process
    #[arg(long)]
    pub(crate) simulate: bool,
    /// What the simulated cloud is like (TOML)
    #[arg(long, value_name = "FILE", requires = "simulate")]
    pub(crate) scenario: Option<PathBuf>,
    /// Rehearse on a simulated cloud that `skybridge simulator` started
    #[arg(long, value_name = "URL", conflicts_with = "simulate")]
    pub(crate) simulator: Option<String>,
}

impl SimulateArgs {
    /// Whether any simulated cloud is meant.
    pub(crate) fn any(&self) -> bool {
        self.simulate || self.simulator.is_some()
    }
}

/// Which form a plan is printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// A grouped tree for people.
    Text,
    /// The versioned form; `skybridge schema plan` describes it.
    Json,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
    /// One page for a browser, with search and every detail; it needs no network.
    Html,
}

/// Which form a report is printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Text,
    /// For programmes.
    Json,
}

/// `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The manifest, or a saved plan to show
    pub(crate) manifest: PathBuf,
    /// Do not look at the world: no network, no credentials
    #[arg(long)]
    pub(crate) offline: bool,
    #[command(flatten)]
    pub(crate) simulate: SimulateArgs,
    /// Only these steps: an address, or its beginning; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub(crate) only: Vec<String>,
    /// This step and everything it needs
    #[arg(long, value_name = "ADDR")]
    pub(crate) upto: Option<String>,
    /// What taking the connection away would do
    #[arg(long)]
    pub(crate) destroy: bool,
    /// The form [default: text; with --out, what the file's ending says, else json]
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<PlanFormat>,
    /// Every call of every step
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Write the plan to a file instead; as json, `skybridge apply FILE` applies exactly it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// End with 3 when there is something to do
    #[arg(long)]
    pub(crate) detailed_exit_code: bool,
}

/// `diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The manifest or saved plan before
    pub(crate) old: PathBuf,
    /// The manifest or saved plan after
    pub(crate) new: PathBuf,
    /// The form
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: ReportFormat,
    /// Every step, however many differ in the same way
    #[arg(long)]
    pub(crate) all: bool,
    /// End with 3 when there is a difference
    #[arg(long)]
    pub(crate) detailed_exit_code: bool,
}

/// How much a run does at a time, and how long it tries.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct LimitArgs {
    /// Steps under way at the same time
    #[arg(long, value_name = "N")]
    pub(crate) max_in_flight: Option<u32>,
    /// Steps under way at the same time in one throttle domain: a subscription, a directory
    #[arg(long, value_name = "N")]
    pub(crate) max_per_domain: Option<u32>,
    /// How long to try again while a service is unwell: 30m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) retry_for: Option<Duration>,
    /// How long to wait for the answer of one call: 10m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) call_deadline: Option<Duration>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let span: SignedDuration = text.parse().map_err(|_| "write it like 90s, 30m or 2h")?;
    Duration::try_from(span).map_err(|_| "a time before now is no limit".to_owned())
}

/// `apply` and `rotate`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The manifest; for apply, also a plan that was saved
    pub(crate) manifest: PathBuf,
    #[command(flatten)]
    pub(crate) simulate: SimulateArgs,
    /// Let something go wrong on purpose, in a rehearsal: FAULT@TARGET; may be repeated
    ///
    /// FAULT is error, delay:2s, lost-reply or crash, as in error:transient*3, error:permission-denied,
    /// error:rate-limited:after=5s, crash:after or lost-reply#2 (at the second attempt). TARGET is a
    /// step's address, the beginning of one, or event:17 for a crash at that record of the journal.
    #[arg(long, value_name = "FAULT@TARGET", help_heading = "Simulation")]
    pub(crate) inject: Vec<String>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// `offboard`.
#[derive(Debug, Args)]
pub(crate) struct OffboardArgs {
    /// The manifest
    pub(crate) manifest: PathBuf,
    #[command(flatten)]
    pub(crate) simulate: SimulateArgs,
    /// Let something go wrong on purpose, in a rehearsal: FAULT@TARGET; may be repeated
    ///
    /// FAULT is error, delay:2s, lost-reply or crash, as in error:transient*3, error:permission-denied,
    /// error:rate-limited:after=5s, crash:after or lost-reply#2 (at the second attempt). TARGET is a
    /// step's address, the beginning of one, or event:17 for a crash at that record of the journal.
    #[arg(long, value_name = "FAULT@TARGET", help_heading = "Simulation")]
    pub(crate) inject: Vec<String>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Leave nothing that could be restored: what a cloud keeps of deleted things goes too
    #[arg(long)]
    pub(crate) purge: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// What the host does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a manifest: all problems at once, each with its place and a hint
    Validate {
        /// The manifest
        manifest: PathBuf,
        /// The form
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: ReportFormat,
    },
    /// Show the steps as a dependency graph, without doing anything
    Plan(PlanArgs),
    /// Show what changed between two manifests or saved plans: permissions first, then steps
    Diff(DiffArgs),
    /// Connect: plan, ask, run, verify, hand over
    Apply(ApplyArgs),
    /// Replace the credential: make a new one, prove it, hand it over, remove the old one
    Rotate(ApplyArgs),
    /// Take away what Skybridge made, and prove that nothing of it is left
    Offboard(OffboardArgs),
    /// Go on after a crash or Ctrl-C; no step is done twice
    Resume {
        /// The run [default: the last one that did not end]
        run: Option<String>,
        #[command(flatten)]
        limits: LimitArgs,
        /// Let something go wrong on purpose, in a rehearsal: FAULT@TARGET; may be repeated
        ///
        /// FAULT is error, delay:2s, lost-reply or crash, as in error:transient*3, error:permission-denied,
        /// error:rate-limited:after=5s, crash:after or lost-reply#2 (at the second attempt). TARGET is a
        /// step's address, the beginning of one, or event:17 for a crash at that record of the journal.
        #[arg(long, value_name = "FAULT@TARGET", help_heading = "Simulation")]
        inject: Vec<String>,
    },
    /// Show runs, where their steps stand, who works on them, and the connections they made
    Status {
        /// The run [default: all, with the steps of the last]
        run: Option<String>,
        /// Go on looking until the run ends, and end as it did; Ctrl-C leaves the run alone
        #[arg(long, conflicts_with = "format")]
        watch: bool,
        /// The form
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: ReportFormat,
    },
    /// The record of every write: prove that it is whole, or look at it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Prove a connection as the connector itself: sign in, check its roles, probe every scope
    Verify {
        /// The manifest
        manifest: PathBuf,
        #[command(flatten)]
        simulate: SimulateArgs,
        /// The form
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: ReportFormat,
    },
    /// Tell why each permission is asked for, what stops working without it, and what it exposes
    Permissions {
        /// The manifest
        manifest: PathBuf,
        /// The form
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: ReportFormat,
    },
    /// What a diagnostic means and what to do about it
    Explain {
        /// Its code, such as SKY-MANIFEST-003, or one of a plugin's
        #[arg(required_unless_present = "all")]
        code: Option<String>,
        /// All of them, as a Markdown page; with --plugin, those of one plugin
        #[arg(long, conflicts_with = "code")]
        all: bool,
        /// Only this plugin's
        #[arg(long, value_name = "NAME", requires = "all")]
        plugin: Option<String>,
    },
    /// Look at plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Build a plugin from its sources and show the plan made with it; --watch does so at every change
    Dev(DevArgs),
    /// Run a plugin's simulated cloud as a server (HTTPS with its own certificate authority)
    Simulator {
        /// The plugin, such as azure
        cloud: String,
        /// The loopback address to listen on
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
        listen: String,
        /// What the simulated cloud is like (TOML)
        #[arg(long, value_name = "FILE")]
        scenario: Option<PathBuf>,
        /// Record every exchange, secrets redacted, one JSON object a line
        #[arg(long, value_name = "FILE")]
        record: Option<PathBuf>,
    },
    /// A plugin's process; started by the host alone
    #[command(hide = true)]
    PluginRunner,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the JSON Schema of a format
    Schema {
        /// Which format
        format: SchemaName,
    },
}

impl Command {
    /// Its first word on the command line.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Validate { .. } => "validate",
            Self::Plan(_) => "plan",
            Self::Diff(_) => "diff",
            Self::Apply(_) => "apply",
            Self::Rotate(_) => "rotate",
            Self::Offboard(_) => "offboard",
            Self::Resume { .. } => "resume",
            Self::Status { .. } => "status",
            Self::Audit(_) => "audit",
            Self::Verify { .. } => "verify",
            Self::Permissions { .. } => "permissions",
            Self::Explain { .. } => "explain",
            Self::Plugin(_) => "plugin",
            Self::Dev(_) => "dev",
            Self::PluginRunner => "plugin-runner",
            Self::Simulator { .. } => "simulator",
            Self::Completions { .. } => "completions",
            Self::Schema { .. } => "schema",
        }
    }
}

/// The formats with a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaName {
    /// The manifest; settings are described by each plugin (`skybridge plugin inspect`).
    Manifest,
    /// `plan --format json`.
    Plan,
    /// `diff --format json`.
    Diff,
    /// `--events ndjson`.
    Events,
}

/// `audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Prove that no line was changed, removed, added, moved or cut off; ends with 4 when one was
    Verify {
        /// An end of the log that was kept elsewhere, as a run tells it: that end must be there
        #[arg(long, value_name = "HEAD")]
        head: Option<String>,
        /// The form
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: ReportFormat,
    },
    /// Show the writes: when, what, by which step, what came of it, the cloud's request id
    Show(AuditShowArgs),
}

/// `audit show`.
#[derive(Debug, Args)]
pub(crate) struct AuditShowArgs {
    /// Only those of this run
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Only those of this connector
    #[arg(long, value_name = "NAME")]
    pub(crate) connector: Option<String>,
    /// Only those of this step: an address, or its beginning
    #[arg(long, value_name = "ADDR")]
    pub(crate) step: Option<String>,
    /// The form
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: ReportFormat,
}

/// `dev`.
#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// A manifest that names the plugin
    pub(crate) manifest: PathBuf,
    /// Go on: build and plan again whenever the plugin's package or the manifest changes
    #[arg(long)]
    pub(crate) watch: bool,
    /// The folder of the plugin's Cargo.toml [default: the manifest's]
    #[arg(long, value_name = "DIR")]
    pub(crate) package: Option<PathBuf>,
    /// Look at the real cloud; without it and without a simulated one the plan is made offline
    #[arg(long, conflicts_with_all = ["simulate", "simulator"])]
    pub(crate) online: bool,
    #[command(flatten)]
    pub(crate) simulate: SimulateArgs,
    /// Every call of every step
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// `plugin new`.
#[derive(Debug, Args)]
pub(crate) struct PluginNewArgs {
    /// The folder to write it into; new or empty
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// What the cloud is called, and with it the plugin: `my-cloud`
    #[arg(long, value_name = "NAME")]
    pub(crate) cloud: String,
    /// The folder `plugin-api` of a checkout, to build against [default: the published crates]
    #[arg(long, value_name = "PATH")]
    pub(crate) api: Option<PathBuf>,
}

/// `plugin test`.
#[derive(Debug, Args)]
pub(crate) struct PluginTestArgs {
    /// The plugin's shared library
    pub(crate) file: PathBuf,
    /// The settings it is tested with, and what its simulated cloud is like in each case (TOML)
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Where its code runs [default: both, one after the other]
    #[arg(long, value_name = "WHERE")]
    pub(crate) isolation: Option<IsolationWord>,
    /// The form
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: ReportFormat,
}

/// Where a plugin's code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum IsolationWord {
    /// In a process of its own.
    Process,
    /// In the host: if it crashes, so does the host.
    InProcess,
}

/// `plugin`.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// The plugins that manifests can name, and how far each is trusted
    List {
        /// Hold them against the lock file beside this manifest
        manifest: Option<PathBuf>,
    },
    /// What a plugin's file says, without running it; --run loads it and asks it too
    Inspect {
        /// The plugin's shared library
        file: PathBuf,
        /// Load it and print its whole manifest
        #[arg(long)]
        run: bool,
    },
    /// Try a plugin in a process of its own: does it load, open, and say what it should?
    Check {
        /// The plugin's shared library
        file: PathBuf,
        /// A minisign public key that its signature (FILE.minisig) must be of
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// Write a new plugin: it compiles, passes the contract suite and has a simulated cloud to rehearse on
    New(PluginNewArgs),
    /// Put a plugin through the contract suite, in the host and in a process of its own
    Test(PluginTestArgs),
    /// Write which bytes a manifest's plugins are into skybridge.lock beside it; others are refused
    Lock {
        /// The manifest
        manifest: PathBuf,
        /// Pin a minisign public key for a plugin; may be repeated
        #[arg(long = "key", value_name = "PLUGIN=KEY")]
        keys: Vec<String>,
    },
}
