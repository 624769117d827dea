//! From a manifest to open connectors: read, find plugins, check settings, start the simulated
//! cloud when one is meant, open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skybridge_host::search::{FindError, SearchPath};
use skybridge_host::{Instance, Library, Services, Vault, Witness};
use skybridge_manifest::{Connector, Destination, Manifest, Source};
use skybridge_model::{Clock, Diagnostic, Diagnostics, limits::MANIFEST_BYTES_MAX};
use skybridge_plugin_api::kind;
use skybridge_plugin_protocol::manifest::capability;
use skybridge_plugin_protocol::open::{OpenRequest, SimulatedCloud};
use tracing_subscriber::filter::Targets;

use crate::args::Global;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, plugin_diagnostic};

/// A manifest that passed its checks, and the plugins it names.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) manifest: Manifest,
    pub(crate) text: String,
    /// The folder that the manifest's relative paths start from.
    pub(crate) folder: PathBuf,
    /// By plugin name.
    pub(crate) libraries: BTreeMap<String, Library>,
    /// Warnings.
    pub(crate) warnings: Diagnostics,
}

/// The folders plugins are looked for in: the executable's own, then `--plugin-dir`, then the
/// user's.
pub(crate) fn search_path(global: &Global) -> Outcome<SearchPath> {
    let beside_host = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.to_owned()));
    let mut folders = Vec::new();
    for folder in &global.plugin_dirs {
        // Made absolute once, here, so that nothing later depends on the working directory.
        let absolute = fs_err::canonicalize(folder)
            .map_err(|error| Failure::usage(error.to_string(), "--plugin-dir names a folder"))?;
        folders.push(absolute);
    }
    let home = std::env::home_dir().map(|home| home.join(".local/share/skybridge/plugins"));
    folders.extend(home.filter(|folder| folder.is_dir()));
    Ok(SearchPath { beside_host, folders })
}

/// Reads a manifest's bytes; `-` is standard input.
fn read(path: &Path) -> Outcome<Vec<u8>> {
    use std::io::Read as _;

    let limit = MANIFEST_BYTES_MAX as u64 + 1;
    let mut bytes = Vec::new();
    let result = if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        fs_err::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    result.map_err(|error| {
        let diagnostic = Diagnostic::error("SKY-CLI-003", error.to_string())
            .help("name a manifest, or - for standard input");
        Failure::new(Exit::Usage, diagnostic)
    })?;
    Ok(bytes)
}

/// Reads and checks a manifest file as far as that goes without any plugin's say and with it.
pub(crate) fn check_file(path: &Path, search: &SearchPath) -> Outcome<Checked> {
    check(&path.display().to_string(), &read(path)?, folder_of(path), search)
}

/// The folder a manifest lies in, so that it is found from elsewhere too.
pub(crate) fn folder_of(manifest: &Path) -> PathBuf {
    let folder = manifest.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs_err::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

/// The same for bytes at hand.
pub(crate) fn check(
    name: &str,
    bytes: &[u8],
    folder: PathBuf,
    search: &SearchPath,
) -> Outcome<Checked> {
    let source = Source { name, text: bytes };
    let text = skybridge_manifest::quotable(source);
    let (manifest, mut diagnostics) = skybridge_manifest::parse(source);
    let Some(manifest) = manifest else { return Err(Failure::manifest(diagnostics, text)) };
    let mut libraries = BTreeMap::new();
    let mut refused = None;
    for connector in &manifest.connectors {
        match library(&mut libraries, connector, search) {
            Ok(library) => diagnostics.extend(check_sections(connector, &library)),
            Err(found) => match found {
                FindError::NotFound { .. } => diagnostics.push(not_found(connector, search)),
                other => refused = refused.or(Some(Failure::load(&other.to_string()))),
            },
        }
    }
    if diagnostics.has_errors() {
        return Err(Failure::manifest(diagnostics, text));
    }
    match refused {
        Some(failure) => Err(failure),
        None => Ok(Checked { manifest, text, folder, libraries, warnings: diagnostics }),
    }
}

fn library(
    libraries: &mut BTreeMap<String, Library>,
    connector: &Connector,
    search: &SearchPath,
) -> Result<Library, FindError> {
    if let Some(known) = libraries.get(&connector.plugin) {
        return Ok(known.clone());
    }
    let library = search.load(&connector.plugin)?;
    libraries.insert(connector.plugin.clone(), library.clone());
    Ok(library)
}

fn check_sections(connector: &Connector, library: &Library) -> Diagnostics {
    let manifest = &library.manifest;
    let check = skybridge_manifest::check_schema;
    let mut all = check(&connector.settings, &manifest.settings_schema, "settings");
    all.extend(check(&connector.operator, &manifest.operator_schema, "operator"));
    all
}

fn not_found(connector: &Connector, search: &SearchPath) -> Diagnostic {
    let stem = skybridge_host::search::file_name("");
    let stem = stem.trim_end_matches(".so");
    let names: Vec<String> = search
        .list()
        .iter()
        .filter_map(|(path, _)| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .filter_map(|name| Some(name.strip_prefix(stem)?.replace('_', "-")))
        .collect();
    let folders: Vec<String> = search.folders().map(|(f, _)| f.display().to_string()).collect();
    let near =
        skybridge_model::nearest::nearest(&connector.plugin, names.iter().map(String::as_str));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => {
            "build it beside the host, or name its folder with --plugin-dir".into()
        }
        None => format!("the plugins at hand are: {}", names.join(", ")),
    };
    Diagnostic::error("SKY-PLUGIN-003", format!("there is no plugin `{}`", connector.plugin))
        .detail(format!("looked in {}", folders.join(", ")))
        .span(connector.plugin_span.clone())
        .help(help)
}

/// What connectors are opened with, besides their settings.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) witness: Arc<dyn Witness>,
    pub(crate) log: Targets,
}

