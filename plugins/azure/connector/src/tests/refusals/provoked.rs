//! Every code there is a page for is met by a test.

use std::collections::BTreeSet;
use std::path::Path;

use crate::catalogue;

/// Every code that stands in the text, such as `AZ-RBAC-001`.
fn codes(text: &str, found: &mut BTreeSet<String>) {
    for (start, _) in text.match_indices("AZ-") {
        let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
        let rest = &text[start..];
        let code = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        found.insert(code.trim_end_matches('-').to_owned());
    }
}

/// The codes of every test and every text a test compares with, but for this file.
fn walk(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.file_name().unwrap() != "provoked.rs" {
            codes(&fs_err::read_to_string(&path).unwrap(), found);
        }
    }
}

/// Goal: nothing is explained that no test has shown to a person.
#[test]
fn every_code_is_met_by_a_test() {
    let mut met = BTreeSet::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests"), &mut met);
    // Beside what they are about: making a certificate does not fail on a machine that works.
    let beside = "src/steps/certificate/key.rs";
    let text = fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(beside)).unwrap();
    codes(text.split("#[cfg(test)]").nth(1).unwrap(), &mut met);
    let all: BTreeSet<String> = catalogue::entries().map(|entry| entry.code.to_owned()).collect();
    let unmet: Vec<&String> = all.difference(&met).collect();
    assert_eq!(unmet, Vec::<&String>::new(), "no test meets these");
    let unknown: Vec<&String> = met.difference(&all).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "tests name codes that are not explained");
    assert!(all.len() >= 40);
}
