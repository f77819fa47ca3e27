//! The dialing check of `ledgerline doctor`: every reason for which dialing is paused, as a running server
//! knows it, or as far as the log of a directory shows. It writes nothing.

use crate::commands::doctor_check::{Check, CheckStatus, CheckText, says};
use crate::kit::failure::Failure;
use application::dialing_pauses::DialingPauseResponse;
use application::reply_value::value;
use domain::calling_plan::Preset;
use domain::dialing_facts::{DialingFacts, StopFact, find_dialing_pauses};
use domain::dialing_pause::{DialingPause, PauseCode, PauseSubject};
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stop::StopId;
use host::app::{AppError, ReadOnlyLog};
use host::outbound::api_client::ApiClient;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use host::store_spec::StoreSpec;
use serde_json::Value;
use store::OpenError;

/// The reasons that were found, and where.
pub(super) struct FoundPauses {
    /// The reasons as `GET /api/v1/dialing` returns them.
    pub(super) items: Vec<Value>,
    /// Says what could not be looked at; `None` if nothing was left out.
    pub(super) left_out: Option<CheckText>,
}

impl FoundPauses {
    fn of(pauses: Vec<DialingPause>) -> Self {
        let items = pauses.into_iter().map(DialingPauseResponse::from);
        Self {
            items: items.map(|one| value(&one)).collect(),
            left_out: None,
        }
    }

    /// Returns one check per reason: bad if it pauses every call, otherwise a note.
    pub(super) fn checks(&self, none: CheckText) -> Vec<Check> {
        let mut checks: Vec<Check> = self.items.iter().map(check_of).collect();
        checks.extend(
            self.left_out
                .clone()
                .map(|says| Check::new(NAME, CheckStatus::Note, says)),
        );
        if checks.is_empty() {
            checks.push(Check::new(NAME, CheckStatus::Good, none));
        }
        checks
    }
}

/// The name of the check.
pub(super) const NAME: &str = "dialing";

fn check_of(item: &Value) -> Check {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    let finding = match text("scope") {
        "installation" => CheckStatus::Bad,
        _ => CheckStatus::Note,
    };
    let (mut before_zh, mut before_en) = (String::new(), String::new());
    let campaign = text("campaign");
    if !campaign.is_empty() {
        before_zh = format!("任务 {campaign}：");
        before_en = format!("campaign {campaign}: ");
    }
    let (mut times_zh, mut times_en) = (String::new(), String::new());
    for (name, zh, en) in [("since", "自", "since"), ("next_at", "预计恢复", "continues at")] {
        let at = text(name);
        if !at.is_empty() {
            times_zh = format!("{times_zh}，{zh} {at}");
            times_en = format!("{times_en}, {en} {at}");
        }
    }
    let (zh, en) = (text("zh"), text("en"));
    let (action_zh, action_en) = (text("action_zh"), text("action_en"));
    let says = CheckText {
        zh: format!("{before_zh}{zh}{times_zh}；{action_zh}"),
        en: format!("{before_en}{en}{times_en}; {action_en}"),
    };
    Check::new(NAME, finding, says)
}

/// Asks a running server. Without a session that it accepts, or while it cannot read its log, only the codes
/// of `/readyz` are known.
pub(super) async fn ask_server(server: &ServerArgs) -> Result<FoundPauses, Failure> {
    let client = ServerConnection::find(server)?;
    let found = ask(&client).await;
    client.close().await;
    found
}

async fn ask(client: &ApiClient) -> Result<FoundPauses, Failure> {
    let refused = match request(client, "/api/v1/dialing").await {
        Ok(reply) => {
            let items = reply.get("items").and_then(Value::as_array).cloned();
            let is_complete = reply.get("complete").and_then(Value::as_bool) == Some(true);
            return Ok(FoundPauses {
                items: items.unwrap_or_default(),
                left_out: (!is_complete)
                    .then(|| says!("未能检查全部任务", "not every campaign could be looked at")),
            });
        }
        Err(problem) => problem,
    };
    let codes = match request(client, "/readyz").await {
        Ok(ready) => {
            let names = ready.get("dialing_pauses").and_then(Value::as_array).cloned();
            let names = names.unwrap_or_default();
            let names = names.iter().filter_map(Value::as_str);
            names.filter_map(PauseCode::of_name).collect()
        }
        Err(problem) if problem.dialing_pauses.codes().is_empty() => return Err(refused.into()),
        Err(problem) => problem.dialing_pauses.codes(),
    };
    let pauses = codes
        .into_iter()
        .map(|code| DialingPause::new(code, PauseSubject::Installation));
    Ok(FoundPauses {
        left_out: Some(says!(
            "未检查线路和任务：{}",
            "trunks and campaigns were not looked at: {}",
            refused.detail
        )),
        ..FoundPauses::of(pauses.collect())
    })
}

