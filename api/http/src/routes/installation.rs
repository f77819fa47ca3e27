//! The installation over HTTP: whether it was restored, and a person's word that dialing may go on.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::reply::{Done, Written};
use application::as_of::{Moment, PARAMETERS, entity_then};
use application::installation::waits::{loss_value, restore_value};
use domain::ids::LogId;
use domain::installation::{
    Installation, InstallationCommand, InstallationState, REASON_BYTES_MAX, USER_BYTES_MAX,
};
use domain::problem::Problem;
use host::clock_evidence::offset_value;
use intake::members::Members;
use serde_json::{Value, json};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/installation",
            "Whether dialing waits for a person after a restore",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(PARAMETERS),
        Endpoint::post(
            "/api/v1/installation/confirm-dialing",
            "A person has looked at the restored past: dialing may go on",
            |ctx, input| Box::pin(confirm(ctx, input)),
        )
        .takes(Takes::Json("DialingConfirmation")),
        Endpoint::post(
            "/api/v1/installation/confirm-clock",
            "A person has looked at the machine's clock and finds it right: dialing may go on",
            |ctx, input| Box::pin(confirm_clock(ctx, input)),
        )
        .takes(Takes::Json("ClockConfirmation")),
        Endpoint::post(
            "/api/v1/installation/measure-clock",
            "Compare the clock with its sources now; what is new is noted in the log",
            |ctx, input| Box::pin(measure_clock(ctx, input)),
        ),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let moment = Moment::of(input.query())?;
    if !moment.is_now() {
        let then = moment
            .resolve(ctx.installation.store(), ctx.installation.now())
            .await?;
        let entity = entity_then::<Installation>(
            ctx.installation.store(),
            &LogId,
            &then,
            (ctx.installation.vault(), None),
        )
        .await?;
        let mut shown = describe(&entity.state);
        entity.put_known(&then, &mut shown);
        return Ok(Done::Read(shown));
    }
    let now = actors::installation_now(ctx.installation.store()).await?;
    Ok(Done::Read(describe(&now)))
}

fn describe(installation: &InstallationState) -> Value {
    json!({
        "dialing_paused": installation.is_dialing_paused(),
        "unconfirmed_restore": installation.unconfirmed_restore().map(restore_value),
        "history_lost": installation.unconfirmed_loss().map(loss_value),
    })
}

async fn confirm(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let cause = input.cause(&ctx.installation, "installation")?;
    let mut body = Members::new(input.object().await?);
    let reason = body.needed_short_text("reason", REASON_BYTES_MAX);
    let by = body.short_text("by", USER_BYTES_MAX);
    body.refuse_the_rest();
    body.finish()?;
    let command = InstallationCommand::ConfirmDialing { by, reason };
    let answer = ctx
        .installation
        .entities
        .installation
        .ask(&LogId, command, cause)
        .await?;
    Ok(Done::Changed(Written {
        body: json!({
            "dialing_paused": answer.state.is_dialing_paused(),
            "position": answer.position.to_string(),
        }),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn confirm_clock(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let cause = input.cause(&ctx.installation, "installation")?;
    let mut body = Members::new(input.object().await?);
    let reason = body.needed_short_text("reason", REASON_BYTES_MAX);
    let by = body.short_text("by", USER_BYTES_MAX);
    body.refuse_the_rest();
    body.finish()?;
    let watch = ctx.process.clock_evidence.watch.clone();
    if let Some(behind_ms) = watch.as_ref().and_then(|watch| watch.behind_ms()) {
        return Err(Problem::refused(
            "clock-behind",
            format!(
                "this server's time is {} s ahead of the machine's clock and never goes back: start the server again, \
                 then confirm / 服务器时间早于本机时钟校正前的时间，请先重启服务，再确认",
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
    Ok(Done::Changed(Written {
        body: json!({
            "clock_believed": is_believed,
            "position": answer.position.to_string(),
        }),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn measure_clock(ctx: Ctx, _: Input) -> Result<Done, Problem> {
    let evidence = &ctx.process.clock_evidence;
    let measured = evidence.measure().await;
    let shown = measured.iter().map(|one| match &one.offset {
        Ok(offset) => {
            let mut value = offset_value(offset, ctx.installation.now());
            if let Some(members) = value.as_object_mut() {
                members.insert("noted".to_owned(), Value::Bool(one.is_noted));
            }
            value
        }
        Err(why) => json!({ "source": one.source, "error": why }),
    });
    Ok(Done::Read(json!({
        "measured": shown.collect::<Vec<_>>(),
        "dialing_refused": evidence.refusal(),
    })))
}
