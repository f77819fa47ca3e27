//! `ledgerline keys restore`: restores keys from a backup, after a check against the log. The restore is
//! stored in the log with the number of persons who were registered after the backup and now have no key.

use crate::commands::keys::{has_log, place};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::language::localized;
use domain::anonymous_transcript::secret_destroyed_by;
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::conversation::ConversationEvent;
use domain::customer::{Customer, CustomerEvent};
use domain::ids::{CustomerId, LogId};
use domain::installation::{Installation, InstallationCommand, RestoredKeys};
use domain::personal::Personal;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::vault::VaultError;
use domain::stored_event::{Envelope, read_event};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;
use domain::voiceprint::VoiceprintEvent;
use evidence::log_walk::each_of_kinds;
use host::app::{AppError, ReadOnlyLog, RecordableLog};
use host::clock::SystemClock;
use host::data_dir::Mode;
use host::keys_spec::KeysPlace;
use host::single_event::{mode_of, note};
use host::store_spec::{LogArgs, StoreSpec};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::{KeyBackupPeople, KeyStoreLocation};

/// Facts about persons that the log holds.
#[derive(Default)]
struct LoggedPeople {
    /// Persons with sealed values, in the order of registration.
    sealed: Vec<CustomerId>,
    erased: BTreeMap<CustomerId, Timestamp>,
    /// Destroyed keys of transcripts and voiceprints, and destroyed secrets of completed anonymizations.
    disposed: BTreeMap<CustomerId, Timestamp>,
    /// `None` if the log has no events.
    mode: Option<Mode>,
}

impl LoggedPeople {
    async fn of(spec: &StoreSpec) -> Result<Self, Failure> {
        let opened = ReadOnlyLog::of(spec).await?;
        let read = Self::read(opened.store.as_ref()).await;
        opened.close().await;
        read
    }

    async fn read(store: &dyn EventStore) -> Result<Self, Failure> {
        let mut people = Self {
            mode: mode_of(store).await?,
            ..Self::default()
        };
        each_of_kinds(
            store,
            &[
                CustomerEvent::ERASED,
                CustomerEvent::REGISTERED,
                CallEvent::TRANSCRIPT_DISPOSED,
                ConversationEvent::TRANSCRIPT_DISPOSED,
                VoiceprintEvent::DELETED,
                CampaignEvent::ANONYMIZED,
            ],
            |envelope| {
                if let Some(key) = own_key_destroyed_by(envelope) {
                    people.disposed.insert(key, envelope.at);
                    return;
                }
                let Ok(person) = envelope.stream.id().parse::<CustomerId>() else {
                    return;
                };
                match read_event::<Customer>(envelope) {
                    Ok(CustomerEvent::Registered {
                        external_id: Personal::Sealed(_),
                        ..
                    }) => people.sealed.push(person),
                    Ok(CustomerEvent::Erased { .. }) => {
                        people.erased.insert(person, envelope.at);
                    }
                    Ok(_) | Err(_) => {}
                }
            },
        )
        .await?;
        Ok(people)
    }

    /// Refuses a backup that has no key of any living person in the log: ids depend on the installation's
    /// secret, so it belongs to another installation.
    fn refuse_foreign(&self, backup: &KeyBackupPeople) -> Result<(), Failure> {
        let mut living = self.sealed.iter().filter(|one| !self.erased.contains_key(*one));
        let knows = |one: &CustomerId| backup.keys.contains(one) || backup.destroyed.contains(one);
        if living.clone().next().is_none() || living.any(knows) {
            return Ok(());
        }
        Err(Failure::refused(localized(
            "备份中没有本日志任何客户的密钥：它属于另一个安装实例。未做任何恢复",
            "the backup has no key of any person in this log: it belongs to another installation. \
             Nothing was restored",
        )))
    }

    /// Returns the number of persons that a restore leaves without a key, and the newest person with a key.
    fn left(&self, backup: &KeyBackupPeople, listed: &BTreeSet<CustomerId>) -> (u64, Option<CustomerId>) {
        let is_gone = |one: &CustomerId| {
            self.erased.contains_key(one) || listed.contains(one) || backup.destroyed.contains(one)
        };
        let (mut unreadable, mut newest) = (0, None);
        for one in self.sealed.iter().filter(|one| !is_gone(one)) {
            if backup.keys.contains(one) {
                newest = Some(one.clone());
            } else {
                unreadable += 1;
            }
        }
        (unreadable, newest)
    }
}

/// Returns the key that an event destroyed: of a disposed transcript, a deleted voiceprint, or a completed
/// anonymization.
fn own_key_destroyed_by(envelope: &Envelope) -> Option<CustomerId> {
    let id = envelope.stream.id();
    match envelope.kind.as_str() {
        CallEvent::TRANSCRIPT_DISPOSED => Some(TranscriptParent::Call(id.parse().ok()?).key()),
        ConversationEvent::TRANSCRIPT_DISPOSED => {
            Some(TranscriptParent::Conversation(id.parse().ok()?).key())
        }
        CampaignEvent::ANONYMIZED => secret_destroyed_by(envelope),
        _ => VoiceprintEvent::key_destroyed_by(envelope),
    }
}

