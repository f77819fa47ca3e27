//! `ledgerline audit witness`: remembers the size of other operators' logs and cosigns checkpoints that
//! extend them.

use crate::commands::audit::read_key;
use crate::kit::failure::Failure;
use crate::kit::output;
use actors::Supervisor;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use host::clock::{SystemClock, SystemIds};
use host::descriptors;
use host::signals::Signals;
use http::connection_limits::{RouteList, SlotLimits};
use http::proxies::Proxies;
use http::router::Router;
use http::server::{self, ListenerSettings};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use store::proof::{KeyKind, SigningKey, WITNESS_BODY_BYTES_MAX, Witness, WitnessRefusal};
use tokio::runtime::Handle;
use warp::Filter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

/// Media type of the refusal that states the size known to the witness (C2SP tlog-witness).
const SIZE_TYPE: HeaderValue = HeaderValue::from_static("text/x.tlog.size");

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Create a witness key and print its public key (vkey)
    Keygen {
        /// Name of the witness, for example witness.example.com/w1
        #[arg(long)]
        name: String,
        /// File to write the private key to (mode 0600)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Serve `POST /add-checkpoint` until a signal
    Serve {
        /// Address to listen on
        #[arg(long, value_name = "ADDR")]
        listen: SocketAddr,
        /// Private key of the witness
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Public key of a log, or a file with it; may be repeated
        #[arg(long = "log-key", value_name = "VKEY", required = true)]
        log_keys: Vec<String>,
        /// Directory that stores the checkpoints seen
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
    },
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Keygen { name, out } => {
            let ids = SystemIds::checked().map_err(|error| Failure::unavailable(error.to_string()))?;
            let key = SigningKey::create(&out, &name, KeyKind::Witness, &ids)?;
            output::line(&key.verifier().to_string())
        }
        Action::Serve {
            listen,
            key,
            log_keys,
            state,
        } => {
            let logs: Result<Vec<_>, Failure> = log_keys.iter().map(|given| read_key(given)).collect();
            let key = SigningKey::read(&key)?;
            let verifier = key.verifier();
            let witness = Witness::open(key, logs?, &state)?;
            output::line(&format!("witness   {verifier}"))?;
            serve(witness, listen).await
        }
    }
}

async fn serve(witness: Witness, listen: SocketAddr) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let listener = server::bind(listen)
        .await
        .map_err(|error| Failure::unavailable(format!("cannot listen on {listen}: {error}")))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tasks: Arc<dyn Tasks> = Supervisor::new(Handle::current(), Arc::clone(&clock));
    let address = listener.local_addr()?;
    let witness = Arc::new(witness);
    let at = Arc::clone(&clock);
    let routes = warp::post()
        .and(warp::path("add-checkpoint"))
        .and(warp::path::end())
        .and(warp::body::content_length_limit(
            u64::try_from(WITNESS_BODY_BYTES_MAX).unwrap_or(u64::MAX),
        ))
        .and(warp::body::bytes())
        .map(move |body: bytes::Bytes| answer(&witness, &body, at.as_ref()))
        .boxed();
    output::line(&format!("listening http://{address}"))?;
    let settings = ListenerSettings {
        acceptor: None,
        routes: Router::from(routes),
        list: RouteList::default(),
        proxies: Proxies::default(),
        limits: SlotLimits::within(descriptors::raise()),
    };
    let served = server::serve(listener, settings, Arc::clone(&tasks), Arc::clone(&clock));
    tasks.spawn("witness", Box::pin(served));
    signals.next().await;
    tasks.stop().await;
    Ok(())
}

/// Answers an `add-checkpoint` request with the protocol's own status codes: a witness is not part of our
/// API.
fn answer(witness: &Witness, body: &[u8], clock: &dyn Clock) -> Response {
    let text = String::from_utf8_lossy(body);
    match witness.add_checkpoint(&text, clock.now()) {
        Ok(line) => reply(StatusCode::OK, line),
        Err(WitnessRefusal::Stale(size)) => {
            let mut response = reply(StatusCode::CONFLICT, format!("{size}\n"));
            response.headers_mut().insert(header::CONTENT_TYPE, SIZE_TYPE);
            response
        }
        Err(refusal) => {
            let status = match refusal {
                WitnessRefusal::Malformed(_) => StatusCode::BAD_REQUEST,
                WitnessRefusal::UnknownLog(_) => StatusCode::NOT_FOUND,
                WitnessRefusal::NotSigned => StatusCode::FORBIDDEN,
                WitnessRefusal::Stale(_) => StatusCode::CONFLICT,
                WitnessRefusal::NotConsistent(_) => StatusCode::UNPROCESSABLE_ENTITY,
                WitnessRefusal::Unavailable(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            tracing::warn!(%refusal, "not cosigned");
            reply(status, format!("{refusal}\n"))
        }
    }
}

fn reply(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response
}
