//! A simulated Acme: a stub to rehearse on, to test against, and to let things go wrong in.
//!
//! It shares no types with the plugin: what it judges would otherwise be itself.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use skybridge_plugin_sdk::protocol::simulate::{SimulateReply, SimulateRequest};
use skybridge_plugin_sdk::{Ctx, Error, Result, Simulate, Simulation, async_trait, kind};

/// What the operator of the simulated account signs in with.
const TOKEN: &str = "rehearsal-operator-token";

/// What the simulated account is like; every key may be left out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Scenario {
    /// Readers of somebody else's that are there already.
    readers: usize,
    machines: usize,
    page_size: usize,
    /// So many writes are answered "too many" first, with `Retry-After`.
    busy: u32,
    /// How long the first write takes.
    slow_ms: u64,
    /// The operator may change nothing.
    read_only: bool,
}

impl Default for Scenario {
    fn default() -> Self {
        Self { readers: 1, machines: 5, page_size: 2, busy: 0, slow_ms: 0, read_only: false }
    }
}

/// What outlives a rehearsal.
#[derive(Debug, Default, Serialize, Deserialize)]
struct World {
    readers: Vec<Reader>,
    made: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reader {
    #[serde(default)]
    id: String,
    name: String,
    owner: String,
}

struct Cloud {
    scenario: Scenario,
    file: Option<PathBuf>,
    world: Mutex<World>,
    /// Writes since it started.
    writes: Mutex<u32>,
}

type Shared = State<Arc<Cloud>>;

impl Cloud {
    fn start(request: &SimulateRequest) -> Result<Self> {
        let wrong = |message: String| Error::new(kind::INVALID_CONFIG, message);
        let scenario: Scenario = toml::from_str(request.scenario.as_deref().unwrap_or_default())
            .map_err(|error| wrong(format!("the scenario: {error}")))?;
        let file = request.state_dir.as_ref().map(|folder| PathBuf::from(folder).join("acme.json"));
        let kept = file.as_ref().and_then(|file| fs_err::read(file).ok());
        let world = match kept {
            Some(text) => serde_json::from_slice(&text)
                .map_err(|error| wrong(format!("the simulated account's state: {error}")))?,
            None => World::of(&scenario),
        };
        Ok(Self { scenario, file, world: Mutex::new(world), writes: Mutex::new(0) })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On disk before the answer goes out.
    fn keep(&self, world: &World) {
        let text = serde_json::to_vec(world).unwrap_or_default();
        if let Some(Err(error)) = self.file.as_ref().map(|file| fs_err::write(file, text)) {
            tracing::warn!(%error, "the simulated account forgets this when it ends");
        }
    }

    /// Items of one page and where the next begins. After the first page comes an empty one: lists
    /// of real clouds have them.
    fn page<T: Serialize>(&self, items: &[T], after: &str) -> Response {
        let size = self.scenario.page_size.max(1);
        let (skipped, empty) = match after.strip_prefix("gap-") {
            Some(position) => (position.parse().unwrap_or(0), true),
            None => (after.parse().unwrap_or(0), false),
        };
        let rest = items.get(skipped..).unwrap_or_default();
        let shown = if empty { &[] } else { rest.get(..size.min(rest.len())).unwrap_or_default() };
        let position = skipped + shown.len();
        let next = match position < items.len() {
            true if after.is_empty() => Some(format!("gap-{position}")),
            true => Some(position.to_string()),
            false => None,
        };
        Json(json!({ "items": shown, "next": next })).into_response()
    }
}

impl World {
    fn of(scenario: &Scenario) -> Self {
        let mut world = Self::default();
        for number in 1..=scenario.readers {
            world.add(&format!("reader-{number}"), "somebody");
        }
        world
    }

