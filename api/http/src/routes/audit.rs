//! The route that lists the audit trail: operations, exports and reads of personal data, with user and time.

use crate::api_description::ReadReply;
use crate::comparisons::number_ids;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{CURSOR, LONG, ListPage, Paging};
use application::inquiries::{
    AuditTrailFilter, AuditTrailPage, ReadContent, Reader, customer_of, put_on_record, trail,
};
use application::parameter::Parameter;
use domain::inquiry::ReadForm;
use domain::inquiry::event::InquiryEvent;
use domain::problem::Problem;
use std::fmt::Display;
use std::str::FromStr;

/// What the audit record of a read of one customer's trail names as shown: the field `trail`, in clear.
const TRAIL: ReadContent = ReadContent::of(&["trail"], ReadForm::Clear);

/// Returns the endpoint of the audit trail.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/audit",
            "List the audit trail",
            show,
        )
            .describe(
                "Operations, exports and reads of personal data in the order of the log. Filters combine \
                 with AND. With `customer` the request is itself recorded as a read of that customer's \
                 data.",
            )
.needs(Permission::AuditRead, EndpointSubject::RowsAsked)
        .query(
            const {
                &[
                    Parameter::text(
                        "by",
                        "The user who acted, as the event names them; token, directory or keys for a reader without a name",
                        "wang",
                    ),
                    Parameter::text(
                        "kind",
                        "Only events of this kind, for example inquiry.personal_data_read",
                        InquiryEvent::PERSONAL_DATA_READ,
                    ),
                    Parameter::instant("from", "Only events at this instant or later (RFC 3339)"),
                    Parameter::instant("to", "Only events before this instant (RFC 3339)"),
                    Parameter::campaign("Only events about this campaign"),
                    Parameter::text(
                        "customer",
                        "Only events about this customer: external id or internal id",
                        "C01",
                    ),
                    Parameter::text(
                        "stream",
                        "Only events of this stream, for example call-…",
                        "campaign-TASK20261120",
                    ),
                    CURSOR,
                    Parameter::number("after", "Only events after this log position", 42),
                    Parameter::number("limit", "Rows per page; default 100, at most 1000", 100),
                ]
            },
        ),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<AuditTrailPage>>, Problem> {
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
    // The trail of one customer is personal data: it shows what happened to this customer and who used their
    // data.
    if let Some((text, campaign)) = about {
        let shown = ReadContent {
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
    Ok(ReadReply(ListPage { list, next_cursor }))
}

fn asked(input: &Input) -> Result<AuditTrailFilter, Problem> {
    let text = |name: &str| input.text(name).map(str::to_owned);
    Ok(AuditTrailFilter {
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
