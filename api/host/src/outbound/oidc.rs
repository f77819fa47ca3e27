//! An identity provider over HTTP (OpenID Connect Core 1.0): read from its discovery document, asked to
//! exchange a code for a token.
//!
//! The protocol is implemented by the crate `openidconnect`; the connection, its limits and the clock are
//! ours. A token is accepted only if it is signed by a public key of the provider's published set: never an
//! unsigned one, never one signed with a shared secret. For an unknown key the set is read once more.

use application::access::{IdentityProvider, ProviderFault, ProviderSays, Round};
use async_trait::async_trait;
use chrono::DateTime;
use domain::ports::clock::Clock;
use domain::problem::Problem;
use domain::time::Timestamp;
use http_client::{
    AllowedAddresses, BodyError, ClientOptions, ExchangeError, ExchangeLimits, HttpClient, full_body,
};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreJwsSigningAlgorithm};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    IssuerUrl, LogoutRequest, Nonce, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadataWithLogout,
    RedirectUrl, RequestTokenError, TokenResponse,
};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use tls::Trust;

/// The longest wait for one response of the identity provider, in milliseconds: a user is waiting for a
/// page.
const ANSWER_MS: u64 = 10_000;
/// The largest response of the identity provider, in bytes. A key set has some kilobytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How long discovery document and keys are used before they are read again, in milliseconds: providers
/// publish a key before they use it.
const KNOWN_MS: u64 = 60 * 60_000;
/// How soon discovery document and keys may be read again for a token with an unknown key, in milliseconds.
const AGAIN_MS: u64 = 10_000;

/// The accepted signature algorithms: only those with a private key that the provider alone has.
const SIGNED_BY: [CoreJwsSigningAlgorithm; 8] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The values of `amr` that mean more than a password (RFC 8176, 2).
const MORE_THAN_ONE: [&str; 7] = ["mfa", "otp", "hwk", "swk", "sms", "fpt", "face"];

/// The provider's issuer URL and our client id and secret at it.
#[derive(Clone)]
pub struct OidcSettings {
    pub issuer: IssuerUrl,
    pub client: String,
    pub secret: String,
    /// The URL of this server to which the provider redirects browsers. Without it, the address on which the
    /// server listens.
    pub redirect: Option<String>,
}

impl std::fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OidcSettings")
            .field("issuer", &self.issuer)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// A client of one identity provider, with its cached metadata.
pub struct OidcProvider {
    settings: OidcSettings,
    line: Arc<Connection>,
    known: Mutex<Option<CachedMetadata>>,
}

/// The HTTP client and the clock for requests to the provider.
struct Connection {
    http: HttpClient,
    clock: Arc<dyn Clock>,
}

/// The provider's metadata and when it was read.
#[derive(Clone)]
struct CachedMetadata {
    metadata: ProviderMetadataWithLogout,
    at: Timestamp,
}

/// A response that has not arrived yet.
type PendingResponse = Pin<Box<dyn Future<Output = Result<HttpResponse, ProviderRequestError>> + Send>>;

/// Why a request got no response.
#[derive(Debug, thiserror::Error)]
enum ProviderRequestError {
    #[error("{0}")]
    Connection(String),
    #[error("no response in time")]
    Late,
    #[error("the response has more than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    #[error("the response was cut off: {0}")]
    Cut(String),
}

impl OidcProvider {
    /// Makes a client that accepts certificates of the system's authorities.
    pub fn new(settings: OidcSettings, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let trust = Trust::of_system()?;
        let http = HttpClient::new(ClientOptions {
            unread_ms_max: Some(ANSWER_MS),
            ..ClientOptions::new(trust, AllowedAddresses::Anywhere)
        })?;
        Ok(Self {
            settings,
            line: Arc::new(Connection { http, clock }),
            known: Mutex::new(None),
        })
    }

    /// Returns the function with which the protocol's crate sends requests.
    fn sender(&self) -> impl Fn(HttpRequest) -> PendingResponse + use<> {
        let line = Arc::clone(&self.line);
        move |request| {
            let line = Arc::clone(&line);
            Box::pin(async move { line.send(request).await })
        }
    }

    fn now(&self) -> Timestamp {
        self.line.clock.now()
    }

    /// Returns the provider's metadata, read at most `age_ms_max` ago.
    async fn metadata(&self, age_ms_max: u64) -> Result<ProviderMetadataWithLogout, ProviderFault> {
        let now = self.now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| now.ms_since(known.at) < age_ms_max) {
            return Ok(known.metadata);
        }
        let issuer = self.settings.issuer.clone();
        let metadata = ProviderMetadataWithLogout::discover_async(issuer, &self.sender()).await;
        let metadata = metadata.map_err(|error| ProviderFault::Away(all_of(&error)))?;
        let known = CachedMetadata {
            metadata: metadata.clone(),
            at: now,
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(metadata)
    }

