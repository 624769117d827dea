//! Where plugins are looked for: beside the host, then in configured folders; nowhere else.

use std::path::{Path, PathBuf};

use crate::error::LoadError;
use crate::library::{Candidate, Library, Trust};

/// The folders, in the order they are asked.
#[derive(Debug, Clone, Default)]
pub struct SearchPath {
    /// The folder of the host's executable.
    pub beside_host: Option<PathBuf>,
    /// Configured folders, absolute.
    pub folders: Vec<PathBuf>,
}

/// Why there is no such plugin.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// None of the folders has it.
    #[error(
        "no plugin `{name}`: looked for {file} in {folders}\nhelp: build it beside the host, or name its folder with --plugin-dir"
    )]
    NotFound {
        /// The plugin's name.
        name: String,
        /// The file that was looked for.
        file: String,
        /// The folders, joined.
        folders: String,
    },
    /// It is there and was refused.
    #[error(transparent)]
    Refused(#[from] Box<LoadError>),
    /// The file says it is another plugin.
    #[error("{path} says it is the plugin `{found}`, not `{name}`\nhelp: name the file {file}")]
    Misnamed {
        /// The name asked for.
        name: String,
        /// The name the plugin gave.
        found: String,
        /// Where it was found.
        path: PathBuf,
        /// What it should be called.
        file: String,
    },
}

/// The file name of a plugin: `azure` is `libskybridge_plugin_azure.so`.
#[must_use]
pub fn file_name(plugin: &str) -> String {
    let stem = plugin.replace('-', "_");
    format!(
        "{}skybridge_plugin_{stem}{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    )
}

impl SearchPath {
    /// Every folder with the trust it enjoys.
    pub fn folders(&self) -> impl Iterator<Item = (&Path, Trust)> {
        let beside = self.beside_host.as_deref().map(|folder| (folder, Trust::BesideHost));
        let configured = self.folders.iter().map(|folder| (folder.as_path(), Trust::Configured));
        beside.into_iter().chain(configured)
    }

    /// Loads the plugin of that name from the first folder that has it.
    ///
    /// # Errors
    /// [`FindError`], when no folder has it or the first that has it is refused.
    pub fn load(&self, plugin: &str) -> Result<Library, FindError> {
        let file = file_name(plugin);
        let Some((path, trust)) =
            self.folders().map(|(f, trust)| (f.join(&file), trust)).find(|(path, _)| path.exists())
        else {
            let folders: Vec<_> = self.folders().map(|(f, _)| f.display().to_string()).collect();
            let folders = folders.join(", ");
            return Err(FindError::NotFound { name: plugin.to_owned(), file, folders });
        };
        let library = Candidate::read(&path, trust).and_then(Candidate::load).map_err(Box::new)?;
        if library.manifest.name == plugin {
            Ok(library)
        } else {
            let found = library.manifest.name;
            Err(FindError::Misnamed { name: plugin.to_owned(), found, path, file })
        }
    }

    /// Every plugin file in the folders, in order.
    #[must_use]
    pub fn list(&self) -> Vec<(PathBuf, Trust)> {
        let prefix = file_name("");
        let prefix = prefix.trim_end_matches(std::env::consts::DLL_SUFFIX);
        let mut found = Vec::new();
        for (folder, trust) in self.folders() {
            let Ok(entries) = fs_err::read_dir(folder) else { continue };
            let mut here: Vec<PathBuf> = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| {
                    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                    name.is_some_and(|name| {
                        name.starts_with(prefix) && name.ends_with(std::env::consts::DLL_SUFFIX)
                    })
                })
                .collect();
            here.sort();
            found.extend(here.into_iter().map(|path| (path, trust)));
        }
        found
    }
}
