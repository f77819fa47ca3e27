//! The trunk check of `ledgerline doctor`: sends OPTIONS to each given trunk, which makes no call, and reads
//! its password. What only a call can show is reported as unknown.

use crate::commands::doctor_check::{Check, CheckStatus, CheckText, says};
use host::clock::{SystemClock, SystemIds};
use host::config::TrunkSpec;
use media::driver::{OptionsAnswer, ask_options};
use std::io;

const NAME: &str = "trunk";

/// Returns one check per trunk, or a note if no trunk is given.
pub(super) async fn checks(trunks: &[TrunkSpec]) -> Vec<Check> {
    if trunks.is_empty() {
        let says = says!(
            "未检查：没有指定线路，请用 doctor --trunk SPEC（与 serve 相同）",
            "NOT checked: no trunk is given: use doctor --trunk SPEC, as for serve"
        );
        return vec![Check::new(NAME, CheckStatus::Note, says)];
    }
    let mut checks = Vec::with_capacity(trunks.len());
    for trunk in trunks {
        checks.push(check(trunk).await);
    }
    checks
}

async fn check(trunk: &TrunkSpec) -> Check {
    let (finding, says) = match trunk.password.as_ref().map(host::config::Password::read) {
        Some(Err(why)) => (
            CheckStatus::Bad,
            says!("无法读取密码：{why}", "its password cannot be read: {why}"),
        ),
        Some(Ok(_)) | None => judge(ask(trunk).await),
    };
    let says = CheckText {
        zh: format!("{}：{}", trunk.name, says.zh),
        en: format!("{}: {}", trunk.name, says.en),
    };
    Check::new(NAME, finding, says)
}

async fn ask(trunk: &TrunkSpec) -> io::Result<OptionsAnswer> {
    let ids = SystemIds::checked().map_err(|error| io::Error::other(error.to_string()))?;
    let host = trunk.host.trim_matches(['[', ']']);
    ask_options(host, trunk.port, None, &SystemClock::default(), &ids).await
}

fn judge(answer: io::Result<OptionsAnswer>) -> (CheckStatus, CheckText) {
    match answer {
        Ok(OptionsAnswer::Answered {
            code,
            reason,
            round_trip_ms,
        }) => {
            let finding = match is_unwilling(code) {
                true => CheckStatus::Note,
                false => CheckStatus::Good,
            };
            let says = says!(
                "OPTIONS 应答 {code} {reason}，用时 {round_trip_ms} 毫秒；未拨打任何号码，是否接受呼叫未知：请试 \
                 ledgerline trunk call",
                "OPTIONS answered with {code} {reason} after {round_trip_ms} ms; no call was made, so whether it \
                 accepts calls is unknown: try ledgerline trunk call"
            );
            (finding, says)
        }
        Ok(OptionsAnswer::PortClosed) => (
            CheckStatus::Bad,
            says!("对端端口未开放", "nothing listens there: the port is closed"),
        ),
        // A carrier may ignore OPTIONS from unknown addresses and still accept calls.
        Ok(OptionsAnswer::Silent) => (
            CheckStatus::Note,
            says!(
                "OPTIONS 无应答：对端不可达、不认识本机地址，或只应答呼叫：请试 ledgerline trunk call",
                "NO answer to OPTIONS: it is unreachable, does not know this address, or answers only \
                 calls: try ledgerline trunk call"
            ),
        ),
        Err(error) => (
            CheckStatus::Bad,
            says!("无法连接：{error}", "it cannot be reached: {error}"),
        ),
    }
}

/// Returns true for a status that refuses service: 403, or 5xx except 501.
fn is_unwilling(code: u16) -> bool {
    code == 403 || (code >= 500 && code != 501)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_trunk_given_is_asked_and_none_is_said_to_be_unchecked() {
        let none = checks(&[]).await;
        assert_eq!(none.len(), 1);
        assert!(none[0].says.en.contains("NOT checked"), "{}", none[0].says);

        let closed = http::server::free_udp_port().unwrap();
        let trunks = [
            format!("sip:127.0.0.1:{closed};name=closed"),
            "sip:trunk.invalid:5060;name=nowhere;from=95001".to_owned(),
            format!("sip:127.0.0.1:{closed};name=locked;user=u;password-file=no-such-file"),
        ];
        let trunks: Vec<TrunkSpec> = trunks.iter().map(|spec| spec.parse().unwrap()).collect();
        let said = checks(&trunks).await;
        for (check, part) in said.iter().zip([
            "closed: nothing listens there",
            "nowhere: it cannot be reached",
            "locked: its password cannot be read",
        ]) {
            assert_eq!(check.finding, CheckStatus::Bad, "{}", check.says);
            assert!(check.says.en.starts_with(part), "{}", check.says);
        }
        assert_eq!(said.len(), trunks.len());
    }

    #[test]
    fn an_answer_is_good_a_refusal_or_silence_is_noted() {
        let answered = |code| {
            Ok(OptionsAnswer::Answered {
                code,
                reason: "Some Reason".to_owned(),
                round_trip_ms: 3,
            })
        };
        for code in [200, 401, 404, 405, 407, 480, 501] {
            let (finding, says) = judge(answered(code));
            assert_eq!(finding, CheckStatus::Good, "{says}");
            assert!(
                says.en.contains(&format!("answered with {code} Some Reason")),
                "{says}"
            );
        }
        for code in [403, 500, 503, 603] {
            assert_eq!(judge(answered(code)).0, CheckStatus::Note, "{code}");
        }
        assert_eq!(judge(Ok(OptionsAnswer::Silent)).0, CheckStatus::Note);
    }
}
