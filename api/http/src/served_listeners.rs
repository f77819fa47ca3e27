//! Starts the listeners of a server: KurrentDB, redirects, and HTTP with the console.

use crate::certificate;
use crate::connection_limits::SlotLimits;
use crate::console;
use crate::context::Ctx;
use crate::kurrent;
use crate::listeners::Listeners;
use crate::redirect;
use crate::routes;
use crate::server::{self, ListenerSettings};
use domain::problem::Problem;
use host::descriptors;
use host::outbound::server_locator::ServerFile;
use host::serve_settings::ServeSettings;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tls::Identity;
use tokio::net::TcpListener;

/// Starts every listener; HTTP last, because its readiness covers the others. Returns the URL of HTTP on this
/// machine and the address of the KurrentDB endpoint.
pub(crate) fn serve_all(
    ctx: &Ctx,
    listeners: Listeners,
    identity: Option<&Arc<Identity>>,
    settings: &ServeSettings,
) -> Result<(Option<String>, Option<SocketAddr>), Problem> {
    let environment = &ctx.installation.environment;
    let kurrent = listeners.kurrent;
    let kurrent = kurrent.map(|listener| kurrent::serve(listener, &ctx.installation, identity));
    let kurrent = kurrent.transpose()?;
    if let Some(listener) = listeners.redirect {
        redirect::serve(listener, environment);
    }
    let Some(listener) = listeners.http else {
        return Ok((None, kurrent));
    };
    let routes = routes::build_router(ctx);
    let listening = ListenerSettings {
        acceptor: certificate::of_http(identity)?,
        routes: console::add_console(routes, listeners.console, Arc::clone(&environment.ids)),
        list: routes::list(),
        proxies: listeners.proxies,
        limits: SlotLimits::within(descriptors::raise()),
    };
    let url = serve(ctx, listener, listening, identity)?;
    let file = ServerFile {
        url: url.clone(),
        pid: std::process::id(),
        public_url: settings.public_url.as_ref().map(ToString::to_string),
        kurrent,
        certificate: identity.map(|identity| identity.fingerprint().to_string()),
    };
    file.write(&ctx.installation.directory)?;
    watch_certificate(ctx, settings, identity);
    Ok((Some(url), kurrent))
}

/// Starts the HTTP listener. Returns its URL on this machine.
fn serve(
    ctx: &Ctx,
    listener: TcpListener,
    settings: ListenerSettings,
    identity: Option<&Arc<Identity>>,
) -> Result<String, Problem> {
    let mut address = listener.local_addr()?;
    certificate::warn_if_unencrypted("--http", address, identity);
    certificate::warn_if_untrusted("--http", address, identity);
    if address.ip().is_unspecified() {
        // A server that listens everywhere is reachable on this machine by loopback.
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let scheme = if identity.is_some() { "https" } else { "http" };
    let environment = &ctx.installation.environment;
    let (tasks, clock) = (Arc::clone(&environment.tasks), Arc::clone(&environment.clock));
    let serving = server::serve(listener, settings, tasks, clock);
    environment.tasks.spawn_vital("http-server", Box::pin(serving));
    Ok(format!("{scheme}://{address}"))
}

/// Starts the tasks that renew a self-signed certificate and use a renewed one.
fn watch_certificate(ctx: &Ctx, settings: &ServeSettings, identity: Option<&Arc<Identity>>) {
    let Some(identity) = identity else { return };
    let environment = &ctx.installation.environment;
    let (tasks, clock) = (&environment.tasks, &environment.clock);
    let directory = ctx.installation.directory.clone();
    certificate::renew_self_signed(&settings.tls, directory.clone(), tasks, clock);
    certificate::watch_certificate_files(identity, directory, tasks, clock);
}
