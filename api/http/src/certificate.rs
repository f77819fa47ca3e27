//! The certificate that this process's doors show: read again while they are open, and what is said of it.
//!
//! A broken new file is no fault of the server: what was shown before goes on being shown, and who runs it is
//! told.

use application::notice::notice;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use host::clock::SystemClock;
use host::outbound::own_server::ServerFile;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tls::{Acceptor, Fingerprint, Identity, IdentityFiles, Look, TlsError, Trust};

/// How often the files are looked at: a renewal is served before whoever made it has looked.
const LOOK_MS: u64 = 5_000;

/// What the HTTP door speaks inside TLS, by preference.
const HTTP: &[&[u8]] = &[b"h2", b"http/1.1"];

/// What gRPC speaks inside it.
const GRPC: &[&[u8]] = &[b"h2"];

/// Reads certificate and key, which must be good today: by the machine's time, also in a rehearsal.
pub(crate) fn load(files: Option<&IdentityFiles>) -> Result<Option<Arc<Identity>>, TlsError> {
    let load = |files: &IdentityFiles| Identity::load(files.clone(), SystemClock::default().now());
    files.map(load).transpose()
}

pub(crate) fn of_http(identity: Option<&Arc<Identity>>) -> Result<Option<Acceptor>, TlsError> {
    identity.map(|identity| identity.acceptor(HTTP)).transpose()
}

pub(crate) fn of_grpc(identity: Option<&Arc<Identity>>) -> Result<Option<Acceptor>, TlsError> {
    identity.map(|identity| identity.acceptor(GRPC)).transpose()
}

/// Says so when what passes a door can be read on its way.
pub(crate) fn say_if_readable(option: &str, address: SocketAddr, identity: Option<&Arc<Identity>>) {
    if address.ip().is_loopback() || identity.is_some() {
        return;
    }
    notice(&format!(
        "{option} {address} is open to other machines without TLS: keys and passwords can be read on their way; \
         give --tls-cert and --tls-key / {option} {address} 对其他机器开放但未启用 TLS：密钥和密码会以明文传输，\
         请使用 --tls-cert 和 --tls-key"
    ));
}

/// Says so when strangers would not take what a door shows, which other machines can reach.
pub(crate) fn say_if_strange(option: &str, address: SocketAddr, identity: Option<&Arc<Identity>>) {
    let Some(identity) = identity.filter(|_| !address.ip().is_loopback()) else {
        return;
    };
    let trust = Trust::of_system();
    let taken = trust.and_then(|trust| trust.takes(identity, SystemClock::default().now()));
    if let Err(why) = taken {
        notice(&format!(
            "{option} {address}: browsers and systems that were told nothing will not take this certificate ({why}); \
             show one of a public authority, or give its own to whoever comes / {option} {address}：\
             未预装本机构根证书的浏览器和系统不会信任此证书，请使用公共机构签发的证书，或分发其根证书"
        ));
    }
}

/// Looks at the files from now on. `directory` is where commands read which certificate to believe.
pub(crate) fn begin_looking(
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
                Look::Same => {}
                Look::Renewed(fingerprint) => say_renewed(&directory, fingerprint),
                Look::Broken(error) => say_broken(&error),
            }
        }
    };
    tasks.spawn("certificate", Box::pin(looking));
}

fn say_renewed(directory: &std::path::Path, fingerprint: Fingerprint) {
    tracing::info!(%fingerprint, "the certificate was renewed");
    notice("the certificate was renewed / 证书已更新");
    if let Err(error) = ServerFile::renew_certificate(directory, fingerprint) {
        tracing::warn!(%error, "commands on this directory do not know the new certificate");
    }
}

fn say_broken(error: &TlsError) {
    tracing::warn!(%error, "the new certificate cannot be used, the old one stays");
    notice(&format!(
        "the new certificate cannot be used, the old one stays: {error} / 新证书无法使用，继续使用旧证书"
    ));
}
