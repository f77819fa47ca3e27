//! `serve --kurrent-listen`: serves the log over the KurrentDB protocol, with the same authentication as
//! HTTP.

use crate::auth::{self, AuthenticationMode};
use crate::certificate;
use crate::comparisons::number_ids;
use crate::server::{self, ClientAddress};
use application::access::{AccessStopSignal, AttemptSource};
use application::installation::Installation;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::permission::{AssigneeScope, Permission};
use domain::problem::{Problem, ProblemKind};
use kurrent_endpoint::{Admission, CallerPermissions, Endpoint, Options, Positions};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tls::Identity;
use tokio::net::TcpListener;

/// The options of `serve` for this endpoint.
#[derive(Debug, Clone, clap::Args)]
pub struct KurrentArgs {
    /// Serve the log over the KurrentDB gRPC protocol (over TLS with --tls-cert). Every call must be
    /// authenticated
    #[arg(long, value_name = "ADDR")]
    kurrent_listen: Option<SocketAddr>,
    /// Let KurrentDB clients append records without our rules; for a log that another process of ours writes
    #[arg(long, requires = "kurrent_listen")]
    kurrent_append: bool,
    /// Show position p as p × 1000 + 17; tests that clients do not rely on positions without gaps
    #[arg(long, requires = "kurrent_listen", hide = true)]
    kurrent_gaps: bool,
}

/// The positions that `--kurrent-gaps` shows.
const WITH_GAPS: Option<Positions> = Positions::sparse(1_000, 17);

/// Authenticates and authorizes KurrentDB clients like the guard of the routes. The key is sent as a bearer
/// token, or as the password of any user name.
struct KurrentAdmission {
    installation: Arc<Installation>,
    door: AuthenticationMode,
    token: String,
}

#[async_trait]
impl Admission for KurrentAdmission {
    async fn admits(&self, authorization: Option<&str>, peer: Option<IpAddr>) -> Option<CallerPermissions> {
        let given = authorization.and_then(key_of)?;
        let peer = peer.map(|peer| ClientAddress(SocketAddr::new(peer, 0)));
        let caller = self
            .door
            .by_key(&self.installation, &self.token, &given, peer)
            .await;
        let caller = match caller {
            Ok(caller) => caller,
            Err(problem) => {
                if problem.kind == ProblemKind::Unauthenticated {
                    let source = AttemptSource::Address(peer.map(|peer| peer.0.ip()));
                    self.note(&source, problem.code);
                }
                return None;
            }
        };
        if caller.realm().is_sandbox() {
            // This endpoint serves the real realm.
            self.note(
                &AttemptSource::Address(peer.map(|peer| peer.0.ip())),
                "sandbox-key",
            );
            return None;
        }
        let reads = caller.scope_for(Permission::EventsRead);
        let appends = caller.scope_for(Permission::EventsAppend);
        if let Err(problem) = &reads
            && let Some(known) = caller.user()
        {
            self.note(&AttemptSource::User(known.user.clone()), problem.code);
        }
        // Events contain customers of all kinds, so a caller who is limited to some customers may not read
        // them.
        let read = reads.ok().filter(|scope| scope.people == AssigneeScope::All);
        Some(CallerPermissions {
            may_read: read.is_some(),
            number_ids: number_ids(&caller),
            may_append: appends.is_ok_and(|scope| scope.is_all()),
            campaigns: read.unwrap_or_default().campaigns,
            until: Some(AccessStopSignal::of(&self.installation, caller)),
        })
    }
}

impl KurrentAdmission {
    fn note(&self, source: &AttemptSource, code: &'static str) {
        let refused = &self.installation.access.refused;
        refused.count(&self.installation, source, "kurrentdb", code);
    }
}

/// Returns the key in an `authorization` header.
fn key_of(authorization: &str) -> Option<String> {
    let (scheme, rest) = authorization.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let login = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    login.split_once(':').map(|(_, password)| password.to_owned())
}

/// The bound listener of the KurrentDB endpoint, with its options. It is bound before anything is opened.
pub struct KurrentListener {
    listener: TcpListener,
    append: bool,
    positions: Positions,
}

impl KurrentArgs {
    /// Binds the address of `--kurrent-listen`; `None` without the option. Fails with `unavailable` if the
    /// address cannot be bound.
    pub async fn listen(&self) -> Result<Option<KurrentListener>, Problem> {
        let Some(wished) = self.kurrent_listen else {
            return Ok(None);
        };
        let refused = |error| Problem::unavailable(format!("cannot listen on {wished}: {error}"));
        Ok(Some(KurrentListener {
            listener: server::bind(wished).await.map_err(refused)?,
            append: self.kurrent_append,
            positions: if self.kurrent_gaps { WITH_GAPS } else { None }.unwrap_or(Positions::SAME),
        }))
    }
}

/// Starts the KurrentDB endpoint and returns its address. Clients use the same token as over HTTP.
pub(crate) fn serve(
    listening: KurrentListener,
    installation: &Arc<Installation>,
    identity: Option<&Arc<Identity>>,
) -> Result<SocketAddr, Problem> {
    let KurrentListener {
        listener,
        append,
        positions,
    } = listening;
    let mut address = listener.local_addr()?;
    certificate::warn_if_unencrypted("--kurrent-listen", address, identity);
    let environment = &installation.environment;
    let token = auth::token(&installation.directory, environment.ids.as_ref())?;
    let admission = KurrentAdmission {
        installation: Arc::clone(installation),
        door: AuthenticationMode::Token {
            token: token.clone(),
            loopback_port: None,
        },
        token,
    };
    let endpoint = Endpoint {
        store: Arc::clone(&environment.store),
        clock: Arc::clone(&environment.clock),
        stop: environment.tasks.stop_signal(),
        options: Options {
            append,
            positions,
            admission: Arc::new(admission),
            acceptor: certificate::of_grpc(identity)?,
        },
    };
    let serving = async move {
        if let Err(error) = endpoint.serve(listener).await {
            tracing::error!(%error, "the KurrentDB endpoint ended");
        }
    };
    environment.tasks.spawn("kurrent-server", Box::pin(serving));
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_as_bearer_and_as_a_password() {
        let basic = |login: &str| format!("Basic {}", STANDARD.encode(login));
        assert_eq!(key_of("Bearer s3cret").as_deref(), Some("s3cret"));
        assert_eq!(key_of(&basic("anyone:s3cret")).as_deref(), Some("s3cret"));
        for wrong in ["Basic s3cret", &basic("s3cret"), "", "s3cret"] {
            assert_eq!(key_of(wrong), None, "{wrong}");
        }
    }
}
