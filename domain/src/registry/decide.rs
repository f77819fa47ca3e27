//! Decides whether an edition of a registry is valid: its date has come and is not older than the known one,
//! it has numbers, every row could be read, and a reason is given.

use super::command::RegistryCommand;
use super::event::RegistryEvent;
use super::refusal::RegistryRefusal;
use super::state::RegistryState;
use crate::registry_book::{Edition, REGISTRIES_MAX, REGISTRY_AREAS_MAX, SALT_BYTES_MAX, SALTS_MAX};
use crate::screening::NumberListName;
use crate::time::Timestamp;
use crate::working_calendar::Day;

/// Longest reason of an imported edition, in bytes; a longer one is refused. It is stored permanently and
/// must not contain personal data.
const REASON_BYTES_MAX: usize = 512;

/// Milliseconds by which local time can be ahead of UTC: 14 hours at most. An edition may have the date
/// that is reached there.
const AHEAD_MS: u64 = 14 * 3_600_000;

pub(super) fn decide(
    state: &RegistryState,
    command: RegistryCommand,
    now: Timestamp,
) -> Result<Vec<RegistryEvent>, RegistryRefusal> {
    let RegistryCommand::Record {
        registry,
        edition,
        reason,
    } = command;
    if reason.trim().is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(RegistryRefusal::Reason {
            bytes_max: REASON_BYTES_MAX,
        });
    }
    let as_of = edition.as_of;
    if as_of > Day::of(now.plus_ms(AHEAD_MS).to_utc().date_naive()) {
        return Err(RegistryRefusal::Ahead { as_of });
    }
    if edition.numbers == 0 {
        return Err(RegistryRefusal::NoNumbers { as_of });
    }
    if edition.bad > 0 {
        let count = edition.bad;
        return Err(RegistryRefusal::BadRows { as_of, count });
    }
    if edition.areas.len() > REGISTRY_AREAS_MAX {
        return Err(RegistryRefusal::TooManyAreas {
            count: REGISTRY_AREAS_MAX,
        });
    }
    if is_known(state, &registry, &edition)? {
        return Ok(Vec::new());
    }
    Ok(vec![RegistryEvent::Imported {
        registry,
        edition,
        reason,
    }])
}

/// Returns true if this edition is recorded already. Refuses an older edition, because numbers added since
/// would be missing, and too many registries, salts or area codes. Another edition of the same day is
/// accepted, so that a truncated file can be corrected.
fn is_known(
    state: &RegistryState,
    name: &NumberListName,
    edition: &Edition,
) -> Result<bool, RegistryRefusal> {
    let book = state.book();
    let known = book.get(name);
    if known.is_none() && book.len() >= REGISTRIES_MAX {
        return Err(RegistryRefusal::TooMany {
            count: REGISTRIES_MAX,
        });
    }
    if let Some(digests) = &edition.digests {
        if digests.salt.len() > SALT_BYTES_MAX {
            return Err(RegistryRefusal::Salt {
                bytes_max: SALT_BYTES_MAX,
            });
        }
        let salts = book.salts();
        if !salts.contains(digests) && salts.len() >= SALTS_MAX {
            return Err(RegistryRefusal::TooManySalts { count: SALTS_MAX });
        }
    }
    let Some(known) = known else {
        return Ok(false);
    };
    if known.last.as_ref() == Some(edition) {
        return Ok(true);
    }
    match known.find_later_date(edition) {
        Some(known) => Err(RegistryRefusal::NotNewer {
            as_of: edition.as_of,
            known,
        }),
        None => Ok(false),
    }
}
