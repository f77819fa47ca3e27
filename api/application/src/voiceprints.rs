//! Voiceprints (声纹): requests and replies, the template for a comparison, and the destruction of the key.
//!
//! Voiceprints are made and compared only while the setting `voiceprints.on` says so. Withdrawing the
//! consent, deleting a voiceprint and reading its state are always possible.

use crate::installation::{Installation, follow};
use crate::stored_text_masking::masked_reason;
use actors::Answer;
use domain::customer::{CustomerState, Erasure};
use domain::decider::Decider;
use domain::ids::{CampaignId, CustomerId};
use domain::ports::vault::key_to_read_with;
use domain::problem::Problem;
use domain::setting::SettingName;
use domain::stored_event::{Cause, Position, read_opened_event};
use domain::time::Timestamp;
use domain::voiceprint::{
    HeldVoiceConsent, HeldVoiceprint, TEXT_BYTES_MAX, Voiceprint, VoiceprintCommand, VoiceprintEvent,
    VoiceprintRefusal, VoiceprintState, key_name,
};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// A request to record the consent to a voiceprint, and to nothing else.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "source": "counter", "wording": "我同意将本人语音用于来电比对提示，可随时撤回并删除。",
    "evidence": "form 17", "until": "2026-12-31T16:00:00Z" }]))]
pub struct VoiceConsentRequest {
    /// Where the consent was given. It must not name a person.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    #[member(read = masked_source)]
    pub source: String,
    /// The wording that the customer read or heard, and agreed to.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    pub wording: String,
    /// Evidence of the consent, stored sealed.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    pub evidence: String,
    /// End of the consent, at most 366 days from now.
    #[member(parse)]
    pub until: Timestamp,
}

impl From<VoiceConsentRequest> for VoiceprintCommand {
    fn from(order: VoiceConsentRequest) -> Self {
        Self::Consent {
            source: order.source,
            wording: order.wording,
            evidence: order.evidence,
            until: order.until,
        }
    }
}

/// A request to withdraw the consent. The voiceprint is deleted too.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "source": "hotline" }]))]
pub struct VoiceWithdrawal {
    /// Where the withdrawal was made. It must not name a person.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    #[member(read = masked_source)]
    pub source: String,
}

fn masked_source(body: &mut Members, name: &str) -> String {
    masked_reason(&body.needed_short_text(name, TEXT_BYTES_MAX))
}

/// A request to delete a voiceprint, with the reason.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "no longer needed" }]))]
pub struct VoiceDeletion {
    /// Reason, stored permanently. It must not name a person.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    pub reason: String,
}

/// State of a customer's voiceprint: consent and enrolment. The template is never included.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoiceprintResponse {
    pub customer: CustomerId,
    /// State of the consent. Only `given` permits comparisons.
    #[schemars(extend("enum" = ["given", "absent", "withdrawn", "expired"]))]
    pub consent: &'static str,
    /// The customer's latest consent to a voiceprint.
    pub consented: Option<VoiceConsentResponse>,
    /// The enrolled voiceprint, if there is one.
    pub enrolled: Option<VoiceEnrolmentResponse>,
    /// When the last voiceprint was deleted, if none was enrolled since.
    pub deleted_at: Option<Timestamp>,
}

/// The latest consent to a voiceprint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoiceConsentResponse {
    #[schemars(example = &"counter")]
    pub source: String,
    #[schemars(example = &"我同意将本人语音用于来电比对提示，可随时撤回并删除。")]
    pub wording: String,
    pub given_at: Timestamp,
    pub until: Timestamp,
    pub withdrawn_at: Option<Timestamp>,
}

/// The enrolled voiceprint, without the voice data.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoiceEnrolmentResponse {
    pub enrolment: u32,
    #[schemars(example = &"mfcc12-dtw/1")]
    pub form: String,
    pub takes: u32,
    pub enrolled_at: Timestamp,
    pub comparisons: u32,
    pub last: Option<VoiceComparisonResponse>,
}

