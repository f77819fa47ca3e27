//! Disclosures: texts with a customer's values that are sent to a caller, or to an address that is not the
//! customer's own. Checks the permission and the rate, and stores the record before a byte is sent.
//!
//! Mail and SMS to the customer's own address are no disclosure: `message.sent` is their record.

use crate::comparisons::Comparer;
use crate::context::Ctx;
use crate::reveal_checks::refuse_unrevealed;
use application::inquiries::{ReadContent, Reader, put_on_record};
use domain::ids::{CampaignId, CustomerId};
use domain::inquiry::ReadForm;
use domain::problem::Problem;

/// Most columns that a record names, further ones are left out: a record of a read has at most 32 fields.
const COLUMNS_NAMED_MAX: usize = 30;

/// One disclosure: its reader, the customer and the campaign.
pub(crate) struct Disclosure<'a> {
    pub reader: Reader,
    pub campaign: &'a CampaignId,
    pub customer: &'a CustomerId,
}

impl Disclosure<'_> {
    /// Records the disclosure. Fails, with nothing recorded, if the caller lacks the reveal permission for
    /// this customer or has no comparison left.
    pub(crate) async fn permit_and_record(
        self,
        ctx: &Ctx,
        comparer: &Comparer,
        columns: Vec<String>,
    ) -> Result<(), Problem> {
        let what = "a person's values in a text that goes elsewhere";
        let (campaign, customer) = (Some(self.campaign), Some(self.customer));
        refuse_unrevealed(ctx, &comparer.caller, campaign, customer, what).await?;
        ctx.admit_comparison(comparer)?;
        self.record(ctx, columns).await
    }

    /// Records the disclosure without a check: for routes with a permission that already allows it.
    pub(crate) async fn record(self, ctx: &Ctx, columns: Vec<String>) -> Result<(), Problem> {
        let columns = columns.into_iter().take(COLUMNS_NAMED_MAX).collect();
        let shown = ReadContent {
            customer: Some(self.customer.clone()),
            campaign: Some(self.campaign.clone()),
            ..ReadContent::of(&["text"], ReadForm::Clear)
        };
        put_on_record(&ctx.installation, self.reader, shown.with_columns(columns))
            .await
            .map(drop)
    }
}
