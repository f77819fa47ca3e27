//! The published API without a listener: the same routes, called in the process of a command.
//!
//! A command on a directory that no server uses opens the directory and calls these routes, so that each
//! action has one implementation and one guard. No call is dialed: there are no lines and no drivers.

use crate::auth::AuthenticationMode;
use crate::context::Context;
pub use crate::context::LogProgressCallback;
use crate::router::Router;
use crate::routes;
use crate::server::handle_request;
use crate::signing::CheckpointSigning;
use application::engines::Engines;
use application::installation::Installation;
use async_trait::async_trait;
use domain::problem::Problem;
use host::app::{InstallationUse, OpenDataDir};
use host::clock_evidence::ClockEvidence;
use host::data_dir::Mode;
use host::log_proofs::history;
use host::open_settings::OpenSettings;
use host::outbound::api_client::{ApiClient, ReplyBody, RequestBody, RequestHandler};
use host::process::Process;
use host::read_db_spec::ReadDbSpec;
use host::single_event::note_index_remade;
use http_body_util::BodyExt;
use hyper::{Request, Response};
use std::io;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Maximum wait of a command until the views have caught up with the log, in milliseconds.
const CATCH_UP_MS: u64 = 60_000;

/// The routes of the API on a log that this process has opened.
struct InProcessApi {
    process: Arc<Process>,
    routes: Router,
}

/// Returns a client of the routes on the directory that was opened with `settings`. The views are in
/// `read_db`, or else in the directory, and follow the log until the client is closed. `hears` is called with
/// the progress of reading the whole log.
pub async fn open_client(
    opened: OpenDataDir,
    settings: &OpenSettings,
    read_db: Option<&ReadDbSpec>,
    runtime: Arc<Runtime>,
    hears: Box<LogProgressCallback>,
) -> Result<ApiClient, Problem> {
    match put_together(&opened, settings, read_db, runtime).await {
        Ok((installation, evidence)) => {
            let process = Arc::new(Process::new(opened, Arc::clone(&installation), evidence));
            let door = AuthenticationMode::Directory;
            let ctx = Arc::new(Context {
                signing: CheckpointSigning::WhenAsked(Box::new(settings.clone())),
                rows_within_ms: Some(CATCH_UP_MS),
                hears: Some(hears),
                ..Context::of_server(&installation, &process, door, Engines::new(None))
            });
            let routes = routes::build_router(&ctx);
            Ok(ApiClient::of(InProcessApi { process, routes }))
        }
        Err(problem) => {
            opened.close().await;
            Err(problem)
        }
    }
}

async fn put_together(
    opened: &OpenDataDir,
    settings: &OpenSettings,
    read_db: Option<&ReadDbSpec>,
    runtime: Arc<Runtime>,
) -> Result<(Arc<Installation>, Arc<ClockEvidence>), Problem> {
    // A log that lost signed events is detected before anything is written after the gap.
    history::check_history(&opened.environment, settings).await?;
    opened.name_log().await?;
    let mode = Mode::of_rehearsal(opened.environment.rehearsal);
    note_index_remade(opened.environment.store.as_ref(), mode, opened.index_remade()).await?;
    let entities = opened.entities(runtime);
    let synthesizer = opened.synthesizer(None).await?;
    let installation = opened
        .installation(entities, read_db, InstallationUse::One, synthesizer)
        .await?;
    // No key of an erased person may open anything, so erasures are completed before the first request.
    actors::start_erasures(
        &installation.entities,
        &installation.environment,
        opened.recordings(),
    )
    .await?;
    let evidence = ClockEvidence::new(
        &installation.environment,
        &installation.entities,
        None,
        opened.shared(),
        opened.system_clock(),
    );
    Ok((installation, evidence))
}

#[async_trait]
impl RequestHandler for InProcessApi {
    async fn answer(&self, request: Request<RequestBody>) -> Result<Response<ReplyBody>, Problem> {
        let reply = handle_request(&self.routes, request).await;
        Ok(reply.map(|body| body.map_err(io::Error::other).boxed_unsync()))
    }

    async fn close(&self) {
        self.process.opened.close().await;
    }

    fn is_this_process(&self) -> bool {
        true
    }
}
