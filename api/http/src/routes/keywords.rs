//! The route that counts the words that were said in the calls of a campaign.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::inquiries::{BY, REASON};
use application::parameter::Parameter;
use domain::ids::CampaignId;
use domain::problem::Problem;
use evidence::mining::{KeywordsResponse, keywords};

const COLUMN: Parameter = Parameter::text(
    "column",
    "Count separately by this list column, or by customer_segment",
    "customer_segment",
);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/campaigns/{id}/keywords",
            "Count the keywords of a campaign's calls",
            show,
        )
        .describe(
            "Returns the words that callees said, by frequency. At most 2,000 transcripts are opened; the \
             read is recorded first.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Campaign)
        .query(const { &[COLUMN, BY, REASON] }),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<KeywordsResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let state = ctx.installation.entities.campaigns.state(&campaign).await?.state;
    if state.created().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    let column = input.text(COLUMN.name).filter(|column| !column.is_empty());
    keywords(&ctx.installation, &input.reader(), &campaign, column)
        .await
        .map(ReadReply)
}
