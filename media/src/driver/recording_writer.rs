//! Writes recordings on a thread of its own: the pace hands over seconds of audio and never waits for a disk.

use super::leg_mailbox::LegMailbox;
use super::reserved_recording::ReservedRecording;
use crate::audio::frame::Frame;
use crate::audio::recording::Recorder;
use domain::ports::line::{LegEvent, LegSummary};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Most requests that wait for the recording writer: a second of 500 legs.
pub(super) const PIECES_MAX: usize = 512;

/// The number of a leg within one driver.
pub(super) type LegNumber = u64;

/// 20 ms of both channels: the robot's frame, then the callee's.
pub(super) type FramePair = (Frame, Frame);

/// A request to the writer.
pub(super) enum RecordingRequest {
    /// Reserves the disk space of a recording before its leg is dialed.
    Reserve {
        path: PathBuf,
        leg_of_call: u8,
        answer: oneshot::Sender<io::Result<ReservedRecording>>,
    },
    Open {
        leg: LegNumber,
        reserved: ReservedRecording,
        mailbox: Arc<LegMailbox>,
    },
    /// Frames to write. `gap` is the number of lost frames before them, which become silence to keep the
    /// recording's time.
    Frames {
        leg: LegNumber,
        gap: usize,
        frames: Vec<FramePair>,
    },
    /// Finishes the recording, if there is one, and reports to the owner that the leg has closed.
    Close {
        leg: LegNumber,
        summary: LegSummary,
        mailbox: Arc<LegMailbox>,
    },
}

/// A recording in progress. After a failed write it accepts no more frames, because they would be at a wrong
/// time.
struct OpenRecording {
    recorder: Recorder,
    failed: bool,
    mailbox: Arc<LegMailbox>,
}

impl OpenRecording {
    fn push(&mut self, leg: LegNumber, gap: usize, frames: &[FramePair]) {
        if self.failed {
            return;
        }
        let missing = std::iter::repeat_n((None, None), gap);
        let there = frames
            .iter()
            .map(|(robot, callee)| (Some(&robot[..]), Some(&callee[..])));
        let error = missing
            .chain(there)
            .find_map(|(robot, callee)| self.recorder.push_frame(robot, callee).err());
        if let Some(error) = error {
            self.failed = true;
            self.mailbox.push(LegEvent::RecordingFailed);
            tracing::error!(leg, %error, "a recording cannot go on");
        }
    }
}

/// Runs the thread that writes recordings. Ends when every sender is gone.
pub(super) fn write_recordings(mut pieces: mpsc::Receiver<RecordingRequest>) {
    let mut recorders: BTreeMap<LegNumber, OpenRecording> = BTreeMap::new();
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            RecordingRequest::Reserve {
                path,
                leg_of_call,
                answer,
            } => {
                // If the requester is gone, dropping the answer frees the reserved space.
                drop(answer.send(ReservedRecording::take(&path, leg_of_call)));
            }
            RecordingRequest::Open {
                leg,
                reserved,
                mailbox,
            } => match reserved.begin() {
                Ok(recorder) => {
                    let writing = OpenRecording {
                        recorder,
                        failed: false,
                        mailbox,
                    };
                    drop(recorders.insert(leg, writing));
                }
                Err(error) => {
                    mailbox.push(LegEvent::RecordingFailed);
                    tracing::error!(leg, %error, "a recording cannot begin");
                }
            },
            RecordingRequest::Frames { leg, gap, frames } => {
                if let Some(writing) = recorders.get_mut(&leg) {
                    writing.push(leg, gap, &frames);
                }
            }
            RecordingRequest::Close {
                leg,
                mut summary,
                mailbox,
            } => {
                summary.recording =
                    recorders
                        .remove(&leg)
                        .and_then(|writing| match writing.recorder.finish() {
                            Ok(facts) => Some(facts),
                            Err(error) => {
                                mailbox.push(LegEvent::RecordingFailed);
                                tracing::error!(leg, %error, "a recording cannot be finished");
                                None
                            }
                        });
                mailbox.push(LegEvent::Closed(summary));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LegMailbox, LegSummary, RecordingRequest, ReservedRecording, write_recordings};
    use crate::audio::frame::SILENCE;
    use domain::ports::line::LegEvent;
    use std::sync::Arc;
    use tokio::sync::mpsc;

    #[test]
    fn a_recording_that_cannot_begin_is_none_and_disturbs_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let (writer, pieces) = mpsc::channel(16);
        let paths = [dir.path().join("one.wav"), dir.path().join("two.wav")];
        let mailboxes = [Arc::new(LegMailbox::new()), Arc::new(LegMailbox::new())];
        let places = paths
            .each_ref()
            .map(|path| ReservedRecording::take(path, 1).unwrap());
        // The first recording's name is taken, so it cannot begin.
        std::fs::write(&paths[0], "another file").unwrap();
        for ((leg, reserved), mailbox) in (1_u64..).zip(places).zip(&mailboxes) {
            let mailbox = Arc::clone(mailbox);
            let open = RecordingRequest::Open {
                leg,
                reserved,
                mailbox,
            };
            writer.try_send(open).ok().unwrap();
            let frames = vec![(SILENCE, SILENCE); 50];
            let gap = 25;
            writer
                .try_send(RecordingRequest::Frames { leg, gap, frames })
                .ok()
                .unwrap();
        }
        for (leg, mailbox) in (1_u64..).zip(&mailboxes) {
            let summary = LegSummary::default();
            let mailbox = Arc::clone(mailbox);
            let close = RecordingRequest::Close {
                leg,
                summary,
                mailbox,
            };
            writer.try_send(close).ok().unwrap();
        }
        drop(writer);
        write_recordings(pieces);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let first = runtime.block_on(mailboxes[0].next());
        assert_eq!(
            first,
            LegEvent::RecordingFailed,
            "its owner gets the event at once"
        );
        let mut kept = Vec::new();
        for mailbox in &mailboxes {
            let LegEvent::Closed(summary) = runtime.block_on(mailbox.next()) else {
                panic!("not closed")
            };
            kept.push(summary.recording.map(|facts| facts.duration_ms));
        }
        assert_eq!(
            kept,
            [None, Some(1_500)],
            "what is missing is silence: it keeps its time"
        );
    }
}
