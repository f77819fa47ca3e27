//! Charts of figures: ECharts options, ready to be set (REP-5).

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::as_of::Moment;
use application::figures::{Asked, BY, Chart, Source, Standing, options, with_versions};
use application::parameter::Parameter;
use domain::problem::Problem;
use projections::views::metric_board::By;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/charts/{name}",
            "A metric by hour, day, campaign, trunk or flow version, as ECharts options",
            show,
        )
        .steady()
        .needs(Permission::FiguresRead, About::CampaignAsked)
        .query(
            const {
                &[
                    Parameter::number(
                        "version",
                        "Version of the definition; the headline one without",
                        1,
                    ),
                    Parameter::campaign("Only this campaign"),
                    Parameter::text("from", "First hour or day of the window", "2026-11-20"),
                    Parameter::text("to", "The hour or day before which the window ends", "2026-11-21"),
                    Parameter::one_of("by", "What it is split by; hour where that is known", BY),
                    Parameter::text(
                        "as_of",
                        "As known at a position or instant, folded from the events of the campaign, or of all",
                        "42",
                    ),
                    Parameter::instant(
                        "valid_at",
                        "What was true at an instant, by what is known",
                    ),
                    Parameter::one_of(
                        "lang",
                        "The name of the series; zh where it is not said",
                        &["zh", "en"],
                    ),
                ]
            },
        ),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<Standing<Chart>>, Problem> {
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
        Some(_) => return Err(Problem::invalid("lang-invalid", "lang must be zh or en")),
    };
    let chart = options(series, asked.metric.unit, by, &answer.figures);
    Ok(Read(Standing {
        answer: with_versions(chart, asked.metric, &answer),
        stands: source.stands,
    }))
}
