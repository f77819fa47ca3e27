//! Routes of call summaries and of the search in transcripts. Both are recorded before the reply is sent.

use crate::api_description::ReadReply;
use crate::assigned_customers::{retain_visible_calls, select_customers};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reveal_checks::{read_clear_flag, refuse_unrevealed};
use application::campaigns::{AnonymousMatch, anonymous_with, anonymous_words};
use application::inquiries::{BY, REASON, ReadContent, put_on_record};
use application::parameter::Parameter;
use application::summaries::{SummaryResponse, summary};
use application::transcripts::{
    SEARCHED_CALLS_MAX, SOUGHT_CHARS_MAX, TranscriptMatch, TranscriptMatches, said_with,
};
use domain::ids::{CallId, CampaignId};
use domain::inquiry::ReadForm;
use domain::permission::{AssigneeScope, DataScope};
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use projections::views::call_history::{self, CallFilter};
use schemars::JsonSchema;

/// Query parameter: text and slots in clear.
const CLEAR: Parameter = Parameter::flag(
    "clear",
    "true: text and slots in clear; needs customers:reveal and a reason",
);

const FROM: Parameter =
    Parameter::instant("from", "Only calls permitted at this instant or later (RFC 3339)");
const TO: Parameter = Parameter::instant("to", "Only calls permitted before this instant (RFC 3339)");

/// What the audit record of a read of a summary names as shown.
const SUMMARY: ReadContent = ReadContent::of(&["slots", "summary"], ReadForm::Masked);
const HEARD: ReadContent = ReadContent::of(&["heard"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/calls/{id}/summary", "Get the summary of a call", show)
            .describe(
                "Returns the intent, interest, slots and possible next steps of an answered call after its \
                 end. Masked unless `clear` is set; the read is recorded.",
            )
            .needs(Permission::CallsRead, EndpointSubject::Call)
            .query(const { &[CLEAR, BY, REASON] }),
        Endpoint::post("/api/v1/transcripts/search", "Search in transcripts", search)
            .describe(
                "Returns calls with the given words in their transcript, masked, newest first. At most 500 \
                 transcripts of the period are opened; the read is recorded first.",
            )
            .needs(Permission::CallsRead, EndpointSubject::OwnRowsAsked)
            .heavy()
            .query(
                const {
                    &[
                        Parameter::campaign("Only calls of this campaign"),
                        FROM,
                        TO,
                        BY,
                        REASON,
                    ]
                },
            )
            .takes::<TranscriptSearch>(),
    ]
}

/// The body of a search in transcripts. The text is in the body, because it may be a person's name.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "text": "分期" }]))]
struct TranscriptSearch {
    /// The words that were said, or a part of them.
    #[schemars(length(min = 1, max = SOUGHT_CHARS_MAX))]
    #[member(read = sought_text)]
    text: String,
}

fn sought_text(body: &mut Members, name: &str) -> String {
    let text = body.needed_short_text(name, SOUGHT_CHARS_MAX.saturating_mul(4));
    let text = text.trim();
    if text.chars().count() > SOUGHT_CHARS_MAX {
        body.wrong(name, format!("has more than {SOUGHT_CHARS_MAX} characters"));
    }
    text.to_owned()
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<SummaryResponse>, Problem> {
    let installation = &ctx.installation;
    let call: CallId = input.id(0, "this call")?;
    let clear = read_clear_flag(&input, &CLEAR)?;
    let state = installation.entities.calls.state(&call).await?.state;
    let Some(customer) = state.customer().cloned() else {
        return Err(Problem::missing("this call"));
    };
    if clear {
        let campaign = state.campaign();
        let what = "a summary in clear";
        refuse_unrevealed(&ctx, &input.caller, campaign, Some(&customer), what).await?;
    }
    let shown = summary(installation, call, clear).await?;
    let what = ReadContent {
        form: if clear { ReadForm::Clear } else { ReadForm::Masked },
        customer: Some(customer),
        campaign: state.campaign().cloned(),
        calls: vec![call],
        ..SUMMARY
    };
    let what = what.with_values(shown.values_count());
    put_on_record(installation, input.reader(), what).await?;
    Ok(ReadReply(shown))
}

/// Searches the transcripts. The calls are recorded as read before any of them is opened.
async fn search(ctx: Ctx, input: Input) -> Result<ReadReply<TranscriptMatches>, Problem> {
    let installation = &ctx.installation;
    let campaign: Option<CampaignId> = input
        .text("campaign")
        .map(str::parse)
        .transpose()
        .map_err(|error: domain::ids::InvalidId| Problem::invalid("query-invalid", error.to_string()))?;
    let (scope, reader) = (input.scope.clone(), input.reader_by_post());
    let (from, until) = (instant(&input, FROM.name)?, instant(&input, TO.name)?);
    let TranscriptSearch { text: sought } = input.order().await?;
    let filter = CallFilter {
        campaign: campaign.clone(),
        customers: select_customers(&ctx, &scope, None).await?,
        from,
        until,
        ..CallFilter::default()
    };
    let db = installation.rows.db();
    let rows = call_history::list(db.as_ref(), &filter, None, SEARCHED_CALLS_MAX).await?;
    let truncated = rows.len() == SEARCHED_CALLS_MAX;
    let mut rows = retain_visible_calls(&ctx, &scope, rows).await?;
    rows.retain(|row| row.answered_at.is_some());
    if !rows.is_empty() {
        let what = ReadContent {
            campaign: campaign.clone(),
            calls: rows.iter().map(|row| row.call).collect(),
            ..HEARD
        };
        put_on_record(installation, reader, what).await?;
    }
    let (anonymous, more) = anonymous(&ctx, &scope, campaign.as_ref(), &sought).await?;
    let mut items = Vec::new();
    for row in &rows {
        let said = said_with(installation, row.call, &row.customer, &sought).await?;
        if !said.is_empty() {
            items.push(TranscriptMatch {
                call: row.call,
                campaign: row.campaign.clone(),
                customer: row.customer.clone(),
                answered_at: row.answered_at,
                said,
            });
        }
    }
    Ok(ReadReply(TranscriptMatches {
        items,
        anonymous,
        searched_calls: rows.len(),
        truncated: truncated || more,
    }))
}

/// Searches the campaign's anonymous transcripts. They are about no known customer, so a caller with access
/// to some customers only gets none, and no read is recorded.
async fn anonymous(
    ctx: &Ctx,
    scope: &DataScope,
    campaign: Option<&CampaignId>,
    sought: &str,
) -> Result<(Vec<AnonymousMatch>, bool), Problem> {
    let campaign = campaign.filter(|one| scope.people == AssigneeScope::All && scope.admits_campaign(one));
    let Some(campaign) = campaign else {
        return Ok((Vec::new(), false));
    };
    let (all, more) = anonymous_words(&ctx.installation, campaign, SEARCHED_CALLS_MAX).await?;
    Ok((anonymous_with(all, sought), more))
}

fn instant(input: &Input, name: &'static str) -> Result<Option<Timestamp>, Problem> {
    match input.text(name).map(str::parse) {
        None => Ok(None),
        Some(Ok(at)) => Ok(Some(at)),
        Some(Err(_)) => Err(Problem::invalid(
            "query-invalid",
            format!("{name} must be a time such as 2026-03-02T10:00:00+08:00"),
        )),
    }
}
