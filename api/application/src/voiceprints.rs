//! Voiceprints, whoever asks: what is ordered and shown of one, the template behind a comparison, and the end
//! of its key. Nothing is made or compared unless the setting `voiceprints.on` says so; to withdraw, delete
//! and show one is always possible.

use crate::installation::{Installation, follow};
use crate::kept_words::masked_reason;
use actors::Answer;
use domain::customer::{CustomerState, Erasure};
use domain::decider::Decider;
use domain::ids::{CampaignId, CustomerId};
use domain::ports::vault::key_to_read_with;
use domain::problem::Problem;
use domain::setting::SettingName;
use domain::stored_event::{Cause, Position, open_personal, read_event};
use domain::time::Timestamp;
use domain::voiceprint::{
    HeldVoiceConsent, HeldVoiceprint, TEXT_BYTES_MAX, Voiceprint, VoiceprintCommand, VoiceprintEvent,
    VoiceprintRefusal, VoiceprintState, key_name,
};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// A consent to a voiceprint, and to nothing else.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "source": "counter", "wording": "我同意将本人语音用于来电比对提示，可随时撤回并删除。",
    "evidence": "form 17", "until": "2026-12-31T16:00:00Z" }]))]
pub struct VoiceConsentOrder {
    /// By which way it came; name no person.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    pub source: String,
    /// What the person was told and agreed to.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    pub wording: String,
    /// What shows it; kept sealed.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    pub evidence: String,
    /// Within 366 days.
    pub until: Timestamp,
}

impl Order for VoiceConsentOrder {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("until") {
            body.wrong("until", "is missing");
        }
        Self {
            source: masked_reason(&body.needed_short_text("source", TEXT_BYTES_MAX)),
            wording: body.needed_short_text("wording", TEXT_BYTES_MAX),
            evidence: body.needed_short_text("evidence", TEXT_BYTES_MAX),
            until: body.parsed("until").unwrap_or_default(),
        }
    }
}

impl From<VoiceConsentOrder> for VoiceprintCommand {
    fn from(order: VoiceConsentOrder) -> Self {
        Self::Consent {
            source: order.source,
            wording: order.wording,
            evidence: order.evidence,
            until: order.until,
        }
    }
}

/// A consent that is withdrawn: its voiceprint goes with it.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "source": "hotline" }]))]
pub struct VoiceWithdrawal {
    /// By which way it came; name no person.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    pub source: String,
}

impl Order for VoiceWithdrawal {
    fn read(body: &mut Members) -> Self {
        Self {
            source: masked_reason(&body.needed_short_text("source", TEXT_BYTES_MAX)),
        }
    }
}

/// Why a voiceprint is deleted.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "no longer needed" }]))]
pub struct VoiceDeletion {
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    pub reason: String,
}

impl Order for VoiceDeletion {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", TEXT_BYTES_MAX),
        }
    }
}

/// How a person's voiceprint stands; its template is never shown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoiceprintShown {
    pub customer: CustomerId,
    /// Whether it may be compared now.
    #[schemars(extend("enum" = ["given", "absent", "withdrawn", "expired"]))]
    pub consent: &'static str,
    /// The latest consent.
    pub consented: Option<VoiceConsentShown>,
    /// What is enrolled.
    pub enrolled: Option<VoiceEnrolmentShown>,
    /// When the last one was deleted, where none is enrolled since.
    pub deleted_at: Option<Timestamp>,
}

/// The latest consent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoiceConsentShown {
    #[schemars(example = &"counter")]
    pub source: String,
    #[schemars(example = &"我同意将本人语音用于来电比对提示，可随时撤回并删除。")]
    pub wording: String,
    pub given_at: Timestamp,
    pub until: Timestamp,
    pub withdrawn_at: Option<Timestamp>,
}

/// What is enrolled, without the voice.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoiceEnrolmentShown {
    pub enrolment: u32,
    #[schemars(example = &"mfcc12-dtw/1")]
    pub form: String,
    pub takes: u32,
    pub enrolled_at: Timestamp,
    pub comparisons: u32,
    pub last: Option<VoiceComparisonShown>,
}

/// A comparison: a hint, and no proof of who somebody is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoiceComparisonShown {
    pub campaign: Option<CampaignId>,
    /// The smaller, the more alike.
    pub distance_milli: u32,
    pub threshold_milli: u32,
    #[schemars(extend("enum" = ["alike", "unlike"]))]
    pub likeness: &'static str,
    pub likeness_zh: &'static str,
    pub compared_at: Timestamp,
}

