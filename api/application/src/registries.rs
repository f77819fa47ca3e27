//! External blacklists (外部黑名单): the date of each, and the record that an edition was imported.

use crate::installation::Installation;
use actors::Answer;
use domain::ids::NumberId;
use domain::problem::Problem;
use domain::registry::{NumberRegistry, NumberRegistryId, RegistryCommand};
use domain::registry_book::{DigestScheme, Edition, NumberDigest, RegistryEditions};
use domain::screening::NumberListName;
use domain::stored_event::Cause;
use domain::working_calendar::Day;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// An external blacklist as its imported editions left it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegistryResponse {
    pub name: NumberListName,
    /// Date of the list: that of its newest edition, whatever area codes that edition covered.
    pub as_of: Option<Day>,
    /// Days from that date to today (UTC).
    #[schemars(example = 3)]
    pub days: Option<i64>,
    /// Area codes that were imported separately, each with its own date.
    pub areas: Vec<RegistryAreaResponse>,
    /// `clear` if all numbers came in clear, `sha256` if some came as digests, `sha256_salted` if those
    /// have a salt.
    #[schemars(extend("enum" = ["clear", "sha256", "sha256_salted"]))]
    pub form: &'static str,
    /// Numbers imported from the last edition.
    pub numbers: u64,
    /// Unreadable rows of the last edition. Only earlier versions accepted an edition with such rows.
    pub bad: u64,
    /// Rows of the last edition with a complete number that cannot be dialed.
    pub uncallable: u64,
}

/// One area code of a list, with the date of its data.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegistryAreaResponse {
    #[schemars(example = &"202")]
    pub area: String,
    pub as_of: Day,
}

/// A list of all external blacklists.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegistryList {
    pub items: Vec<RegistryResponse>,
}

/// Returns all external blacklists of which an edition was imported.
pub async fn registries(installation: &Installation) -> Result<RegistryList, Problem> {
    let known = installation
        .entities
        .registries
        .state(&NumberRegistryId)
        .await?
        .state;
    let today = Day::of(installation.now().to_utc().date_naive());
    let items = known.book().iter().map(|(name, list)| shown(name, list, today));
    Ok(RegistryList {
        items: items.collect(),
    })
}

/// Records that an edition of a blacklist was imported, which gives the list its date. Its numbers must
/// have been stored before. Returns the list and the answer of its entity.
pub async fn record(
    installation: &Installation,
    registry: NumberListName,
    edition: Edition,
    reason: String,
    cause: Cause,
) -> Result<(Option<RegistryResponse>, Answer<NumberRegistry>), Problem> {
    let today = Day::of(installation.now().to_utc().date_naive());
    let command = RegistryCommand::Record {
        registry: registry.clone(),
        edition: Box::new(edition),
        reason,
    };
    let registries = &installation.entities.registries;
    let answer = registries.ask(&NumberRegistryId, command, cause).await?;
    let list = answer.state.book().get(&registry);
    let shown = list.map(|list| shown(&registry, list, today));
    Ok((shown, answer))
}

/// Returns the stream that states whether the number with this digest is on a list that was imported as
/// digests.
pub fn stream_of_digest(installation: &Installation, digest: NumberDigest) -> NumberId {
    installation.vault().derive_number(&digest.stream_text())
}

fn form_of(digests: &BTreeSet<DigestScheme>) -> &'static str {
    match digests.last() {
        None => "clear",
        // The set is ordered and the digests without a salt come first.
        Some(last) if last.salt.is_empty() => "sha256",
        Some(_) => "sha256_salted",
    }
}

fn shown(name: &NumberListName, list: &RegistryEditions, today: Day) -> RegistryResponse {
    let as_of = list.newest();
    let areas = list.areas.iter().map(|(area, as_of)| RegistryAreaResponse {
        area: area.to_string(),
        as_of: *as_of,
    });
    let counted = |count: fn(&Edition) -> u64| list.last.as_ref().map_or(0, count);
    RegistryResponse {
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
