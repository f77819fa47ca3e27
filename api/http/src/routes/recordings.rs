//! Routes of recordings: the audio of a call, in whole or in part, and its waveform. Access needs the
//! permission, or a link that a webhook received, and is recorded with its reason before the first byte.

use crate::api_description::{AudioReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::{ByteRange, sound_response};
use application::calls::stream_of;
use application::exports::hand_on;
use application::inquiries::{BY, REASON, ReadContent, Reader, put_on_record};
use application::installation::Installation;
use application::logged_recording::read_logged_recording;
use application::parameter::Parameter;
use application::recordings::{LinkClaim, OpenRecordingFile, admit_link, open};
use application::slow_client_slots::{SlowClientSlot, SlowClientSlots};
use application::waveform::{POINTS_DEFAULT, POINTS_MAX, Waveform};
use domain::ids::{CallId, WebhookId};
use domain::inquiry::ReadForm;
use domain::problem::{Problem, ProblemKind};
use host::data_dir::RECORDINGS_DIR;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::{Arc, LazyLock};
use tokio::sync::mpsc;

/// Slots for downloads of recordings: 16. A slow client loses its slot when another one needs it.
static PLACES: LazyLock<Arc<SlowClientSlots>> = LazyLock::new(|| SlowClientSlots::new(16));

/// What the audit record of a read of a recording names as shown.
const RECORDING: ReadContent = ReadContent::of(&["recording"], ReadForm::Clear);
const WAVEFORM: ReadContent = ReadContent::of(&["waveform"], ReadForm::Clear);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/calls/{id}/recording",
            "Download the recording of a call",
            recording,
        )
        .describe(
            "Returns the audio (WAV, two channels, 8 kHz). A reason is required; the read is recorded \
             before the first byte.",
        )
        .needs(Permission::RecordingsRead, EndpointSubject::Call)
        .query(const { &[REASON.needed(), BY] })
        .headers(const { &[RANGE] })
        .skip_view_wait(),
        Endpoint::get(
            "/api/v1/calls/{id}/waveform",
            "Get the waveform of a call",
            waveform,
        )
        .describe(
            "Returns the loudness of the recording over time, for each side. A reason is required; the \
             read is recorded like one of the recording.",
        )
        .needs(Permission::RecordingsRead, EndpointSubject::Call)
        .query(
            const {
                &[
                    REASON.needed(),
                    BY,
                    Parameter::number("points", "Maximum points per side, up to 4000", 1_000),
                ]
            },
        )
        .skip_view_wait(),
        Endpoint::get(
            "/api/v1/calls/{id}/recording/linked",
            "Download a recording by a webhook's link",
            linked,
        )
        .describe(
            "The link is in a webhook's message and valid for an hour. The read is recorded under the \
             webhook.",
        )
        .query(
            const {
                &[
                    Parameter::uuid("webhook", "The webhook that received the link").needed(),
                    Parameter::number(
                        "until",
                        "End of the link's validity, in seconds since 1970",
                        1_764_000_000,
                    )
                    .needed(),
                    Parameter::text(
                        "signature",
                        "Signature over the other parameters and the call",
                        "9f86d081884c7d65",
                    )
                    .needed(),
                ]
            },
        )
        .headers(const { &[RANGE] })
        .skip_view_wait()
        .open(),
    ]
}

const RANGE: Parameter = Parameter::text(
    "Range",
    "One range of bytes (RFC 9110, 14.2); for several ranges the whole recording is returned",
    "bytes=0-65535",
);

/// Refuses a request without a reason.
fn with_reason(input: &Input) -> Result<(), Problem> {
    if input.text(REASON.name).is_none_or(|text| text.trim().is_empty()) {
        return Err(Problem::invalid(
            "reason-needed",
            "give a reason with ?reason=: it is stored permanently, so do not include personal data",
        ));
    }
    Ok(())
}

/// The loudness of a call's recording.
#[derive(Debug, Serialize, JsonSchema)]
struct CallWaveform {
    call: CallId,
    #[serde(flatten)]
    waveform: Waveform,
}

