//! `ledgerline ready`: exits with 0 if the server is ready, for health checks of containers and scripts.

use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use hyper::Method;
use serde_json::Value;

/// Check that the server is ready (就绪检查): the exit code is 0 if `/readyz` answers 200
///
/// With --data the server of the directory is asked, with its certificate if it uses TLS. The server answers
/// within 3 s, also if its store hangs; without a server the command ends at once. A pause of dialing does
/// not make a server unready.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// Print the response of `/readyz` as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let server = ServerConnection::find(&args.server)?;
    let readiness = server.ask(Method::GET, "/readyz", None).await?;
    if args.json {
        return output::json(&readiness);
    }
    let dialing = readiness.get("dialing").and_then(Value::as_str).unwrap_or("-");
    output::line(&format_localized!(
        "就绪；外呼状态：{dialing}",
        "ready; dialing: {dialing}"
    ))
}
