//! There is no simulated AWS here. Others have made one, and this says how to use it.

use skybridge_plugin_sdk::protocol::simulate::SimulateRequest;
use skybridge_plugin_sdk::{Ctx, Error, Result, Simulate, Simulation, async_trait, kind};

/// What a person is told who wants to rehearse.
pub(crate) fn refusal() -> Error {
    Error::new(kind::UNSUPPORTED, "this plugin has no simulated AWS of its own")
        .code("AWS-SIMULATE-001")
        .help(
            "rehearse on moto: run `moto_server -p 5000` (pip install 'moto[server]') with \
             MOTO_IAM_LOAD_MANAGED_POLICIES=true, set `cloud = { endpoint = \
             \"http://127.0.0.1:5000\" }`, and leave --simulate and --simulator away",
        )
}

/// Answers everybody with [`refusal`].
pub(crate) struct NoSimulation;

#[async_trait]
impl Simulate for NoSimulation {
    async fn start(&self, _: SimulateRequest, _: &Ctx) -> Result<Box<dyn Simulation>> {
        Err(refusal())
    }
}
