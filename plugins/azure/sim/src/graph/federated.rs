//! Federated identity credentials: whose assertions an application accepts.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::applications::{find, find_to_change};
use super::error::{bad_request, no_such_object, no_such_path, refuse, wrong_method};
use super::permissions::{READ_APPLICATIONS, require};
use super::{Answer, Key, odata};
use crate::caller::Caller;
use crate::chance::View;
use crate::http::{Call, Reply};
use crate::limits::{FEDERATED_CREDENTIALS_MAX, FEDERATED_NAME_CHARS_MAX};
use crate::store::{Application, FederatedCredential, Object};
use crate::world::World;

const FILTERS: [&str; 4] = ["id", "name", "issuer", "subject"];
/// Longest issuer, subject, audience or description (the service's own limit).
const TEXT_CHARS_MAX: usize = 600;

/// `/applications/{id}/federatedIdentityCredentials…`.
pub(super) fn answer(
    world: &mut World,
    call: &Call,
    caller: &Caller,
    key: &Key,
    rest: &[String],
) -> Answer {
    let [first, more @ ..] = rest else { return Err(no_such_path(call)) };
    let id = match (first.split_once('('), more) {
        (None, []) => None,
        (None, [id]) => Some(id.clone()),
        (Some((_, key)), []) => Some(named_key(call, key)?),
        _ => return Err(no_such_path(call)),
    };
    match (call.method.as_str(), id) {
        ("GET", id) => {
            require(call, caller, READ_APPLICATIONS)?;
            let app = find(world, call, key)?;
            read(world, call, &app, id.as_deref())
        }
        ("POST", None) => {
            let app = find_to_change(world, call, caller, key)?;
            create(world, call, app)
        }
        ("PATCH", Some(id)) => {
            let app = find_to_change(world, call, caller, key)?;
            update(world, call, app, &id)
        }
        ("DELETE", Some(id)) => {
            let mut app = find_to_change(world, call, caller, key)?;
            let found = lookup(call, &app, &id)?.id;
            app.federated.retain(|it| it.id != found);
            world.store.put(Object::Application(app));
            Ok(Reply::empty(204))
        }
        _ => Err(wrong_method(call)),
    }
}

/// `(name='…')`.
fn named_key(call: &Call, text: &str) -> Result<String, Reply> {
    let name = text.strip_suffix(')').and_then(|text| text.split_once('='));
    let name = name.filter(|(name, _)| name.trim().eq_ignore_ascii_case("name"));
    let value = name.and_then(|(_, it)| it.trim().strip_prefix('\'')?.strip_suffix('\''));
    value.map(|it| it.replace("''", "'")).ok_or_else(|| no_such_path(call))
}

/// By id or by name.
fn lookup<'a>(
    call: &Call,
    app: &'a Application,
    text: &str,
) -> Result<&'a FederatedCredential, Reply> {
    let id = Uuid::parse_str(text).ok();
    let mut all = app.federated.iter();
    all.find(|it| Some(it.id) == id || it.name == text).ok_or_else(|| no_such_object(call, text))
}

fn read(world: &mut World, call: &Call, app: &Application, id: Option<&str>) -> Answer {
    let lag = world.scenario.lag.credential_list;
    let context = format!("applications('{}')/federatedIdentityCredentials", app.id);
    if let Some(id) = id {
        let found = lookup(call, app, id)?;
        if !world.sees(View::Read, found.id, found.created, lag, call.now) {
            return Err(no_such_object(call, id));
        }
        let context = format!("{context}/$entity");
        return Ok(odata::entity(world, call, 200, &context, to_json(found)));
    }
    let filter = odata::Filter::read(call, &FILTERS)?;
    let mut shown = Vec::new();
    for it in &app.federated {
        let item = to_json(it);
        if filter.passes(&item) && world.sees(View::List, it.id, it.created, lag, call.now) {
            shown.push((it.id.to_string(), item));
        }
    }
    shown.sort_by(|(left, _), (right, _)| left.cmp(right));
    odata::list(world, call, &context, shown)
}

/// What a request writes; everything may be left out of a change.
#[derive(Default)]
struct Written {
    name: Option<String>,
    issuer: Option<String>,
    subject: Option<String>,
    audiences: Option<Vec<String>>,
    description: Option<Option<String>>,
}

fn invalid(call: &Call, name: &str, reason: &str) -> Reply {
    let text = format!(
        "{reason} paramName: FederatedIdentityCredential.{name}, objectType: \
         Microsoft.Online.DirectoryServices.Application"
    );
    refuse(call, 400, "InvalidFederatedIdentityCredentialValue", text)
}

