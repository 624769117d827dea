//! Every code there is a page for is met by a test.

use std::collections::BTreeSet;
use std::path::Path;

use crate::catalogue;

/// Every code that stands in the text, such as `AZ-RBAC-001`.
fn codes(text: &str, found: &mut BTreeSet<String>) {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    for code in text.split(|c| !is_part(c)).filter(|word| word.starts_with("AZ-")) {
        // `AZ-HOST-` alone is an area.
        if code.ends_with(|c: char| c.is_ascii_digit()) {
            found.insert(code.to_owned());
        }
    }
}

/// The codes in every test below `folder`, and in every text a test compares with.
fn walk(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            codes(&fs_err::read_to_string(path).unwrap(), found);
        }
    }
}

/// Goal: nothing is explained that no test has shown to a person. Tests beside the sources do not
/// count: they see functions, and no person.
#[test]
fn every_code_is_met_by_a_test() {
    let mut met = BTreeSet::new();
    walk(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests")), &mut met);
    let all: BTreeSet<String> = catalogue::entries().map(|entry| entry.code.to_owned()).collect();
    let unknown: Vec<&String> = met.difference(&all).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "tests name codes that are not explained");
    walk(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/it")), &mut met);
    let unmet: Vec<&String> = all.difference(&met).collect();
    assert_eq!(unmet, Vec::<&String>::new(), "no test meets these");
    assert!(all.len() >= 40);
}
