//! Decides the command of a setting: the value is within its bounds, and a reason is given.

use super::command::SettingCommand;
use super::event::SettingEvent;
use super::name::SettingName;
use super::refusal::SettingRefusal;
use super::state::SettingState;
use values::calling_code::CallingCode;

/// Longest reason for a change of a setting, in bytes; a longer one is refused. It is stored permanently
/// and must not contain personal data.
pub const REASON_BYTES_MAX: usize = 512;

pub(super) fn decide(
    state: &SettingState,
    command: SettingCommand,
) -> Result<Vec<SettingEvent>, SettingRefusal> {
    let SettingCommand::Change { name, to, reason } = command;
    if reason.trim().is_empty() {
        return Err(SettingRefusal::NoReason);
    }
    if reason.len() > REASON_BYTES_MAX {
        return Err(SettingRefusal::TooLong {
            bytes: reason.len(),
            bytes_max: REASON_BYTES_MAX,
        });
    }
    let (least, most) = name.bounds();
    if !(least..=most).contains(&to) {
        return Err(SettingRefusal::OutOfBounds {
            name,
            asked: to,
            least,
            most,
        });
    }
    if name == SettingName::DefaultCallingCode && !is_calling_code(to) {
        return Err(SettingRefusal::NotACallingCode { asked: to });
    }
    let before = state.value(name);
    if before == to {
        return Ok(Vec::new());
    }
    Ok(vec![SettingEvent::Changed {
        name,
        before,
        after: to,
        reason,
    }])
}

/// Returns true for an assigned country calling code, and for 0, which leaves the country to the presets in
/// use.
fn is_calling_code(value: u64) -> bool {
    value == 0 || u16::try_from(value).ok().and_then(CallingCode::new).is_some()
}
