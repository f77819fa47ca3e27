//! Translates the detail text of an alert into Chinese. Events store the English text and never change, so
//! the Chinese is derived when an alert is shown; that also works for old alerts.

/// Pairs of an English detail text, with its variable parts as `{}`, and the Chinese text, in which `{n}` is
/// the n-th variable part, counted from 0. The first match is used, so a longer text precedes one that it
/// ends with.
const SENTENCES: [(&str, &str); 23] = [
    ("{} in a row, the last was {}", "连续 {0} 次，最后一次为 {1}"),
    (
        "{} calls were ended for a process that did not",
        "{0} 通电话因进程中断、由后来的进程补记结束",
    ),
    (
        "{} calls were ended by a word of the campaign's lists",
        "{0} 通电话因说出活动敏感词表中的词而结束",
    ),
    (
        "{} callees sounded angry, by their words and their voice",
        "从用语和声音判断，{0} 位被叫情绪愤怒",
    ),
    (
        "in {} of its last {} calls, the last failure was {}",
        "最近 {1} 通电话中有 {0} 通失败，最后一次失败为 {2}",
    ),
    (
        "{} of {} calls that a person answered in {} days ({} v{}); at most {} in 1000",
        "近 {2} 天真人接听的 {1} 通电话中有 {0} 通被放弃（{3} v{4}），上限为千分之 {5}",
    ),
    (
        "{} of trunk {} may be shown until {}{}",
        "线路 {1} 的主叫号码 {0} 可用至 {2}{3}",
    ),
    (
        "{} of trunk {} might be shown until {}{}; no call shows it any more",
        "线路 {1} 的主叫号码 {0} 仅可用至 {2}{3}，已停止使用",
    ),
    (
        "{} has not answered since {} ({}): campaigns that need it start no calls until a probe is answered",
        "语音引擎 {0} 自 {1} 起无应答（{2}）；需要该引擎的任务暂停发起呼叫，探测恢复后自动继续",
    ),
    (
        "keys cannot arrive in the last {} answered calls of this trunk",
        "该中继最近接通的 {0} 通电话无法接收按键",
    ),
    (
        "its owner is disabled: nothing is delivered until another user takes it over",
        "所有者已停用：在其他用户接管之前停止投递，待投递的事件保留",
    ),
    (
        "its owner lost a right that it needs: nothing is delivered until another user takes it over",
        "所有者失去所需权限：在其他用户接管之前停止投递，待投递的事件保留",
    ),
    (
        "its receiver answered 410 (gone): nothing is delivered until a replay",
        "接收方应答 410（已不存在）：重发之前停止投递",
    ),
    (
        "its owner is disabled or lost a right that it needs: it is not sent until another user takes it over",
        "所有者已停用或失去所需权限：在其他用户接管之前不再发送",
    ),
    ("{} of {} calls", "{1} 通电话中 {0} 通"),
    ("before position {}: {}", "停在位置 {0} 之前：{1}"),
    ("{} is {} events behind the log", "{0} 落后事件日志 {1} 个事件"),
    (
        "nothing is dialed; ledgerline audit verify names the position",
        "已停止拨号；用 ledgerline audit verify 查出受损位置",
    ),
    (
        "nothing is dialed until ledgerline backup confirm; /readyz says since when",
        "在执行 ledgerline backup confirm 之前停止拨号；/readyz 说明自何时起",
    ),
    (
        "{} ms from it, give or take {}; beyond the limit nothing is dialed",
        "与其相差 {0} 毫秒（误差 {1} 毫秒以内）；超出上限即停止拨号",
    ),
    (
        "this machine's clock was set: it is {} s ahead of this server's time, {}",
        "本机时钟被人改动，比本服务器以稳定时钟推算的时间快 {0} 秒；核对前停止新的拨号，核对后执行 ledgerline clock confirm --reason TEXT",
    ),
    (
        "this machine's clock was set: it is {} s behind this server's time, {}",
        "本机时钟被人改动，比本服务器以稳定时钟推算的时间慢 {0} 秒；核对前停止新的拨号，核对后执行 ledgerline clock confirm --reason TEXT",
    ),
    (
        "this machine's clock is {} s before the last event of the log was recorded{}",
        "本机时钟比日志中最后一个事件的记录时间早 {0} 秒；核对前停止新的拨号，核对后执行 ledgerline clock confirm --reason TEXT",
    ),
];

/// Returns the Chinese text of an alert's English detail; `None` if it is not among `SENTENCES`. The caller
/// then shows the English.
pub fn translate_detail(detail: &str) -> Option<String> {
    SENTENCES
        .iter()
        .find_map(|(english, chinese)| holes(english, detail).map(|values| filled(chinese, &values)))
}

/// Fills the placeholders of a Chinese text with the values, in one pass, so that a value is never read as a
/// placeholder.
fn filled(chinese: &str, values: &[&str]) -> String {
    let mut parts = chinese.split('{');
    let mut sentence = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (hole, rest) = part.split_once('}').unwrap_or(("", part));
        let number: Option<usize> = hole.parse().ok();
        sentence.push_str(number.and_then(|number| values.get(number)).unwrap_or(&""));
        sentence.push_str(rest);
    }
    sentence
}

/// Matches `text` with `sentence`, in which `{}` marks a variable part. Returns the values of these parts;
/// `None` if `text` does not match.
fn holes<'a>(sentence: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = sentence.split("{}");
    let mut left = text.strip_prefix(parts.next()?)?;
    let mut found = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let ends = match (part.is_empty(), parts.peek()) {
            (true, None) => left.len(),
            (false, None) if left.ends_with(part) => left.len() - part.len(),
            (false, None) => return None,
            _ => left.find(part)?,
        };
        let (value, rest) = left.split_at(ends);
        found.push(value);
        left = rest.strip_prefix(part)?;
    }
    left.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_is_translated_with_its_values_in_their_places() {
        for (english, chinese) in SENTENCES {
            let mut detail = english.to_owned();
            for value in 0.. {
                if !detail.contains("{}") {
                    break;
                }
                detail = detail.replacen("{}", &format!("v{value}"), 1);
            }
            let mut expected = chinese.to_owned();
            for hole in 0..6 {
                expected = expected.replace(&format!("{{{hole}}}"), &format!("v{hole}"));
            }
            assert_eq!(translate_detail(&detail), Some(expected), "{detail}");
        }
        let failing = "in 5 of its last 20 calls, the last failure was late";
        assert_eq!(
            translate_detail(failing).as_deref(),
            Some("最近 20 通电话中有 5 通失败，最后一次失败为 late")
        );
        assert_eq!(
            translate_detail("5 in a row, the last was busy").as_deref(),
            Some("连续 5 次，最后一次为 busy")
        );
        assert_eq!(
            translate_detail("36 of 170 calls").as_deref(),
            Some("170 通电话中 36 通")
        );
    }

    #[test]
    fn what_no_version_wrote_is_left_as_it_is() {
        assert_eq!(translate_detail(""), None);
        assert_eq!(translate_detail("it hums"), None);
        let braces = translate_detail("{1} in a row, the last was {0}");
        assert_eq!(
            braces.as_deref(),
            Some("连续 {1} 次，最后一次为 {0}"),
            "a value is no hole"
        );
        assert_eq!(translate_detail("36 of 170 calls, or so"), None);
    }
}
