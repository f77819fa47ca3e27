//! For whom a call is placed: a customer, or ourselves, on a phone of our own.

use domain::ids::{CampaignId, NumberId};
use domain::stored_event::Cause;
use std::collections::BTreeMap;

/// For whom a call is placed: which aggregate its steps are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    ForCustomer,
    ForTest,
}

/// What is to be tried.
#[derive(Debug, Clone)]
pub struct TestCallOrder {
    pub campaign: CampaignId,
    /// E.164.
    pub phone: String,
    pub number: NumberId,
    /// What the flow's variables stand for.
    pub variables: BTreeMap<String, String>,
    pub cause: Cause,
}

/// Why nobody is dialed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TestCallRefusal {
    #[error("there is no such campaign")]
    NoCampaign,
    #[error("the number is not on the list of our own test phones")]
    NotOurs,
    #[error("agents take the calls of this campaign: there is no robot flow to test")]
    ForAgents,
    #[error("a test call of this campaign is in progress")]
    UnderWay,
    #[error("an emergency stop is active")]
    Stopped,
    #[error("no line has a free channel now")]
    NoPlace,
    #[error("this process does not dial now")]
    NotDialing,
    #[error("it was not recorded")]
    NotRecorded,
}
