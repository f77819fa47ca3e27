//! Fixed, made-up ids, instants and values, which tests share.

use crate::past_call::{HistorySource, PastCall, PastCallId};
use crate::time::Timestamp;
use values::ids::{CampaignId, CustomerId, NumberId};

/// The campaign of samples.
pub(crate) fn campaign() -> CampaignId {
    "LOAN_REMIND_20231101".parse().expect("a task id")
}

/// The customer of samples.
pub(crate) fn customer() -> CustomerId {
    "00112233445566778899aabbccddeeff".parse().expect("a customer id")
}

/// The phone number (the id of 13800138000).
pub(crate) fn number() -> NumberId {
    "ffeeddccbbaa99887766554433221100".parse().expect("a number id")
}

/// Returns an imported call with the given key in the other system.
pub(crate) fn past_call_of(key: &str, dialed_at: Timestamp) -> PastCall {
    PastCall {
        record: PastCallId::derive(HistorySource::Asterisk, &number(), key),
        dialed_at,
        proves_dial: true,
        answered: Some(true),
        status: "ANSWERED".to_owned(),
        talk_ms: Some(41_000),
    }
}

/// The time of samples.
pub(crate) fn at() -> Timestamp {
    "2026-03-02T10:00:00.123456+08:00".parse().expect("an instant")
}

/// Makes the record of `event`, compares it with `fixtures/events/<aggregate>/<kind>.v<N>.json` (one line;
/// the line feed at its end is not part of the record) and reads that file back as the same event. The panic
/// shows the record, so that a new file can be made from it; an existing file is never edited.
pub(crate) fn check<E: EventData>(aggregate: &str, event: E) {
    let path = golden_path(aggregate, &event, "");
    check_at(&path, aggregate, &event, &fake_key());
}

/// Compares like `check` an event with words that are also sealed under their transcript's key:
/// `<kind>.v<N>.transcript.json`.
pub(crate) fn check_transcript<E: EventData>(aggregate: &str, of: TranscriptParent, event: E) {
    check_own_key(aggregate, of.key(), event);
}

/// Compares like `check_transcript` an event of other data with a key of its own, by that key's name.
pub(crate) fn check_own_key<E: EventData>(aggregate: &str, own_key: CustomerId, event: E) {
    let path = golden_path(aggregate, &event, ".transcript");
    let key = fake_key().with_transcript(&PersonKey::new(own_key, [8; 32]));
    check_at(&path, aggregate, &event, &key);
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let mut without: E = read_back(stored.trim_end(), &fake_key());
    let is_erased = |field: &Personal<String>| *field == Personal::Erased { hash: None };
    assert!(
        without.personal().iter().all(|(_, field)| is_erased(field)),
        "the person's key alone opens nothing of it"
    );
}

/// Compares like `check` an optional member that came after the kind's file: `<kind>.v<N>.<member>.json`.
pub(crate) fn check_with<E: EventData>(aggregate: &str, member: &str, event: E) {
    let path = golden_path(aggregate, &event, &format!(".{member}"));
    check_at(&path, aggregate, &event, &fake_key());
}

fn check_at<E: EventData>(path: &Path, aggregate: &str, event: &E, key: &PersonKey) {
    let written = written_record(aggregate, event, key);
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    let stored = stored.strip_suffix('\n').unwrap_or(&stored);
    assert_eq!(
        stored,
        written,
        "golden file {} (left) is not what is written now; written: \n{written}\n",
        path.display()
    );
    assert_eq!(
        &read_back::<E>(stored, key),
        event,
        "{} reads as another event",
        path.display()
    );
}

fn golden_path<E: EventData>(aggregate: &str, event: &E, member: &str) -> PathBuf {
    let name = format!("{}.v{}{member}.json", event.kind(), event.version());
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/events");
    fixtures.join(aggregate).join(name)
}

