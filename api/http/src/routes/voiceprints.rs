//! Voiceprints over HTTP (声纹): a consent of their own, a template out of utterances, a comparison that is a
//! hint and no proof, and their end. No sound is stored, logged or answered.

use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::in_scope;
use crate::reply::Written;
use actors::Answer;
use application::inquiring::{BY, REASON, Shown, put_on_record};
use application::installation::Installation;
use application::voiceprints::{
    VoiceConsentOrder, VoiceDeletion, VoiceWithdrawal, VoiceprintOrdered, VoiceprintShown, ask, ask_each,
    consenting, may_be_made, standing, template,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::customer::CustomerState;
use domain::ids::{CampaignId, CustomerId};
use domain::inquiry::{REASON_BYTES_MAX, ReadForm};
use domain::problem::Problem;
use domain::voiceprint::{
    Compared, TAKES_MAX, TAKES_MIN, TakeFacts, VoiceLikeness, Voiceprint, VoiceprintCommand,
};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;
use speech::voice_likeness::{
    THRESHOLD_MILLI, VOICE_FORM, VoiceError, VoiceTake, apart_milli, take_of, template_of,
};
use tokio::sync::oneshot;

/// Longest file of one utterance: six seconds of speech at 16 kHz with as much quiet around it.
const TAKE_BYTES_MAX: usize = 400_000;

/// How long the sound of one request is worked on: five utterances take a tenth of it.
const WORK_MS_MAX: u64 = 5_000;

/// What is read of a person for a comparison.
const TEMPLATE: Shown = Shown::of(&["voiceprint"], ReadForm::Clear);
/// What is shown of one: nothing of the voice.
const STATE: Shown = Shown::of(&["voiceprint"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/customers/{id}/voiceprint",
            "A customer's voiceprint: its consent, how it was made, the last comparison; never the voice",
            show,
        )
        .needs(Permission::CustomersRead, About::Customer)
        .query(const { &[BY, REASON] }),
        Endpoint::post(
            "/api/v1/customers/{id}/voiceprint/consent",
            "Records the separate consent to a voiceprint, with its wording, evidence and end",
            consent,
        )
        .needs(Permission::ConsentsWrite, About::Customer)
        .takes::<VoiceConsentOrder>(),
        Endpoint::post(
            "/api/v1/customers/{id}/voiceprint/withdraw",
            "Withdraws that consent, and deletes the voiceprint at once",
            withdraw,
        )
        .needs(Permission::ConsentsWithdraw, About::Customer)
        .takes::<VoiceWithdrawal>()
        .kept(),
        Endpoint::post(
            "/api/v1/customers/{id}/voiceprint/delete",
            "Deletes the voiceprint: its own key is destroyed",
            delete,
        )
        .needs(Permission::ConsentsWithdraw, About::Customer)
        .takes::<VoiceDeletion>()
        .kept(),
        Endpoint::post(
            "/api/v1/customers/{id}/voiceprint/enrol",
            "Describes the voice of a consenting person by two to five utterances of one sentence",
            enrol,
        )
        .needs(Permission::VoiceprintsWrite, About::Customer)
        .takes::<VoiceEnrolment>(),
        Endpoint::post(
            "/api/v1/customers/{id}/voiceprint/compare",
            "How near a voice that says that sentence is to it: a hint, and no authentication",
            compare,
        )
        .needs(Permission::VoiceprintsWrite, About::Customer)
        .takes::<VoiceComparison>(),
    ]
}

