//! What a person asked about their own data, done: copied, corrected, explained, held or erased, each on
//! record.

use application::cases::correcting::{RightValues, correction};
use application::inquiring::{Reader, Shown, put_on_record};
use application::installation::{Installation, follow};
use application::profiles::ProfileShown;
use application::voiceprints::{VoiceprintShown, other_ids, standing};
use domain::campaign::Anonymization;
use domain::customer::CustomerCommand;
use domain::decider::Decider;
use domain::four_eyes::FourEyes;
use domain::ids::{CampaignId, CustomerId, EventId, PersonRequestId};
use domain::inquiry::ReadForm;
use domain::person_request::{PersonRequest, ReceivedRequest, Wish};
use domain::personal::Personal;
use domain::problem::Problem;
use domain::stored_event::{Cause, StreamVersion};
use evidence::inspection::{Ask, Inspected, Inspection, Order as Inspecting, Values};
use host::data_dir::RECORDINGS_DIR;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a copy holds of a person, and what an explanation does.
const COPY: &[&str] = &[
    "external_id",
    "name",
    "phone",
    "variables",
    "attributes",
    "tags",
    "calls",
    "conversations",
    "messages",
    "decisions",
    "consents",
    "pressed",
    "operations",
    "voiceprint",
];
const EXPLANATION: &[&str] = &[
    "calls",
    "conversations",
    "messages",
    "decisions",
    "consents",
    "pressed",
    "operations",
];

/// What is kept of a person.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PersonCopy {
    #[serde(flatten)]
    found: Inspection,
    /// By campaign, each by its name.
    #[schemars(example = BTreeMap::from([("TASK20261120", BTreeMap::from([("days", "3")]))]))]
    variables: BTreeMap<CampaignId, BTreeMap<String, Option<String>>>,
    /// What is known of the person, also what follows from calls.
    known: ProfileShown,
    /// How their voiceprint stands: consent, enrolment, comparisons.
    voiceprint: VoiceprintShown,
    /// The same of the other ids that are theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    merged_voiceprints: Vec<VoiceprintShown>,
    /// What of theirs cannot be copied, since nobody can tell that it is theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    anonymous: Option<AnonymousNote>,
}

/// Campaigns of theirs of which words are kept without whoever said them.
#[derive(Debug, Serialize, JsonSchema)]
struct AnonymousNote {
    campaigns: Vec<CampaignId>,
    zh: &'static str,
    en: &'static str,
}

impl AnonymousNote {
    const fn of(campaigns: Vec<CampaignId>) -> Self {
        Self {
            campaigns,
            zh: "这些任务已匿名化或正在匿名化：其中说过的话只以匿名文本保留，无法辨认哪些是本人所说，因而不在本副本中。",
            en: "These campaigns were or are being anonymised: what was said in them is kept as anonymous transcripts, of \
                 which nobody can tell whose they are; they are not part of this copy.",
        }
    }
}

/// What was done for a person, and by which event.
#[derive(Default)]
pub(crate) struct Done {
    pub by: Option<EventId>,
    pub copy: Option<PersonCopy>,
    pub explanation: Option<Inspection>,
}

pub(crate) fn erasing(reason: String, four_eyes: Option<Box<FourEyes>>) -> CustomerCommand {
    let approved_by = four_eyes.as_ref().and_then(|eyes| eyes.approved_by());
    CustomerCommand::Erase {
        reason,
        requested_by: None,
        approved_by: approved_by.map(ToString::to_string),
        four_eyes,
    }
}

/// With what a request is fulfilled: who reads for it, who stands behind an erasure, what is right.
pub(crate) struct Fulfilling {
    pub reader: Reader,
    pub four_eyes: Option<Box<FourEyes>>,
    /// What is right of the person, where that was asked for.
    pub right: RightValues,
}

pub(crate) async fn fulfil(
    installation: &Installation,
    id: PersonRequestId,
    received: &ReceivedRequest,
    fulfilling: Fulfilling,
    cause: Cause,
) -> Result<Done, Problem> {
    let Fulfilling {
        reader,
        four_eyes,
        right,
    } = fulfilling;
    let customer = &received.customer;
    let reason = format!("request {id} of the person");
    match received.wish {
        // What is corrected in the institution's own records alone, the note says.
        Wish::Correct if right.is_empty() => Ok(Done::default()),
        Wish::Correct => {
            let correction = correction(installation, id, customer, right).await?;
            let command = CustomerCommand::Correct(Box::new(correction));
            told(installation, id, customer, command, cause).await
        }
        Wish::Copy => {
            let found = found(installation, customer, Values::Clear).await?;
            let by = record(installation, reader.clone(), customer, &found, COPY).await?;
            let (voiceprint, merged_voiceprints) = voiceprints(installation, reader, customer).await?;
            let copy = Some(PersonCopy {
                found: found.answer,
                variables: variables(installation, customer).await?,
                known: installation.profile_of(customer).await?,
                voiceprint,
                merged_voiceprints,
                anonymous: anonymous(installation, customer).await?,
            });
            Ok(Done {
                by: Some(by),
                copy,
                explanation: None,
            })
        }
        Wish::Explain => {
            let found = found(installation, customer, Values::Masked).await?;
            let by = record(installation, reader, customer, &found, EXPLANATION).await?;
            Ok(Done {
                by: Some(by),
                copy: None,
                explanation: Some(found.answer),
            })
        }
        Wish::Restrict => {
            let command = CustomerCommand::Hold { reason, by: None };
            told(installation, id, customer, command, cause).await
        }
        Wish::Delete => {
            let command = erasing(reason, four_eyes);
            told(installation, id, customer, command, cause).await
        }
    }
}

