//! What of this process an operator's credential is made from.

use std::sync::Arc;

/// Looks a variable up.
type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Variables, of this process or of a test.
#[derive(Clone)]
pub(crate) struct Variables(Arc<Lookup>);

impl Variables {
    /// Those of this process.
    #[expect(
        clippy::disallowed_methods,
        reason = "an operator who chose a credential of the environment put it there for this process"
    )]
    pub(crate) fn of_process() -> Self {
        Self(Arc::new(|name| std::env::var(name).ok()))
    }

    #[cfg(test)]
    pub(crate) fn given(variables: &[(&str, &str)]) -> Self {
        let all: std::collections::BTreeMap<String, String> =
            variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Self(Arc::new(move |name| all.get(name).cloned()))
    }

    /// A variable; one that is empty is not set.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// Those of `names` that are not set.
    pub(crate) fn missing<'n>(&self, names: &[&'n str]) -> Vec<&'n str> {
        names.iter().copied().filter(|name| self.get(name).is_none()).collect()
    }
}
