//! The audit trail over HTTP: who did or read what, when, and of whom.

use crate::comparisons::number_ids;
use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::paging::{CURSOR, LONG, Paged, Paging};
use application::inquiring::{Reader, Shown, Trail, TrailAsk, customer_of, put_on_record, trail};
use application::parameter::Parameter;
use domain::inquiry::ReadForm;
use domain::inquiry::event::InquiryEvent;
use domain::problem::Problem;
use std::fmt::Display;
use std::str::FromStr;

/// What the trail of one person tells of them.
const TRAIL: Shown = Shown::of(&["trail"], ReadForm::Clear);

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/audit",
            "The audit trail: every operation, export and read of personal data, by time, user and kind",
            show,
        )
.needs(Permission::AuditRead, About::RowsAsked)
        .query(
            const {
                &[
                    Parameter::text(
                        "by",
                        "Who acted: the name an event holds; token, directory or keys for a reader who gave none",
                        "wang",
                    ),
                    Parameter::text(
                        "kind",
                        "Only of this kind, such as inquiry.personal_data_read",
                        InquiryEvent::PERSONAL_DATA_READ,
                    ),
                    Parameter::instant("from", "Only from this instant on (RFC 3339)"),
                    Parameter::instant("to", "Only before this instant"),
                    Parameter::campaign("Only about this campaign"),
                    Parameter::text(
                        "customer",
                        "Only about this customer: the institution's own id, or ours",
                        "C01",
                    ),
                    Parameter::text(
                        "stream",
                        "Only of this stream, such as call-…",
                        "campaign-TASK20261120",
                    ),
                    CURSOR,
                    Parameter::number("after", "Only behind this position", 42),
                    Parameter::number("limit", "At most so many; default 100, at most 1000", 100),
                ]
            },
        ),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<Paged<Trail>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let mut ask = asked(&input)?;
    ask.after = paging.place()?.or(ask.after);
    let about = ask.customer.clone().map(|text| (text, ask.campaign.clone()));
    if let Some((text, _)) = &about {
        ctx.admit_customer_filter(&input.comparer(), text).await?;
    }
    let list = trail(&ctx.installation, ask)
        .await?
        .showing(number_ids(&input.caller));
    // What happened to one person, and what was done with their data, tells of that person.
    if let Some((text, campaign)) = about {
        let shown = Shown {
            customer: Some(customer_of(&ctx.installation, &text).await?),
            campaign,
            ..TRAIL
        };
        let shown = shown.with_values(list.len());
        let reader = Reader::of_caller(format!("GET {}", input.route()), &input.caller);
        put_on_record(&ctx.installation, reader, shown).await?;
    }
    let next = list.next.as_deref().and_then(|next| next.parse::<u64>().ok());
    let next_cursor = next.map(|next| paging.cursor(&next)).transpose()?;
    Ok(Read(Paged { list, next_cursor }))
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