fn written_record<E: EventData>(aggregate: &str, event: &E, key: &PersonKey) -> String {
    let mut random = |buffer: &mut [u8]| buffer.fill(0);
    let mut sealer = Sealer {
        vault: &FakeVault,
        key: Some(key),
        random: &mut random,
    };
    let record = record(fixed_facts(aggregate), event, &mut sealer).expect("a record can be made");
    let mut written = event.clone();
    let in_place = record_in_place(fixed_facts(aggregate), &mut written, &mut sealer);
    assert_eq!(in_place.expect("a record can be made"), record);
    assert_eq!(written, *event, "it is as it was before it was written");
    sealer.key = None;
    let without_key = record_in_place(fixed_facts(aggregate), &mut written, &mut sealer);
    assert_eq!(without_key.is_err(), !written.personal().is_empty());
    assert_eq!(written, *event, "it is as it was before it could not be written");
    String::from_utf8(record.bytes().to_vec()).expect("a record is UTF-8")
}

fn read_back<E: EventData>(stored: &str, key: &PersonKey) -> E {
    let envelope: Envelope = serde_json::from_str(stored).expect("a golden file is a record");
    let mut event =
        E::read(&envelope.kind, envelope.version, &envelope.data).expect("a golden event can be read");
    open_personal(&envelope, &mut event, &FakeVault, Some(key)).expect("a fake seal opens");
    event
}

fn fixed_facts(aggregate: &str) -> RecordFacts {
    let command = CommandId::derive_from_text("golden");
    let (stream, campaign, customer) = match aggregate {
        "customer" | "message" => of_both(aggregate, &customer()),
        "call" | "summary" | "test_call" | "routing" => of_both(aggregate, &call()),
        "number" => (StreamId::new(aggregate, &number()), Some(campaign()), None),
        "campaign" => (StreamId::new(aggregate, &campaign()), Some(campaign()), None),
        "anonymous_transcript" => (StreamId::new(aggregate, &customer()), Some(campaign()), None),
        "installation" => (StreamId::new(aggregate, &LogId), None, None),
        "alert" => {
            let alert = AlertId::derive("answer_ratio_low", campaign().as_str());
            (StreamId::new(aggregate, &alert), Some(campaign()), None)
        }
        "inquiry" => {
            let inquiry = InquiryId::derive(CommandId::derive_from_text("golden"));
            (StreamId::new(aggregate, &inquiry), None, None)
        }
        "preference" | "user" => (StreamId::new(aggregate, &"wang"), None, None),
        "subscriber" => (StreamId::new(aggregate, &"crm@wang"), None, None),
        "api_key" => {
            let key = KeyId::derive(CommandId::derive_from_text("golden"));
            (StreamId::new(aggregate, &key), None, None)
        }
        "access" => (StreamId::new(aggregate, &"user.wang"), None, None),
        "view" => (StreamId::new(aggregate, &"campaign_board"), None, None),
        "retention" => (StreamId::new(aggregate, &"recordings"), None, None),
        "stop" => {
            let stop = StopId::Campaign(campaign());
            (StreamId::new(aggregate, &stop), Some(campaign()), None)
        }
        "webhook" => of_both(aggregate, &WebhookId::derive(command)),
        "complaint" => {
            let complaint = ComplaintId::derive(CommandId::derive_from_text("golden"));
            of_both(aggregate, &complaint)
        }
        "label" => of_both(aggregate, &format!("call.{}.12", call())),
        "conversation" => {
            let conversation = ConversationId::derive(CommandId::derive_from_text("golden"));
            of_both(aggregate, &conversation)
        }
        "approval" => of_both(aggregate, &ApprovalId::new(command.uuid())),
        "holiday" => of_nobody(aggregate, &"cn-2026"),
        "registry" => of_nobody(aggregate, &"all"),
        "test_phones" | "routing_weights" => of_nobody(aggregate, &"own"),
        "wording_draft" => of_nobody(aggregate, &WordingDraftId::derive(command)),
        "draft" => of_nobody(aggregate, &"wang.campaign-1"),
        "setting" => of_nobody(aggregate, &SettingName::AnswerPerMilleMin),
        "person_request" => {
            let request = PersonRequestId::derive(CommandId::derive_from_text("golden"));
            (StreamId::new(aggregate, &request), None, Some(customer()))
        }
        "voiceprint" => (StreamId::new(aggregate, &customer()), None, Some(customer())),
        other => (StreamId::new(other, &"loan_remind"), None, None),
    };
    RecordFacts {
        stream,
        stream_version: StreamVersion(3),
        at: at(),
        cause: Cause {
            command,
            causation: Some(EventId::derive(command, 0)),
            correlation: Some(command.uuid()),
            by: by(aggregate),
            request: RequestFacts::NONE,
            urgency: WritePriority::First,
        },
        index: 1,
        scope: Scope { campaign, customer },
        rehearsal: true,
    }
}

