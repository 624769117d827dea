//! Between the binary interface and the traits: decodes, spawns, guards, encodes.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use skybridge_plugin_api::reexport::abi_stable::{
    sabi_trait::TD_Opaque,
    std_types::{RResult, RSlice, RString, RVec},
};
use skybridge_plugin_api::reexport::async_ffi::{FfiFuture, FutureExt};
use skybridge_plugin_api::{
    AbiResult, BatchStream_TO, BatchStreamBox, HostServicesBox, Plugin, Plugin_TO, PluginBox,
    method,
};
use skybridge_plugin_protocol::{open::OpenRequest, rate_limit::Told, simulate::SimulateRequest};
use tokio::sync::Mutex;

use crate::connector::{Connector, Onboard, Simulation};
use crate::error::{Error, Result};
use crate::host::{Ctx, Host};
use crate::runtime::{Task, guard, handle};
use crate::stream::Stream;
use crate::{forward, kind};

/// The root module's `manifest`.
pub fn manifest<C: Connector>() -> RString {
    let text = guard(|| {
        serde_json::to_string(&C::manifest())
            .map_err(|error| Error::contract("the manifest", &error))
    });
    // The host refuses an empty manifest with a sentence of its own.
    text.unwrap_or_default().into()
}

/// The root module's `open`.
pub fn open<C: Connector>(
    services: HostServicesBox,
    request: RSlice<'_, u8>,
) -> AbiResult<PluginBox> {
    let opened = guard(|| {
        forward::install(services.clone());
        let request: OpenRequest = decode("the request to open", request.as_slice())?;
        let host = Host::new(services);
        let runtime = handle()?;
        let _entered = runtime.enter();
        let connector = match request.settings {
            Some(_) => Some(C::open(request, host.clone())?),
            None => None,
        };
        let core = Arc::new(Core { connector, host, simulation: Mutex::new(None) });
        Ok(Plugin_TO::from_value(Glue(core), TD_Opaque))
    });
    opened.map_err(Into::into).into()
}

struct Core<C> {
    /// Absent in an instance that only simulates.
    connector: Option<C>,
    host: Host,
    simulation: Mutex<Option<Box<dyn Simulation>>>,
}

struct Glue<C>(Arc<Core<C>>);

impl<C: Connector> Plugin for Glue<C> {
    fn call(&self, call: u64, method: u16, request: RVec<u8>) -> FfiFuture<AbiResult<RVec<u8>>> {
        let core = Arc::clone(&self.0);
        let ctx = Ctx::new(core.host.clone(), call);
        let work =
            forward::in_call(call, async move { core.dispatch(method, &request, &ctx).await });
        let task = guard(|| Task::spawn(work));
        async move {
            let answer = match task {
                Ok(task) => task.await,
                Err(error) => Err(error),
            };
            answer.map(RVec::from).map_err(Into::into).into()
        }
        .into_ffi()
    }

    fn stream(&self, call: u64, method: u16, request: RVec<u8>) -> AbiResult<BatchStreamBox> {
        let core = Arc::clone(&self.0);
        let started = guard(|| {
            if method != method::COLLECT {
                return Err(Error::unsupported(&format!("know stream {method}")));
            }
            let request = decode("the request to collect", &request)?;
            let ctx = Ctx::new(core.host.clone(), call);
            let work = |out| {
                forward::in_call(call, async move {
                    let connector = core.connector()?;
                    let collect =
                        connector.collect().ok_or_else(|| Error::unsupported("collect"))?;
                    collect.collect(request, out, &ctx).await
                })
            };
            Ok(BatchStream_TO::from_value(Stream::start(work)?, TD_Opaque))
        });
        match started {
            Ok(stream) => RResult::ROk(stream),
            Err(error) => RResult::RErr(error.into()),
        }
    }

    fn log_level_changed(&self) {
        // A panic here would have nowhere to go; the levels then stay as they were.
        drop(guard(|| {
            tracing::callsite::rebuild_interest_cache();
            Ok(())
        }));
    }
}

impl<C: Connector> Core<C> {
    fn connector(&self) -> Result<&C> {
        self.connector.as_ref().ok_or_else(|| {
            Error::new(kind::PRECONDITION, "the instance was opened without settings")
        })
    }

    fn onboard(&self) -> Result<&dyn Onboard> {
        self.connector()?.onboard().ok_or_else(|| Error::unsupported("onboard"))
    }

    async fn dispatch(&self, method: u16, request: &[u8], ctx: &Ctx) -> Result<Vec<u8>> {
        match method {
            method::DESCRIBE => encode(&self.onboard()?.describe(&read(request)?)?),
            method::OBSERVE => told(ctx, self.onboard()?.observe(read(request)?, ctx).await),
            method::APPLY => told(ctx, self.onboard()?.apply(read(request)?, ctx).await),
            method::READY => told(ctx, self.onboard()?.ready(read(request)?, ctx).await),
            method::SURVEY => encode(&self.onboard()?.survey(read(request)?, ctx).await?),
            method::PREFLIGHT => encode(&self.onboard()?.preflight(read(request)?, ctx).await?),
            method::REMAINS => told(ctx, self.onboard()?.remains(read(request)?, ctx).await),
            method::UNDO => told(ctx, self.onboard()?.undo(read(request)?, ctx).await),
            method::VERIFY => {
                let verify =
                    self.connector()?.verify().ok_or_else(|| Error::unsupported("verify"))?;
                encode(&verify.verify(read(request)?, ctx).await?)
            }
            method::DELIVER => {
                let platform = self
                    .connector()?
                    .platform()
                    .ok_or_else(|| Error::unsupported("take connections over"))?;
                encode(&platform.deliver(read(request)?, ctx).await?)
            }
            method::SIMULATE => self.simulate(read(request)?, ctx).await,
            method::SIMULATE_STOP => {
                if let Some(simulation) = self.simulation.lock().await.take() {
                    simulation.stop().await;
                }
                encode(&())
            }
            other => Err(Error::unsupported(&format!("know method {other}"))),
        }
    }

    async fn simulate(&self, request: SimulateRequest, ctx: &Ctx) -> Result<Vec<u8>> {
        let simulator = C::simulator().ok_or_else(|| Error::unsupported("simulate its cloud"))?;
        let mut slot = self.simulation.lock().await;
        if slot.is_some() {
            let message = "this instance simulates a cloud already";
            return Err(Error::new(kind::PRECONDITION, message));
        }
        let simulation = simulator.start(request, ctx).await?;
        let reply = encode(&simulation.reply())?;
        *slot = Some(simulation);
        Ok(reply)
    }
}

fn read<T: DeserializeOwned>(request: &[u8]) -> Result<T> {
    decode("the request", request)
}

fn decode<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::contract(what, &error))
}

/// The answer, or the error, with what the call was told about further calls.
fn told<T: Told + Serialize>(ctx: &Ctx, answer: Result<T>) -> Result<Vec<u8>> {
    let limits = ctx.take_rate_limits();
    match answer {
        Ok(mut answer) => {
            answer.rate_limits().extend(limits);
            encode(&answer)
        }
        Err(mut error) => {
            error.detail.rate_limits.extend(limits);
            Err(error)
        }
    }
}

fn encode<T: Serialize>(answer: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(answer).map_err(|error| Error::contract("the answer", &error))
}
