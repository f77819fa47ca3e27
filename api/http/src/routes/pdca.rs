//! The route of the PDCA report of a period (REP-7): plan, do, check, act, now or as known at a past moment.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::as_of::{AS_OF, Moment};
use application::figures::{QualifiedAnswer, Source};
use application::parameter::Parameter;
use application::targets::campaign_of;
use chrono::NaiveDate;
use domain::calendar::{PeriodLength, beijing_date};
use domain::problem::Problem;
use evidence::log_walk::acquire_walk_permit;
use evidence::pdca::{PdcaResponse, PdcaScope, build_response, gather};
use projections::View;
use projections::views::call_history::CallHistory;
use projections::views::campaign_board::CampaignBoard;
use projections::views::metric_board::MetricBoard;
use projections::views::target_board::TargetBoard;
use std::sync::Arc;

/// Period lengths, as `PeriodLength::of_word` reads them.
const LENGTHS: &[&str] = &["day", "week", "month", "quarter", "year"];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/reports/pdca", "Get the PDCA report of a period", report)
            .describe(
                "The review of a day, week, month, quarter or year: plan, do, check, act. Reads the log of \
                 the period; one report at a time.",
            )
            .needs(Permission::FiguresRead, EndpointSubject::CampaignAsked)
            .heavy()
            .query(
                const {
                    &[
                        Parameter::one_of("period", "Length of the period; default: day", LENGTHS),
                        Parameter::day("at", "A day in the period; default: today, or the day of `as_of`"),
                        Parameter::campaign("Only this campaign"),
                        AS_OF,
                    ]
                },
            ),
    ]
}

async fn report(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<PdcaResponse>>, Problem> {
    let campaign = campaign_of(input.text("campaign"))?;
    let length = match input.text("period").map(str::parse::<PeriodLength>) {
        None => PeriodLength::Day,
        Some(length) => length.map_err(|why| Problem::invalid("query-invalid", format!("period {why}")))?,
    };
    let named = input.text("at").map(str::parse::<NaiveDate>).transpose();
    let named =
        named.map_err(|_bad_day| Problem::invalid("date-invalid", "at must be a date such as 2026-11-20"))?;
    let moment = Moment::of(input.query())?;
    let views: Vec<Arc<dyn View>> = vec![
        Arc::new(CampaignBoard),
        Arc::new(CallHistory),
        Arc::new(MetricBoard),
        Arc::new(TargetBoard),
    ];
    // The log of the period is read besides the views, so only one report is made at a time, as for other
    // readers of the whole log.
    let _turn = acquire_walk_permit()?;
    let source = match &campaign {
        Some(campaign) => Source::of(&ctx.installation, moment, campaign, views).await?,
        None => Source::of_all(&ctx.installation, moment, views).await?,
    };
    let day = named.unwrap_or_else(|| beijing_date(source.at.unwrap_or_else(|| ctx.installation.now())));
    let ask = PdcaScope {
        length,
        day,
        campaign,
        upto: source.position,
    };
    let gathered = gather(source.db.as_ref(), ctx.installation.store(), ask).await?;
    Ok(ReadReply(QualifiedAnswer {
        answer: build_response(&gathered),
        completeness: source.completeness,
    }))
}