    /// Verifies a token. Returns the user that it names, and whether more than a password was used.
    fn believed(
        &self,
        token: &CoreIdToken,
        metadata: ProviderMetadataWithLogout,
        round: &Round,
    ) -> Result<ProviderSays, ClaimsVerificationError> {
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.settings.client.clone()),
            Some(ClientSecret::new(self.settings.secret.clone())),
        );
        let now = self.now().micros();
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(SIGNED_BY)
            // A clock beyond chrono's range rejects every token: all have expired by then.
            .set_time_fn(move || {
                DateTime::from_timestamp_micros(now).unwrap_or(DateTime::<chrono::Utc>::MAX_UTC)
            });
        let claims = token.claims(&verifier, &Nonce::new(round.nonce.clone()))?;
        let methods = claims.auth_method_refs().map_or(&[][..], Vec::as_slice);
        Ok(ProviderSays {
            subject: claims.subject().to_string(),
            asked_twice: methods
                .iter()
                .any(|method| MORE_THAN_ONE.contains(&method.as_str())),
        })
    }
}

impl Connection {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ProviderRequestError> {
        let limits = ExchangeLimits {
            ms_max: ANSWER_MS,
            bytes_max: ANSWER_BYTES_MAX,
        };
        let request = request.map(full_body);
        let answered = self.http.exchange(self.clock.as_ref(), limits, request).await;
        let (head, body) = answered
            .map_err(|error| match error {
                ExchangeError::Late(_) => ProviderRequestError::Late,
                ExchangeError::Send(error) => ProviderRequestError::Connection(error.cause_text()),
            })?
            .into_parts();
        let body = body.map_err(|error| match error {
            BodyError::TooLong => ProviderRequestError::TooLong,
            BodyError::Cut(why) => ProviderRequestError::Cut(why),
        })?;
        Ok(HttpResponse::from_parts(head, body.to_vec()))
    }
}

#[async_trait]
impl IdentityProvider for OidcProvider {
    fn issuer(&self) -> &str {
        self.settings.issuer.as_str()
    }

    async fn address(&self, round: &Round) -> Result<String, ProviderFault> {
        let metadata = self.metadata(KNOWN_MS).await?;
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.settings.client.clone()),
            Some(ClientSecret::new(self.settings.secret.clone())),
        )
        .set_redirect_uri(redirect(round)?);
        let challenge = PkceCodeVerifier::new(round.verifier.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&challenge);
        let (state, nonce) = (round.state.clone(), round.nonce.clone());
        let (address, ..) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(challenge)
            .url();
        Ok(address.to_string())
    }

    async fn says(&self, code: String, round: &Round) -> Result<ProviderSays, ProviderFault> {
        let metadata = self.metadata(KNOWN_MS).await?;
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(self.settings.client.clone()),
            Some(ClientSecret::new(self.settings.secret.clone())),
        )
        .set_redirect_uri(redirect(round)?);
        let asked = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| ProviderFault::Unbelieved(all_of(&error)))?
            .set_pkce_verifier(PkceCodeVerifier::new(round.verifier.clone()));
        let answer = asked
            .request_async(&self.sender())
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(_) => ProviderFault::Away(all_of(&error)),
                RequestTokenError::ServerResponse(_)
                | RequestTokenError::Parse(..)
                | RequestTokenError::Other(_) => ProviderFault::Unbelieved(all_of(&error)),
            })?;
        let no_token = || ProviderFault::Unbelieved("the response contains no identity token".to_owned());
        let token = answer.id_token().ok_or_else(no_token)?;
        let believed = match self.believed(token, metadata, round) {
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                // The provider may sign with a new key since its keys were read.
                let metadata = self.metadata(AGAIN_MS).await?;
                self.believed(token, metadata, round)
            }
            settled => settled,
        };
        believed.map_err(|error| ProviderFault::Unbelieved(all_of(&error)))
    }

    async fn sign_out_address(&self) -> Result<Option<String>, ProviderFault> {
        let metadata = self.metadata(KNOWN_MS).await?;
        let published = metadata.additional_metadata().end_session_endpoint.clone();
        // A page of ours sends a browser there: only with the scheme of the provider's own URL.
        let is_met_so = |scheme: &str| scheme == self.settings.issuer.url().scheme();
        let published = published.filter(|address| is_met_so(address.url().scheme()));
        // OpenID Connect RP-Initiated Logout 1.0, section 2: no token is stored here as a hint, and a return
        // URL would have to be registered there.
        Ok(published.map(|address| {
            let client = ClientId::new(self.settings.client.clone());
            let asked = LogoutRequest::from(address).set_client_id(client);
            asked.http_get_url().to_string()
        }))
    }
}

fn redirect(round: &Round) -> Result<RedirectUrl, ProviderFault> {
    let redirect = RedirectUrl::new(round.redirect.clone());
    redirect.map_err(|error| ProviderFault::Away(format!("our own address: {error}")))
}

/// Returns the text of an error with all its causes, for the log.
fn all_of(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut inner = error.source();
    while let Some(cause) = inner {
        said.push_str(": ");
        said.push_str(&cause.to_string());
        inner = cause.source();
    }
    said
}
