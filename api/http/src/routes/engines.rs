//! Routes that let other systems use the speech and understanding engines of calls. No request is stored.

use crate::api_description::{ReadReply, SpeechReply};
use crate::body::Body;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::form::Form;
use crate::uploads::ChunkSource;
use application::engines::{
    SpeechRecognitionRequest, SpeechRecognitionResponse, SpeechSynthesisRequest, TextUnderstandingRequest,
    TextUnderstandingResponse,
};
use application::parameter::Parameter;
use domain::problem::{Problem, ProblemKind};
use schemars::JsonSchema;
use speech::clips::{read_audio, write_synthetic};

/// Maximum size of an audio file in bytes. A minute at 16 kHz has 1.92 MB; the rest is for metadata.
const AUDIO_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Maximum length of a language tag in a request to an engine, in bytes.
const TAG_BYTES_MAX: usize = 64;

const LANGUAGE: Parameter = Parameter::text(
    "language",
    "BCP 47 tag of the spoken language; default: zh-CN",
    "zh-CN",
);
const DIALECT: Parameter = Parameter::text(
    "dialect",
    "Tag of a dialect, for example yue, if the engine supports it",
    "yue",
);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/understand", "Understand a text", understand)
            .describe(
                "Returns the intent, entities, interest and yes or no of a text, as a call would \
                 understand it. Nothing is stored.",
            )
            .needs(Permission::EnginesUse, EndpointSubject::Unscoped)
            .takes::<TextUnderstandingRequest>(),
        Endpoint::post("/api/v1/recognize", "Recognize speech", recognize)
            .describe(
                "Returns the text of up to one minute of audio (WAV, 8 or 16 kHz, mono). The engine hears \
                 it in real time, as in a call. Nothing is stored.",
            )
            .needs(Permission::EnginesUse, EndpointSubject::Unscoped)
            .query(const { &[LANGUAGE, DIALECT] })
            .takes_file()
            .takes_form::<AudioForm>(),
        Endpoint::post("/api/v1/synthesize", "Synthesize speech", synthesize)
            .describe(
                "Returns the text as audio (WAV, 8 kHz, mono) that is labeled as machine-made. A text that \
                 may contain personal data is not stored.",
            )
            .needs(Permission::EnginesUse, EndpointSubject::Unscoped)
            .takes::<SpeechSynthesisRequest>(),
    ]
}

/// The form with an audio file.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema alone is used")]
struct AudioForm {
    /// The WAV file.
    #[schemars(extend("format" = "binary"))]
    file: String,
}

async fn understand(ctx: Ctx, input: Input) -> Result<ReadReply<TextUnderstandingResponse>, Problem> {
    let caller = input.caller.clone();
    let order: TextUnderstandingRequest = input.order().await?;
    let understood = ctx.engines.understand(&ctx.installation, &caller, order);
    understood.await.map(ReadReply)
}

async fn recognize(ctx: Ctx, mut input: Input) -> Result<ReadReply<SpeechRecognitionResponse>, Problem> {
    let order = SpeechRecognitionRequest {
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
    heard.await.map(ReadReply)
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

async fn bounded(pieces: &mut dyn ChunkSource) -> Result<Vec<u8>, Problem> {
    let mut wav = Vec::new();
    while let Some(piece) = pieces.piece().await? {
        wav.extend_from_slice(&piece);
        if wav.len() > AUDIO_BYTES_MAX {
            return Err(Problem::new(
                ProblemKind::TooLarge,
                "audio-too-long",
                format!("audio can have at most {AUDIO_BYTES_MAX} bytes, which is one minute"),
            ));
        }
    }
    Ok(wav)
}

async fn synthesize(ctx: Ctx, input: Input) -> Result<SpeechReply, Problem> {
    let caller = input.caller.clone();
    let order: SpeechSynthesisRequest = input.order().await?;
    let clip = ctx.engines.synthesize(&ctx.installation, &caller, &order).await?;
    let voice = ctx.installation.synthesizer.name();
    let labelled = write_synthetic(&clip, voice);
    labelled
        .map(SpeechReply)
        .map_err(|why| Problem::fault(why.to_string()))
}
