//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// The manifest
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
    /// The form
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: PlanFormat,
    /// Every call of every step
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Write the plan to a file instead
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// End with 3 when there is something to do
    #[arg(long)]
    pub(crate) detailed_exit_code: bool,
}

/// `apply` and `rotate`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The manifest
    pub(crate) manifest: PathBuf,
    #[command(flatten)]
    pub(crate) simulate: SimulateArgs,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Steps under way at the same time
    #[arg(long, value_name = "N")]
    pub(crate) max_in_flight: Option<u32>,
}

/// `offboard`.
#[derive(Debug, Args)]
pub(crate) struct OffboardArgs {
    /// The manifest
    pub(crate) manifest: PathBuf,
    #[command(flatten)]
    pub(crate) simulate: SimulateArgs,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Leave nothing that could be restored: what a cloud keeps of deleted things goes too
    #[arg(long)]
    pub(crate) purge: bool,
    /// Steps under way at the same time
    #[arg(long, value_name = "N")]
    pub(crate) max_in_flight: Option<u32>,
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
        /// Steps under way at the same time
        #[arg(long, value_name = "N")]
        max_in_flight: Option<u32>,
    },
    /// Show runs, where their steps stand, and the connections they made
    Status {
        /// The run [default: all, with the steps of the last]
        run: Option<String>,
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

/// The formats with a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaName {
    /// The manifest; settings are described by each plugin (`skybridge plugin inspect`).
    Manifest,
    /// `plan --format json`.
    Plan,
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

/// `plugin`.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// The plugins that manifests can name
    List,
    /// What a plugin's file says, without running it; --run loads it and asks it too
    Inspect {
        /// The plugin's shared library
        file: PathBuf,
        /// Load it and print its whole manifest
        #[arg(long)]
        run: bool,
    },
}
