//! The gateway's schema: which types and fields there are, and whether a value fits its type.

use graphql_parser::query::Type;
use graphql_parser::schema::{
    Definition, Document, EnumType, InputObjectType, ObjectType, TypeDefinition, UnionType,
    parse_schema,
};
use serde_json::{Map, Value, json};

use crate::error::SimulatorError;

const SOURCE: &str = include_str!("../../data/platform.graphql");

/// A type as it is written.
pub(super) type TypeName = Type<'static, String>;

/// The schema, parsed.
pub(crate) struct Schema(Document<'static, String>);

impl Schema {
    pub(crate) fn load() -> Result<Self, SimulatorError> {
        let parsed = parse_schema::<String>(SOURCE);
        let parsed = parsed.map_err(|it| SimulatorError::key("the platform's schema", it))?;
        Ok(Self(parsed.into_static()))
    }

    fn types(&self) -> impl Iterator<Item = &TypeDefinition<'static, String>> {
        self.0.definitions.iter().filter_map(|definition| match definition {
            Definition::TypeDefinition(it) => Some(it),
            _ => None,
        })
    }

    pub(super) fn object(&self, name: &str) -> Option<&ObjectType<'static, String>> {
        self.types().find_map(|it| match it {
            TypeDefinition::Object(object) if object.name == name => Some(object),
            _ => None,
        })
    }

    pub(super) fn union(&self, name: &str) -> Option<&UnionType<'static, String>> {
        self.types().find_map(|it| match it {
            TypeDefinition::Union(union) if union.name == name => Some(union),
            _ => None,
        })
    }

    fn input(&self, name: &str) -> Option<&InputObjectType<'static, String>> {
        self.types().find_map(|it| match it {
            TypeDefinition::InputObject(input) if input.name == name => Some(input),
            _ => None,
        })
    }

    fn choices(&self, name: &str) -> Option<&EnumType<'static, String>> {
        self.types().find_map(|it| match it {
            TypeDefinition::Enum(choices) if choices.name == name => Some(choices),
            _ => None,
        })
    }

    /// Whether a type can be given by a client.
    pub(super) fn is_input(&self, name: &str) -> bool {
        matches!(name, "String" | "Int" | "Float" | "Boolean" | "ID" | "JSON")
            || self.input(name).is_some()
            || self.choices(name).is_some()
    }

    /// The value as its type wants it, or what is wrong with it. `None` stands for a value that was
    /// not given.
    pub(super) fn fit(&self, kind: &TypeName, value: Option<Value>) -> Result<Value, String> {
        match (kind, value) {
            (Type::NonNullType(_), None | Some(Value::Null)) => {
                Err(format!("a value of required type \"{kind}\" was not provided"))
            }
            (Type::NonNullType(inner), value) => self.fit(inner, value),
            (_, None | Some(Value::Null)) => Ok(Value::Null),
            (Type::ListType(inner), Some(Value::Array(items))) => {
                items.into_iter().map(|item| self.fit(inner, Some(item))).collect()
            }
            (Type::ListType(inner), value) => Ok(json!([self.fit(inner, value)?])),
            (Type::NamedType(name), Some(value)) => self.fit_named(name, value),
        }
    }

    fn fit_named(&self, name: &str, value: Value) -> Result<Value, String> {
        if let Some(choices) = self.choices(name) {
            let known = |text: &str| choices.values.iter().any(|choice| choice.name == text);
            return match value.as_str() {
                Some(text) if known(text) => Ok(value),
                _ => Err(format!("value does not exist in \"{name}\" enum")),
            };
        }
        if self.input(name).is_some() {
            return match value {
                Value::Object(members) => self.fit_members(name, members),
                _ => Err(format!("expected type \"{name}\" to be an object")),
            };
        }
        let fits = match name {
            "String" => value.is_string(),
            "ID" => value.is_string() || value.is_i64(),
            "Int" => value.as_i64().is_some_and(|it| i32::try_from(it).is_ok()),
            "Float" => value.is_number(),
            "Boolean" => value.is_boolean(),
            "JSON" => true,
            _ => return Err(format!("unknown type \"{name}\"")),
        };
        if fits { Ok(value) } else { Err(format!("{name} cannot represent this value")) }
    }

    fn fit_members(&self, name: &str, mut given: Map<String, Value>) -> Result<Value, String> {
        let mut fitted = Map::new();
        for field in self.input(name).into_iter().flat_map(|input| &input.fields) {
            let value = self.fit(&field.value_type, given.remove(&field.name));
            let value = value.map_err(|reason| format!("field \"{}\": {reason}", field.name))?;
            fitted.insert(field.name.clone(), value);
        }
        match given.keys().next() {
            Some(odd) => {
                let odd: String = odd.chars().take(100).collect();
                Err(format!("field \"{odd}\" is not defined by type \"{name}\""))
            }
            None => Ok(Value::Object(fitted)),
        }
    }
}
