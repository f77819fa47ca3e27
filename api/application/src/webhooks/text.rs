//! Events as sentences in Chinese and English for group robots, mails and short messages. They contain no
//! names or numbers, only ids and the texts of alert rules.

use crate::installation::Installation;
use domain::alert::{Alert, AlertEvent, AlertRule, AlertState};
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::decider::{Decider, EventData};
use domain::number::event::NumberEvent;
use domain::problem::Problem;
use domain::saved_report::{SavedReportEvent, SentFigure};
use domain::stored_event::{Envelope, StreamVersion};
use domain::time::Timestamp;

/// Events of one alert that are read at a time.
const PAGE_EVENTS: usize = 512;

/// The text of one message in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BilingualText {
    zh: String,
    en: String,
    /// Further lines that are in the message but not in the subject.
    more: String,
}

impl BilingualText {
    pub(super) fn test() -> Self {
        Self {
            zh: "【ledgerline】测试消息，无需处理".to_owned(),
            en: "[ledgerline] a test message, nothing to do".to_owned(),
            more: String::new(),
        }
    }

    /// Returns the whole text of the message.
    pub(super) fn text(&self) -> String {
        let text = format!("{}\n{}", self.zh, self.en);
        if self.more.is_empty() {
            return text;
        }
        format!("{text}\n{}", self.more)
    }

    /// Returns the message in at most `bytes_max` bytes of whole lines, with a note if lines were cut.
    pub(super) fn text_within(&self, bytes_max: usize) -> String {
        const CUT: &str = "\n… 余下从略 / cut here";
        let text = self.text();
        if text.len() <= bytes_max {
            return text;
        }
        let mut kept = String::new();
        for line in text.split_inclusive('\n') {
            if kept.len() + line.len() + CUT.len() > bytes_max {
                break;
            }
            kept.push_str(line);
        }
        format!("{}{CUT}", kept.trim_end())
    }

    /// Returns the subject of the message as a mail: both languages on one line.
    pub(super) fn subject(&self) -> String {
        format!("{} / {}", self.zh, self.en)
    }
}

/// Returns the message about an event. `None` if its alert is muted now.
pub(super) async fn said(
    installation: &Installation,
    envelope: &Envelope,
) -> Result<Option<BilingualText>, Problem> {
    if envelope.stream.aggregate() == Alert::AGGREGATE {
        return alert(installation, envelope).await;
    }
    if envelope.kind == SavedReportEvent::SENT {
        return report(envelope).map(Some);
    }
    let about = match &envelope.campaign {
        Some(campaign) => format!(" {campaign}"),
        None => String::new(),
    };
    let (zh, en) = of_kind(&envelope.kind);
    Ok(Some(BilingualText {
        zh: format!("【ledgerline】{zh}{about} {}", envelope.at),
        en: format!("[ledgerline] {en}{about}"),
        more: String::new(),
    }))
}

/// Returns the message about a sent report: its title, its days, and one line per figure.
fn report(envelope: &Envelope) -> Result<BilingualText, Problem> {
    let event = SavedReportEvent::read(&envelope.kind, envelope.version, &envelope.data);
    let event = event.map_err(|error| Problem::fault(error.to_string()))?;
    let Some(sending) = event.sending() else {
        return Err(Problem::fault("what was sent of a report is not there"));
    };
    let line = |label: &str, figure: &SentFigure| {
        let about = figure.campaign.as_ref();
        let about = about.map_or_else(String::new, |campaign| format!(" {campaign}"));
        let value = figure.value.as_deref().unwrap_or("–");
        format!("\n{label} v{}{about}: {value}", figure.version)
    };
    let figures = sending.figures.iter();
    let zh: String = figures
        .clone()
        .map(|figure| line(&figure.label_zh, figure))
        .collect();
    let en: String = figures.map(|figure| line(&figure.label_en, figure)).collect();
    let days = format!("{} – {}", sending.from, sending.to);
    let title = &sending.title;
    let cut = match sending.figures_left_out {
        0 => String::new(),
        count => format!("\n另有 {count} 项未列出 / {count} more figures left out"),
    };
    Ok(BilingualText {
        zh: format!("【ledgerline】报表：{title}"),
        en: format!("[ledgerline] report: {title}"),
        more: format!("{days}{cut}{zh}\n{en}"),
    })
}

