//! The checklist for drawn calls: a closed list of items with Chinese and English labels.

/// One item of the checklist that reviewers answer for a drawn call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckItem {
    /// The stored code of the item.
    pub code: &'static str,
    pub label_zh: &'static str,
    pub label_en: &'static str,
}

const fn item(code: &'static str, label_zh: &'static str, label_en: &'static str) -> CheckItem {
    CheckItem {
        code,
        label_zh,
        label_en,
    }
}

/// The standard checklist for drawn calls. New items are added at the end only, because stored findings
/// name items by code.
pub const CHECKLIST: &[CheckItem] = &[
    item(
        "notice_played",
        "录音前播放了录音告知",
        "the recording notice was played before recording",
    ),
    item(
        "right_party",
        "接听人是客户本人（未接通：不适用）",
        "the person who answered is the customer (not answered: not applicable)",
    ),
    item(
        "opt_out_honoured",
        "客户谢绝来电后未再拨打",
        "nobody dialed after the customer opted out",
    ),
    item(
        "disposition_correct",
        "呼叫结果与录音和事件相符",
        "the disposition agrees with recording and events",
    ),
    item(
        "flow_followed",
        "话术按流程进行，无违规用语",
        "the flow was followed, and nothing forbidden was said",
    ),
    item(
        "within_rules",
        "拨打许可的各项判定有据可依",
        "every verdict of the permit is borne out by its facts",
    ),
];

impl CheckItem {
    /// Returns the item with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        CHECKLIST.iter().copied().find(|item| item.code == code)
    }
}
