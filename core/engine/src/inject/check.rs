//! Faults compared with the steps there are: one that can never strike is a mistake.

use std::collections::BTreeSet;

use skybridge_model::nearest::nearest;
use skybridge_model::{Address, Diagnostic, Diagnostics};

use super::{CODE, Faults, Steps, Target};

/// Scopes compared when looking for the one that was meant: comparing takes time.
const SCOPES_COMPARED_MAX: usize = 2_000;

impl Faults {
    /// Complains of every fault at a step that is not among `addresses`, with the nearest that is.
    pub fn check<'a>(&self, addresses: impl Iterator<Item = &'a Address> + Clone) -> Diagnostics {
        let mut wrong = Diagnostics::new();
        for injection in &self.0 {
            let Target::Steps(steps) = &injection.target else { continue };
            if addresses.clone().any(|address| steps.mean(address)) {
                continue;
            }
            let problem = format!(
                "--inject {}: `{}` is no step that there is anything to do for",
                injection.text,
                steps.text()
            );
            wrong.push(Diagnostic::error(CODE, problem).help(meant(steps, addresses.clone())));
        }
        wrong
    }
}

fn meant<'a>(steps: &Steps, addresses: impl Iterator<Item = &'a Address> + Clone) -> String {
    let mut paths = BTreeSet::new();
    for address in addresses.clone() {
        paths.insert(address.connector().to_owned());
        paths.insert(format!("{}.{}", address.connector(), address.kind()));
        paths.insert(format!("{}.{}", address.connector(), address.local()));
    }
    let written = steps.words.join(".");
    let known = written.is_empty() || paths.contains(&written);
    let path = match known {
        true => Some(written.as_str()),
        false => nearest(&written, paths.iter().map(String::as_str)),
    };
    let scopes: BTreeSet<&str> =
        addresses.clone().filter_map(Address::scope).take(SCOPES_COMPARED_MAX).collect();
    match (path, steps.scope.as_deref()) {
        (Some(path), None) => format!("did you mean `{path}`?"),
        (Some(path), Some(scope)) if !known && scopes.contains(scope) => {
            format!("did you mean `{path}@{scope}`?")
        }
        (Some(path), Some(scope)) => match nearest(scope, scopes.iter().copied()) {
            Some(near) if near != scope => format!("did you mean `{path}@{near}`?"),
            _ => examples(addresses),
        },
        (None, _) => examples(addresses),
    }
}

fn examples<'a>(addresses: impl Iterator<Item = &'a Address>) -> String {
    let some: Vec<String> = addresses.take(3).map(|address| format!("`{address}`")).collect();
    if some.is_empty() {
        "there is nothing to do".to_owned()
    } else {
        format!("there are {} …", some.join(", "))
    }
}
