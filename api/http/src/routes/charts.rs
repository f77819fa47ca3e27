//! Charts of figures: ECharts options, ready to be set (REP-5).

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::Done;
use application::as_of::Moment;
use application::figures::{Asked, Source, options, with_versions};
use domain::problem::Problem;
use projections::views::metric_board::By;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/charts/{name}",
            "A metric by hour, day, campaign, trunk or flow version, as ECharts options",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(&[
            ("version", "Version of the definition; the headline one without"),
            ("campaign", "Only this campaign"),
            ("from", "First hour or day of the window"),
            ("to", "The hour or day before which the window ends"),
            ("by", "hour (default), day, campaign, trunk or flow_version"),
            (
                "as_of",
                "Of a campaign: as known at a position or instant, folded from its events",
            ),
            (
                "valid_at",
                "With a campaign: what was true at an instant, by what is known",
            ),
            ("lang", "zh (default) or en: the name of the series"),
        ]),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let asked = Asked::read(&input.param(0)?, input.query())?;
    // What cannot be split by hours is split by what it can.
    let by = asked.by.or_else(|| match asked.metric.by.first() {
        None => Some(By::Hour),
        Some(by) => By::from_code(by),
    });
    let asked = Asked { by, ..asked };
    let moment = Moment::of(input.query())?;
    let source = Source::of_metric(&ctx.installation, moment, asked.scope.campaign.as_ref()).await?;
    let answer = asked.answer(source.db.as_ref()).await?;
    let label = &asked.metric.label;
    let series = match input.text("lang") {
        None | Some("zh") => &label.zh,
        Some("en") => &label.en,
        Some(_) => return Err(Problem::invalid("lang-invalid", "lang is zh or en")),
    };
    let chart = options(series, asked.metric.unit, by, &answer.figures);
    Ok(Done::Read(with_versions(chart, asked.metric, &answer)))
}
