//! What a call came to, and calls by what was said in them: both on record before they are answered.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::own_people::{customers_of, seen};
use crate::revealing::{clear_asked, refuse_unrevealed};
use application::campaigns::{AnonymousFound, anonymous_with, anonymous_words};
use application::inquiring::{BY, REASON, Shown, put_on_record};
use application::parameter::Parameter;
use application::summaries::{SummaryShown, summary};
use application::transcripts::{
    SEARCHED_CALLS_MAX, SOUGHT_CHARS_MAX, TranscriptFound, TranscriptsFound, said_with,
};
use domain::ids::{CallId, CampaignId};
use domain::inquiry::ReadForm;
use domain::permission::{DataScope, People};
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::{Members, Order};
use projections::views::call_history::{self, CallFilter};
use schemars::JsonSchema;

/// Text and slots as they were kept.
const CLEAR: Parameter = Parameter::flag(
    "clear",
    "Text and slots as they were kept, for whoever may see persons in clear, with a reason",
);

const FROM: Parameter = Parameter::instant("from", "Calls permitted at this instant or later");
const TO: Parameter = Parameter::instant("to", "Calls permitted before this instant");

/// What is opened of a call.
const SUMMARY: Shown = Shown::of(&["slots", "summary"], ReadForm::Masked);
const HEARD: Shown = Shown::of(&["heard"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/calls/{id}/summary",
            "What an answered call came to, once it has ended: intent, interest, slots, what may follow",
            show,
        )
        .needs(Permission::CallsRead, About::Call)
        .query(const { &[CLEAR, BY, REASON] }),
        Endpoint::post(
            "/api/v1/transcripts/search",
            "Calls by what was said in them, masked; the newest of a time, at most 500 are opened",
            search,
        )
        .needs(Permission::CallsRead, About::OwnRowsAsked)
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

/// What is looked for: in the body, since it may be somebody's name.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "text": "分期" }]))]
struct TranscriptSearch {
    /// What was said, or a part of it.
    #[schemars(length(min = 1, max = SOUGHT_CHARS_MAX))]
    text: String,
}

impl Order for TranscriptSearch {
    fn read(body: &mut Members) -> Self {
        let text = body.needed_short_text("text", SOUGHT_CHARS_MAX.saturating_mul(4));
        let text = text.trim().to_owned();
        if text.chars().count() > SOUGHT_CHARS_MAX {
            body.wrong("text", format!("has more than {SOUGHT_CHARS_MAX} characters"));
        }
        Self { text }
    }
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<SummaryShown>, Problem> {
    let installation = &ctx.installation;
    let call: CallId = input.id(0, "this call")?;
    let clear = clear_asked(&input, &CLEAR)?;
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
    let what = Shown {
        form: if clear { ReadForm::Clear } else { ReadForm::Masked },
        customer: Some(customer),
        campaign: state.campaign().cloned(),
        calls: vec![call],
        ..SUMMARY
    };
    let what = what.with_values(shown.values_count());
    put_on_record(installation, input.reader(), what).await?;
    Ok(Read(shown))
}

/// The calls are put on record before any of them is opened.
async fn search(ctx: Ctx, input: Input) -> Result<Read<TranscriptsFound>, Problem> {
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
        customers: customers_of(&ctx, &scope, None).await?,
        from,
        until,
        ..CallFilter::default()
    };
    let db = installation.rows.db();
    let rows = call_history::list(db.as_ref(), &filter, None, SEARCHED_CALLS_MAX).await?;
    let truncated = rows.len() == SEARCHED_CALLS_MAX;
    let mut rows = seen(&ctx, &scope, rows).await?;
    rows.retain(|row| row.answered_at.is_some());
    if !rows.is_empty() {
        let what = Shown {
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
            items.push(TranscriptFound {
                call: row.call,
                campaign: row.campaign.clone(),
                customer: row.customer.clone(),
                answered_at: row.answered_at,
                said,
            });
        }
    }
    Ok(Read(TranscriptsFound {
        items,
        anonymous,
        searched_calls: rows.len(),
        truncated: truncated || more,
    }))
}

/// What nobody's name stands at is about nobody in particular: whoever is held to persons sees none of it.
/// No record of a read: it tells of nobody.
async fn anonymous(
    ctx: &Ctx,
    scope: &DataScope,
    campaign: Option<&CampaignId>,
    sought: &str,
) -> Result<(Vec<AnonymousFound>, bool), Problem> {
    let campaign = campaign.filter(|one| scope.people == People::All && scope.admits_campaign(one));
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