pub(super) async fn run(file: &Path, keys: Option<KeysPlace>, log: &LogArgs) -> Result<(), Failure> {
    let spec = log.spec().ok().filter(has_log);
    let people = match &spec {
        Some(spec) => LoggedPeople::of(spec).await?,
        None => LoggedPeople::default(),
    };
    let place = place(log.data.clone(), keys)?;
    let recordable = match (&spec, people.mode) {
        // Opened before the restore: it fails if a server holds the log, because the server has the keys in
        // memory.
        (Some(spec), Some(mode)) => Some((RecordableLog::open(spec).await?, mode)),
        (Some(_) | None, _) => None,
    };
    let restored = restore(file, &place, &people, recordable.as_ref()).await;
    if let Some((log, _)) = recordable {
        log.close().await;
    }
    restored
}

async fn restore(
    file: &Path,
    place: &KeyStoreLocation,
    people: &LoggedPeople,
    log: Option<&(RecordableLog, Mode)>,
) -> Result<(), Failure> {
    let now = SystemClock::default().now();
    let backup = store::people_of_key_backup(file)?;
    people.refuse_foreign(&backup)?;
    let listed = match store::destroyed_keys(place).await {
        Ok(listed) => listed.into_keys().collect(),
        // Neither keys nor a list of destroyed ones exist yet: the usual case of a restore.
        Err(VaultError::WrongMaster(_)) => BTreeSet::new(),
        Err(error) => return Err(AppError::from(error).into()),
    };
    let mut gone = people.disposed.clone();
    gone.extend(people.erased.clone());
    let restored = store::restore_keys(file, place, &gone, now).await?;
    let (unreadable, newest_readable) = people.left(&backup, &listed);
    if let Some((log, mode)) = log {
        let command = InstallationCommand::NoteKeysRestored(RestoredKeys {
            backup_taken_at: restored.taken_at,
            keys_count: restored.keys_count,
            newest_readable,
            unreadable_count: unreadable,
        });
        note::<Installation>(log.store(), *mode, |_| LogId, command).await?;
    }
    output::json(
        &json!({ "restored": true, "taken_at": restored.taken_at, "keys": restored.keys_count,
        "destroyed": restored.destroyed_count, "erased_by_log": people.erased.len(),
        "unreadable_people": unreadable }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::anonymous_transcript::secret_name;

    fn person(number: u32) -> CustomerId {
        format!("{number:032x}").parse().unwrap()
    }

    fn people(sealed: &[u32], erased: &[u32]) -> LoggedPeople {
        LoggedPeople {
            sealed: sealed.iter().copied().map(person).collect(),
            erased: erased
                .iter()
                .map(|one| (person(*one), Timestamp::EPOCH))
                .collect(),
            disposed: BTreeMap::new(),
            mode: None,
        }
    }

    fn backup(keys: &[u32], destroyed: &[u32]) -> KeyBackupPeople {
        KeyBackupPeople {
            keys: keys.iter().copied().map(person).collect(),
            destroyed: destroyed.iter().copied().map(person).collect(),
        }
    }

    #[test]
    fn a_backup_without_any_customer_of_the_log_is_refused() {
        for (sealed, erased, keys, taken) in [
            (&[1, 2][..], &[][..], &[2, 9][..], true),
            (&[1, 2], &[], &[8, 9], false),
            (&[1, 2], &[1, 2], &[8, 9], true),
            (&[], &[], &[8, 9], true),
        ] {
            let held = people(sealed, erased).refuse_foreign(&backup(keys, &[]));
            assert_eq!(held.is_ok(), taken, "{sealed:?} {erased:?} {keys:?}");
        }
        assert!(people(&[1], &[]).refuse_foreign(&backup(&[], &[1])).is_ok());
    }

    #[test]
    fn an_order_that_is_carried_out_takes_its_secret_along() {
        let begun = "00000000-0000-0000-0000-000000000001";
        let record = json!({ "id": "00000000-0000-5000-8000-000000000001", "kind": "campaign.anonymized",
            "version": 1, "stream": "campaign-T", "stream_version": 2, "at": "2026-03-02T10:00:00Z",
            "command": "00000000-0000-5000-8000-000000000002", "causation": begun, "data": {} });
        let envelope: Envelope = serde_json::from_value(record).unwrap();
        let secret = secret_name(begun.parse().unwrap());
        assert_eq!(own_key_destroyed_by(&envelope), Some(secret));
    }

    #[test]
    fn who_came_after_the_backup_is_counted_and_the_erased_are_not() {
        let people = people(&[3, 1, 2, 4, 5, 6], &[4]);
        let listed = BTreeSet::from([person(5)]);
        let left = people.left(&backup(&[1, 3, 4, 5], &[]), &listed);
        assert_eq!(left, (2, Some(person(1))), "2 and 6; of 3 and 1, 1 came last");
        assert_eq!(people.left(&backup(&[], &[1, 2, 3, 6]), &listed), (0, None));
    }
}