fn of_kind(kind: &str) -> (&str, &str) {
    const WORDS: &[(&str, &str, &str)] = &[
        (CallEvent::ENDED, "通话结束", "a call ended"),
        (
            CallEvent::CORRECTED,
            "通话结果已更正",
            "a call's finding was corrected",
        ),
        (CampaignEvent::CREATED, "任务已创建", "a campaign was created"),
        (CampaignEvent::STARTED, "任务已启动", "a campaign was started"),
        (CampaignEvent::PAUSED, "任务已暂停", "a campaign was paused"),
        (CampaignEvent::RESUMED, "任务已恢复", "a campaign was resumed"),
        (CampaignEvent::STOPPED, "任务已停止", "a campaign was stopped"),
        (CampaignEvent::COMPLETED, "任务已完成", "a campaign is complete"),
        (CampaignEvent::REOPENED, "任务重新打开", "a campaign was reopened"),
        (CampaignEvent::LIST_CLOSED, "名单导入完成", "a list was imported"),
        (
            CustomerEvent::ENROLMENT_SETTLED,
            "名单客户已有最终结果",
            "an enrolment is settled",
        ),
        (
            CustomerEvent::CONSENT_RECORDED,
            "同意已登记",
            "a consent was recorded",
        ),
        (
            CustomerEvent::CONSENT_WITHDRAWN,
            "同意已撤回",
            "a consent was withdrawn",
        ),
        (NumberEvent::OPTED_OUT, "有号码谢绝来电", "a number opted out"),
        (NumberEvent::SUPPRESSED, "有号码被禁呼", "a number was suppressed"),
    ];
    let known = WORDS.iter().find(|(known, ..)| *known == kind);
    known.map_or((kind, kind), |(_, zh, en)| (zh, en))
}

/// Returns the message about an alert's event; `None` if the alert is muted now. Subject and figure are in
/// the event that raised the alert.
async fn alert(installation: &Installation, envelope: &Envelope) -> Result<Option<BilingualText>, Problem> {
    let mut state = AlertState::default();
    let mut raised = None;
    let mut after = StreamVersion(0);
    while after < envelope.stream_version {
        let store = installation.store();
        let page = store.read_stream(&envelope.stream, after, PAGE_EVENTS).await?;
        if page.is_empty() {
            break;
        }
        for stored in page {
            let read = stored.envelope();
            let read = read.map_err(|error| Problem::fault(error.to_string()))?;
            after = read.stream_version;
            if after > envelope.stream_version {
                break;
            }
            let event = AlertEvent::read(&read.kind, read.version, &read.data);
            let event = event.map_err(|error| Problem::fault(error.to_string()))?;
            Alert::evolve(&mut state, &event, read.at);
            if let AlertEvent::Raised { .. } = event {
                raised = Some(event);
            }
        }
    }
    let is_muted = state.muted_at(envelope.at).is_some();
    Ok(raised
        .filter(|_| !is_muted)
        .and_then(|raised| of_alert(&raised, &envelope.kind, envelope.at)))
}

fn of_alert(raised: &AlertEvent, kind: &str, at: Timestamp) -> Option<BilingualText> {
    let AlertEvent::Raised {
        rule,
        subject,
        figure,
        detail,
        ..
    } = raised
    else {
        return None;
    };
    let rule: AlertRule = *rule;
    let (zh, en) = match kind {
        AlertEvent::ESCALATED => ("告警升级（尚无人处理）", "ALERT escalated, not acknowledged"),
        AlertEvent::CLEARED => ("告警恢复", "alert is over"),
        _ => ("告警", "ALERT"),
    };
    let figure = format!("{} / {} {}", figure.value, figure.limit, figure.unit);
    Some(BilingualText {
        zh: format!("【ledgerline】{zh}：{} {subject} {figure} {at}", rule.label_zh()),
        en: format!(
            "[ledgerline] {en}: {}, {subject}, {figure}; {detail}",
            rule.label_en()
        ),
        more: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::alert::{AlertFigure, Severity};

    #[test]
    fn an_alert_is_said_in_both_languages_with_its_figure_and_limit() {
        let raised = AlertEvent::Raised {
            rule: AlertRule::AnswerRatioLow,
            subject: "A".to_owned(),
            campaign: None,
            severity: Severity::Warning,
            figure: AlertFigure {
                value: 212,
                limit: 300,
                unit: "per_mille".to_owned(),
                window_ms: 0,
            },
            detail: "few answer".to_owned(),
            muted_until: None,
        };
        let said = of_alert(&raised, AlertEvent::ESCALATED, Timestamp::EPOCH).unwrap();
        assert!(said.text().contains("告警升级") && said.text().contains("212 / 300 per_mille"));
        assert!(said.subject().contains("escalated"), "{said:?}");
        let over = of_alert(&raised, AlertEvent::CLEARED, Timestamp::EPOCH).unwrap();
        assert!(over.text().contains("告警恢复"));
    }
}
