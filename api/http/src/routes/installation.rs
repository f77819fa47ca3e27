//! The installation over HTTP: whether it was restored, and a person's word that dialing may go on.

use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::as_of::{Known, Moment, PARAMETERS, entity_then};
use application::installation::waits::{LossShown, RestoreShown};
use domain::ids::LogId;
use domain::installation::{
    Installation, InstallationCommand, InstallationState, REASON_BYTES_MAX, USER_BYTES_MAX,
};
use domain::problem::Problem;
use host::clock_evidence::OffsetShown;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/installation",
            "Whether dialing waits for a person after a restore",
            show,
        )
        .needs(Permission::InstallationRead, About::Nobody)
        .query(PARAMETERS),
        Endpoint::post(
            "/api/v1/installation/confirm-dialing",
            "A person has looked at the restored past: dialing may go on",
            confirm,
        )
        .needs(Permission::InstallationWrite, About::Everybody)
        .takes::<Confirmation>(),
        Endpoint::post(
            "/api/v1/installation/confirm-clock",
            "A person has looked at the machine's clock and finds it right: dialing may go on",
            confirm_clock,
        )
        .needs(Permission::InstallationWrite, About::Everybody)
        .takes::<Confirmation>(),
        Endpoint::post(
            "/api/v1/installation/measure-clock",
            "Compare the clock with its sources now; what is new is noted in the log",
            measure_clock,
        )
        .needs(Permission::InstallationWrite, About::Everybody),
    ]
}

/// Whether dialing waits for a person.
#[derive(Debug, Serialize, JsonSchema)]
struct InstallationShown {
    dialing_paused: bool,
    unconfirmed_restore: Option<RestoreShown>,
    history_lost: Option<LossShown>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<Known>,
}

/// A person's word, and why.
#[derive(JsonSchema)]
struct Confirmation {
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    #[schemars(length(max = USER_BYTES_MAX))]
    by: Option<String>,
}

impl Order for Confirmation {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
            by: body.short_text("by", USER_BYTES_MAX),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct DialingConfirmed {
    dialing_paused: bool,
    position: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ClockConfirmed {
    clock_believed: bool,
    position: String,
}

/// What the clock's sources answered.
#[derive(Debug, Serialize, JsonSchema)]
struct ClockMeasured {
    measured: Vec<SourceAnswer>,
    /// Why nothing is dialed, when the clock is the reason.
    dialing_refused: Option<String>,
}

/// What one source answered.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum SourceAnswer {
    Offset {
        #[serde(flatten)]
        offset: OffsetShown,
        /// It said something new, and the log has it.
        noted: bool,
    },
    Away {
        #[schemars(example = &"ntp.example.com:123")]
        source: String,
        #[schemars(example = &"it does not answer")]
        error: String,
    },
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<InstallationShown>, Problem> {
    let moment = Moment::of(input.query())?;
    if !moment.is_now() {
        let then = moment
            .resolve(ctx.installation.store(), ctx.installation.now())
            .await?;
        let entity = entity_then::<Installation>(
            ctx.installation.store(),
            &LogId,
            &then,
            ctx.installation.vault(),
            None,
        )
        .await?;
        return Ok(Read(InstallationShown {
            known: Some(entity.known(&then)),
            ..describe(&entity.state)
        }));
    }
    let now = actors::installation_now(ctx.installation.store()).await?;
    Ok(Read(describe(&now)))
}

fn describe(installation: &InstallationState) -> InstallationShown {
    InstallationShown {
        dialing_paused: installation.is_dialing_paused(),
        unconfirmed_restore: installation.unconfirmed_restore().map(RestoreShown::of),
        history_lost: installation
            .unconfirmed_loss()
            .map(|(lost, since)| LossShown::of(lost, *since)),
        known: None,
    }
}

async fn confirm(ctx: Ctx, input: Input) -> Result<Changed<DialingConfirmed>, Problem> {
    let cause = input.cause(&ctx.installation, "installation")?;
    let Confirmation { reason, by } = input.order().await?;
    let command = InstallationCommand::ConfirmDialing { by, reason };
    let answer = ctx
        .installation
        .entities
        .installation
        .ask(&LogId, command, cause)
        .await?;
    Ok(Changed(Written {
        body: DialingConfirmed {
            dialing_paused: answer.state.is_dialing_paused(),
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn confirm_clock(ctx: Ctx, input: Input) -> Result<Changed<ClockConfirmed>, Problem> {
    let cause = input.cause(&ctx.installation, "installation")?;
    let Confirmation { reason, by } = input.order().await?;
    let watch = ctx.process.clock_evidence.watch.clone();
    if let Some(behind_ms) = watch.as_ref().and_then(|watch| watch.behind_ms()) {
        return Err(Problem::refused(
            "clock-behind",
            format!(
                "the server's time is {} s ahead of the machine's clock and cannot go back: restart the \
                 server, then confirm / 服务器时间早于本机时钟校正前的时间，请先重启服务，再确认",
                behind_ms / 1_000
            ),
        ));
    }
    let command = InstallationCommand::ConfirmClock { by, reason };
    let answer = ctx
        .installation
        .entities
        .installation
        .ask(&LogId, command, cause)
        .await?;
    let is_believed = match watch {
        Some(watch) => watch.confirmed(),
        None => true,
    };
    Ok(Changed(Written {
        body: ClockConfirmed {
            clock_believed: is_believed,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn measure_clock(ctx: Ctx, _: Input) -> Result<Read<ClockMeasured>, Problem> {
    let evidence = &ctx.process.clock_evidence;
    let measured = evidence.measure().await;
    let measured = measured.into_iter().map(|one| match one.offset {
        Ok(offset) => SourceAnswer::Offset {
            offset: OffsetShown::of(&offset, ctx.installation.now()),
            noted: one.is_noted,
        },
        Err(error) => SourceAnswer::Away {
            source: one.source,
            error,
        },
    });
    Ok(Read(ClockMeasured {
        measured: measured.collect(),
        dialing_refused: evidence.refusal(),
    }))
}
