//! Phone numbers over HTTP: opt out and suppress, at once and everywhere.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::reply::{Done, Written};
use application::as_of::{Moment, entity_then};
use application::inquiring::{READ_THEN, Reader, Shown, put_on_record};
use application::installation::Installation;
use domain::compliance::{InWords, Suppressed, in_words, zone_of};
use domain::ids::{CallId, NumberId};
use domain::inquiry::ReadForm;
use domain::number::{Number, NumberCommand, NumberState, OptOutSource};
use domain::phone_number::PhoneNumber;
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::Members;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
const REASON_BYTES_MAX: usize = 256;

/// What is shown of a number: whoever asks with the number itself learns it of a person.
const LOOKUP: Shown = Shown::of(
    &["opted_out", "suppressed", "invalid", "open_calls", "dials"],
    ReadForm::Clear,
);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/numbers/{number}",
            "One phone number (E.164, or our id): opt-out, suppression, dials of the last 30 days",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(READ_THEN),
        Endpoint::post(
            "/api/v1/numbers/show",
            "The same of the number in the body, so that no address holds it",
            |ctx, input| Box::pin(show_of_body(ctx, input)),
        )
        .takes(Takes::Json("NumberOnly"))
        .query(READ_THEN),
        Endpoint::post(
            "/api/v1/numbers/{number}/opt-out",
            "The person asked not to be called: holds before the next dial, everywhere",
            |ctx, input| Box::pin(change(ctx, input, Change::OptOut)),
        )
        .takes(Takes::Json("OptOut"))
        .kept(),
        Endpoint::post(
            "/api/v1/numbers/{number}/suppress",
            "The number must not be dialed, for good or until a time",
            |ctx, input| Box::pin(change(ctx, input, Change::Suppress)),
        )
        .takes(Takes::Json("Suppression"))
        .kept(),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let text = input.param(0)?;
    let moment = Moment::of(input.query())?;
    let (peer, reader) = (input.peer(), input.reader(&ctx.door));
    shown(&ctx, &text, peer, (moment, reader)).await
}

async fn show_of_body(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let moment = Moment::of(input.query())?;
    let (peer, reader) = (input.peer(), input.reader_by_post(&ctx.door));
    let mut body = Members::new(input.object().await?);
    let number = body.needed_text("number");
    body.refuse_the_rest();
    body.finish()?;
    shown(&ctx, &number.unwrap_or_default(), peer, (moment, reader)).await
}

/// Our id of a number tells nothing to who tries; the number itself is looked up, at a limited rate.
async fn shown(
    ctx: &Ctx,
    text: &str,
    peer: Option<SocketAddr>,
    asked: (Moment, Reader),
) -> Result<Done, Problem> {
    if let Ok(number) = text.parse::<NumberId>() {
        return shown_of(&ctx.installation, number, None, asked).await;
    }
    let phone = parsed(text)?;
    let installation = &ctx.installation;
    ctx.lookups.take(peer, installation.now())?;
    let number = installation.vault().derive_number(phone.as_e164());
    let found = shown_of(installation, number, Some(phone.mask()), asked).await;
    ctx.lookups.count_miss((peer, installation.now()), found)
}

async fn shown_of(
    installation: &Installation,
    number: NumberId,
    phone: Option<String>,
    (moment, reader): (Moment, Reader),
) -> Result<Done, Problem> {
    let mut shown = if moment.is_now() {
        let loaded = installation.entities.numbers.state(&number).await?;
        if loaded.version.0 == 0 {
            return Err(Problem::missing("this number"));
        }
        describe(&number, &loaded.state, installation.now())
    } else {
        let then = moment.resolve(installation.store(), installation.now()).await?;
        let entity =
            entity_then::<Number>(installation.store(), &number, &then, (installation.vault(), None)).await?;
        if entity.events == 0 {
            return Err(Problem::missing("this number, at the time asked for,"));
        }
        let mut shown = describe(
            &number,
            &entity.state,
            then.at().unwrap_or_else(|| installation.now()),
        );
        entity.put_known(&then, &mut shown);
        shown
    };
    if let Some(members) = shown.as_object_mut() {
        members.extend(phone.map(|phone| ("number".to_owned(), json!(phone))));
    }
    let what = Shown {
        number: Some(number),
        ..LOOKUP
    };
    put_on_record(installation, reader, what).await?;
    Ok(Done::Read(shown))
}

fn describe(number: &NumberId, state: &NumberState, at: Timestamp) -> Value {
    let until = |held: Suppressed| match held {
        Suppressed::ForGood => Value::Null,
        Suppressed::Until(at) => json!(at),
    };
    json!({
        "id": number,
        "opted_out": state.opted_out(),
        "suppressed": state.suppressed().is_some(),
        // Null: for good, or not at all.
        "suppressed_until": state.suppressed().map_or(Value::Null, until),
        "invalid": state.invalid(),
        "open_calls": state.open_calls(),
        "dials_30_days": state.history().dials().len(),
        "not_called": not_called(state, at),
    })
}

/// What stands against a dial of this number whatever the campaign, in codes and in words; null: nothing.
fn not_called(state: &NumberState, at: Timestamp) -> Value {
    let (because, next) = match state.suppressed() {
        _ if state.opted_out() => ("opted_out", None),
        _ if state.invalid() => ("invalid_number", None),
        Some(Suppressed::ForGood) => ("suppressed", None),
        Some(Suppressed::Until(until)) if at < until => ("suppressed", Some(until)),
        Some(Suppressed::Until(_)) | None => return Value::Null,
    };
    let facts = BTreeMap::from([("because".to_owned(), because.to_owned())]);
    // A number's stream holds no digits: the time is said in Beijing's.
    let InWords { zh, en } = in_words("suppression", &facts, next, zone_of(Some("Asia/Shanghai"), None));
    json!({ "rule": "suppression", "facts": facts, "next_due_at": next, "zh": zh, "en": en })
}

fn parsed(text: &str) -> Result<PhoneNumber, Problem> {
    PhoneNumber::parse(text).map_err(|error| Problem::refused("number-invalid", error.to_string()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    OptOut,
    Suppress,
}

async fn change(ctx: Ctx, input: Input, change: Change) -> Result<Done, Problem> {
    let phone = parsed(&input.param(0)?)?;
    let number = ctx.installation.vault().derive_number(phone.as_e164());
    let cause = input.cause(&ctx.installation, "numbers")?;
    let mut body = Members::new(input.object().await?);
    let reason = body.needed_short_text("reason", REASON_BYTES_MAX);
    let until: Option<Timestamp> = match change {
        Change::OptOut => None,
        Change::Suppress => body.parsed("until"),
    };
    body.refuse_the_rest();
    body.finish()?;
    let command = match change {
        Change::OptOut => NumberCommand::OptOut {
            reason,
            source: OptOutSource::Operator,
            call: None,
        },
        Change::Suppress => NumberCommand::Suppress { reason, until },
    };
    let answer = ctx
        .installation
        .entities
        .numbers
        .ask(&number, command, cause)
        .await?;
    let open: Vec<CallId> = answer.state.open_calls();
    Ok(Done::Changed(Written {
        body: json!({
            "number": phone.mask(),
            "id": number,
            "opted_out": answer.state.opted_out(),
            "suppressed": answer.state.suppressed().is_some(),
            // Granted before: withdrawn, or cancelled if not yet answered.
            "open_calls": open,
            "position": answer.position.to_string(),
        }),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
