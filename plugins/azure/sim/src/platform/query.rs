//! Reading a query, checking all of it against the schema, and narrowing answers to what it asks.

use std::collections::BTreeMap;

use graphql_parser::query::{
    Definition, Document, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    Type, TypeCondition, Value as Literal, VariableDefinition, parse_query,
};
use serde_json::{Map, Value, json};

use super::schema::{Schema, TypeName};
use crate::limits::QUERY_NESTING_MAX;

/// Selections of one query, fragments counted wherever they are spread.
const SELECTIONS_MAX: usize = 5_000;

type Text = String;
type Set = SelectionSet<'static, Text>;

/// What is wrong with a query, and how clients tell it apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) code: &'static str,
    pub(super) message: String,
}

fn invalid(message: impl Into<String>) -> Wrong {
    Wrong { code: "GRAPHQL_VALIDATION_FAILED", message: message.into() }
}

fn bad_input(message: impl Into<String>) -> Wrong {
    Wrong { code: "BAD_USER_INPUT", message: message.into() }
}

/// A field of the operation itself: what is to be done.
pub(super) struct Wanted {
    pub(super) name: String,
    /// What the answer calls it.
    pub(super) key: String,
    pub(super) arguments: Map<String, Value>,
    kind: TypeName,
    set: Set,
}

/// A query that was found right.
pub(super) struct Query {
    pub(super) wanted: Vec<Wanted>,
    pub(super) mutation: bool,
    fragments: BTreeMap<Text, FragmentDefinition<'static, Text>>,
}

impl Query {
    /// Reads and checks a request: nothing is done before everything is found right.
    pub(super) fn read(
        schema: &Schema,
        text: &str,
        operation: Option<&str>,
        variables: &Map<String, Value>,
    ) -> Result<Self, Wrong> {
        if nesting(text) > QUERY_NESTING_MAX {
            return Err(invalid(format!("brackets are nested deeper than {QUERY_NESTING_MAX}")));
        }
        let parsed = parse_query::<Text>(text).map_err(|error| Wrong {
            code: "GRAPHQL_PARSE_FAILED",
            message: format!("Syntax Error: {error}"),
        })?;
        let (operations, fragments) = split(parsed.into_static());
        let (mutation, definitions, set) = choose(operations, operation)?;
        let variables = fit_variables(schema, &definitions, variables)?;
        let root = if mutation { "Mutation" } else { "Query" };
        let mut check = Check { schema, fragments: &fragments, left: SELECTIONS_MAX };
        let mut fields = Vec::new();
        check.flatten(root, &set, 0, &mut fields)?;
        let mut wanted = Vec::new();
        for field in fields {
            wanted.push(check.root_field(root, field, &variables)?);
        }
        Ok(Self { wanted, mutation, fragments })
    }

    /// The answer to one field, narrowed to what was selected.
    pub(super) fn narrow(&self, schema: &Schema, wanted: &Wanted, answer: &Value) -> Value {
        self.narrow_to(schema, &wanted.kind, &wanted.set, answer)
    }

    fn narrow_to(&self, schema: &Schema, kind: &TypeName, set: &Set, answer: &Value) -> Value {
        match (kind, answer) {
            (_, Value::Null) => Value::Null,
            (Type::NonNullType(inner), answer) => self.narrow_to(schema, inner, set, answer),
            (Type::ListType(inner), Value::Array(items)) => {
                items.iter().map(|item| self.narrow_to(schema, inner, set, item)).collect()
            }
            (Type::NamedType(name), answer) if !set.items.is_empty() => {
                // A member of a union says which one it is.
                let own = answer["__typename"].as_str().unwrap_or(name);
                let mut shown = Map::new();
                self.collect(schema, own, set, answer, &mut shown);
                Value::Object(shown)
            }
            (_, answer) => answer.clone(),
        }
    }

    fn collect(
        &self,
        schema: &Schema,
        own: &str,
        set: &Set,
        answer: &Value,
        shown: &mut Map<String, Value>,
    ) {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    let key = field.alias.as_ref().unwrap_or(&field.name);
                    let value = match field_type(schema, own, &field.name) {
                        _ if field.name == "__typename" => json!(own),
                        Some(kind) => {
                            let value = &answer[&field.name];
                            self.narrow_to(schema, kind, &field.selection_set, value)
                        }
                        None => Value::Null,
                    };
                    shown.insert(key.clone(), value);
                }
                Selection::InlineFragment(inline) => {
                    if covers(schema, inline.type_condition.as_ref(), own) {
                        self.collect(schema, own, &inline.selection_set, answer, shown);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.fragment_name)
                        && covers(schema, Some(&fragment.type_condition), own)
                    {
                        self.collect(schema, own, &fragment.selection_set, answer, shown);
                    }
                }
            }
        }
    }
}

