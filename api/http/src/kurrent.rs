//! `serve --kurrent-listen`: the log over the KurrentDB protocol, beside HTTP and behind the same token.

use crate::auth::{self, Door};
use crate::server;
use application::installation::Installation;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::problem::Problem;
use host::outbound::own_server::ServerFile;
use kurrent_endpoint::{Admission, Endpoint, Options, Positions};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The options of `serve` for this endpoint.
#[derive(Debug, Clone, clap::Args)]
pub struct KurrentArgs {
    /// Serve the log over the KurrentDB gRPC protocol (without TLS); every call needs the token
    #[arg(long, value_name = "ADDR")]
    kurrent_listen: Option<SocketAddr>,
    /// Let KurrentDB clients append records, past the rules; for a log that another process of ours writes
    #[arg(long, requires = "kurrent_listen")]
    kurrent_append: bool,
    /// Show position p as p × 1000 + 17: for tests of clients, which must not count on positions without gaps
    #[arg(long, requires = "kurrent_listen", hide = true)]
    kurrent_gaps: bool,
}

/// Positions as tests of clients see them.
const WITH_GAPS: Option<Positions> = Positions::sparse(1_000, 17);

/// Asks for the directory's token: as bearer, or as the password of any user.
struct TokenHolder(Door);

impl Admission for TokenHolder {
    fn admits(&self, authorization: Option<&str>) -> bool {
        let basic = authorization
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, login)| STANDARD.decode(login.trim()).ok())
            .and_then(|login| String::from_utf8(login).ok());
        match basic.as_deref().and_then(|login| login.split_once(':')) {
            Some((_, password)) => self.0.admit(Some(&format!("Bearer {password}"))).is_ok(),
            None => self.0.admit(authorization).is_ok(),
        }
    }
}

/// Listens, if asked to, and says where; the token is that of HTTP.
pub async fn serve(
    args: &KurrentArgs,
    installation: &Arc<Installation>,
) -> Result<Option<SocketAddr>, Problem> {
    let Some(wished) = args.kurrent_listen else {
        return Ok(None);
    };
    let refused = |error| Problem::unavailable(format!("cannot listen on {wished}: {error}"));
    let listener = server::bind(wished).await.map_err(refused)?;
    let mut address = listener.local_addr()?;
    let environment = &installation.environment;
    let admission = TokenHolder(Door::Token {
        token: auth::token(&installation.directory, environment.ids.as_ref())?,
        loopback_port: None,
    });
    let endpoint = Endpoint {
        store: Arc::clone(&environment.store),
        clock: Arc::clone(&environment.clock),
        stop: environment.tasks.stop_signal(),
        options: Options {
            append: args.kurrent_append,
            positions: if args.kurrent_gaps { WITH_GAPS } else { None }.unwrap_or(Positions::SAME),
            admission: Arc::new(admission),
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
    ServerFile::add_kurrent(&installation.directory, address)?;
    Ok(Some(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_taken_as_bearer_and_as_a_password() {
        let holder = TokenHolder(Door::Token {
            token: "s3cret".to_owned(),
            loopback_port: None,
        });
        let basic = |login: &str| format!("Basic {}", STANDARD.encode(login));
        assert!(holder.admits(Some("Bearer s3cret")));
        assert!(holder.admits(Some(&basic("anyone:s3cret"))));
        for wrong in [
            "Bearer other",
            "Basic s3cret",
            &basic("s3cret"),
            &basic("anyone:other"),
            "",
        ] {
            assert!(!holder.admits(Some(wrong)), "{wrong}");
        }
        assert!(!holder.admits(None));
    }
}