/// A comparison of a voice with the voiceprint. It is a hint, not a proof of identity.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoiceComparisonResponse {
    pub campaign: Option<CampaignId>,
    /// Distance between voice and voiceprint. A smaller one means more alike.
    pub distance_milli: u32,
    pub threshold_milli: u32,
    #[schemars(extend("enum" = ["alike", "unlike"]))]
    pub likeness: &'static str,
    pub likeness_zh: &'static str,
    pub compared_at: Timestamp,
}

/// Reply to a change of a voiceprint. It is short: who may change may not read the rest.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoiceprintChangeResponse {
    pub customer: CustomerId,
    /// State of the consent. Only `given` permits comparisons.
    #[schemars(extend("enum" = ["given", "absent", "withdrawn", "expired"]))]
    pub consent: &'static str,
    /// When the last voiceprint was deleted, if none was enrolled since.
    pub deleted_at: Option<Timestamp>,
    pub position: String,
}

/// The voiceprint state of one person, including withdrawals under the person's other ids.
pub struct VoiceprintStatus {
    customer: CustomerId,
    pub state: Arc<VoiceprintState>,
    /// Why the consent is not valid now; `None` if it is.
    refusal: Option<VoiceprintRefusal>,
    /// True if the person's erasure is final, so that nothing of the voiceprint may be read.
    erased: bool,
}

impl VoiceprintStatus {
    /// Returns the state in the form of the API.
    pub fn shown(&self) -> VoiceprintResponse {
        let known = (!self.erased).then_some(self.state.as_ref());
        VoiceprintResponse {
            customer: self.customer.clone(),
            consent: self.consent_word(),
            consented: known.and_then(|state| state.consent().map(consent_shown)),
            enrolled: known.and_then(|state| state.held().map(enrolment_shown)),
            deleted_at: self.state.deleted_at(),
        }
    }

    /// Returns the reply to a change, with its log position.
    pub fn ordered(self, position: Position) -> VoiceprintChangeResponse {
        VoiceprintChangeResponse {
            consent: self.consent_word(),
            customer: self.customer,
            deleted_at: self.state.deleted_at(),
            position: position.to_string(),
        }
    }

    const fn consent_word(&self) -> &'static str {
        match &self.refusal {
            None => "given",
            Some(VoiceprintRefusal::ConsentWithdrawn) => "withdrawn",
            Some(VoiceprintRefusal::ConsentExpired { .. }) => "expired",
            Some(_) => "absent",
        }
    }
}

/// Returns a customer's voiceprint state now. A later withdrawal under another id of the person counts.
pub async fn standing(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
) -> Result<VoiceprintStatus, Problem> {
    let state = installation.entities.voiceprints.state(customer).await?.state;
    let mut refusal = state.consented(installation.now()).err();
    if refusal.is_none() {
        for other in other_ids(installation, customer, person).await? {
            let said = installation.entities.voiceprints.state(&other).await?.state;
            if said.has_later_withdrawal(&state) {
                refusal = Some(VoiceprintRefusal::ConsentWithdrawn);
            }
        }
    }
    // A customer who requested erasure is not compared; once erasure is decided, nothing may be read.
    if person.erasure() != Erasure::None {
        refusal = Some(VoiceprintRefusal::NotConsented);
    }
    Ok(VoiceprintStatus {
        customer: customer.clone(),
        state,
        refusal,
        erased: person.erasure().is_final(),
    })
}

/// Returns the other ids of the same person: those merged into this one; if this one was merged, the id it
/// was merged into and the others merged there.
pub async fn other_ids(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
) -> Result<Vec<CustomerId>, Problem> {
    let mut ids = person.joined().to_vec();
    if let Some(kept) = person.merged_into() {
        let loaded = installation.entities.customers.state(kept).await?;
        ids.push(kept.clone());
        ids.extend(loaded.state.joined().iter().cloned());
    }
    ids.retain(|id| id != customer);
    Ok(ids)
}

fn consent_shown(held: &HeldVoiceConsent) -> VoiceConsentResponse {
    VoiceConsentResponse {
        source: held.source.clone(),
        wording: held.wording.clone(),
        given_at: held.given_at,
        until: held.until,
        withdrawn_at: held.withdrawn_at,
    }
}

