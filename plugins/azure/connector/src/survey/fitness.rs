//! Whether the operator can onboard a subscription, asked before it is planned. Of several, one that
//! cannot be is left out; of the only one the preflight says all that is wrong.

use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::onboard::{LeftOut, purpose};

use super::named;
use crate::errors::{Lag, classify};
use crate::preflight::{At, Known, Met, Operator, Problem, rights_at};
use crate::session::Session;

/// Asks on behalf of an operator.
pub(super) struct Judge {
    /// Nobody, when it is not for the survey to say.
    operator: Option<Operator>,
    known: Known,
}

impl Judge {
    pub(super) async fn new(session: &Session<'_>, why: &str) -> Result<Self> {
        let asks = why != purpose::ROTATE && session.settings.scope.may_mean_several();
        let operator = if asks {
            let claims = session.operator().await;
            let claims = claims.map_err(|error| classify(error, Lag::Impossible))?;
            Some(Operator::of(&claims))
        } else {
            None
        };
        Ok(Self { operator, known: Known::default() })
    }

    /// Why the subscription `id` cannot be onboarded, if it cannot.
    pub(super) async fn against(
        &self,
        session: &Session<'_>,
        id: &str,
        name: Option<&str>,
    ) -> Result<Option<LeftOut>> {
        let Some(operator) = &self.operator else { return Ok(None) };
        let at = At::subscription(session, id);
        let met = rights_at(session, operator, &at, &self.known).await?;
        // Unknown is not impossible: the preflight says what it could not look at.
        let errors = met.into_iter().filter_map(Met::stops).collect();
        Ok(left_out(errors).map(|left| LeftOut {
            scope: id.to_owned(),
            name: name.map(str::to_owned),
            ..left
        }))
    }
}

/// All that speaks against it, under the code of the first.
fn left_out(problems: Vec<Problem>) -> Option<LeftOut> {
    let first = problems.first()?;
    let code = match first.code {
        "AZ-PREFLIGHT-003" => "AZ-SCOPE-014",
        "AZ-PREFLIGHT-005" => "AZ-SCOPE-015",
        _ => "AZ-SCOPE-005",
    };
    let help = first.help.clone();
    let reasons: Vec<String> = problems.into_iter().map(|problem| problem.summary).collect();
    Some(LeftOut {
        reason: named(&reasons),
        code: Some(code.to_owned()),
        help: Some(help),
        ..LeftOut::default()
    })
}
