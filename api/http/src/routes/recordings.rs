//! Recordings over HTTP: one call's sound, on record with its reason before the first byte, whole or in part;
//! to whoever may, or by a link that was told to a webhook.

use crate::described::{Read, Sound};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::{Part, sound_response};
use application::calls::stream_of;
use application::exporting::hand_on;
use application::inquiring::{BY, REASON, Reader, Shown, put_on_record};
use application::installation::Installation;
use application::logged_recording::logged;
use application::paced_places::{PacedPlace, PacedPlaces};
use application::parameter::Parameter;
use application::recordings::{LinkClaim, Opened, admit_link, open};
use application::waveform::{POINTS_DEFAULT, POINTS_MAX, Waveform};
use domain::ids::{CallId, WebhookId};
use domain::inquiry::ReadForm;
use domain::problem::{Kind, Problem};
use host::data_dir::RECORDINGS_DIR;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::{Arc, LazyLock};
use tokio::sync::mpsc;

/// Recordings that are taken at once: a slow listener keeps a place only while nobody else asks for one.
static PLACES: LazyLock<Arc<PacedPlaces>> = LazyLock::new(|| PacedPlaces::new(16));

/// What is given out.
const RECORDING: Shown = Shown::of(&["recording"], ReadForm::Clear);
const WAVEFORM: Shown = Shown::of(&["waveform"], ReadForm::Clear);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/calls/{id}/recording",
            "The recording of one call, for a reason: on record before the first byte",
            recording,
        )
        .needs(Permission::RecordingsRead, About::Call)
        .query(const { &[REASON.needed(), BY] })
        .headers(const { &[RANGE] })
        .of_rows_as_they_are(),
        Endpoint::get(
            "/api/v1/calls/{id}/waveform",
            "How loud the recording of one call is along its time, each side apart; for a reason that is on record, \
             as the recording itself",
            waveform,
        )
        .needs(Permission::RecordingsRead, About::Call)
        .query(
            const {
                &[
                    REASON.needed(),
                    BY,
                    Parameter::number("points", "At most so many points of each side, up to 4000", 1_000),
                ]
            },
        )
        .of_rows_as_they_are(),
        Endpoint::get(
            "/api/v1/calls/{id}/recording/linked",
            "The same by a link that a webhook was told, for an hour; on record as that webhook's",
            linked,
        )
        .query(
            const {
                &[
                    Parameter::uuid("webhook", "The webhook that was told").needed(),
                    Parameter::number(
                        "until",
                        "Until when it opens, in seconds since 1970",
                        1_764_000_000,
                    )
                    .needed(),
                    Parameter::text("signature", "Of all of these and the call", "9f86d081884c7d65").needed(),
                ]
            },
        )
        .headers(const { &[RANGE] })
        .of_rows_as_they_are()
        .open(),
    ]
}

const RANGE: Parameter = Parameter::text(
    "Range",
    "One range of bytes (RFC 9110, 14.2); others are answered whole",
    "bytes=0-65535",
);

/// Refuses whoever does not say why.
fn with_reason(input: &Input) -> Result<(), Problem> {
    if input.text(REASON.name).is_none_or(|text| text.trim().is_empty()) {
        return Err(Problem::invalid(
            "reason-needed",
            "give a reason with ?reason=: it is stored permanently, so do not include personal data",
        ));
    }
    Ok(())
}

/// How loud one call's recording is.
#[derive(Debug, Serialize, JsonSchema)]
struct CallWaveform {
    call: CallId,
    #[serde(flatten)]
    waveform: Waveform,
}

async fn waveform(ctx: Ctx, input: Input) -> Result<Read<CallWaveform>, Problem> {
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
    Ok(Read(CallWaveform { call, waveform }))
}

async fn recording(ctx: Ctx, input: Input) -> Result<Sound, Problem> {
    let call: CallId = input.id(0, "this call")?;
    with_reason(&input)?;
    give(&ctx, input.reader(), call, input.header("range")).await
}

async fn linked(ctx: Ctx, input: Input) -> Result<Sound, Problem> {
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

/// The recording, once it is found whole and that somebody takes it is on record.
async fn give(ctx: &Ctx, reader: Reader, call: CallId, range: Option<&str>) -> Result<Sound, Problem> {
    let installation = &ctx.installation;
    let (opened, place) = found(ctx, reader, call, RECORDING).await?;
    let part = Part::asked(range, opened.bytes);
    let (send, pieces) = mpsc::channel(1);
    let streaming = stream(Arc::clone(installation), opened, part, place, send);
    installation.tasks().spawn("recording", Box::pin(streaming));
    Ok(Sound(sound_response(&format!("{call}.wav"), part, pieces)))
}

/// The file, found whole, with a place to read it; what is shown of it is on record behind this.
async fn found(
    ctx: &Ctx,
    reader: Reader,
    call: CallId,
    what: Shown,
) -> Result<(Opened, PacedPlace), Problem> {
    let installation = &ctx.installation;
    let place = PLACES.enter(installation.now());
    let place = place.ok_or_else(|| {
        Problem::new(
            Kind::Busy,
            "recordings-busy",
            "too many recordings are being downloaded",
        )
    })?;
    let state = installation.entities.calls.state(&call).await?.state;
    let Some(customer) = state.customer().cloned() else {
        return Err(Problem::missing("this call"));
    };
    let stored = stream_of(installation.store(), call).await?;
    let logged = logged(&stored)?.ok_or_else(|| Problem::missing("a recording of this call"))?;
    let opened = open(&installation.directory.join(RECORDINGS_DIR), call, &logged).await?;
    let shown = Shown {
        customer: Some(customer),
        campaign: state.campaign().cloned(),
        calls: vec![call],
        ..what
    };
    put_on_record(installation, reader, shown).await?;
    Ok((opened, place))
}

/// Hands the sound on at its listener's pace.
async fn stream(
    installation: Arc<Installation>,
    opened: Opened,
    part: Part,
    place: PacedPlace,
    taken: mpsc::Sender<std::io::Result<bytes::Bytes>>,
) {
    let (send, read) = mpsc::channel(1);
    let clock = installation.environment.clock.as_ref();
    tokio::join!(
        opened.write(part.from, part.length, send),
        hand_on(clock, &place, read, &taken),
    );
}
