//! The route that returns a metric as a chart: ECharts options that a page can use unchanged (REP-5).

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::as_of::Moment;
use application::figures::{BY, Chart, MetricQuery, QualifiedAnswer, Source, options, with_versions};
use application::parameter::Parameter;
use domain::problem::Problem;
use projections::views::metric_board::Dimension;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/charts/{name}",
            "Get a metric as a chart",
            show,
        )
            .describe(
                "Returns ECharts options for one metric, by hour, day, campaign, trunk or flow version, \
                 now or at a past moment.",
            )
        .allow_caching()
        .needs(Permission::FiguresRead, EndpointSubject::CampaignAsked)
        .query(
            const {
                &[
                    Parameter::number(
                        "version",
                        "Version of the metric's definition; default: the headline version",
                        1,
                    ),
                    Parameter::campaign("Only this campaign"),
                    Parameter::text("from", "First hour or day of the period", "2026-11-20"),
                    Parameter::text("to", "End of the period, exclusive: an hour or a day", "2026-11-21"),
                    Parameter::one_of("by", "Dimension of the chart; default: hour, if the metric has it", BY),
                    Parameter::text(
                        "as_of",
                        "As known at this log position or RFC 3339 instant, replayed from the events of the campaign or of all campaigns",
                        "42",
                    ),
                    Parameter::instant(
                        "valid_at",
                        "As true at this RFC 3339 instant, by what is known now or at `as_of`",
                    ),
                    Parameter::one_of(
                        "lang",
                        "Language of the series name; default: zh",
                        &["zh", "en"],
                    ),
                ]
            },
        ),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<Chart>>, Problem> {
    let asked = MetricQuery::read(&input.param(0)?, input.query())?;
    // A metric that has no values by hour uses its first dimension instead.
    let by = asked.by.or_else(|| match asked.metric.by.first() {
        None => Some(Dimension::Hour),
        Some(by) => Dimension::from_code(by),
    });
    let asked = MetricQuery { by, ..asked };
    let moment = Moment::of(input.query())?;
    let source = Source::of_metric(&ctx.installation, moment, asked.scope.campaign.as_ref()).await?;
    let answer = asked.answer(source.db.as_ref()).await?;
    let label = &asked.metric.label;
    let series = match input.text("lang") {
        None | Some("zh") => &label.zh,
        Some("en") => &label.en,
        Some(_) => return Err(Problem::invalid("lang-invalid", "lang must be zh or en")),
    };
    let chart = options(series, asked.metric.unit, by, &answer.figures);
    Ok(ReadReply(QualifiedAnswer {
        answer: with_versions(chart, asked.metric, &answer),
        completeness: source.completeness,
    }))
}