fn read_written(call: &Call) -> Result<Written, Reply> {
    let body: Map<String, Value> = call.json_object().map_err(|reason| {
        refuse(call, 400, "BadRequest", format!("Unable to read JSON request payload: {reason}"))
    })?;
    let mut written = Written::default();
    for (name, value) in body {
        let text = |most: usize| {
            let text = value.as_str().filter(|it| !it.is_empty() && it.chars().count() <= most);
            text.map(str::to_owned).ok_or_else(|| {
                invalid(call, &name, &format!("The value must have from 1 to {most} characters."))
            })
        };
        match name.as_str() {
            "name" => written.name = Some(text(FEDERATED_NAME_CHARS_MAX)?),
            "issuer" => written.issuer = Some(text(TEXT_CHARS_MAX)?),
            "subject" => written.subject = Some(text(TEXT_CHARS_MAX)?),
            "description" if value.is_null() => written.description = Some(None),
            "description" => written.description = Some(Some(text(TEXT_CHARS_MAX)?)),
            "audiences" => {
                let one = match value.as_array().map(Vec::as_slice) {
                    Some([Value::String(one)]) if one.chars().count() <= TEXT_CHARS_MAX => one,
                    _ => return Err(invalid(call, "Audiences", "Exactly one audience is needed.")),
                };
                written.audiences = Some(vec![one.clone()]);
            }
            odd if odd.starts_with('@') => {}
            _ => {
                let shown: String = name.chars().take(100).collect();
                return Err(bad_request(call, format!("Invalid property '{shown}'.")));
            }
        }
    }
    if let Some(name) = &written.name {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.chars().count() < 3 || !name.chars().all(fits) {
            let reason = "The name must have at least 3 characters: letters, digits, - and _.";
            return Err(invalid(call, "Name", reason));
        }
    }
    Ok(written)
}

fn create(world: &mut World, call: &Call, mut app: Application) -> Answer {
    let written = read_written(call)?;
    let needed = |name: &str| invalid(call, name, "A value is required.");
    let name = written.name.ok_or_else(|| needed("Name"))?;
    if app.federated.iter().any(|it| it.name == name) {
        let text = format!("FederatedIdentityCredential with name {name} already exists.");
        return Err(refuse(call, 409, "Request_MultipleObjectsWithSameKeyValue", text));
    }
    if app.federated.len() >= FEDERATED_CREDENTIALS_MAX {
        let text = format!(
            "The application has {FEDERATED_CREDENTIALS_MAX} federated identity credentials, the \
             most there may be."
        );
        return Err(refuse(call, 403, "Directory_QuotaExceeded", text));
    }
    let made = FederatedCredential {
        id: world.new_id(),
        name,
        issuer: written.issuer.ok_or_else(|| needed("Issuer"))?,
        subject: written.subject.ok_or_else(|| needed("Subject"))?,
        audiences: written.audiences.ok_or_else(|| needed("Audiences"))?,
        description: written.description.flatten(),
        created: call.now,
    };
    require_unique(call, &app, &made)?;
    let context = format!("applications('{}')/federatedIdentityCredentials/$entity", app.id);
    let shown = to_json(&made);
    app.federated.push(made);
    world.store.put(Object::Application(app));
    Ok(odata::entity(world, call, 201, &context, shown))
}

fn require_unique(call: &Call, app: &Application, it: &FederatedCredential) -> Result<(), Reply> {
    let same = |other: &FederatedCredential| {
        other.id != it.id && other.issuer == it.issuer && other.subject == it.subject
    };
    if !app.federated.iter().any(same) {
        return Ok(());
    }
    let reason = format!(
        "The combination of issuer and subject must be unique for the application. Issuer {} and \
         Subject: {} already exist.",
        it.issuer, it.subject
    );
    Err(invalid(call, "Subject", &reason))
}

fn update(world: &mut World, call: &Call, mut app: Application, id: &str) -> Answer {
    let mut changed = lookup(call, &app, id)?.clone();
    let written = read_written(call)?;
    if written.name.is_some_and(|name| name != changed.name) {
        return Err(invalid(call, "Name", "The name cannot be changed."));
    }
    if let Some(issuer) = written.issuer {
        changed.issuer = issuer;
    }
    if let Some(subject) = written.subject {
        changed.subject = subject;
    }
    if let Some(audiences) = written.audiences {
        changed.audiences = audiences;
    }
    if let Some(description) = written.description {
        changed.description = description;
    }
    require_unique(call, &app, &changed)?;
    // The token service has to learn it anew.
    changed.created = call.now;
    for it in &mut app.federated {
        if it.id == changed.id {
            it.clone_from(&changed);
        }
    }
    world.store.put(Object::Application(app));
    Ok(Reply::empty(204))
}

fn to_json(it: &FederatedCredential) -> Value {
    json!({
        "id": it.id,
        "name": it.name,
        "issuer": it.issuer,
        "subject": it.subject,
        "audiences": it.audiences,
        "description": it.description,
    })
}
