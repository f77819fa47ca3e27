//! The TLS certificate of the listeners: loads it, reloads it when the files change, and prints notices about
//! it.
//!
//! If the new file is invalid, the server continues with the previous certificate and logs a warning.

use application::format_localized;
use application::language::localized;
use application::notice::notice;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use host::clock::SystemClock;
use host::outbound::server_locator::ServerFile;
use host::self_signed::ensure_self_signed;
use host::tls_args::TlsChoice;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tls::{Acceptor, Fingerprint, Identity, ReloadOutcome, TlsError, Trust};

/// Interval in milliseconds at which the certificate files are checked for a change.
const LOOK_MS: u64 = 5_000;

/// The protocols that the HTTP listener offers inside TLS (ALPN), by preference.
const HTTP: &[&[u8]] = &[b"h2", b"http/1.1"];

/// Protocols of the gRPC listener inside TLS.
const GRPC: &[&[u8]] = &[b"h2"];

/// Interval in milliseconds at which the end of a self-signed certificate is checked: an hour of the month
/// that is left.
const RENEWAL_LOOK_MS: u64 = 3_600_000;

/// Loads the certificate and key that the operator named; `None` without files. They must be valid at the
/// machine's time, also in a rehearsal with another clock.
pub(crate) fn load(choice: &TlsChoice) -> Result<Option<Arc<Identity>>, TlsError> {
    match choice {
        TlsChoice::Files(files) => Identity::load(files.clone(), SystemClock::default().now()).map(Some),
        TlsChoice::Plain | TlsChoice::SelfSigned { .. } => Ok(None),
    }
}

/// Returns the certificate that was loaded, or this server's own one in its data directory if the operator
/// wants it.
pub(crate) fn or_self_signed(
    loaded: Option<Arc<Identity>>,
    choice: &TlsChoice,
    directory: &Path,
) -> Result<Option<Arc<Identity>>, Problem> {
    match choice {
        TlsChoice::SelfSigned { hosts } => {
            let now = SystemClock::default().now();
            let files = ensure_self_signed(directory, hosts, now)?;
            Ok(Some(Identity::load(files, now)?))
        }
        TlsChoice::Plain | TlsChoice::Files(_) => Ok(loaded),
    }
}

/// Starts the task that replaces a self-signed certificate before its end. The files are then read again
/// like any other.
pub(crate) fn renew_self_signed(
    choice: &TlsChoice,
    directory: PathBuf,
    tasks: &Arc<dyn Tasks>,
    clock: &Arc<dyn Clock>,
) {
    let TlsChoice::SelfSigned { hosts } = choice.clone() else {
        return;
    };
    let (clock, stop) = (Arc::clone(clock), tasks.stop_signal());
    let renewing = async move {
        loop {
            tokio::select! {
                biased;
                () = stop.stopping() => return,
                () = clock.wait_until(clock.now().plus_ms(RENEWAL_LOOK_MS)) => {}
            }
            if let Err(problem) = ensure_self_signed(&directory, &hosts, SystemClock::default().now()) {
                tracing::warn!(cause = %problem.detail, "the self-signed certificate cannot be renewed");
            }
        }
    };
    tasks.spawn("self-signed certificate", Box::pin(renewing));
}

pub(crate) fn of_http(identity: Option<&Arc<Identity>>) -> Result<Option<Acceptor>, TlsError> {
    identity.map(|identity| identity.acceptor(HTTP)).transpose()
}

pub(crate) fn of_grpc(identity: Option<&Arc<Identity>>) -> Result<Option<Acceptor>, TlsError> {
    identity.map(|identity| identity.acceptor(GRPC)).transpose()
}

/// Prints a notice if traffic of a listener can be read on its way: open to other machines, without TLS.
pub(crate) fn warn_if_unencrypted(option: &str, address: SocketAddr, identity: Option<&Arc<Identity>>) {
    if address.ip().is_loopback() || identity.is_some() {
        return;
    }
    notice(&format!(
        "{option} {address} is open to other machines without TLS: keys are sent unencrypted, and passwords \
         are refused; give --tls-cert and --tls-key, or --tls-self-signed / {option} {address} \
         对其他机器开放但未启用 TLS：密钥会以明文传输，密码会被拒收，请使用 --tls-cert 和 --tls-key，或 --tls-self-signed"
    ));
}

/// Prints a notice if a listener that other machines can reach has a certificate that systems do not trust by
/// default.
pub(crate) fn warn_if_untrusted(option: &str, address: SocketAddr, identity: Option<&Arc<Identity>>) {
    let Some(identity) = identity.filter(|_| !address.ip().is_loopback()) else {
        return;
    };
    let trust = Trust::of_system();
    let taken = trust.and_then(|trust| trust.takes(identity, SystemClock::default().now()));
    if let Err(why) = taken {
        notice(&format!(
            "{option} {address}: browsers and systems do not trust this certificate by default ({why}); \
             use one of a public authority, or install its root certificate on the clients / \
         {option} {address}：\
             未预装本机构根证书的浏览器和系统不会信任此证书，请使用公共机构签发的证书，或分发其根证书"
        ));
    }
}

/// Starts the task that checks the certificate files every `LOOK_MS` and uses a renewed certificate. Its
/// fingerprint is written to `directory`, where commands read which certificate to trust.
pub(crate) fn watch_certificate_files(
    identity: &Arc<Identity>,
    directory: PathBuf,
    tasks: &Arc<dyn Tasks>,
    clock: &Arc<dyn Clock>,
) {
    let (identity, clock, stop) = (Arc::clone(identity), Arc::clone(clock), tasks.stop_signal());
    let looking = async move {
        let wall = SystemClock::default();
        loop {
            tokio::select! {
                biased;
                () = stop.stopping() => return,
                () = clock.wait_until(clock.now().plus_ms(LOOK_MS)) => {}
            }
            match identity.look(wall.now()) {
                ReloadOutcome::Same => {}
                ReloadOutcome::Renewed(fingerprint) => say_renewed(&directory, fingerprint),
                ReloadOutcome::Broken(error) => say_broken(&error),
            }
        }
    };
    tasks.spawn("certificate", Box::pin(looking));
}

fn say_renewed(directory: &Path, fingerprint: Fingerprint) {
    tracing::info!(%fingerprint, "the certificate was renewed");
    notice(localized("证书已更新", "the certificate was renewed"));
    if let Err(error) = ServerFile::renew_certificate(directory, fingerprint) {
        tracing::warn!(%error, "commands on this directory do not know the new certificate");
    }
}

fn say_broken(error: &TlsError) {
    tracing::warn!(%error, "the new certificate cannot be used, the old one stays");
    notice(&format_localized!(
        "新证书无法使用，继续使用旧证书：{error}",
        "the new certificate cannot be used, the old one stays: {error}"
    ));
}
