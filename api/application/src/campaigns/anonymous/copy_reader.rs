//! Reading and searching of anonymous transcripts.

use crate::installation::Installation;
use domain::anonymous_transcript::{
    AnonymousTranscript, AnonymousTranscriptEvent, AnonymousTranscriptSource,
};
use domain::event_filter::EventFilter;
use domain::ids::{AnonymousTranscriptId, CampaignId, CustomerId};
use domain::personal::Personal;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::{Position, StoredEvent, read_opened_event};
use schemars::JsonSchema;
use serde::Serialize;

/// Most matching pieces returned per copy.
const PIECES_MAX: usize = 5;

/// The pieces of one anonymous transcript.
#[derive(Debug, Clone)]
pub struct AnonymousWords {
    pub id: AnonymousTranscriptId,
    pub said_in: AnonymousTranscriptSource,
    pub pieces: Vec<String>,
}

impl AnonymousWords {
    /// Returns the key under which this transcript counts as that of one customer in statistics. It belongs
    /// to no customer.
    pub fn counted_as(&self) -> CustomerId {
        self.id.key()
    }
}

/// One anonymous transcript that contains the search text.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AnonymousMatch {
    pub id: AnonymousTranscriptId,
    pub said_in: AnonymousTranscriptSource,
    /// At most five matching pieces, in alphabetical order.
    #[schemars(example = ["太贵了"])]
    pub said: Vec<String>,
}

/// Returns at most `most` anonymous transcripts of a campaign in log order, and true if there are more.
pub async fn anonymous_words(
    installation: &Installation,
    campaign: &CampaignId,
    most: usize,
) -> Result<(Vec<AnonymousWords>, bool), Problem> {
    let filter = EventFilter {
        kinds: vec![AnonymousTranscriptEvent::KEPT.to_owned()],
        campaign: Some(campaign.clone()),
        ..EventFilter::default()
    };
    let (mut after, mut all) = (Position(0), Vec::new());
    loop {
        let store = installation.store();
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for stored in &page.events {
            if all.len() >= most {
                return Ok((all, true));
            }
            all.extend(opened(installation, stored).await?);
        }
        if page.reached == after {
            return Ok((all, false));
        }
        after = page.reached;
    }
}

async fn opened(
    installation: &Installation,
    stored: &StoredEvent,
) -> Result<Option<AnonymousWords>, Problem> {
    let fault = |why: String| Problem::fault(why);
    let envelope = stored.envelope().map_err(|error| fault(error.to_string()))?;
    let Ok(id) = envelope.stream.id().parse::<AnonymousTranscriptId>() else {
        return Ok(None);
    };
    let vault = installation.vault();
    let Some(key) = vault.existing_key(&id.key()).await? else {
        return Ok(None);
    };
    let event = read_opened_event::<AnonymousTranscript>(&envelope, vault, Some(&key))?;
    let AnonymousTranscriptEvent::Kept(kept) = event;
    let pieces = Personal::value(&kept.words).map(|words| serde_json::from_str(words));
    let pieces = pieces.transpose().map_err(|error| fault(error.to_string()))?;
    Ok(Some(AnonymousWords {
        id,
        said_in: kept.said_in,
        pieces: pieces.unwrap_or_default(),
    }))
}

/// Returns the transcripts in which a piece contains the search text, in any letter case, each with at most
/// `PIECES_MAX` of those pieces.
pub fn anonymous_with(all: Vec<AnonymousWords>, sought: &str) -> Vec<AnonymousMatch> {
    let sought = sought.to_lowercase();
    let holds = |piece: &String| piece.to_lowercase().contains(&sought);
    let found = all.into_iter().map(|one| AnonymousMatch {
        id: one.id,
        said_in: one.said_in,
        said: one.pieces.into_iter().filter(holds).take(PIECES_MAX).collect(),
    });
    found.filter(|one| !one.said.is_empty()).collect()
}
