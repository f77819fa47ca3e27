//! The clock check of `ledgerline doctor`: compares this machine's clock with an NTP server, if one is named,
//! and with the end of the log, if there is one, as a starting server does. Stores nothing.

use crate::commands::doctor_check::{Check, CheckStatus, CheckText, says};
use application::clock_doubt::doubt_in_words;
use domain::installation::ClockOffset;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use host::app::ReadOnlyLog;
use host::clock::{SystemClock, SystemIds};
use host::clock_watch::{LogClockRecord, is_apart, look_at_log};
use host::outbound::ntp::{self, NtpServer};
use host::store_spec::StoreSpec;

const NAME: &str = "clock";

/// Name of the NTP server, and the measured offset or the error.
type NtpResult = (String, Result<ClockOffset, String>);

/// Compares the clock with the NTP server and the log, whichever are given.
pub(super) async fn check(server: Option<&NtpServer>, log: Option<&StoreSpec>) -> Check {
    let log = match log {
        Some(spec) => seen_in(spec).await,
        None => None,
    };
    let clock = SystemClock::default();
    let asked = match server {
        None => None,
        Some(server) => Some((server.to_string(), measure(server, &clock).await)),
    };
    let (finding, says) = judge(asked.as_ref(), log.as_ref(), clock.now());
    Check::new(NAME, finding, says)
}

/// Returns the state of the log that concerns the clock; `None` if the log cannot be read, which another
/// check reports.
async fn seen_in(spec: &StoreSpec) -> Option<LogClockRecord> {
    let opened = ReadOnlyLog::of(spec).await.ok()?;
    let seen = look_at_log(opened.store.as_ref()).await;
    opened.close().await;
    seen.ok()
}

async fn measure(server: &NtpServer, clock: &SystemClock) -> Result<ClockOffset, String> {
    let ids = SystemIds::checked().map_err(|error| error.to_string())?;
    ntp::measure(server, clock, &ids).await
}

fn judge(
    asked: Option<&NtpResult>,
    log: Option<&LogClockRecord>,
    now: Timestamp,
) -> (CheckStatus, CheckText) {
    let (by_log, log_says) = judge_by_log(log, now);
    let (by_ntp, ntp_says) = match asked {
        None => (
            CheckStatus::Note,
            says!(
                "未与其他时钟核对，时钟偏快无法发现：请用 doctor --ntp HOST 和 serve --ntp HOST",
                "NOT compared with another clock, so a fast clock goes unnoticed: use doctor --ntp HOST, and \
                 serve --ntp HOST"
            ),
        ),
        Some((source, Err(why))) => (
            CheckStatus::Bad,
            says!(
                "未核对，时钟来源无法使用：{source}：{why}",
                "NOT compared: {source}: {why}"
            ),
        ),
        Some((source, Ok(offset))) => {
            let (ms, error_ms) = (offset.offset_ms, offset.uncertainty_ms);
            match is_apart(ms) {
                true => (
                    CheckStatus::Bad,
                    says!(
                        "时钟偏差过大：{source} 测得 {ms} ms ± {error_ms} ms；超过 2 秒即停止拨号，请校准本机时钟",
                        "WRONG: {source} says {ms} ms ± {error_ms} ms; beyond 2 s dialing stops: set this \
                         machine's clock"
                    ),
                ),
                false => (
                    CheckStatus::Good,
                    says!(
                        "时钟准确：{source} 测得 {ms} ms ± {error_ms} ms",
                        "{source} says {ms} ms ± {error_ms} ms"
                    ),
                ),
            }
        }
    };
    // Both results are reported; the worse one decides, but a right NTP comparison makes up for a missing log
    // comparison.
    let finding = match (by_log, by_ntp) {
        (CheckStatus::Bad, _) | (_, CheckStatus::Bad) => CheckStatus::Bad,
        (_, CheckStatus::Note) => CheckStatus::Note,
        (_, CheckStatus::Good) => CheckStatus::Good,
    };
    (finding, CheckText::joined(&[ntp_says, log_says]))
}

