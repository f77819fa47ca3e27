//! The sentence that explains why the clock is in doubt: for readiness, alerts, the status page and the
//! doctor.

use domain::installation::{ClockDoubt, ClockDoubtCause};

/// Returns why the clock is in doubt: in English with the command that confirms the clock, then shortly in
/// Chinese.
pub fn doubt_in_words(doubt: ClockDoubt) -> String {
    let seconds = doubt.apart_ms.unsigned_abs() / 1_000;
    let side = if doubt.apart_ms > 0 { "ahead of" } else { "behind" };
    let what = match doubt.cause {
        ClockDoubtCause::WallMoved => format!(
            "this machine's clock was set: it is {seconds} s {side} this server's time, which goes by the steady clock"
        ),
        ClockDoubtCause::BeforeLog => {
            format!("this machine's clock is {seconds} s before the last event of the log was recorded")
        }
    };
    format!(
        "{what}; no new call is dialed until the clocks agree, --ntp confirms the clock, or an operator runs \
         ledgerline clock confirm --reason TEXT / 本机时钟存疑，暂停拨号；核对后请执行上述命令"
    )
}
