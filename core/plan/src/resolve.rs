//! Replacing placeholders by what earlier steps have put out.

use serde_json::Value;

use crate::language::{Piece, Pieces, map_texts};

/// A placeholder for which there is no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing is known for `{placeholder}`")]
pub struct Unresolved {
    /// As it is written: `<application.client-id>`.
    pub placeholder: String,
}

/// `desired` with every placeholder replaced by what `outputs` gives for (local name of the
/// dependency, output).
///
/// A text that is one placeholder becomes the JSON value itself, whatever its type; a placeholder
/// within a longer text becomes its text. `<<` becomes `<` and `{{` becomes `{`.
///
/// # Errors
/// [`Unresolved`] names the first placeholder without a value.
pub fn resolve<'v>(
    desired: &Value,
    outputs: impl Fn(&str, &str) -> Option<&'v Value>,
) -> Result<Value, Unresolved> {
    map_texts(desired, &mut |text| resolve_text(text, &outputs))
}

fn resolve_text<'v>(
    text: &str,
    outputs: &impl Fn(&str, &str) -> Option<&'v Value>,
) -> Result<Value, Unresolved> {
    let value_of = |piece: Piece<'_>| match piece {
        Piece::Output(reference) => outputs(reference.local, reference.output)
            .ok_or_else(|| Unresolved { placeholder: format!("<{reference}>") }),
        Piece::Var(name) => Err(Unresolved { placeholder: format!("{{{name}}}") }),
        _ => Ok(&Value::Null),
    };
    let mut pieces = Pieces::of(text);
    if let (Some(piece @ Piece::Output(_)), None) = (pieces.next(), pieces.next()) {
        return value_of(piece).cloned();
    }
    let mut out = String::with_capacity(text.len());
    for piece in Pieces::of(text) {
        match piece {
            Piece::Text(text) | Piece::Odd(text) => out.push_str(text),
            Piece::Brace => out.push('{'),
            Piece::Angle => out.push('<'),
            Piece::Output(_) | Piece::Var(_) => match value_of(piece)? {
                Value::String(text) => out.push_str(text),
                other => out.push_str(&other.to_string()),
            },
        }
    }
    Ok(Value::String(out))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_placeholders_keep_their_type() {
        let (id, keys) = (json!("id-1"), json!([1, 2]));
        let outputs = |local: &str, output: &str| match (local, output) {
            ("application", "id") => Some(&id),
            ("key.main", "list") => Some(&keys),
            _ => None,
        };
        let desired = json!({
            "principal": "<application.id>",
            "keys": "<key.main.list>",
            "url": "https://x/<application.id>/k=<key.main.list>",
            "odd": "{{a} <<b> 1 < 2 }",
            "number": 3,
        });
        assert_eq!(
            resolve(&desired, outputs).unwrap(),
            json!({
                "principal": "id-1",
                "keys": [1, 2],
                "url": "https://x/id-1/k=[1,2]",
                "odd": "{a} <b> 1 < 2 }",
                "number": 3,
            })
        );
        for (text, placeholder) in [("x<a.b>", "<a.b>"), ("<a.b.c>", "<a.b.c>"), ("{v}", "{v}")] {
            let error = resolve(&json!([text]), outputs).unwrap_err();
            assert_eq!(error.placeholder, placeholder);
        }
    }
}