fn judge_by_log(log: Option<&LogClockRecord>, now: Timestamp) -> (CheckStatus, CheckText) {
    match log {
        None => (CheckStatus::Note, says!("无日志可核对", "no log to compare with")),
        Some(LogClockRecord::NoEvents) => (
            CheckStatus::Note,
            says!("日志尚无事件可核对", "the log has no event to compare with"),
        ),
        Some(LogClockRecord::Rehearsal) => (
            CheckStatus::Note,
            says!(
                "演练日志，时间为虚拟时间，不作核对",
                "the log belongs to a rehearsal, so its times are made up"
            ),
        ),
        Some(LogClockRecord::Real {
            doubt: Some(doubt), ..
        }) => (
            CheckStatus::Bad,
            says!(
                "日志记录时钟存疑：{}",
                "DOUBTED in the log: {}",
                doubt_in_words(*doubt)
            ),
        ),
        Some(LogClockRecord::Real { ends_at, doubt: None }) => {
            let ahead_ms = ends_at.micros().saturating_sub(now.micros()) / 1_000;
            if is_apart(ahead_ms.max(0)) {
                let says = says!(
                    "时钟偏慢，或写日志时时钟偏快：比日志最后一条事件（{ends_at}）早 {} 秒，服务不会拨号",
                    "SLOW, or the log was written with a fast clock: it is {} s before the newest event of the log \
                     ({ends_at}), and a server would not dial",
                    ahead_ms / 1_000
                );
                return (CheckStatus::Bad, says);
            }
            (
                CheckStatus::Good,
                says!(
                    "不早于日志最后一条事件（{ends_at}）",
                    "it is not before the newest event of the log ({ends_at})"
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::installation::{CLOCK_SKEW_MS_MAX, ClockDoubt, ClockDoubtCause};
    use host::outbound::testing::fake_server;

    fn offset(offset_ms: i64) -> NtpResult {
        let offset = ClockOffset {
            offset_ms,
            round_trip_ms: 4,
            source: "ntp:192.0.2.1:123".to_owned(),
            uncertainty_ms: 7,
        };
        (offset.source.clone(), Ok(offset))
    }

    #[test]
    fn a_clock_is_held_to_the_server_and_to_the_log_and_what_was_not_compared_is_said() {
        let now: Timestamp = "2026-11-20T15:00:00.000000Z".parse().unwrap();
        let max = i64::try_from(CLOCK_SKEW_MS_MAX).unwrap();
        let ends = |ms: u64| LogClockRecord::Real {
            ends_at: now.plus_ms(ms),
            doubt: None,
        };
        let doubted = LogClockRecord::Real {
            ends_at: now,
            doubt: Some(ClockDoubt {
                cause: ClockDoubtCause::WallMoved,
                apart_ms: 9_000,
            }),
        };
        let silent = (
            "ntp:192.0.2.1:123".to_owned(),
            Err("it does not answer".to_owned()),
        );
        let cases = [
            (
                None,
                Some(ends(0)),
                CheckStatus::Note,
                "NOT compared with another clock",
            ),
            (None, None, CheckStatus::Note, "no log to compare with"),
            (None, Some(ends(2_000)), CheckStatus::Note, "not before"),
            (None, Some(ends(2_001)), CheckStatus::Bad, "SLOW"),
            (None, Some(doubted), CheckStatus::Bad, "DOUBTED"),
            (
                None,
                Some(LogClockRecord::Rehearsal),
                CheckStatus::Note,
                "made up",
            ),
            (
                Some(offset(max)),
                Some(ends(0)),
                CheckStatus::Good,
                "2000 ms ± 7 ms",
            ),
            (Some(offset(-max - 1)), Some(ends(0)), CheckStatus::Bad, "WRONG"),
            (Some(offset(0)), None, CheckStatus::Good, "no log"),
            (Some(silent), Some(ends(0)), CheckStatus::Bad, "does not answer"),
        ];
        for (asked, log, finding, part) in cases {
            let (found, says) = judge(asked.as_ref(), log.as_ref(), now);
            assert_eq!(found, finding, "{says}");
            assert!(says.en.contains(part), "{part}: {says}");
        }
    }

    #[tokio::test]
    async fn the_server_named_is_asked() {
        let (server, thread) = fake_server(90_000, 3, |_| {});
        let said = check(Some(&server), None).await;
        thread.join().unwrap();
        assert_eq!(said.finding, CheckStatus::Bad, "{}", said.says);
        assert!(said.says.en.contains("WRONG: ntp:127.0.0.1:"), "{}", said.says);
    }
}
