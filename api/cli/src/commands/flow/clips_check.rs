//! Checks that every text of a flow is recorded, for the synthesizer that plays recordings (`serve
//! --synthesizer clips:DIR`).

use super::source::Source;
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use domain::flow::FlowDefinition;
use speech::spliced_synthesizer::find_missing_recordings;
use std::path::PathBuf;

/// The option that names the folder of recordings.
#[derive(Debug, clap::Args)]
pub(super) struct ClipsArgs {
    /// Folder of recordings that must hold every text, or every piece between variables
    #[arg(long, value_name = "DIR")]
    clips: Option<PathBuf>,
}

impl ClipsArgs {
    /// Returns the missing recordings: member of the flow, file name, and text. Empty without `--clips`.
    pub(super) fn missing(&self, flow: &FlowDefinition) -> Vec<String> {
        let Some(dir) = &self.clips else {
            return Vec::new();
        };
        let pieces = flow.recorded_pieces();
        let lacking = find_missing_recordings(dir, pieces.iter().map(|piece| piece.text.as_str()));
        let place = |text: &str| pieces.iter().find(|piece| piece.text == text);
        let findings = lacking.into_iter().map(|(file, text)| {
            let member = place(text).map_or("", |piece| piece.member.as_str());
            format!("{member}: a missing clip, {file}: {text}")
        });
        findings.collect()
    }

    /// Refuses to publish a flow with missing recordings: its voice would change in the middle of a sentence.
    pub(super) async fn hold(&self, source: &Source<'_>, flow: &str) -> Result<(), Failure> {
        if self.clips.is_none() {
            return Ok(());
        }
        let missing = self.missing(&source.definition(flow).await?);
        for one in &missing {
            output::line(&format_localized!("缺少录音：{one}", "missing: {one}"))?;
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Failure::found(format_localized!(
                "{flow} 未发布：缺少 {} 段录音",
                "{flow} is not published: {} clips are missing",
                missing.len()
            )))
        }
    }
}
