//! From a step of the plan to what its plugin is asked to act on.

use serde_json::Value;
use skybridge_plugin_protocol::Map;
use skybridge_plugin_protocol::onboard::StepCall;

use crate::resolve::{Unresolved, resolve};
use crate::step::PlannedStep;

impl PlannedStep<'_> {
    /// What the plugin is asked to act on: nothing left to fill in. `outputs` gives what a step, by
    /// its position, has put out. A step that always runs may need one that has put nothing out:
    /// inputs that are not known are left out, and placeholders null. What it has to do without is
    /// for the run to say.
    ///
    /// # Errors
    /// [`Unresolved`] names the first output that is not known.
    pub fn call<'v>(
        &self,
        outputs: impl Fn(u32, &str) -> Option<&'v Value>,
    ) -> Result<StepCall, Unresolved> {
        let output = |local: &str, name: &str| outputs(self.source(local)?, name);
        let output_or_null = |local: &str, name: &str| match output(local, name) {
            None if self.always() => Some(&Value::Null),
            known => known,
        };
        let desired = resolve(&self.desired(), output_or_null)?;
        let mut inputs = Map::new();
        for name in self.inputs() {
            let value = name.rsplit_once('.').and_then(|(local, name)| output(local, name));
            match value {
                Some(value) => inputs.insert(name.clone(), value.clone()),
                None if self.always() => continue,
                None => return Err(Unresolved { placeholder: name.clone() }),
            };
        }
        Ok(StepCall {
            address: self.address().to_string(),
            kind: self.kind().to_owned(),
            name: self.name().map(str::to_owned),
            scope: self.scope().map(str::to_owned),
            desired,
            inputs,
            without: Vec::new(),
        })
    }
}
