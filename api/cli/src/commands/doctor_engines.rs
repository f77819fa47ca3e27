//! The check of speech engines of `ledgerline doctor`: engines that the dialing server found down, read from
//! the alerts in its log. It contacts no engine itself.

use crate::kit::failure::Failure;
use domain::alert::{Alert, AlertEvent, AlertRule, AlertState};
use domain::decider::Decider;
use domain::ids::AlertId;
use domain::ports::event_store::EventStore;
use domain::stored_event::{StreamVersion, read_event};
use host::app::{AppError, ReadOnlyLog};
use host::store_spec::StoreSpec;
use store::OpenError;

/// Events of one alert read at a time; an alert has a raise and a clear each time an engine is down.
const PAGE_EVENTS_MAX: usize = 256;

/// Returns the details of the raised alerts for speech engines that are down; empty if there are none.
pub(super) async fn find_failed_engines(spec: &StoreSpec) -> Result<Vec<String>, Failure> {
    let opened = match ReadOnlyLog::of(spec).await {
        Err(AppError::Open(OpenError::Missing(_))) => return Ok(Vec::new()),
        opened => opened?,
    };
    let mut down = Vec::new();
    for subject in ["recognizer", "synthesizer"] {
        match detail(opened.store.as_ref(), subject).await {
            Ok(found) => down.extend(found),
            Err(failure) => {
                opened.close().await;
                return Err(failure);
            }
        }
    }
    opened.close().await;
    Ok(down)
}

/// Returns the detail of the alert for this engine; `None` while the alert is not raised.
async fn detail(store: &dyn EventStore, subject: &str) -> Result<Option<String>, Failure> {
    let stream = Alert::stream(&AlertId::derive(AlertRule::EngineDown.code(), subject));
    let (mut state, mut said, mut after) = (AlertState::default(), None, StreamVersion(0));
    loop {
        let page = store.read_stream(&stream, after, PAGE_EVENTS_MAX).await?;
        for stored in &page {
            let unreadable = |error: String| Failure::found(format!("an alert cannot be read: {error}"));
            let envelope = stored.envelope().map_err(|error| unreadable(error.to_string()))?;
            let event = read_event::<Alert>(&envelope).map_err(|error| unreadable(error.to_string()))?;
            if let AlertEvent::Raised { detail, .. } = &event {
                said = Some(detail.clone());
            }
            Alert::evolve(&mut state, &event, envelope.at);
            after = envelope.stream_version;
        }
        if page.len() < PAGE_EVENTS_MAX {
            return Ok(said.filter(|_| state.standing().is_some()));
        }
    }
}