impl Surroundings {
    pub(crate) fn services(&self, connector: &str) -> Services {
        Services::new(
            connector,
            Arc::clone(&self.vault),
            Arc::clone(&self.clock),
            Arc::clone(&self.witness),
            self.log.clone(),
        )
    }
}

/// Open connectors by name.
pub(crate) type Instances = BTreeMap<String, Arc<Instance>>;

/// Opens every connector of a manifest; `clouds` are simulated ones by plugin name.
pub(crate) fn open(
    checked: &Checked,
    surroundings: &Surroundings,
    clouds: &BTreeMap<String, SimulatedCloud>,
) -> Outcome<Instances> {
    let mut diagnostics = Diagnostics::new();
    let mut instances = Instances::new();
    let mut exit = Exit::Usage;
    for connector in &checked.manifest.connectors {
        let library = &checked.libraries[&connector.plugin];
        let request = OpenRequest {
            connector: connector.name.clone(),
            settings: Some(connector.settings.value().clone()),
            operator: connector.operator.value().clone(),
            simulated: clouds.get(&connector.plugin).cloned(),
        };
        match Instance::open(library, surroundings.services(&connector.name), &request) {
            Ok(instance) => {
                instances.insert(connector.name.clone(), Arc::new(instance));
            }
            Err(error) => {
                if error.kind != kind::INVALID_CONFIG {
                    exit = Exit::Plugin;
                }
                let pointer = error.detail.pointer.clone().unwrap_or_default();
                let diagnostic =
                    plugin_diagnostic(&format!("opening `{}`", connector.name), &error)
                        .span(connector.settings.value_span(&pointer));
                diagnostics.push(diagnostic);
            }
        }
    }
    if diagnostics.is_empty() {
        Ok(instances)
    } else {
        Err(Box::new(Failure { exit, diagnostics, source: Some(checked.text.clone()) }))
    }
}

/// Refuses a connector whose plugin cannot do what the command needs.
pub(crate) fn require(checked: &Checked, wanted: &str) -> Outcome<()> {
    for connector in &checked.manifest.connectors {
        let manifest = &checked.libraries[&connector.plugin].manifest;
        if !manifest.can(wanted) {
            let summary = format!("the plugin `{}` does not {wanted}", manifest.name);
            let diagnostic = Diagnostic::error("SKY-PLUGIN-004", summary)
                .detail(format!("it declares: {}", manifest.capabilities.join(", ")))
                .span(connector.plugin_span.clone());
            let mut failure = Failure::manifest(diagnostic.into(), checked.text.clone());
            failure.exit = Exit::Plugin;
            return Err(failure);
        }
    }
    Ok(())
}

/// A destination's kind word and what people call it.
pub(crate) fn destination(destination: &Destination) -> (&'static str, &'static str) {
    match destination {
        Destination::Local => ("local", "the local state directory"),
        Destination::Manual => ("manual", "a person"),
        Destination::Webhook { .. } => ("webhook", "a webhook"),
        Destination::Ox { .. } => ("ox", "OX Security"),
    }
}

/// Whether the plugin can simulate its cloud.
pub(crate) fn simulates(library: &Library) -> bool {
    library.manifest.can(capability::SIMULATE)
}
