//! The recording of one call: its file, compared with the digest in the call's events, and a link that
//! opens it for a limited time.
//!
//! Nothing here logs the read. The caller must log it before handing out a recording.

use crate::installation::Installation;
use crate::logged_recording::LoggedRecording;
use crate::owners::lost_owner;
use crate::waveform::{Peaks, Waveform};
use bytes::Bytes;
use domain::hex;
use domain::ids::{CallId, WebhookId};
use domain::ports::vault::Vault;
use domain::problem::{Problem, ProblemKind};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::io::{self, ErrorKind, SeekFrom};
use std::path::Path;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc;

/// Bytes of a recording read at a time: two seconds of audio.
const PIECE_BYTES: usize = 64 * 1024;

/// Lifetime of a link to a recording, in milliseconds: enough for a receiver that works off a queue, too
/// short for a reader of an old message.
pub const LINK_MS: u64 = 3_600_000;

/// An open recording file with the SHA-256 that the call's events name.
pub struct OpenRecordingFile {
    file: File,
    pub bytes: u64,
}

/// Opens the recording of a call in `folder` after a comparison of its SHA-256 with the one in the call's
/// events. Fails with `recording-disposed`, `recording-gone` or `recording-altered`.
pub async fn open(
    folder: &Path,
    call: CallId,
    logged: &LoggedRecording,
) -> Result<OpenRecordingFile, Problem> {
    let failed = |error: &io::Error| {
        Problem::unavailable(format!("the recording of call {call} cannot be read: {error}"))
    };
    if let Some(disposed) = logged.disposed {
        return Err(Problem::new(
            ProblemKind::Missing,
            "recording-disposed",
            format!(
                "the recording was deleted under retention on {}: disposal {} of recordings, retention \
                 period {} days",
                disposed.at, disposed.disposal, disposed.days
            ),
        ));
    }
    let mut file = match File::open(folder.join(format!("{call}.wav"))).await {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Problem::new(
                ProblemKind::Missing,
                "recording-gone",
                "the recording is not available: the customer's personal data was erased, or the file is on \
                 another machine",
            ));
        }
        Err(error) => return Err(failed(&error)),
    };
    let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
    let mut piece = vec![0_u8; PIECE_BYTES];
    loop {
        let count = file.read(&mut piece).await.map_err(|error| failed(&error))?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else {
            break;
        };
        hash.update(read);
        bytes = bytes.saturating_add(read.len() as u64);
    }
    let digest = hash.finalize();
    if hex::encode(&digest) != logged.sha256 {
        return Err(Problem::disproved(
            "recording-altered",
            "the file is not the recording in the call's record: its SHA-256 differs",
        ));
    }
    Ok(OpenRecordingFile { file, bytes })
}

impl OpenRecordingFile {
    /// Returns the loudness of the recording over time, in at most `points` points. Reads the whole file.
    pub async fn waveform(mut self, points: u32) -> Result<Waveform, Problem> {
        let failed = |error: io::Error| Problem::unavailable(format!("a recording cannot be read: {error}"));
        self.file.seek(SeekFrom::Start(0)).await.map_err(failed)?;
        let mut peaks = Peaks::of(self.bytes, points);
        let mut rest = (&mut self.file).take(self.bytes);
        let mut piece = vec![0_u8; PIECE_BYTES];
        loop {
            let count = rest.read(&mut piece).await.map_err(failed)?;
            match piece.get(..count).filter(|read| !read.is_empty()) {
                Some(read) => peaks.take(read),
                None => return peaks.finish(),
            }
        }
    }

    /// Sends `length` bytes from offset `from` to the channel, until all are sent or its receiver is
    /// dropped. A read error is sent as the last item.
    pub async fn write(mut self, from: u64, length: u64, taken: mpsc::Sender<io::Result<Bytes>>) {
        if let Err(error) = self.pieces(from, length, &taken).await {
            tracing::warn!(%error, "a recording was cut off");
            // The connection is closed with an error: what arrived is not the whole file.
            drop(taken.send(Err(error)).await);
        }
    }

    async fn pieces(
        &mut self,
        from: u64,
        length: u64,
        taken: &mpsc::Sender<io::Result<Bytes>>,
    ) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(from)).await?;
        let mut rest = (&mut self.file).take(length);
        loop {
            let mut piece = vec![0_u8; PIECE_BYTES];
            let count = rest.read(&mut piece).await?;
            if count == 0 {
                break;
            }
            piece.truncate(count);
            if taken.send(Ok(Bytes::from(piece))).await.is_err() {
                return Ok(());
            }
        }
        match rest.limit() {
            0 => Ok(()),
            _ => Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// A URL that opens one recording for one webhook's receiver, for a limited time and without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub url: String,
    pub until: Timestamp,
}

