//! What every code of this connector means: the pages behind `skybridge explain`.
//!
//! One entry a code. A test holds the entries against the codes the sources use, so that none is
//! missing and none is left over.

use skybridge_plugin_sdk::protocol::manifest::Explanation;

mod access;
mod credentials;
mod directory;
mod ownership;
mod preflight;
mod scope;
mod service;
mod sign_in;

/// One code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) code: &'static str,
    title: &'static str,
    cause: &'static str,
    fix: &'static str,
    reference: Reference,
}

/// Where more is said.
#[derive(Debug, Clone, Copy)]
enum Reference {
    /// Microsoft's own page.
    Page(&'static str),
    /// There is none, and why.
    None(#[cfg_attr(not(test), expect(dead_code, reason = "a test demands it"))] &'static str),
}

/// Why there is no page of Microsoft's.
const OF_MANIFEST: &str = "it is about the manifest's own words";
const OF_VAULT: &str = "it is about Skybridge's own vault and records";
const OF_HOST: &str = "it is between Skybridge and its plugin";
const OF_REHEARSAL: &str = "it is about the simulated cloud";
const OF_NETWORK: &str = "it is about this machine and its network";

/// An entry with a page of Microsoft's.
const fn entry(
    code: &'static str,
    title: &'static str,
    cause: &'static str,
    fix: &'static str,
    reference: &'static str,
) -> Entry {
    Entry { code, title, cause, fix, reference: Reference::Page(reference) }
}

/// An entry that Microsoft has no page for, and why.
const fn own(
    code: &'static str,
    title: &'static str,
    cause: &'static str,
    fix: &'static str,
    why: &'static str,
) -> Entry {
    Entry { code, title, cause, fix, reference: Reference::None(why) }
}

/// Every entry, by area.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    let areas = [
        access::ENTRIES,
        scope::ENTRIES,
        preflight::ENTRIES,
        directory::ENTRIES,
        ownership::ENTRIES,
        sign_in::ENTRIES,
        credentials::ENTRIES,
        service::ENTRIES,
    ];
    areas.into_iter().flatten()
}

/// The entries as the host gets them.
pub(crate) fn explanations() -> Vec<Explanation> {
    entries()
        .map(|entry| Explanation {
            code: entry.code.into(),
            title: entry.title.into(),
            cause: entry.cause.into(),
            fix: entry.fix.into(),
            reference: match entry.reference {
                Reference::Page(page) => Some(page.into()),
                Reference::None(_) => None,
            },
        })
        .collect()
}

#[cfg(test)]
mod tests;