fn enrolment_shown(held: &HeldVoiceprint) -> VoiceEnrolmentResponse {
    VoiceEnrolmentResponse {
        enrolment: held.enrolment,
        form: held.form.clone(),
        takes: held.takes,
        enrolled_at: held.enrolled_at,
        comparisons: held.comparisons,
        last: held.last.as_ref().map(|(compared, at)| VoiceComparisonResponse {
            campaign: compared.campaign.clone(),
            distance_milli: compared.distance_milli,
            threshold_milli: compared.threshold_milli,
            likeness: compared.likeness.code(),
            likeness_zh: compared.likeness.label_zh(),
            compared_at: *at,
        }),
    }
}

/// Fails if the setting `voiceprints.on` is off, or the customer is erased or to be erased.
pub async fn may_be_made(installation: &Installation, person: &CustomerState) -> Result<(), Problem> {
    if installation.setting(SettingName::VoiceprintsOn).await? == 0 {
        return Err(Problem::refused(
            "voiceprints-off",
            "voiceprints are disabled: the setting voiceprints.on enables them",
        ));
    }
    if person.erasure() != Erasure::None {
        return Err(Problem::refused(
            "refused",
            "the customer's personal data is erased or will be erased",
        ));
    }
    Ok(())
}

/// Returns the voiceprint state of a customer with a valid consent; otherwise fails. Call it before any
/// audio is read. A voiceprint with an expired consent is deleted here.
pub async fn require_consented_state(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
    cause: Cause,
) -> Result<Arc<VoiceprintState>, Problem> {
    let VoiceprintStatus { state, refusal, .. } = standing(installation, customer, person).await?;
    let Some(refusal) = refusal else {
        return Ok(state);
    };
    if matches!(refusal, VoiceprintRefusal::ConsentExpired { .. }) {
        ask(
            installation,
            customer,
            VoiceprintCommand::Expire,
            follow(cause, "expire"),
        )
        .await?;
    }
    Err(Problem::refused("refused", refusal.to_string()))
}

/// Sends a command that ends something (withdrawal, deletion) to the voiceprint of the customer and of each
/// other id of the same person. Returns the answer for the named id.
pub async fn ask_each(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
    command: VoiceprintCommand,
    cause: Cause,
) -> Result<Answer<Voiceprint>, Problem> {
    let answer = ask(installation, customer, command.clone(), cause).await?;
    for other in other_ids(installation, customer, person).await? {
        ask(
            installation,
            &other,
            command.clone(),
            follow(cause, other.as_str()),
        )
        .await?;
    }
    Ok(answer)
}

/// Sends a command to a voiceprint. If that deletes it, destroys its key: it cannot be decrypted again.
pub async fn ask(
    installation: &Installation,
    customer: &CustomerId,
    command: VoiceprintCommand,
    cause: Cause,
) -> Result<Answer<Voiceprint>, Problem> {
    let answer = installation
        .entities
        .voiceprints
        .ask(customer, command, cause)
        .await?;
    // A repeated command destroys the key that a crash left behind; so does each start of the process.
    if let Some(key) = answer.state.key_to_destroy(customer) {
        installation.vault().destroy(&key, installation.now()).await?;
    }
    Ok(answer)
}

/// Returns an enrolment's template for a comparison. Call it only for a read that is logged.
pub async fn template(
    installation: &Installation,
    customer: &CustomerId,
    enrolment: u32,
) -> Result<String, Problem> {
    let vault = installation.vault();
    let key = key_to_read_with(vault, customer, &key_name(customer, enrolment)).await?;
    let gone = || Problem::missing("this voiceprint");
    let key = key.ok_or_else(gone)?;
    let fault = |why: String| Problem::fault(why);
    let stream = Voiceprint::stream(customer);
    for stored in installation
        .store()
        .read_whole_stream(&stream)
        .await?
        .iter()
        .rev()
    {
        let envelope = stored.envelope().map_err(|error| fault(error.to_string()))?;
        if envelope.kind != VoiceprintEvent::ENROLLED {
            continue;
        }
        let event = read_opened_event::<Voiceprint>(&envelope, vault, Some(&key))?;
        if let VoiceprintEvent::Enrolled(enrolled) = event
            && enrolled.enrolment == enrolment
        {
            return enrolled.template.value().cloned().ok_or_else(gone);
        }
    }
    Err(gone())
}