async fn found(
    installation: &Installation,
    customer: &CustomerId,
    values: Values,
) -> Result<Inspected, Problem> {
    let order = Inspecting {
        ask: Ask {
            persons: BTreeSet::from([customer.clone()]),
            number: None,
            from: None,
            to: None,
        },
        customer: Some(customer.clone()),
        phone: None,
        at: None,
        values,
    };
    let folder = installation.directory.join(RECORDINGS_DIR);
    Inspected::find(installation, &folder, order).await
}

/// The read is on record before it is answered.
async fn record(
    installation: &Installation,
    reader: Reader,
    customer: &CustomerId,
    found: &Inspected,
    fields: &'static [&'static str],
) -> Result<EventId, Problem> {
    let shown = Shown {
        customer: Some(customer.clone()),
        calls: found.answer.calls.iter().map(|call| call.call).collect(),
        ..Shown::of(fields, ReadForm::Clear)
    };
    put_on_record(installation, reader, shown).await
}

/// How their voiceprint stands, and those of the other ids that are theirs: each is a read of its own.
async fn voiceprints(
    installation: &Installation,
    reader: Reader,
    customer: &CustomerId,
) -> Result<(VoiceprintShown, Vec<VoiceprintShown>), Problem> {
    let customers = &installation.entities.customers;
    let person = customers.state(customer).await?.state;
    let mut merged = Vec::new();
    for other in other_ids(installation, customer, &person).await? {
        let shown = Shown {
            customer: Some(other.clone()),
            ..Shown::of(&["voiceprint"], ReadForm::Clear)
        };
        put_on_record(installation, reader.clone(), shown).await?;
        let state = customers.state(&other).await?.state;
        merged.push(standing(installation, &other, &state).await?.shown());
    }
    let own = standing(installation, customer, &person).await?;
    Ok((own.shown(), merged))
}

async fn variables(
    installation: &Installation,
    customer: &CustomerId,
) -> Result<BTreeMap<CampaignId, BTreeMap<String, Option<String>>>, Problem> {
    let state = installation.entities.customers.state(customer).await?.state;
    let of = |value: &Personal<String>| value.value().cloned();
    let enrolments = state.enrolments().iter().map(|(campaign, enrolment)| {
        let values = enrolment.variables.iter();
        let values = values.map(|(name, value)| (name.clone(), of(value)));
        (campaign.clone(), values.collect())
    });
    Ok(enrolments.collect())
}

/// Nothing where no campaign of theirs was ever told to be anonymised: copies are there from the first
/// request of an order on, and stay when another one begins.
async fn anonymous(
    installation: &Installation,
    customer: &CustomerId,
) -> Result<Option<AnonymousNote>, Problem> {
    let person = installation.entities.customers.state(customer).await?.state;
    let mut campaigns = Vec::new();
    for (campaign, _) in person.enrolments().iter() {
        let state = installation.entities.campaigns.state(campaign).await?.state;
        if state.anonymization() != Anonymization::None {
            campaigns.push(campaign.clone());
        }
    }
    Ok((!campaigns.is_empty()).then(|| AnonymousNote::of(campaigns)))
}

/// The person's own command, caused by the request; a refusal of theirs leaves the request open.
async fn told(
    installation: &Installation,
    id: PersonRequestId,
    customer: &CustomerId,
    command: CustomerCommand,
    cause: Cause,
) -> Result<Done, Problem> {
    let stream = PersonRequest::stream(&id);
    let first = installation
        .store()
        .read_stream(&stream, StreamVersion(0), 1)
        .await?;
    let first = first.first().map(|stored| stored.envelope()).transpose();
    let first = first.map_err(|error| Problem::fault(error.to_string()))?;
    let cause = Cause {
        causation: first.map(|envelope| envelope.id),
        ..follow(cause, "fulfil")
    };
    let answer = installation
        .entities
        .customers
        .ask(customer, command, cause)
        .await?;
    let did = !answer.events.is_empty();
    Ok(Done {
        by: did.then(|| EventId::derive(cause.command, 0)),
        ..Done::default()
    })
}