/// Brackets that are open at once: the parser calls itself for each.
fn nesting(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' | b'(' => open += 1,
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

type Split =
    (Vec<OperationDefinition<'static, Text>>, BTreeMap<Text, FragmentDefinition<'static, Text>>);

fn split(document: Document<'static, Text>) -> Split {
    let (mut operations, mut fragments) = (Vec::new(), BTreeMap::new());
    for definition in document.definitions {
        match definition {
            Definition::Operation(operation) => operations.push(operation),
            Definition::Fragment(fragment) => {
                fragments.insert(fragment.name.clone(), fragment);
            }
        }
    }
    (operations, fragments)
}

type Chosen = (bool, Vec<VariableDefinition<'static, Text>>, Set);

fn choose(
    operations: Vec<OperationDefinition<'static, Text>>,
    wanted: Option<&str>,
) -> Result<Chosen, Wrong> {
    let mut found = Vec::new();
    for operation in operations {
        let (name, chosen, directives) = match operation {
            OperationDefinition::SelectionSet(set) => (None, (false, Vec::new(), set), Vec::new()),
            OperationDefinition::Query(it) => {
                (it.name, (false, it.variable_definitions, it.selection_set), it.directives)
            }
            OperationDefinition::Mutation(it) => {
                (it.name, (true, it.variable_definitions, it.selection_set), it.directives)
            }
            OperationDefinition::Subscription(_) => {
                return Err(invalid("Schema is not configured to execute subscription operation."));
            }
        };
        if !directives.is_empty() {
            return Err(invalid("Directives are not supported."));
        }
        if wanted.is_none_or(|wanted| name.as_deref() == Some(wanted)) {
            found.push(chosen);
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(chosen), true) => Ok(chosen),
        (Some(_), false) => {
            Err(bad_input("Must provide operation name if query contains multiple operations."))
        }
        (None, _) => Err(bad_input("The query has no operation of this name.")),
    }
}

fn fit_variables(
    schema: &Schema,
    definitions: &[VariableDefinition<'static, Text>],
    given: &Map<String, Value>,
) -> Result<BTreeMap<String, Value>, Wrong> {
    let mut fitted = BTreeMap::new();
    for definition in definitions {
        let name = &definition.name;
        if !schema.is_input(named(&definition.var_type)) {
            let kind = &definition.var_type;
            return Err(invalid(format!("Variable \"${name}\" cannot be of type \"{kind}\".")));
        }
        let value = match (given.get(name), &definition.default_value) {
            (Some(value), _) => Some(value.clone()),
            (None, Some(default)) => Some(constant(default, &BTreeMap::new())?),
            (None, None) => None,
        };
        let missing = value.is_none();
        let value = schema.fit(&definition.var_type, value);
        let value = value.map_err(|it| bad_input(format!("Variable \"${name}\": {it}.")))?;
        if !missing {
            fitted.insert(name.clone(), value);
        }
    }
    for definition in definitions {
        // A variable that may be left out stands for nothing.
        fitted.entry(definition.name.clone()).or_insert(Value::Null);
    }
    Ok(fitted)
}

/// The type inside lists and required types.
fn named(kind: &TypeName) -> &str {
    match kind {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => named(inner),
    }
}

/// A literal as JSON, with variables put in.
fn constant(
    literal: &Literal<'static, Text>,
    variables: &BTreeMap<String, Value>,
) -> Result<Value, Wrong> {
    Ok(match literal {
        Literal::Variable(name) => {
            let known = variables.get(name).cloned();
            known.ok_or_else(|| invalid(format!("Variable \"${name}\" is not defined.")))?
        }
        Literal::Int(number) => json!(number.as_i64()),
        Literal::Float(number) => json!(number),
        Literal::String(text) | Literal::Enum(text) => json!(text),
        Literal::Boolean(flag) => json!(flag),
        Literal::Null => Value::Null,
        Literal::List(items) => {
            let items: Result<Vec<Value>, Wrong> =
                items.iter().map(|item| constant(item, variables)).collect();
            Value::Array(items?)
        }
        Literal::Object(members) => {
            let mut read = Map::new();
            for (name, member) in members {
                read.insert(name.clone(), constant(member, variables)?);
            }
            Value::Object(read)
        }
    })
}

fn field_type<'a>(schema: &'a Schema, own: &str, field: &str) -> Option<&'a TypeName> {
    let fields = &schema.object(own)?.fields;
    fields.iter().find(|it| it.name == field).map(|it| &it.field_type)
}

/// Whether a fragment on a type is about objects of another.
fn covers(schema: &Schema, condition: Option<&TypeCondition<'static, Text>>, own: &str) -> bool {
    let Some(TypeCondition::On(name)) = condition else { return true };
    name == own || schema.union(name).is_some_and(|union| union.types.iter().any(|it| it == own))
}

/// The check of a whole query.
struct Check<'a> {
    schema: &'a Schema,
    fragments: &'a BTreeMap<Text, FragmentDefinition<'static, Text>>,
    left: usize,
}

impl Check<'_> {
    /// Counts one selection; fragments that spread each other end here.
    fn count(&mut self, depth: usize) -> Result<(), Wrong> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || depth > QUERY_NESTING_MAX {
            return Err(invalid("The query selects too much, or its fragments form a cycle."));
        }
        Ok(())
    }

    /// The fields of a selection on one type, fragments resolved.
    fn flatten<'b>(
        &mut self,
        own: &str,
        set: &'b Set,
        depth: usize,
        into: &mut Vec<&'b Field<'static, Text>>,
    ) -> Result<(), Wrong>
    where
        Self: 'b,
    {
        for item in &set.items {
            self.count(depth)?;
            match item {
                Selection::Field(field) if field.directives.is_empty() => into.push(field),
                Selection::InlineFragment(inline) if inline.directives.is_empty() => {
                    self.require_condition(inline.type_condition.as_ref(), own)?;
                    self.flatten(own, &inline.selection_set, depth + 1, into)?;
                }
                Selection::FragmentSpread(_) => {
                    return Err(invalid("Fragments of operations are not supported."));
                }
                _ => return Err(invalid("Directives are not supported.")),
            }
        }
        Ok(())
    }

    fn root_field(
        &mut self,
        root: &str,
        field: &Field<'static, Text>,
        variables: &BTreeMap<String, Value>,
    ) -> Result<Wanted, Wrong> {
        let schema = self.schema;
        let fields = schema.object(root).into_iter().flat_map(|object| &object.fields);
        let known = fields.into_iter().find(|it| it.name == field.name);
        let known = known.ok_or_else(|| no_such_field(&field.name, root))?;
        self.selection(&known.field_type, field, 1)?;
        let mut given = BTreeMap::new();
        for (name, literal) in &field.arguments {
            if !known.arguments.iter().any(|it| it.name == *name) {
                let field = &field.name;
                return Err(invalid(format!(
                    "Unknown argument \"{name}\" on field \"{root}.{field}\"."
                )));
            }
            given.insert(name.clone(), constant(literal, variables)?);
        }
        let mut arguments = Map::new();
        for argument in &known.arguments {
            let value = schema.fit(&argument.value_type, given.remove(&argument.name));
            let value = value.map_err(|reason| {
                bad_input(format!("Argument \"{}\": {reason}.", argument.name))
            })?;
            arguments.insert(argument.name.clone(), value);
        }
        Ok(Wanted {
            name: field.name.clone(),
            key: field.alias.clone().unwrap_or_else(|| field.name.clone()),
            arguments,
            kind: known.field_type.clone(),
            set: field.selection_set.clone(),
        })
    }

    /// A field's own selection: objects have one, everything else has none.
    fn selection(
        &mut self,
        kind: &TypeName,
        field: &Field<'static, Text>,
        depth: usize,
    ) -> Result<(), Wrong> {
        let own = named(kind);
        let composite = self.schema.object(own).is_some() || self.schema.union(own).is_some();
        let empty = field.selection_set.items.is_empty();
        if composite == empty {
            let name = &field.name;
            let text = if empty { "must have" } else { "must not have" };
            return Err(invalid(format!(
                "Field \"{name}\" of type \"{kind}\" {text} a selection of subfields."
            )));
        }
        self.set(own, &field.selection_set, depth)
    }

    fn set(&mut self, own: &str, set: &Set, depth: usize) -> Result<(), Wrong> {
        for item in &set.items {
            self.count(depth)?;
            match item {
                Selection::Field(field) => {
                    if !field.directives.is_empty() || !field.arguments.is_empty() {
                        return Err(invalid("Fields below the operation take no arguments."));
                    }
                    if field.name == "__typename" {
                        continue;
                    }
                    let kind = field_type(self.schema, own, &field.name);
                    let kind = kind.ok_or_else(|| no_such_field(&field.name, own))?.clone();
                    self.selection(&kind, field, depth + 1)?;
                }
                Selection::InlineFragment(inline) => {
                    let inner = self.require_condition(inline.type_condition.as_ref(), own)?;
                    self.set(&inner, &inline.selection_set, depth + 1)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.fragment_name;
                    let fragment = self.fragments.get(name);
                    let fragment =
                        fragment.ok_or_else(|| invalid(format!("Unknown fragment \"{name}\".")))?;
                    let inner = self.require_condition(Some(&fragment.type_condition), own)?;
                    self.set(&inner, &fragment.selection_set, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// The type a fragment is on, if objects of the other can be of it.
    fn require_condition(
        &self,
        condition: Option<&TypeCondition<'static, Text>>,
        own: &str,
    ) -> Result<String, Wrong> {
        let Some(TypeCondition::On(name)) = condition else { return Ok(own.to_owned()) };
        let schema = self.schema;
        let possible = covers(schema, condition, own)
            || schema.union(own).is_some_and(|it| it.types.contains(name));
        if possible {
            return Ok(name.clone());
        }
        Err(invalid(format!("Fragment on \"{name}\" cannot be spread on type \"{own}\".")))
    }
}

fn no_such_field(field: &str, own: &str) -> Wrong {
    invalid(format!("Cannot query field \"{field}\" on type \"{own}\"."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: Value) -> Result<Query, Wrong> {
        let schema = Schema::load().unwrap();
        Query::read(&schema, text, None, variables.as_object().unwrap())
    }

    #[test]
    fn queries_are_checked_whole() {
        let remove = "mutation R($i: RemoveCredentialsInput!) { r: removeCredentials(removeCredentialsInput: $i) { connector { id } } }";
        let right = read(remove, json!({"i": {"connectorID": "1"}})).unwrap();
        assert_eq!((right.mutation, right.wanted[0].key.as_str()), (true, "r"));
        for (text, variables, word) in [
            ("{", json!({}), "Syntax Error"),
            ("{ nothing }", json!({}), "nothing"),
            ("{ getConnectorsByFamily }", json!({}), "must have"),
            ("{ getConnectorsByFamily { family { x } } }", json!({}), "must not have"),
            ("{ getConnectorsByFamily(colour: 1) { family } }", json!({}), "colour"),
            ("{ getConnectorsByFamily(family: 1) { family } }", json!({}), "String cannot"),
            (
                "{ getConnectorsByFamily { connectors { connector { credentials { credentialsId } } } } }",
                json!({}),
                "credentialsId",
            ),
            (
                "{ getConnectorsByFamily { ... on Connector { id } } }",
                json!({}),
                "cannot be spread",
            ),
            (
                "{ getConnectorsByFamily { ...F } } fragment F on ConnectorsFamily { ...F }",
                json!({}),
                "cycle",
            ),
            (
                "query A { getConnectorsByFamily { family } } query B { getConnectorsByFamily { family } }",
                json!({}),
                "operation name",
            ),
            (remove, json!({}), "RemoveCredentialsInput!"),
            (remove, json!({"i": {}}), "connectorID"),
            (remove, json!({"i": {"connectorID": "1", "colour": 1}}), "colour"),
            (
                "mutation { removeCredentials(removeCredentialsInput: $x) { connector { id } } }",
                json!({}),
                "$x",
            ),
        ] {
            let wrong = read(text, variables).err().unwrap();
            assert!(wrong.message.contains(word), "{text}: {wrong:?}");
        }
        for unit in ["{a", "[", "(", "{getConnectorsByFamily(family:[", "...F{"] {
            let wrong = read(&unit.repeat(50_000), json!({})).err().unwrap();
            assert!(wrong.message.contains("deeper"), "{wrong:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_query_is_too_odd_to_be_refused(text in "[ a-zA-Z0-9{}()\\[\\]:$!.,\"#@\\n]{0,200}") {
            drop(read(&text, json!({})));
        }
    }
}