async fn request(client: &ApiClient, path: &str) -> Result<Value, Problem> {
    client.ask(hyper::Method::GET, path, None).await
}

/// Returns the reasons in the log for which dialing is paused; none without a log. `trunks` are those named
/// to `doctor`: stops of other trunks are not looked up.
pub(super) async fn find_in_log(spec: &StoreSpec, trunks: &[&str]) -> Result<FoundPauses, Failure> {
    let opened = match ReadOnlyLog::of(spec).await {
        Err(AppError::Open(OpenError::Missing(_))) => return Ok(FoundPauses::of(Vec::new())),
        opened => opened?,
    };
    let pauses = pauses_in_log(opened.store.as_ref(), trunks).await;
    opened.close().await;
    Ok(FoundPauses::of(pauses?))
}

async fn pauses_in_log(store: &dyn EventStore, trunks: &[&str]) -> Result<Vec<DialingPause>, Failure> {
    let mut facts = DialingFacts {
        installation: Some(actors::installation_now(store).await?),
        ..DialingFacts::default()
    };
    let stops = [StopId::All].into_iter();
    let stops = stops.chain(Preset::ALL.iter().copied().map(StopId::Preset));
    let stops = stops.chain(trunks.iter().map(|trunk| StopId::Trunk((*trunk).to_owned())));
    for stop in stops {
        let engaged = actors::engaged_now(store, &stop).await?;
        facts.stops.extend(engaged.map(|engaged| StopFact {
            stop,
            since: Some(engaged.since),
            reason: Some(engaged.reason),
        }));
    }
    Ok(find_dialing_pauses(&facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::StreamId;
    use domain::stored_event::{Record, StreamVersion};
    use std::sync::Arc;
    use store::test_ports::StepClock;
    use store::{MemoryDisk, MemoryEventStore};

    /// Appends a golden event as the first event of a stream.
    async fn append(log: &MemoryEventStore, stream: StreamId, golden: &str, changes: &[(&str, &str)]) {
        let mut text = golden
            .trim()
            .replace("\"stream_version\":3", "\"stream_version\":1")
            // Event ids must differ: this one is taken from the length of the stream's name.
            .replacen("597feaee", &format!("{:08x}", stream.as_str().len()), 1);
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let record = Record::from_stored(text.into_bytes().into()).unwrap();
        log.append(&stream, StreamVersion(0), vec![record]).await.unwrap();
    }

    #[tokio::test]
    async fn every_reason_on_record_is_named() {
        let clock = Arc::new(StepClock::default());
        let log = MemoryEventStore::new(clock, Arc::new(MemoryDisk::new())).unwrap();
        assert_eq!(pauses_in_log(&log, &[]).await.unwrap(), []);
        let restored = include_str!("../../../../fixtures/events/installation/installation.restored.v1.json");
        append(&log, StreamId::new("installation", &"log"), restored, &[]).await;
        let stop = include_str!("../../../../fixtures/events/stop/stop.engaged.v1.json");
        for (id, scope) in [("all", "all"), ("trunk.main", "trunk")] {
            let name = id.split_once('.').map_or("", |(_, name)| name);
            let own = if name.is_empty() {
                String::new()
            } else {
                format!("\"id\":\"{name}\",")
            };
            let stream = format!("\"stream\":\"stop-{id}\"");
            let changes = [
                (
                    "\"stream\":\"stop-campaign.LOAN_REMIND_20231101\"",
                    stream.as_str(),
                ),
                ("\"id\":\"LOAN_REMIND_20231101\",", own.as_str()),
                ("\"scope\":\"campaign\"", &format!("\"scope\":\"{scope}\"")),
            ];
            append(&log, StreamId::new("stop", &id), stop, &changes).await;
        }
        let found = pauses_in_log(&log, &["main"]).await.unwrap();
        let codes: Vec<PauseCode> = found.iter().map(|one| one.code).collect();
        let expected = [
            PauseCode::RestoreUnconfirmed,
            PauseCode::EmergencyStop,
            PauseCode::TrunkStopped,
        ];
        assert_eq!(codes, expected, "{found:?}");
        let checks = FoundPauses::of(found).checks(says!("无", "none"));
        let bad = checks.iter().map(|one| one.finding == CheckStatus::Bad);
        assert_eq!(bad.collect::<Vec<_>>(), [true, true, false]);
        let last = &checks[2].says;
        assert!(
            last.en
                .contains("trunk.main, because: the flow names a wrong date"),
            "{last}"
        );
        assert!(
            last.zh.contains("原因：") && last.zh.contains("stop lift"),
            "{last:?}"
        );
    }

    #[test]
    fn without_a_reason_the_check_is_good() {
        let checks = FoundPauses::of(Vec::new()).checks(says!("无", "none"));
        assert_eq!((checks.len(), checks[0].finding), (1, CheckStatus::Good));
    }
}
