//! The target of a call: a customer, or one of our own test phones.

use domain::ids::{CampaignId, NumberId};
use domain::stored_event::Cause;
use std::collections::BTreeMap;

/// The purpose of a call. It decides which aggregate stores the call's steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallPurpose {
    ForCustomer,
    ForTest,
}

/// A request for a test call.
#[derive(Debug, Clone)]
pub struct TestCallOrder {
    pub campaign: CampaignId,
    /// Phone number, E.164.
    pub phone: String,
    pub number: NumberId,
    /// Values of the flow's variables.
    pub variables: BTreeMap<String, String>,
    pub cause: Cause,
}

/// Why a test call is not dialed.
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
