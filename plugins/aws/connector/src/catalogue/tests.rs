//! Holds the catalogue against the sources.

use std::collections::BTreeSet;

use super::entries;

/// Every code that stands in quotes in the text, such as `AWS-RBAC-001`.
fn codes(text: &str) -> impl Iterator<Item = String> {
    let is_code = |part: &&str| {
        part.starts_with("AWS-")
            && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-')
    };
    text.split('"').filter(is_code).map(str::to_owned)
}

fn sources(folder: &std::path::Path, found: &mut BTreeSet<String>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let skipped = ["catalogue", "catalogue.rs", "tests", "tests.rs"];
        if skipped.iter().any(|name| path.file_name().unwrap() == *name) {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.extend(codes(&fs_err::read_to_string(&path).unwrap()));
        }
    }
}

/// Goal: whatever code a person meets can be explained, and nothing is explained that cannot be met.
#[test]
fn every_code_has_an_entry_and_every_entry_a_use() {
    let mut used = BTreeSet::new();
    sources(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut used);
    let explained: BTreeSet<String> = entries().map(|entry| entry.code.to_owned()).collect();
    assert_eq!(
        used.difference(&explained).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "unexplained"
    );
    assert_eq!(explained.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "unused");
    assert_eq!(entries().count(), explained.len(), "a code is explained twice");
    assert!(explained.len() >= 40);
}

#[test]
fn every_entry_says_something() {
    for entry in entries() {
        for text in [entry.title, entry.cause, entry.fix] {
            assert!(text.len() > 8 && !text.contains("  "), "{}: {text}", entry.code);
        }
        assert!(!entry.title.ends_with('.') && entry.fix.ends_with('.'), "{}", entry.code);
        let page = entry.reference.unwrap_or("https://docs.aws.amazon.com/");
        assert!(page.starts_with("https://docs.aws.amazon.com/"), "{}", entry.code);
    }
}