/// Utterances of one sentence, and why they are taken.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "takes": ["UklGRg==", "UklGRg=="], "reason": "asked at the counter" }]))]
struct VoiceEnrolment {
    /// WAV files of 8 or 16 kHz, mono, 16 bit, in base64; each has one to six seconds of speech.
    #[schemars(length(min = TAKES_MIN, max = TAKES_MAX), with = "Vec<String>")]
    takes: Vec<Vec<u8>>,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

impl Order for VoiceEnrolment {
    fn read(body: &mut Members) -> Self {
        let texts = body.value::<Vec<String>>("takes").unwrap_or_default();
        if !(TAKES_MIN..=TAKES_MAX).contains(&texts.len()) {
            body.wrong("takes", format!("are {TAKES_MIN} to {TAKES_MAX} files"));
        }
        let takes = texts.iter().enumerate().map(|(index, text)| {
            let found = wav_of(text);
            if let Err(why) = &found {
                body.wrong_at(&format!("/takes/{index}"), why);
            }
            found.unwrap_or_default()
        });
        Self {
            takes: takes.collect(),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// One utterance of the same sentence, and why it is compared.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "take": "UklGRg==", "campaign": "TASK20261120", "reason": "complaint 7" }]))]
struct VoiceComparison {
    /// A WAV file of 8 or 16 kHz, mono, 16 bit, in base64.
    #[schemars(with = "String")]
    take: Vec<u8>,
    /// For which campaign, where it is for one.
    campaign: Option<CampaignId>,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

impl Order for VoiceComparison {
    fn read(body: &mut Members) -> Self {
        let found = match body.value::<String>("take") {
            Some(text) => wav_of(&text),
            None => Err("is missing".to_owned()),
        };
        if let Err(why) = &found {
            body.wrong("take", why);
        }
        Self {
            take: found.unwrap_or_default(),
            campaign: body.parsed("campaign"),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

fn wav_of(text: &str) -> Result<Vec<u8>, String> {
    if text.len() > TAKE_BYTES_MAX.div_ceil(3) * 4 {
        return Err(format!("is longer than {TAKE_BYTES_MAX} bytes of audio"));
    }
    STANDARD.decode(text).map_err(|_what| "is no base64".to_owned())
}

/// A voiceprint after its enrolment or a comparison.
#[derive(Debug, Serialize, JsonSchema)]
struct VoiceprintChanged {
    #[serde(flatten)]
    voiceprint: VoiceprintShown,
    position: String,
}

/// All of it, to whoever had it put on record that they look.
async fn changed(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
    answer: &Answer<Voiceprint>,
) -> Result<Changed<VoiceprintChanged>, Problem> {
    let standing = standing(installation, customer, person).await?;
    Ok(Changed(Written {
        body: VoiceprintChanged {
            voiceprint: standing.shown(),
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// No more than what was ordered: how often somebody was compared, the version would tell.
async fn ordered(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
    answer: &Answer<Voiceprint>,
) -> Result<Changed<VoiceprintOrdered>, Problem> {
    let standing = standing(installation, customer, person).await?;
    Ok(Changed(Written {
        body: standing.ordered(answer.position),
        version: None,
        position: Some(answer.position),
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<VoiceprintShown>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    put_on_record(installation, input.reader(), of(STATE, &customer)).await?;
    let standing = standing(installation, &customer, &person).await?;
    Ok(Read(standing.shown()))
}

fn of(what: Shown, customer: &CustomerId) -> Shown {
    Shown {
        customer: Some(customer.clone()),
        ..what
    }
}

async fn consent(ctx: Ctx, input: Input) -> Result<Changed<VoiceprintOrdered>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(installation, "voiceprint/consent")?;
    let order: VoiceConsentOrder = input.order().await?;
    may_be_made(installation, &person).await?;
    let answer = ask(installation, &customer, order.into(), cause).await?;
    ordered(installation, &customer, &person, &answer).await
}

async fn withdraw(ctx: Ctx, input: Input) -> Result<Changed<VoiceprintOrdered>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(installation, "voiceprint/withdraw")?;
    let VoiceWithdrawal { source } = input.order().await?;
    let command = VoiceprintCommand::Withdraw { source };
    let answer = ask_each(installation, &customer, &person, command, cause).await?;
    ordered(installation, &customer, &person, &answer).await
}

async fn delete(ctx: Ctx, input: Input) -> Result<Changed<VoiceprintOrdered>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(installation, "voiceprint/delete")?;
    let VoiceDeletion { reason } = input.order().await?;
    let command = VoiceprintCommand::Delete { reason };
    let answer = ask_each(installation, &customer, &person, command, cause).await?;
    ordered(installation, &customer, &person, &answer).await
}

async fn enrol(ctx: Ctx, input: Input) -> Result<Changed<VoiceprintChanged>, Problem> {
    let installation = &ctx.installation;
    let (customer, person) = installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(installation, "voiceprint/enrol")?;
    let (caller, reader) = (input.caller.clone(), input.reader_by_post());
    let VoiceEnrolment { takes, reason } = input.order().await?;
    may_be_made(installation, &person).await?;
    consenting(installation, &customer, &person, cause).await?;
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

async fn compare(ctx: Ctx, input: Input) -> Result<Changed<VoiceprintChanged>, Problem> {
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
        in_scope(&scope, campaign)?;
        installation.campaign(campaign).await?;
    }
    may_be_made(installation, &person).await?;
    let state = consenting(installation, &customer, &person, cause).await?;
    let held = state.held().ok_or_else(|| Problem::missing("this voiceprint"))?;
    put_on_record(installation, reader.because(reason), of(TEMPLATE, &customer)).await?;
    let template = template(installation, &customer, held.enrolment).await?;
    let _turn = ctx.engines.voices(installation, &caller).await?;
    let apart = worked_on(installation, move || {
        let take = take_of(&take)?;
        Ok((facts(&take), apart_milli(&template, &take)?))
    });
    let (take, distance_milli) = apart.await?;
    let compared = Compared {
        enrolment: held.enrolment,
        campaign,
        distance_milli,
        threshold_milli: THRESHOLD_MILLI,
        // The decider says which it is.
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

/// Works on sound beside the answers, on a thread of its own, and waits for it no longer than it may take.
async fn worked_on<T: Send + 'static>(
    installation: &Installation,
    work: impl FnOnce() -> Result<T, VoiceError> + Send + 'static,
) -> Result<T, Problem> {
    let (tell, told) = oneshot::channel();
    let work = move || {
        // Whoever asked may have gone away.
        let _gone = tell.send(work());
    };
    installation.tasks().thread("voices", Box::new(work));
    let done = tokio::select! {
        biased;
        done = told => done.map_err(|_gone| Problem::unavailable("the server is shutting down"))?,
        () = installation.pause(WORK_MS_MAX) => {
            let (code, why) = ("voice-too-slow", "comparing took longer than it may");
            return Err(Problem::new(domain::problem::Kind::Unavailable, code, why));
        }
    };
    done.map_err(|error| match error {
        VoiceError::Audio(why) => Problem::invalid("audio-invalid", why.to_string()),
        VoiceError::Take(why) => Problem::invalid("voice-silent", why.to_string()),
    })
}
