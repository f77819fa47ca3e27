//! The one place where a text with a person's values filled in is let out of the product to a caller, or to
//! an address that is not the person's own: who may have it, how often, and its record, which is stored
//! before a byte leaves.
//!
//! Mail and short messages to the person's own address need none of this: `message.sent` is their record.

use crate::comparisons::Comparer;
use crate::context::Ctx;
use crate::revealing::refuse_unrevealed;
use application::access::Caller;
use application::inquiring::{Reader, Shown, put_on_record};
use domain::ids::{CampaignId, CustomerId};
use domain::inquiry::ReadForm;
use domain::problem::Problem;

/// Most columns that a record names; a record of a read has at most 32 fields.
const COLUMNS_NAMED_MAX: usize = 30;

/// What is disclosed, to whom.
pub(crate) struct Disclosure<'a> {
    pub comparer: &'a Comparer,
    pub caller: &'a Caller,
    pub reader: Reader,
    pub campaign: &'a CampaignId,
    pub customer: &'a CustomerId,
}

impl Disclosure<'_> {
    /// For a caller who needs the reveal right of this person.
    pub(crate) async fn permit_and_record(self, ctx: &Ctx, columns: Vec<String>) -> Result<(), Problem> {
        let what = "a person's values in a text that goes elsewhere";
        refuse_unrevealed(ctx, self.caller, Some(self.campaign), Some(self.customer), what).await?;
        ctx.admit_comparison(self.comparer)?;
        self.record(ctx, columns).await
    }

    /// For a caller whose permission is the channel's own.
    pub(crate) async fn record(self, ctx: &Ctx, columns: Vec<String>) -> Result<(), Problem> {
        let columns = columns.into_iter().take(COLUMNS_NAMED_MAX).collect();
        let shown = Shown {
            customer: Some(self.customer.clone()),
            campaign: Some(self.campaign.clone()),
            ..Shown::of(&["text"], ReadForm::Clear)
        };
        put_on_record(&ctx.installation, self.reader, shown.with_columns(columns))
            .await
            .map(drop)
    }
}
