//! What every code of this connector means: the pages behind `skybridge explain`.
//!
//! One entry a code. A test holds the entries against the codes the sources use, so that none is
//! missing and none is left over.

use skybridge_plugin_sdk::protocol::manifest::Explanation;

mod access;
mod manifest;
mod preflight;
mod service;
mod sign_in;
mod trust;

/// One code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) code: &'static str,
    title: &'static str,
    cause: &'static str,
    fix: &'static str,
    /// AWS's own page; nothing where the code is about Skybridge itself.
    reference: Option<&'static str>,
}

/// An entry with a page of AWS's.
const fn entry(
    code: &'static str,
    title: &'static str,
    cause: &'static str,
    fix: &'static str,
    reference: &'static str,
) -> Entry {
    Entry { code, title, cause, fix, reference: Some(reference) }
}

/// An entry about Skybridge itself.
const fn own(
    code: &'static str,
    title: &'static str,
    cause: &'static str,
    fix: &'static str,
) -> Entry {
    Entry { code, title, cause, fix, reference: None }
}

/// Every entry, by area.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    let areas = [
        manifest::ENTRIES,
        sign_in::ENTRIES,
        access::ENTRIES,
        trust::ENTRIES,
        preflight::ENTRIES,
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
            reference: entry.reference.map(str::to_owned),
        })
        .collect()
}

#[cfg(test)]
mod tests;