async fn waveform(ctx: Ctx, input: Input) -> Result<ReadReply<CallWaveform>, Problem> {
    let call: CallId = input.id(0, "this call")?;
    with_reason(&input)?;
    let points: Option<u32> = input.number("points")?;
    let points = points.unwrap_or(POINTS_DEFAULT);
    if !(1..=POINTS_MAX).contains(&points) {
        let detail = format!("points must be from 1 to {POINTS_MAX}");
        return Err(Problem::invalid("query-invalid", detail));
    }
    let (opened, _place) = found(&ctx, input.reader(), call, WAVEFORM).await?;
    let waveform = opened.waveform(points).await?;
    Ok(ReadReply(CallWaveform { call, waveform }))
}

async fn recording(ctx: Ctx, input: Input) -> Result<AudioReply, Problem> {
    let call: CallId = input.id(0, "this call")?;
    with_reason(&input)?;
    give(&ctx, input.reader(), call, input.header("range")).await
}

async fn linked(ctx: Ctx, input: Input) -> Result<AudioReply, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let webhook: Option<WebhookId> = input.text("webhook").and_then(|text| text.parse().ok());
    let until: Option<i64> = input.number("until")?;
    let (Some(webhook), Some(until_s), Some(signature)) = (webhook, until, input.text("signature")) else {
        return Err(Problem::invalid(
            "query-invalid",
            "the link needs webhook, until and signature, as in the webhook's event",
        ));
    };
    let claim = LinkClaim {
        call,
        webhook,
        until_s,
        signature,
    };
    admit_link(&ctx.installation, claim).await?;
    let reader = Reader::of_program(format!("webhook {webhook}"), "webhook");
    give(&ctx, reader, call, input.header("range")).await
}

/// Streams the recording, after the file was verified and the read was recorded.
async fn give(ctx: &Ctx, reader: Reader, call: CallId, range: Option<&str>) -> Result<AudioReply, Problem> {
    let installation = &ctx.installation;
    let (opened, place) = found(ctx, reader, call, RECORDING).await?;
    let part = ByteRange::asked(range, opened.bytes);
    let (send, pieces) = mpsc::channel(1);
    let streaming = stream(Arc::clone(installation), opened, part, place, send);
    installation.tasks().spawn("recording", Box::pin(streaming));
    Ok(AudioReply(sound_response(&format!("{call}.wav"), part, pieces)))
}

/// Takes a download slot, opens and verifies the file, and then records what is shown. Fails as busy (429)
/// if no slot is free.
async fn found(
    ctx: &Ctx,
    reader: Reader,
    call: CallId,
    what: ReadContent,
) -> Result<(OpenRecordingFile, SlowClientSlot), Problem> {
    let installation = &ctx.installation;
    let place = PLACES.enter(installation.now());
    let place = place.ok_or_else(|| {
        Problem::new(
            ProblemKind::Busy,
            "recordings-busy",
            "too many recordings are being downloaded",
        )
    })?;
    let state = installation.entities.calls.state(&call).await?.state;
    let Some(customer) = state.customer().cloned() else {
        return Err(Problem::missing("this call"));
    };
    let stored = stream_of(installation.store(), call).await?;
    let logged =
        read_logged_recording(&stored)?.ok_or_else(|| Problem::missing("a recording of this call"))?;
    let opened = open(&installation.directory.join(RECORDINGS_DIR), call, &logged).await?;
    let shown = ReadContent {
        customer: Some(customer),
        campaign: state.campaign().cloned(),
        calls: vec![call],
        ..what
    };
    put_on_record(installation, reader, shown).await?;
    Ok((opened, place))
}

/// Sends the audio at the client's pace.
async fn stream(
    installation: Arc<Installation>,
    opened: OpenRecordingFile,
    part: ByteRange,
    place: SlowClientSlot,
    taken: mpsc::Sender<std::io::Result<bytes::Bytes>>,
) {
    let (send, read) = mpsc::channel(1);
    let clock = installation.environment.clock.as_ref();
    tokio::join!(
        opened.write(part.from, part.length, send),
        hand_on(clock, &place, read, &taken),
    );
}