/// Returns a stream with the campaign and the customer of every golden event.
fn of_both(
    aggregate: &str,
    id: &impl std::fmt::Display,
) -> (StreamId, Option<CampaignId>, Option<CustomerId>) {
    (StreamId::new(aggregate, id), Some(campaign()), Some(customer()))
}

fn of_nobody(
    aggregate: &str,
    id: &impl std::fmt::Display,
) -> (StreamId, Option<CampaignId>, Option<CustomerId>) {
    (StreamId::new(aggregate, id), None, None)
}

/// Returns the actor for aggregates that came after this member: their golden records all have one.
fn by(aggregate: &str) -> Option<Actor> {
    let way = match aggregate {
        "user" | "retention" | "stop" | "subscriber" | "webhook" | "complaint" | "person_request"
        | "approval" | "setting" | "draft" | "holiday" | "registry" | "conversation" | "message"
        | "voiceprint" | "test_phones" | "wording_draft" | "routing" | "routing_weights" => {
            SignInMethod::Session
        }
        "api_key" => SignInMethod::Directory,
        _ => return None,
    };
    Some(Actor::new("wang", way))
}

fn fake_key() -> PersonKey {
    PersonKey::new(customer(), [7; 32])
}

/// Twelve bytes of nonce in hexadecimal digits, which are also base64 digits.
const FAKE_NONCE: &str = "000000000000000000000000";

/// A vault that shows a value's bytes in hexadecimal in place of base64 ciphertext.
struct FakeVault;

#[async_trait]
impl Vault for FakeVault {
    async fn key(&self, _person: &CustomerId) -> Result<PersonKey, VaultError> {
        Ok(fake_key())
    }
    async fn existing_key(&self, _person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        Ok(Some(fake_key()))
    }
    async fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<DestroyedKey, VaultError> {
        Ok(DestroyedKey {
            person: person.clone(),
            at,
        })
    }
    async fn destroyed(&self, _person: &CustomerId) -> Result<Option<DestroyedKey>, VaultError> {
        Ok(None)
    }
    fn forget_cached(&self, _person: &CustomerId) {}
    fn seal(
        &self,
        key: &PersonKey,
        _nonce: [u8; 12],
        _aad: &[u8],
        value: &str,
    ) -> Result<Sealed, VaultError> {
        let digits = values::hex::encode(value.as_bytes());
        Ok(Sealed {
            sealed: format!("{FAKE_NONCE}{digits}"),
            key: key.person().clone(),
            transcript: key.transcript().map(|own| own.person().clone()),
            hash: None,
        })
    }
    fn open(&self, _key: &PersonKey, _aad: &[u8], sealed: &Sealed) -> Result<String, VaultError> {
        let digits = sealed
            .sealed
            .strip_prefix(FAKE_NONCE)
            .ok_or(VaultError::DoesNotOpen)?;
        let mut bytes = vec![0; digits.len() / 2];
        assert!(
            values::hex::decode_into(digits, &mut bytes),
            "two hexadecimal digits per byte"
        );
        String::from_utf8(bytes).or(Err(VaultError::DoesNotOpen))
    }
    fn hash(&self, value: &str) -> LookupHash {
        LookupHash(format!("{:064x}", value.len()))
    }
    fn derive_customer(&self, _external_id: &str) -> CustomerId {
        customer()
    }
    fn derive_number(&self, _e164: &str) -> NumberId {
        number()
    }
    fn derive_leg(&self, _call: &CallId, leg: u8) -> LegKey {
        LegKey::new([leg; 32])
    }
    fn sign_link(&self, link: &str) -> String {
        format!("signed {link}")
    }
}
