//! Lists of numbers that others keep, whoever asks: of which day each is, and that an edition was taken in.

use crate::installation::Installation;
use actors::Answer;
use domain::ids::NumberId;
use domain::problem::Problem;
use domain::registry::{AllRegistries, NumberRegistry, RegistryCommand};
use domain::registry_book::{Digests, Edition, NumberDigest, RegistryKnown};
use domain::screening::NumberListName;
use domain::stored_event::Cause;
use domain::working_calendar::Day;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// A list that others keep, as its editions left it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegistryShown {
    pub name: NumberListName,
    /// The list's own date: of its newest edition, whatever area codes that was about.
    pub as_of: Option<Day>,
    /// Days from that date to today (UTC).
    #[schemars(example = 3)]
    pub days: Option<i64>,
    /// Area codes that came by themselves, each with its own date.
    pub areas: Vec<AreaShown>,
    /// Some of its numbers came as digests; `salted` where there is a salt.
    #[schemars(extend("enum" = ["clear", "sha256", "sha256_salted"]))]
    pub form: &'static str,
    /// Numbers that were taken of its last edition.
    pub numbers: u64,
    /// Rows of it that nobody could read; only earlier versions took an edition with such.
    pub bad: u64,
    /// Rows of it with a whole number that nobody can call.
    pub uncallable: u64,
}

/// One area code of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AreaShown {
    #[schemars(example = &"202")]
    pub area: String,
    pub as_of: Day,
}

/// Every list that others keep.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegistryList {
    pub items: Vec<RegistryShown>,
}

pub async fn registries(installation: &Installation) -> Result<RegistryList, Problem> {
    let known = installation
        .entities
        .registries
        .state(&AllRegistries)
        .await?
        .state;
    let today = Day::of(installation.now().to_utc().date_naive());
    let items = known.book().iter().map(|(name, list)| shown(name, list, today));
    Ok(RegistryList {
        items: items.collect(),
    })
}

/// An edition was taken in: its numbers are told, and the list is of its day from now on.
pub async fn record(
    installation: &Installation,
    registry: NumberListName,
    edition: Edition,
    reason: String,
    cause: Cause,
) -> Result<(Option<RegistryShown>, Answer<NumberRegistry>), Problem> {
    let today = Day::of(installation.now().to_utc().date_naive());
    let command = RegistryCommand::Record {
        registry: registry.clone(),
        edition: Box::new(edition),
        reason,
    };
    let registries = &installation.entities.registries;
    let answer = registries.ask(&AllRegistries, command, cause).await?;
    let list = answer.state.book().get(&registry);
    let shown = list.map(|list| shown(&registry, list, today));
    Ok((shown, answer))
}

/// The stream on which it stands whether a number is on a list that came as digests.
pub fn stream_of_digest(installation: &Installation, digest: NumberDigest) -> NumberId {
    installation.vault().derive_number(&digest.stream_text())
}

fn form_of(digests: &BTreeSet<Digests>) -> &'static str {
    match digests.last() {
        None => "clear",
        // The one without a salt is the first of all.
        Some(last) if last.salt.is_empty() => "sha256",
        Some(_) => "sha256_salted",
    }
}

fn shown(name: &NumberListName, list: &RegistryKnown, today: Day) -> RegistryShown {
    let as_of = list.newest();
    let areas = list.areas.iter().map(|(area, as_of)| AreaShown {
        area: area.to_string(),
        as_of: *as_of,
    });
    let counted = |count: fn(&Edition) -> u64| list.last.as_ref().map_or(0, count);
    RegistryShown {
        name: name.clone(),
        as_of,
        days: as_of.map(|as_of| as_of.days_to(today)),
        areas: areas.collect(),
        form: form_of(&list.digests),
        numbers: counted(|last| last.numbers),
        bad: counted(|last| last.bad),
        uncallable: counted(|last| last.uncallable),
    }
}