/// The parts of a link that a request presents.
#[derive(Debug, Clone, Copy)]
pub struct LinkClaim<'a> {
    pub call: CallId,
    pub webhook: WebhookId,
    /// End of the link's validity, in seconds since 1970.
    pub until_s: i64,
    pub signature: &'a str,
}

/// Builds a link that opens a call's recording for `LINK_MS` from now. `base`: the URL at which the
/// receiver of the webhook reaches this server.
pub(crate) fn link(vault: &dyn Vault, base: &str, call: CallId, webhook: WebhookId, now: Timestamp) -> Link {
    let until_s = now.plus_ms(LINK_MS).micros().div_euclid(1_000_000);
    let signature = vault.sign_link(&signed(call, webhook, until_s));
    let base = base.trim_end_matches('/');
    Link {
        url: format!(
            "{base}/api/v1/calls/{call}/recording/linked?webhook={webhook}&until={until_s}&signature={signature}"
        ),
        until: Timestamp::from_micros(until_s.saturating_mul(1_000_000)),
    }
}

/// Returns the text that is signed: purpose, call, webhook and end.
fn signed(call: CallId, webhook: WebhookId, until_s: i64) -> String {
    format!("recording {call} {webhook} {until_s}")
}

/// Fails with `link-over` if the link's signature is wrong, its time has passed, the webhook no longer
/// receives links to recordings, or its owner lost the right to.
pub async fn admit_link(installation: &Installation, claim: LinkClaim<'_>) -> Result<(), Problem> {
    let over = || {
        Problem::new(
            ProblemKind::Missing,
            "link-over",
            "this link is invalid or has expired: a link is valid for one hour and while its webhook \
             receives recordings",
        )
    };
    let ours = installation
        .vault()
        .sign_link(&signed(claim.call, claim.webhook, claim.until_s));
    // Hashes are compared, so that the time of the comparison reveals nothing about the signature.
    if Sha256::digest(ours) != Sha256::digest(claim.signature) {
        return Err(over());
    }
    let now_s = installation.courier.wall_time().micros().div_euclid(1_000_000);
    if now_s >= claim.until_s {
        return Err(over());
    }
    let webhook = installation.entities.webhooks.state(&claim.webhook).await?.state;
    let facts = webhook.active().filter(|facts| facts.recordings_from.is_some());
    let facts = facts.ok_or_else(over)?;
    match lost_owner(installation, facts).await? {
        None => Ok(()),
        Some(_) => Err(over()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> CallId {
        "308b38fa-b3fa-59e5-b685-93b305968d97".parse().unwrap()
    }

    async fn taken(opened: OpenRecordingFile, from: u64, length: u64) -> Vec<u8> {
        let (send, mut pieces) = mpsc::channel::<io::Result<Bytes>>(1);
        let taking = async {
            let mut all = Vec::new();
            while let Some(piece) = pieces.recv().await {
                all.extend_from_slice(&piece.unwrap());
            }
            all
        };
        tokio::join!(opened.write(from, length, send), taking).1
    }

    #[tokio::test]
    async fn only_the_file_that_the_record_names_is_given_out_and_any_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let sound: Vec<u8> = (0..150_000_u32).map(|byte| (byte % 251) as u8).collect();
        let logged = LoggedRecording {
            sha256: hex::encode(&Sha256::digest(&sound)),
            disposed: None,
        };
        let gone = open(folder.path(), call(), &logged).await.err().unwrap();
        assert_eq!(gone.code, "recording-gone");
        let path = folder.path().join(format!("{}.wav", call()));
        std::fs::write(&path, &sound).unwrap();
        let opened = open(folder.path(), call(), &logged).await.unwrap();
        assert_eq!(opened.bytes, 150_000);
        assert!(taken(opened, 0, 150_000).await == sound);
        let opened = open(folder.path(), call(), &logged).await.unwrap();
        assert!(taken(opened, 70_000, 5).await == sound[70_000..70_005]);
        std::fs::write(&path, &sound[1..]).unwrap();
        let altered = open(folder.path(), call(), &logged).await.err().unwrap();
        assert_eq!(altered.code, "recording-altered");
    }
}
