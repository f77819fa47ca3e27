//! Carries out person requests: copy, correction, explanation, hold or erasure, each recorded.

use application::cases::corrections::{CorrectedValues, correction};
use application::inquiries::{ReadContent, Reader, put_on_record};
use application::installation::{Installation, follow};
use application::profiles::ProfileResponse;
use application::voiceprints::{VoiceprintResponse, other_ids, standing};
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
use evidence::inspection::{
    Inspected, Inspection, InspectionInputs as Inspecting, InspectionScope, PersonalValueForm,
};
use host::data_dir::RECORDINGS_DIR;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Fields that a person's copy and explanation contain, as the audit record of the read names them.
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

/// The copy of a person's stored data.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PersonCopy {
    #[serde(flatten)]
    found: Inspection,
    /// Variables by campaign and name.
    #[schemars(example = BTreeMap::from([("TASK20261120", BTreeMap::from([("days", "3")]))]))]
    variables: BTreeMap<CampaignId, BTreeMap<String, Option<String>>>,
    /// Attributes and tags of the person, with those derived from calls.
    known: ProfileResponse,
    /// State of the person's voiceprint: consent, enrolment, comparisons.
    voiceprint: VoiceprintResponse,
    /// State of the voiceprints under the person's other ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    merged_voiceprints: Vec<VoiceprintResponse>,
    /// Data that cannot be copied, because it can no longer be attributed to the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    anonymous: Option<AnonymousNote>,
}

/// The person's campaigns with anonymous transcripts.
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
            en: "These campaigns were or are being anonymized: what was said in them is kept as anonymous transcripts, \
                 which cannot be attributed to a person; they are not part of this copy.",
        }
    }
}

/// What was done for a person request, with the id of the event that did it.
#[derive(Default)]
pub(crate) struct FulfilmentResult {
    pub by: Option<EventId>,
    pub copy: Option<PersonCopy>,
    pub explanation: Option<Inspection>,
}

pub(crate) fn build_erase_command(reason: String, four_eyes: Option<Box<FourEyes>>) -> CustomerCommand {
    let approved_by = four_eyes.as_ref().and_then(|eyes| eyes.approved_by());
    CustomerCommand::Erase {
        reason,
        requested_by: None,
        approved_by: approved_by.map(ToString::to_string),
        four_eyes,
    }
}

/// What carrying out a person request needs: the reader for the records, the approval of an erasure, the
/// right values of a correction.
pub(crate) struct FulfilmentInput {
    pub reader: Reader,
    pub four_eyes: Option<Box<FourEyes>>,
    /// For a correction: the right values.
    pub right: CorrectedValues,
}

pub(crate) async fn fulfil(
    installation: &Installation,
    id: PersonRequestId,
    received: &ReceivedRequest,
    fulfilling: FulfilmentInput,
    cause: Cause,
) -> Result<FulfilmentResult, Problem> {
    let FulfilmentInput {
        reader,
        four_eyes,
        right,
    } = fulfilling;
    let customer = &received.customer;
    let reason = format!("request {id} of the person");
    match received.wish {
        // A correction without values was made in the institution's own records; the note describes it.
        Wish::Correct if right.is_empty() => Ok(FulfilmentResult::default()),
        Wish::Correct => {
            let correction = correction(installation, id, customer, right).await?;
            let command = CustomerCommand::Correct(Box::new(correction));
            command_customer(installation, id, customer, command, cause).await
        }
        Wish::Copy => {
            let found = found(installation, customer, PersonalValueForm::Clear).await?;
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
            Ok(FulfilmentResult {
                by: Some(by),
                copy,
                explanation: None,
            })
        }
        Wish::Explain => {
            let found = found(installation, customer, PersonalValueForm::Masked).await?;
            let by = record(installation, reader, customer, &found, EXPLANATION).await?;
            Ok(FulfilmentResult {
                by: Some(by),
                copy: None,
                explanation: Some(found.answer),
            })
        }
        Wish::Restrict => {
            let command = CustomerCommand::Hold { reason, by: None };
            command_customer(installation, id, customer, command, cause).await
        }
        Wish::Delete => {
            let command = build_erase_command(reason, four_eyes);
            command_customer(installation, id, customer, command, cause).await
        }
    }
}

async fn found(
    installation: &Installation,
    customer: &CustomerId,
    values: PersonalValueForm,
) -> Result<Inspected, Problem> {
    let order = Inspecting {
        ask: InspectionScope {
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

/// Records that `reader` gets these fields of the customer and the calls that were found, and returns the
/// record's event id. Must be called before the data is returned.
async fn record(
    installation: &Installation,
    reader: Reader,
    customer: &CustomerId,
    found: &Inspected,
    fields: &'static [&'static str],
) -> Result<EventId, Problem> {
    let shown = ReadContent {
        customer: Some(customer.clone()),
        calls: found.answer.calls.iter().map(|call| call.call).collect(),
        ..ReadContent::of(fields, ReadForm::Clear)
    };
    put_on_record(installation, reader, shown).await
}

/// Returns the voiceprint states of the customer and of the person's other ids. A read of each other id is
/// recorded.
async fn voiceprints(
    installation: &Installation,
    reader: Reader,
    customer: &CustomerId,
) -> Result<(VoiceprintResponse, Vec<VoiceprintResponse>), Problem> {
    let customers = &installation.entities.customers;
    let person = customers.state(customer).await?.state;
    let mut merged = Vec::new();
    for other in other_ids(installation, customer, &person).await? {
        let shown = ReadContent {
            customer: Some(other.clone()),
            ..ReadContent::of(&["voiceprint"], ReadForm::Clear)
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

/// Returns the note about anonymous transcripts; `None` if no campaign of the customer was ever to be
/// anonymized. Copies exist from the first request of an anonymization on, and stay when another one begins.
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

/// Sends a command to the customer with the person request's first event as its cause. If the customer
/// refuses, the request stays open.
async fn command_customer(
    installation: &Installation,
    id: PersonRequestId,
    customer: &CustomerId,
    command: CustomerCommand,
    cause: Cause,
) -> Result<FulfilmentResult, Problem> {
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
    Ok(FulfilmentResult {
        by: did.then(|| EventId::derive(cause.command, 0)),
        ..FulfilmentResult::default()
    })
}
