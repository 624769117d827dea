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

/// Where the tests of a file begin that stand beside what they are about.
const TESTS: &str = "#[cfg(test)]\nmod tests {";

/// The codes in every test below `folder`, and in every text a test compares with.
fn walk(folder: &Path, is_test: bool, found: &mut BTreeSet<String>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if name != "catalogue" {
                walk(&path, is_test || name == "tests", found);
            }
        } else {
            let text = fs_err::read_to_string(&path).unwrap();
            let beside = text.split_once(TESTS).map_or("", |(_, tests)| tests);
            codes(if is_test || name == "tests.rs" { &text } else { beside }, found);
        }
    }
}

/// Goal: nothing is explained that no test has shown to a person.
#[test]
fn every_code_is_met_by_a_test() {
    let mut met = BTreeSet::new();
    walk(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), false, &mut met);
    let all: BTreeSet<String> = catalogue::entries().map(|entry| entry.code.to_owned()).collect();
    let unmet: Vec<&String> = all.difference(&met).collect();
    assert_eq!(unmet, Vec::<&String>::new(), "no test meets these");
    let unknown: Vec<&String> = met.difference(&all).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "tests name codes that are not explained");
    assert!(all.len() >= 40);
}
