//! The audit trail over HTTP: who did or read what, when, and of whom.

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::Done;
use application::inquiring::{TrailAsk, trail};
use domain::problem::Problem;
use std::fmt::Display;
use std::str::FromStr;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/audit",
            "The audit trail: every operation, export and read of personal data, by time, user and kind",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(&[
            (
                "by",
                "Who acted: the name an event holds; token or loopback for a reader who gave none",
            ),
            ("kind", "Only of this kind, such as inquiry.personal_data_read"),
            ("from", "Only from this instant on (RFC 3339)"),
            ("to", "Only before this instant"),
            ("campaign", "Only about this campaign"),
            (
                "customer",
                "Only about this customer: the institution's own id, or ours",
            ),
            ("stream", "Only of this stream, such as call-…"),
            ("after", "Continue behind: the `next` of the page before"),
            ("limit", "At most so many; default 100, at most 1000"),
        ]),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let ask = asked(&input)?;
    Ok(Done::Read(trail(&ctx.installation, ask).await?))
}

fn asked(input: &Input) -> Result<TrailAsk, Problem> {
    let text = |name: &str| input.text(name).map(str::to_owned);
    Ok(TrailAsk {
        by: text("by"),
        kind: text("kind"),
        from: parsed(input, "from")?,
        to: parsed(input, "to")?,
        campaign: parsed(input, "campaign")?,
        customer: text("customer"),
        stream: text("stream"),
        after: input.number("after")?,
        limit: input.number("limit")?,
    })
}

fn parsed<T: FromStr<Err: Display>>(input: &Input, name: &str) -> Result<Option<T>, Problem> {
    let parsed = input.text(name).map(str::parse).transpose();
    parsed.map_err(|error: T::Err| Problem::invalid("query-invalid", format!("{name}: {error}")))
}
