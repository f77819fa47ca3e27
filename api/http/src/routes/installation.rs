//! Routes of the installation: its state after a restore or a lost history, and the confirmations that let
//! dialing continue.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::as_of::{Moment, PARAMETERS, PastMomentInfo, entity_then};
use application::installation::pending_confirmations::{LostHistoryResponse, PendingRestoreResponse};
use domain::ids::LogId;
use domain::installation::{
    Installation, InstallationCommand, InstallationState, REASON_BYTES_MAX, USER_BYTES_MAX,
};
use domain::problem::Problem;
use host::clock_evidence::ClockOffsetResponse;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

/// Returns the endpoints of the installation's state and of its confirmations.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/installation", "Get the state of the installation", show)
            .describe(
                "Returns whether dialing waits for a confirmation, after a restore or because part of the \
                 history is lost, now or at a past moment.",
            )
            .needs(Permission::InstallationRead, EndpointSubject::Unscoped)
            .query(PARAMETERS),
        Endpoint::post(
            "/api/v1/installation/confirm-dialing",
            "Confirm dialing after a restore",
            confirm,
        )
        .describe("Records that a user has checked the restored history. Dialing continues.")
        .needs(Permission::InstallationWrite, EndpointSubject::Everybody)
        .takes::<ConfirmationRequest>(),
        Endpoint::post(
            "/api/v1/installation/confirm-clock",
            "Confirm the server's clock",
            confirm_clock,
        )
        .describe(
            "Records that a user has checked the machine's clock and found it right. Dialing continues. \
             Refused while the server's time is ahead of the machine's clock.",
        )
        .needs(Permission::InstallationWrite, EndpointSubject::Everybody)
        .takes::<ConfirmationRequest>(),
        Endpoint::post(
            "/api/v1/installation/measure-clock",
            "Compare the clock with its sources now",
            measure_clock,
        )
        .describe("Returns the offset from each source. New results are stored in the log.")
        .needs(Permission::InstallationWrite, EndpointSubject::Everybody),
    ]
}

/// The state of the installation: whether dialing waits for a confirmation.
#[derive(Debug, Serialize, JsonSchema)]
struct InstallationResponse {
    dialing_paused: bool,
    unconfirmed_restore: Option<PendingRestoreResponse>,
    history_lost: Option<LostHistoryResponse>,
    /// For a past moment: what the reply is based on.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<PastMomentInfo>,
}

/// The body of a confirmation: the reason.
#[derive(ApiRequest, JsonSchema)]
struct ConfirmationRequest {
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    #[schemars(length(max = USER_BYTES_MAX))]
    by: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DialingConfirmationResponse {
    dialing_paused: bool,
    position: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ClockConfirmationResponse {
    clock_believed: bool,
    position: String,
}

/// The results of comparing the clock with its sources.
#[derive(Debug, Serialize, JsonSchema)]
struct ClockMeasurementResponse {
    measured: Vec<SourceAnswer>,
    /// The reason why dialing is refused, if it is the clock; otherwise null.
    dialing_refused: Option<String>,
}

/// The result of one clock source: its offset, or the error.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum SourceAnswer {
    Offset {
        #[serde(flatten)]
        offset: ClockOffsetResponse,
        /// True if the result was new and was stored in the log.
        noted: bool,
    },
    Away {
        #[schemars(example = &"ntp.example.com:123")]
        source: String,
        #[schemars(example = &"it does not answer")]
        error: String,
    },
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<InstallationResponse>, Problem> {
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
        return Ok(ReadReply(InstallationResponse {
            known: Some(entity.known(&then)),
            ..describe(&entity.state)
        }));
    }
    let now = actors::installation_now(ctx.installation.store()).await?;
    Ok(ReadReply(describe(&now)))
}

fn describe(installation: &InstallationState) -> InstallationResponse {
    InstallationResponse {
        dialing_paused: installation.is_dialing_paused(),
        unconfirmed_restore: installation.unconfirmed_restore().map(PendingRestoreResponse::of),
        history_lost: installation
            .unconfirmed_loss()
            .map(|(lost, since)| LostHistoryResponse::of(lost, *since)),
        known: None,
    }
}

async fn confirm(ctx: Ctx, input: Input) -> Result<ChangeReply<DialingConfirmationResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "installation")?;
    let ConfirmationRequest { reason, by } = input.order().await?;
    let command = InstallationCommand::ConfirmDialing { by, reason };
    let answer = ctx
        .installation
        .entities
        .installation
        .ask(&LogId, command, cause)
        .await?;
    Ok(ChangeReply(WriteResult {
        body: DialingConfirmationResponse {
            dialing_paused: answer.state.is_dialing_paused(),
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn confirm_clock(ctx: Ctx, input: Input) -> Result<ChangeReply<ClockConfirmationResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "installation")?;
    let ConfirmationRequest { reason, by } = input.order().await?;
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
    Ok(ChangeReply(WriteResult {
        body: ClockConfirmationResponse {
            clock_believed: is_believed,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn measure_clock(ctx: Ctx, _: Input) -> Result<ReadReply<ClockMeasurementResponse>, Problem> {
    let evidence = &ctx.process.clock_evidence;
    let measured = evidence.measure().await;
    let measured = measured.into_iter().map(|one| match one.offset {
        Ok(offset) => SourceAnswer::Offset {
            offset: ClockOffsetResponse::of(&offset, ctx.installation.now()),
            noted: one.is_noted,
        },
        Err(error) => SourceAnswer::Away {
            source: one.source,
            error,
        },
    });
    Ok(ReadReply(ClockMeasurementResponse {
        measured: measured.collect(),
        dialing_refused: evidence.refusal(),
    }))
}
