//! Routes of voiceprints (声纹): a separate consent, a template made of utterances, a comparison that is a hint
//! and no proof, and their deletion. No audio is stored, logged or returned.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::require_campaign_in_scope;
use crate::reply::WriteResult;
use actors::Answer;
use application::inquiries::{BY, REASON, ReadContent, put_on_record};
use application::installation::Installation;
use application::voiceprints::{
    VoiceConsentRequest, VoiceDeletion, VoiceWithdrawal, VoiceprintChangeResponse, VoiceprintResponse, ask,
    ask_each, may_be_made, require_consented_state, standing, template,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::customer::CustomerState;
use domain::ids::{CampaignId, CustomerId};
use domain::inquiry::{REASON_BYTES_MAX, ReadForm};
use domain::problem::Problem;
use domain::voiceprint::{
    TAKES_MAX, TAKES_MIN, TakeFacts, VoiceLikeness, Voiceprint, VoiceprintCommand, VoiceprintComparison,
};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use speech::voice_likeness::{
    THRESHOLD_MILLI, VOICE_FORM, VoiceError, VoiceTake, measure_distance_milli, take_of, template_of,
};
use tokio::sync::oneshot;

/// Maximum size of one utterance in bytes: six seconds of speech at 16 kHz with the same length of silence.
const TAKE_BYTES_MAX: usize = 400_000;

/// Maximum processing time of a request's audio in milliseconds; five utterances need a tenth of it.
const WORK_MS_MAX: u64 = 5_000;

/// What the audit record of a comparison names as shown: the template.
const TEMPLATE: ReadContent = ReadContent::of(&["voiceprint"], ReadForm::Clear);
/// What the audit record of a read of a voiceprint's state names as shown: nothing of the voice.
const STATE: ReadContent = ReadContent::of(&["voiceprint"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/customers/{id}/voiceprint",
            "Get a customer's voiceprint",
            show,
        )
        .describe(
            "Returns the consent, how the template was made, and the last comparison; never the voice \
             itself. The read is recorded.",
        )
        .needs(Permission::CustomersRead, EndpointSubject::Customer)
        .query(const { &[BY, REASON] }),
        Endpoint::post(
            "/api/v1/customers/{id}/voiceprint/consent",
            "Record the consent to a voiceprint",
            consent,
        )
        .describe("Stores the separate consent with its wording, evidence and end.")
        .needs(Permission::ConsentsWrite, EndpointSubject::Customer)
        .takes::<VoiceConsentRequest>(),
        Endpoint::post(
            "/api/v1/customers/{id}/voiceprint/withdraw",
            "Withdraw the consent to a voiceprint",
            withdraw,
        )
        .describe("Withdraws the consent and deletes the voiceprint at once.")
        .needs(Permission::ConsentsWithdraw, EndpointSubject::Customer)
        .takes::<VoiceWithdrawal>()
        .kept(),
        Endpoint::post(
            "/api/v1/customers/{id}/voiceprint/delete",
            "Delete a voiceprint",
            delete,
        )
        .describe("Destroys the voiceprint's own key, so that it is permanently unreadable.")
        .needs(Permission::ConsentsWithdraw, EndpointSubject::Customer)
        .takes::<VoiceDeletion>()
        .kept(),
        Endpoint::post(
            "/api/v1/customers/{id}/voiceprint/enrol",
            "Enrol a voiceprint",
            enrol,
        )
        .describe(
            "Makes a template of a consenting customer's voice from two to five utterances of one \
             sentence. A reason is required.",
        )
        .needs(Permission::VoiceprintsWrite, EndpointSubject::Customer)
        .takes::<VoiceEnrolment>(),
        Endpoint::post(
            "/api/v1/customers/{id}/voiceprint/compare",
            "Compare a voice with a voiceprint",
            compare,
        )
        .describe(
            "Returns the distance of an utterance of the sentence to the template. It is a hint, not an \
             authentication. A reason is required.",
        )
        .needs(Permission::VoiceprintsWrite, EndpointSubject::Customer)
        .takes::<VoiceComparison>(),
    ]
}