/// What an order about a voiceprint answers: whoever may give it may not read what else is known of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoiceprintOrdered {
    pub customer: CustomerId,
    /// Whether it may be compared now.
    #[schemars(extend("enum" = ["given", "absent", "withdrawn", "expired"]))]
    pub consent: &'static str,
    /// When the last one was deleted, where none is enrolled since.
    pub deleted_at: Option<Timestamp>,
    pub position: String,
}

/// One person's voiceprint as it stands by all of their ids.
pub struct VoiceStanding {
    customer: CustomerId,
    pub state: Arc<VoiceprintState>,
    /// Why there is no consent that counts now.
    refusal: Option<VoiceprintRefusal>,
    /// Nothing of them is to be had any more.
    erased: bool,
}

impl VoiceStanding {
    /// As it is shown.
    pub fn shown(&self) -> VoiceprintShown {
        let known = (!self.erased).then_some(self.state.as_ref());
        VoiceprintShown {
            customer: self.customer.clone(),
            consent: self.consent_word(),
            consented: known.and_then(|state| state.consent().map(consent_shown)),
            enrolled: known.and_then(|state| state.held().map(enrolment_shown)),
            deleted_at: self.state.deleted_at(),
        }
    }

    /// As an order answers it.
    pub fn ordered(self, position: Position) -> VoiceprintOrdered {
        VoiceprintOrdered {
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

/// How it stands now.
pub async fn standing(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
) -> Result<VoiceStanding, Problem> {
    let state = installation.entities.voiceprints.state(customer).await?.state;
    let mut refusal = state.consented(installation.now()).err();
    if refusal.is_none() {
        for other in other_ids(installation, customer, person).await? {
            let said = installation.entities.voiceprints.state(&other).await?.state;
            if said.withdrawn_behind(&state) {
                refusal = Some(VoiceprintRefusal::ConsentWithdrawn);
            }
        }
    }
    // Whoever asked to be erased is compared no more; when it is decided, nothing of theirs is to be had.
    if person.erasure() != Erasure::None {
        refusal = Some(VoiceprintRefusal::NotConsented);
    }
    Ok(VoiceStanding {
        customer: customer.clone(),
        state,
        refusal,
        erased: person.erasure().is_final(),
    })
}

/// The other ids of the same person: those that are called by this one; else the one it was merged into, and
/// what else was.
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

fn consent_shown(held: &HeldVoiceConsent) -> VoiceConsentShown {
    VoiceConsentShown {
        source: held.source.clone(),
        wording: held.wording.clone(),
        given_at: held.given_at,
        until: held.until,
        withdrawn_at: held.withdrawn_at,
    }
}

fn enrolment_shown(held: &HeldVoiceprint) -> VoiceEnrolmentShown {
    VoiceEnrolmentShown {
        enrolment: held.enrolment,
        form: held.form.clone(),
        takes: held.takes,
        enrolled_at: held.enrolled_at,
        comparisons: held.comparisons,
        last: held.last.as_ref().map(|(compared, at)| VoiceComparisonShown {
            campaign: compared.campaign.clone(),
            distance_milli: compared.distance_milli,
            threshold_milli: compared.threshold_milli,
            likeness: compared.likeness.code(),
            likeness_zh: compared.likeness.label_zh(),
            compared_at: *at,
        }),
    }
}

/// Refused unless voiceprints are made here, of somebody who is not erased.
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

/// The state of somebody whose consent counts now, before any sound of theirs is looked at. What a consent
/// that is over left is deleted here.
pub async fn consenting(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
    cause: Cause,
) -> Result<Arc<VoiceprintState>, Problem> {
    let VoiceStanding { state, refusal, .. } = standing(installation, customer, person).await?;
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

/// Asks what ends something of the person and of each of their other ids: they withdrew or were heard as one.
/// Answers for the id that was named.
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

/// Asks it, and destroys the key of what was deleted: nothing of this installation opens it any more.
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
    // A repeat destroys again what a crash between the two left; so does each start.
    if let Some(key) = answer.state.key_to_destroy(customer) {
        installation.vault().destroy(&key, installation.now()).await?;
    }
    Ok(answer)
}

/// The template that others are compared with; asked only behind a record of it.
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
        let mut event = read_event::<Voiceprint>(&envelope).map_err(|error| fault(error.to_string()))?;
        open_personal(&envelope, &mut event, vault, Some(&key))?;
        if let VoiceprintEvent::Enrolled(enrolled) = event
            && enrolled.enrolment == enrolment
        {
            return enrolled.template.value().cloned().ok_or_else(gone);
        }
    }
    Err(gone())
}
