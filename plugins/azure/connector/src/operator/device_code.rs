//! `auth = "device-code"`: a person signs in on another device.
//!
//! The person is told through the call that needs the token. What the sign-in leaves to get further
//! tokens with stays in memory: the next process asks the person again.

use std::sync::Arc;
use std::time::Duration;

use skybridge_azure_client::login::device_code::{
    DeviceCode, device_code_request, redeem_request, refresh_request,
};
use skybridge_azure_client::login::{self, TokenResponse};
use skybridge_azure_client::{AccessToken, ClientError, Request, Secret, TokenSource};
use skybridge_plugin_sdk::async_trait;
use skybridge_plugin_sdk::protocol::audit::Notice;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Reaching;

/// Tells the person at the host.
pub(crate) type Tell = Arc<dyn Fn(&Notice) + Send + Sync>;

tokio::task_local! {
    /// How the call under way reaches the person. A credential outlives calls, a notice is of one.
    static TELL: Tell;
}

/// Runs `call` so that a sign-in it causes is told through `tell`.
pub(crate) async fn telling<F: Future>(tell: Tell, call: F) -> F::Output {
    TELL.scope(tell, call).await
}

/// What is added to the interval when the service asks to slow down.
const SLOWER: Duration = Duration::from_secs(5);
/// The shortest and longest interval that is believed.
const INTERVAL: std::ops::RangeInclusive<u64> = 1..=60;
/// The longest a code is waited for, whatever the service says.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

pub(super) struct DeviceCodeSource {
    reaching: Reaching,
    client_id: String,
    refresh: Mutex<Option<Secret>>,
}

impl DeviceCodeSource {
    pub(super) fn new(reaching: Reaching, client_id: String) -> Self {
        Self { reaching, client_id, refresh: Mutex::new(None) }
    }

    async fn ask(&self, request: &Request) -> Result<TokenResponse, ClientError> {
        let Reaching { endpoints, transport, .. } = &self.reaching;
        login::ask_for_token(endpoints, transport.as_ref(), request).await
    }

    /// Signs a person in.
    async fn sign_in(&self, scope: &str) -> Result<TokenResponse, ClientError> {
        let tenant = &self.reaching.tenant;
        let request = device_code_request(tenant, &self.client_id, scope);
        let transport = self.reaching.transport.as_ref();
        let code: DeviceCode = login::ask(&self.reaching.endpoints, transport, &request).await?;
        tell(&code)?;
        let redeem = redeem_request(tenant, &self.client_id, &code.device_code);
        let lifetime = Duration::from_secs(code.expires_in).min(PATIENCE);
        let until = Instant::now() + lifetime;
        let mut interval =
            Duration::from_secs(code.interval.clamp(*INTERVAL.start(), *INTERVAL.end()));
        loop {
            tokio::time::sleep(interval).await;
            let error = match self.ask(&redeem).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let late = Instant::now() >= until;
            match error.service().map(|error| error.code.as_str()) {
                Some("authorization_pending") if !late => {}
                Some("slow_down") if !late => interval += SLOWER,
                Some("authorization_pending" | "slow_down" | "expired_token" | "code_expired") => {
                    return Err(refuse("nobody signed in before the code expired"));
                }
                Some("authorization_declined" | "access_denied") => {
                    return Err(refuse("the person declined to sign in"));
                }
                // A person is at it: a busy service or a broken connection is no reason to stop.
                _ if !late && is_passing(&error) => {}
                _ => return Err(error),
            }
        }
    }
}

fn refuse(message: &str) -> ClientError {
    ClientError::NotSignedIn { message: message.into() }
}

fn is_passing(error: &ClientError) -> bool {
    match error {
        ClientError::Transport { .. } => true,
        other => other.service().is_some_and(|error| matches!(error.status, 408 | 429 | 500..)),
    }
}

fn tell(code: &DeviceCode) -> Result<(), ClientError> {
    let notice = Notice {
        text: "open the address on any device, enter the code and sign in as the operator".into(),
        url: Some(code.verification_uri.clone()),
        code: Some(code.user_code.clone()),
    };
    TELL.try_with(|tell| tell(&notice))
        .map_err(|_| refuse("a person has to sign in, and there is nobody to tell"))
}

#[async_trait]
impl TokenSource for DeviceCodeSource {
    async fn token(&self, scope: &str) -> Result<AccessToken, ClientError> {
        // Held while a person signs in: another scope then needs no second sign-in.
        let mut refresh = self.refresh.lock().await;
        let wanted = format!("{scope} offline_access");
        let kept = match refresh.as_ref() {
            Some(kept) => {
                let tenant = &self.reaching.tenant;
                let request = refresh_request(tenant, &self.client_id, kept, &wanted);
                match self.ask(&request).await {
                    Ok(answer) => Some(answer),
                    // Revoked or expired, or this service takes a consent the first did not: the
                    // person is needed again.
                    Err(error) if error.service().is_some_and(|e| e.is("invalid_grant")) => None,
                    Err(error) => return Err(error),
                }
            }
            None => None,
        };
        let answer = match kept {
            Some(answer) => answer,
            None => self.sign_in(&wanted).await?,
        };
        if let Some(next) = &answer.refresh_token {
            *refresh = Some(next.clone());
        }
        Ok(answer.into_token(self.reaching.transport.now()))
    }
}
