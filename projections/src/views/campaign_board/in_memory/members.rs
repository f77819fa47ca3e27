//! Members of calls' and customers' events, one struct per shape; other members are skipped.

use domain::call::Finding;
use domain::disposition::{Disposition, Outcome};
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Deserialize)]
pub(super) struct CampaignMember<'a> {
    #[serde(borrow)]
    pub(super) campaign: Cow<'a, str>,
}

#[derive(Deserialize)]
pub(super) struct SettledMembers<'a> {
    #[serde(borrow)]
    pub(super) campaign: Cow<'a, str>,
    pub(super) disposition: Disposition,
}

#[derive(Deserialize)]
pub(super) struct FlowVersion {
    pub(super) version: u32,
}

#[derive(Deserialize)]
pub(super) struct PermittedMembers<'a> {
    #[serde(borrow)]
    pub(super) customer_grant: CampaignMember<'a>,
    pub(super) flow: FlowVersion,
}

#[derive(Deserialize)]
pub(super) struct DialingMembers<'a> {
    #[serde(borrow)]
    pub(super) trunk: Cow<'a, str>,
}

#[derive(Deserialize)]
pub(super) struct EndedMembers {
    pub(super) disposition: Disposition,
    #[serde(default)]
    pub(super) outcome: Option<Outcome>,
    pub(super) talk_ms: u64,
}

#[derive(Deserialize)]
pub(super) struct CorrectedMembers {
    pub(super) before: Finding,
    pub(super) after: Finding,
}