/// The body that enrols a voiceprint: utterances of one sentence, and the reason.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "takes": ["UklGRg==", "UklGRg=="], "reason": "asked at the counter" }]))]
struct VoiceEnrolment {
    /// WAV files of 8 or 16 kHz, mono, 16 bit, in base64; each has one to six seconds of speech.
    #[schemars(length(min = TAKES_MIN, max = TAKES_MAX), with = "Vec<String>")]
    #[member(read = takes)]
    takes: Vec<Vec<u8>>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

fn takes(body: &mut Members, name: &str) -> Vec<Vec<u8>> {
    let texts: Vec<String> = body.value(name).unwrap_or_default();
    if !(TAKES_MIN..=TAKES_MAX).contains(&texts.len()) {
        body.wrong(name, format!("are {TAKES_MIN} to {TAKES_MAX} files"));
    }
    let takes = texts.iter().enumerate().map(|(index, text)| {
        let found = wav_of(text);
        if let Err(why) = &found {
            body.wrong_at(&format!("/takes/{index}"), why);
        }
        found.unwrap_or_default()
    });
    takes.collect()
}

/// The body of a comparison with a voiceprint: one utterance of the same sentence, and the reason.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "take": "UklGRg==", "campaign": "TASK20261120", "reason": "complaint 7" }]))]
struct VoiceComparison {
    /// A WAV file of 8 or 16 kHz, mono, 16 bit, in base64.
    #[schemars(with = "String")]
    #[member(read = take)]
    take: Vec<u8>,
    /// The campaign for which it is compared, if any.
    #[member(parse)]
    campaign: Option<CampaignId>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

fn take(body: &mut Members, name: &str) -> Vec<u8> {
    let found = match body.value::<String>(name) {
        Some(text) => wav_of(&text),
        None => Err("is missing".to_owned()),
    };
    if let Err(why) = &found {
        body.wrong(name, why);
    }
    found.unwrap_or_default()
}

fn wav_of(text: &str) -> Result<Vec<u8>, String> {
    if text.len() > TAKE_BYTES_MAX.div_ceil(3) * 4 {
        return Err(format!("is longer than {TAKE_BYTES_MAX} bytes of audio"));
    }
    STANDARD.decode(text).map_err(|_what| "is no base64".to_owned())
}

/// A voiceprint after its enrolment or a comparison.
#[derive(Debug, Serialize, JsonSchema)]
struct VoiceprintWriteResponse {
    #[serde(flatten)]
    voiceprint: VoiceprintResponse,
    position: String,
}

/// Builds the reply with the whole voiceprint. The caller's read was recorded before.
async fn changed(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
    answer: &Answer<Voiceprint>,
) -> Result<ChangeReply<VoiceprintWriteResponse>, Problem> {
    let standing = standing(installation, customer, person).await?;
    Ok(ChangeReply(WriteResult {
        body: VoiceprintWriteResponse {
            voiceprint: standing.shown(),
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// Builds a reply with only what was requested. The version would disclose how often the customer was
/// compared.
async fn ordered(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
    answer: &Answer<Voiceprint>,
) -> Result<ChangeReply<VoiceprintChangeResponse>, Problem> {
    let standing = standing(installation, customer, person).await?;
    Ok(ChangeReply(WriteResult {
        body: standing.ordered(answer.position),
        version: None,
        position: Some(answer.position),
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<VoiceprintResponse>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    put_on_record(installation, input.reader(), of(STATE, &customer)).await?;
    let standing = standing(installation, &customer, &person).await?;
    Ok(ReadReply(standing.shown()))
}

fn of(what: ReadContent, customer: &CustomerId) -> ReadContent {
    ReadContent {
        customer: Some(customer.clone()),
        ..what
    }
}

async fn consent(ctx: Ctx, input: Input) -> Result<ChangeReply<VoiceprintChangeResponse>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(installation, "voiceprint/consent")?;
    let order: VoiceConsentRequest = input.order().await?;
    may_be_made(installation, &person).await?;
    let answer = ask(installation, &customer, order.into(), cause).await?;
    ordered(installation, &customer, &person, &answer).await
}

async fn withdraw(ctx: Ctx, input: Input) -> Result<ChangeReply<VoiceprintChangeResponse>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(installation, "voiceprint/withdraw")?;
    let VoiceWithdrawal { source } = input.order().await?;
    let command = VoiceprintCommand::Withdraw { source };
    let answer = ask_each(installation, &customer, &person, command, cause).await?;
    ordered(installation, &customer, &person, &answer).await
}

async fn delete(ctx: Ctx, input: Input) -> Result<ChangeReply<VoiceprintChangeResponse>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(installation, "voiceprint/delete")?;
    let VoiceDeletion { reason } = input.order().await?;
    let command = VoiceprintCommand::Delete { reason };
    let answer = ask_each(installation, &customer, &person, command, cause).await?;
    ordered(installation, &customer, &person, &answer).await
}

async fn enrol(ctx: Ctx, input: Input) -> Result<ChangeReply<VoiceprintWriteResponse>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(installation, "voiceprint/enrol")?;
    let (caller, reader) = (input.caller.clone(), input.reader_by_post());
    let VoiceEnrolment { takes, reason } = input.order().await?;
    may_be_made(installation, &person).await?;
    require_consented_state(installation, &customer, &person, cause).await?;
    put_on_record(installation, reader.because(reason), of(TEMPLATE, &customer)).await?;
    let _turn = ctx.engines.voices(installation, &caller).await?;
    let described = worked_on(installation, move || {
        let takes: Result<Vec<VoiceTake>, VoiceError> = takes.iter().map(|wav| take_of(wav)).collect();
        takes.map(|takes| (takes.iter().map(facts).collect(), template_of(&takes)))
    });
    let (takes, template) = described.await?;
    let command = VoiceprintCommand::Enrol {
        form: VOICE_FORM.to_owned(),
        takes,
        template,
    };
    let answer = ask(installation, &customer, command, cause).await?;
    changed(installation, &customer, &person, &answer).await
}

async fn compare(ctx: Ctx, input: Input) -> Result<ChangeReply<VoiceprintWriteResponse>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(installation, "voiceprint/compare")?;
    let (caller, reader) = (input.caller.clone(), input.reader_by_post());
    let scope = input.scope.clone();
    let VoiceComparison {
        take,
        campaign,
        reason,
    } = input.order().await?;
    if let Some(campaign) = &campaign {
        require_campaign_in_scope(&scope, campaign)?;
        installation.campaign(campaign).await?;
    }
    may_be_made(installation, &person).await?;
    let state = require_consented_state(installation, &customer, &person, cause).await?;
    let held = state.held().ok_or_else(|| Problem::missing("this voiceprint"))?;
    put_on_record(installation, reader.because(reason), of(TEMPLATE, &customer)).await?;
    let template = template(installation, &customer, held.enrolment).await?;
    let _turn = ctx.engines.voices(installation, &caller).await?;
    let apart = worked_on(installation, move || {
        let take = take_of(&take)?;
        Ok((facts(&take), measure_distance_milli(&template, &take)?))
    });
    let (take, distance_milli) = apart.await?;
    let compared = VoiceprintComparison {
        enrolment: held.enrolment,
        campaign,
        distance_milli,
        threshold_milli: THRESHOLD_MILLI,
        // The decider sets the likeness.
        likeness: VoiceLikeness::Unlike,
    };
    let command = VoiceprintCommand::Compare { compared, take };
    let answer = ask(installation, &customer, command, cause).await?;
    changed(installation, &customer, &person, &answer).await
}

fn facts(take: &VoiceTake) -> TakeFacts {
    TakeFacts {
        spoken_ms: take.spoken_ms(),
        noise_below_db: take.noise_below_db(),
    }
}

/// Processes audio on a separate thread and waits for the result. Fails with `voice-too-slow` after
/// `WORK_MS_MAX`; the thread then ends by itself.
async fn worked_on<T: Send + 'static>(
    installation: &Installation,
    work: impl FnOnce() -> Result<T, VoiceError> + Send + 'static,
) -> Result<T, Problem> {
    let (tell, received) = oneshot::channel();
    let work = move || {
        // The request may have been given up in the meantime.
        let _gone = tell.send(work());
    };
    installation.tasks().thread("voices", Box::new(work));
    let done = tokio::select! {
        biased;
        done = received => done.map_err(|_gone| Problem::unavailable("the server is shutting down"))?,
        () = installation.pause(WORK_MS_MAX) => {
            let (code, why) = ("voice-too-slow", "comparing took longer than it may");
            return Err(Problem::new(domain::problem::ProblemKind::Unavailable, code, why));
        }
    };
    done.map_err(|error| match error {
        VoiceError::Audio(why) => Problem::invalid("audio-invalid", why.to_string()),
        VoiceError::Take(why) => Problem::invalid("voice-silent", why.to_string()),
    })
}
