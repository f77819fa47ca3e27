//! What a campaign's body may say of its conversations, as the description of the routes has it.

use crate::model_tiers::TierSent;
use domain::assist_plan::AssistPlan;
use domain::emotion::EmotionPlan;
use domain::speech_plan::SpeechPlan;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// How its calls listen, understand, answer and speak.
pub(crate) fn of_conversation(generator: &mut SchemaGenerator) -> [(String, Value); 7] {
    [
        (
            "model_tiers",
            described(
                generator.subschema_for::<Vec<TierSent>>(),
                "Other published models for people of a grade or a value, the first that is meant",
            ),
        ),
        (
            "flow_version",
            published(
                "A published version of a flow, NAME@V, instead of script_template or flow",
                "card_instalment@2",
            ),
        ),
        (
            "model",
            published(
                "A published model, NAME@V, that its calls are understood by",
                "zh_outbound@2",
            ),
        ),
        (
            "knowledge",
            published(
                "A published knowledge base, NAME@V, that its calls answer from",
                "card_instalment@1",
            ),
        ),
        (
            "assist",
            described(
                generator.subschema_for::<AssistPlan>(),
                "What an assistant may be asked (`serve --llm`); nobody unless it is said",
            ),
        ),
        (
            "speech",
            described(
                generator.subschema_for::<SpeechPlan>(),
                "How its calls listen and speak; as the installation does unless it is said",
            ),
        ),
        (
            "emotion",
            described(
                generator.subschema_for::<EmotionPlan>(),
                "How callees sound is measured; not unless it is said",
            ),
        ),
    ]
    .map(|(name, schema)| (name.to_owned(), schema.to_value()))
}

/// A schema with what it is about.
pub(crate) fn described(mut schema: Schema, what: &str) -> Schema {
    schema.insert("description".to_owned(), what.into());
    schema
}

/// Something published, named with its version.
fn published(what: &str, example: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}@[1-9][0-9]*$", "description": what,
        "examples": [example] })
}
