//! What calls understand, hear and speak with, asked by other systems: nothing of it is stored.

use crate::body::Body;
use crate::described::{Read, Spoken};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::form::Form;
use crate::uploads::Pieces;
use application::engines::{
    HearingOrder, RecognizedShown, SpeakingOrder, UnderstandingOrder, UnderstoodShown,
};
use application::parameter::Parameter;
use domain::problem::{Kind, Problem};
use schemars::JsonSchema;
use speech::clips::{read_audio, write_synthetic};

/// Largest file of audio: a minute at 16 kHz is 1.92 MB; the rest is for metadata.
const AUDIO_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Longest tag of a language.
const TAG_BYTES_MAX: usize = 64;

const LANGUAGE: Parameter = Parameter::text(
    "language",
    "BCP 47 tag of what is spoken; default: zh-CN",
    "zh-CN",
);
const DIALECT: Parameter = Parameter::text(
    "dialect",
    "A dialect by its tag, such as yue, for engines that have it",
    "yue",
);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/understand",
            "Intent, entities, interest and yes or no of a text, as a call would understand it; not stored",
            understand,
        )
        .needs(Permission::EnginesUse, About::Nobody)
        .takes::<UnderstandingOrder>(),
        Endpoint::post(
            "/api/v1/recognize",
            "What is said in up to a minute of audio (WAV, 8 or 16 kHz, mono), at its own pace; not stored",
            recognize,
        )
        .needs(Permission::EnginesUse, About::Nobody)
        .query(const { &[LANGUAGE, DIALECT] })
        .takes_file()
        .takes_form::<AudioForm>(),
        Endpoint::post(
            "/api/v1/synthesize",
            "A text as sound (WAV, 8 kHz, mono), labelled as made by a machine; not stored where it may be personal",
            synthesize,
        )
        .needs(Permission::EnginesUse, About::Nobody)
        .takes::<SpeakingOrder>(),
    ]
}

/// Audio as a form.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema alone is used")]
struct AudioForm {
    /// The WAV file.
    #[schemars(extend("format" = "binary"))]
    file: String,
}

async fn understand(ctx: Ctx, input: Input) -> Result<Read<UnderstoodShown>, Problem> {
    let caller = input.caller.clone();
    let order: UnderstandingOrder = input.order().await?;
    let understood = ctx.engines.understand(&ctx.installation, &caller, order);
    understood.await.map(Read)
}

async fn recognize(ctx: Ctx, mut input: Input) -> Result<Read<RecognizedShown>, Problem> {
    let order = HearingOrder {
        language: tag(&input, LANGUAGE.name)?,
        dialect: tag(&input, DIALECT.name)?,
    };
    let form = Form::of(&mut input, &[])?;
    let Input { caller, body, .. } = input;
    let wav = match form {
        Some(form) => file_of(form).await?,
        None => file_alone(body).await?,
    };
    let clip = read_audio(&wav).map_err(|why| Problem::invalid("audio-invalid", why.to_string()))?;
    let heard = ctx.engines.recognize(&ctx.installation, &caller, &clip, order);
    heard.await.map(Read)
}

fn tag(input: &Input, name: &str) -> Result<Option<String>, Problem> {
    match input.text(name) {
        Some(text) if text.len() > TAG_BYTES_MAX => Err(Problem::invalid(
            "query-invalid",
            format!("{name} has more than {TAG_BYTES_MAX} bytes"),
        )),
        text => Ok(text.map(str::to_owned)),
    }
}

async fn file_alone(mut body: Body) -> Result<Vec<u8>, Problem> {
    bounded(&mut body).await
}

async fn file_of(mut form: Form) -> Result<Vec<u8>, Problem> {
    let (mut part, _) = form.file().await?;
    let wav = bounded(&mut part).await?;
    drop(part);
    form.fields().await?;
    Ok(wav)
}

async fn bounded(pieces: &mut dyn Pieces) -> Result<Vec<u8>, Problem> {
    let mut wav = Vec::new();
    while let Some(piece) = pieces.piece().await? {
        wav.extend_from_slice(&piece);
        if wav.len() > AUDIO_BYTES_MAX {
            return Err(Problem::new(
                Kind::TooLarge,
                "audio-too-long",
                format!("audio can have at most {AUDIO_BYTES_MAX} bytes, which is one minute"),
            ));
        }
    }
    Ok(wav)
}

async fn synthesize(ctx: Ctx, input: Input) -> Result<Spoken, Problem> {
    let caller = input.caller.clone();
    let order: SpeakingOrder = input.order().await?;
    let clip = ctx.engines.synthesize(&ctx.installation, &caller, &order).await?;
    let voice = ctx.installation.synthesizer.name();
    let labelled = write_synthetic(&clip, voice);
    labelled
        .map(Spoken)
        .map_err(|why| Problem::fault(why.to_string()))
}