    fn add(&mut self, name: &str, owner: &str) -> Reader {
        self.made += 1;
        let id = format!("r-{}", self.made);
        let reader = Reader { id, name: name.to_owned(), owner: owner.to_owned() };
        self.readers.push(reader.clone());
        reader
    }
}

fn refuse(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

/// What Acme asks of every call, and what the scenario lets go wrong.
async fn guard(State(cloud): Shared, request: Request, next: Next) -> Response {
    let token = request.headers().get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    if token != Some(&format!("Bearer {TOKEN}")) {
        return refuse(StatusCode::UNAUTHORIZED, "no such token");
    }
    if request.method() == Method::GET {
        return next.run(request).await;
    }
    if cloud.scenario.read_only {
        return refuse(StatusCode::FORBIDDEN, "the role `admin` is needed for that");
    }
    let before = {
        let mut writes = cloud.writes.lock().unwrap_or_else(PoisonError::into_inner);
        *writes += 1;
        *writes - 1
    };
    if before < cloud.scenario.busy {
        let body = Json(json!({ "error": "too many calls" }));
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], body).into_response();
    }
    if before == 0 && cloud.scenario.slow_ms > 0 {
        tokio::time::sleep(Duration::from_millis(cloud.scenario.slow_ms)).await;
    }
    next.run(request).await
}

#[derive(Deserialize)]
struct From {
    #[serde(default)]
    after: String,
}

async fn list_readers(State(cloud): Shared, Query(from): Query<From>) -> Response {
    let world = cloud.world();
    cloud.page(&world.readers, &from.after)
}

async fn add_reader(State(cloud): Shared, Json(asked): Json<Reader>) -> Response {
    let mut world = cloud.world();
    if world.readers.iter().any(|reader| reader.name == asked.name) {
        return refuse(StatusCode::CONFLICT, "the name is taken");
    }
    let made = world.add(&asked.name, &asked.owner);
    cloud.keep(&world);
    (StatusCode::CREATED, Json(made)).into_response()
}

async fn remove_reader(State(cloud): Shared, Path(id): Path<String>) -> Response {
    let mut world = cloud.world();
    let before = world.readers.len();
    world.readers.retain(|reader| reader.id != id);
    if world.readers.len() == before {
        return refuse(StatusCode::NOT_FOUND, "no such reader");
    }
    cloud.keep(&world);
    StatusCode::NO_CONTENT.into_response()
}

async fn list_machines(
    State(cloud): Shared,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Response {
    let asks = headers.get("x-reader").and_then(|it| it.to_str().ok()).unwrap_or_default();
    if !cloud.world().readers.iter().any(|reader| reader.id == asks) {
        return refuse(StatusCode::FORBIDDEN, "no such reader");
    }
    let machine = |number: usize| json!({ "id": format!("m-{number}"), "name": format!("machine {number}"), "region": "north" });
    let machines: Vec<_> = (1..=cloud.scenario.machines).map(machine).collect();
    cloud.page(&machines, &from.after)
}

/// Starts simulated accounts.
pub(crate) struct Simulator;

#[async_trait]
impl Simulate for Simulator {
    async fn start(&self, request: SimulateRequest, _: &Ctx) -> Result<Box<dyn Simulation>> {
        let cloud = Arc::new(Cloud::start(&request)?);
        let wrong = |error: std::io::Error| {
            Error::new(kind::INVALID_CONFIG, format!("listening on {}: {error}", request.listen))
        };
        let listener = tokio::net::TcpListener::bind(&request.listen).await.map_err(wrong)?;
        let url = format!("http://{}", listener.local_addr().map_err(wrong)?);
        let service = Router::new()
            .route("/v1/readers", get(list_readers).post(add_reader))
            .route("/v1/readers/{id}", delete(remove_reader))
            .route("/v1/machines", get(list_machines))
            .layer(from_fn_with_state(Arc::clone(&cloud), guard))
            .with_state(cloud);
        let server = tokio::spawn(async move { axum::serve(listener, service).await });
        let reply = SimulateReply {
            url: url.clone(),
            endpoints: [("api".to_owned(), url)].into_iter().collect(),
            ca_pem: String::new(),
            ca_file: None,
            operator: [("token".to_owned(), json!(TOKEN))].into_iter().collect(),
            more: Default::default(),
        };
        Ok(Box::new(Running { reply, server }))
    }
}

struct Running {
    reply: SimulateReply,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

#[async_trait]
impl Simulation for Running {
    fn reply(&self) -> SimulateReply {
        self.reply.clone()
    }

    async fn stop(self: Box<Self>) {
        self.server.abort();
    }
}

/// Nobody asks for what an instance simulated once the instance is gone.
impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}
