//! The stable codes of this crate and what `skybridge explain` says about them.

/// What a code means.
#[derive(Debug, Clone, Copy)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// How it comes about.
    pub cause: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

/// The explanation of one of this crate's codes.
#[must_use]
pub fn explain(code: &str) -> Option<&'static Explanation> {
    EXPLANATIONS.iter().find(|explanation| explanation.code == code)
}

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal, $cause:literal, $fix:literal;)*) => {
        $(pub(crate) const $name: &str = $code;)*
        /// Every code of this crate, in order.
        pub const EXPLANATIONS: &[Explanation] =
            &[$(Explanation { code: $code, title: $title, cause: $cause, fix: $fix }),*];
    };
}

codes! {
    TOO_LARGE = "SKY-MANIFEST-001", "the file is too large",
        "A manifest has at most 1 MiB; ten thousand subscriptions listed by id take less than half of that.",
        "Check that the right file is named; put connectors into several manifests.";
    NOT_UTF8 = "SKY-MANIFEST-002", "the file is not UTF-8",
        "TOML is UTF-8. Editors on Windows may save as UTF-16 or in a code page.",
        "Save the file as UTF-8; a byte order mark is fine.";
    SYNTAX = "SKY-MANIFEST-003", "the text is not TOML",
        "A quote, a bracket, an equals sign or a comma is missing or too many.",
        "Mend the place shown. One mistake is reported per line; nothing after an open bracket is judged.";
    TOO_DEEP = "SKY-MANIFEST-004", "tables or arrays are nested too deep",
        "A manifest nests at most 32 levels; the deepest setting needs about five.",
        "Look for a bracket that is opened again and again.";
    DUPLICATE = "SKY-MANIFEST-005", "a key or table is given twice",
        "TOML allows each key once in a table and each table header once in a file.",
        "Remove one of them, or merge the two tables.";
    UNREADABLE_NUMBER = "SKY-MANIFEST-006", "a number cannot be used",
        "Integers have 64 bits; infinity and not-a-number are no settings.",
        "Write a number in range.";
    UNKNOWN_KEY = "SKY-MANIFEST-010", "a key is not known",
        "The key is misspelt, in the wrong table, or of another plugin or version. Keys are kebab-case.",
        "Take the key that the help names; `skybridge schema manifest` and `skybridge plugin inspect` list all.";
    MISSING_KEY = "SKY-MANIFEST-011", "a key is missing",
        "The table lacks a key that it must have.",
        "Add the key to the table shown.";
    WRONG_TYPE = "SKY-MANIFEST-012", "a value has the wrong type",
        "A string stands where a number belongs, a table where an array belongs, or the like.",
        "Write a value of the type named; strings have quotes, arrays brackets, tables braces or a header.";
    NOT_ALLOWED = "SKY-MANIFEST-013", "a value is not one of the allowed ones",
        "The key takes only certain words.",
        "Take one of the values that the help lists.";
    WRONG_FORM = "SKY-MANIFEST-014", "a text does not have the form it must have",
        "An id, name, duration or address is written in another way than expected.",
        "Write it as the message says.";
    OUT_OF_RANGE = "SKY-MANIFEST-015", "a number is out of range",
        "The number is smaller or larger than what works.",
        "Take a number within the limit named.";
    ITEMS = "SKY-MANIFEST-016", "too few, too many or repeated items",
        "An array or table has a wrong number of items, or an item twice.",
        "Add or remove items.";
    FORMS = "SKY-MANIFEST-017", "a table mixes or matches none of its forms",
        "Some tables have several forms, each with keys of its own, and take exactly one of them.",
        "Keep the keys of one form.";
    NEWER_SCHEMA = "SKY-MANIFEST-020", "the manifest is written for a newer Skybridge",
        "Its `schema` number is higher than the one this Skybridge knows, so its keys may mean other things.",
        "Update Skybridge, or write the manifest for the schema named.";
    SECRET = "SKY-MANIFEST-030", "a secret is written in the manifest",
        "Manifests are committed, reviewed and copied. They name secrets and never hold them.",
        "Put the secret into an environment variable or a file, write `env:NAME` or `file:PATH`, and change the secret if the file was shared.";
    SECRET_REFERENCE = "SKY-MANIFEST-031", "a reference to a secret is malformed",
        "After `env:` comes the name of a variable, after `file:` a path.",
        "Write `env:NAME` or `file:PATH`.";
    PLUGIN_SCHEMA = "SKY-MANIFEST-040", "the plugin's own schema cannot be used",
        "The plugin describes its settings by a JSON Schema (draft 2020-12) that is broken, refers to another document, or has a pattern with look-around.",
        "Update the plugin or tell its author; it is no mistake in the manifest.";
    MORE = "SKY-MANIFEST-050", "more problems are not shown",
        "After 200 problems the rest is counted only.",
        "Mend the ones shown and look again.";
}
