//! The settings of a trunk: the keys of a `[[trunk]]` table, which are those of the SPEC of `--trunk` with
//! `_` for `-`.

use crate::configuration::setting::{Secrecy, Setting};

/// The key that tells trunks apart: tables with the same name in several sources are one trunk.
pub(crate) const NAME: &str = "name";
/// The key with the address, `sip:HOST:PORT`.
pub(crate) const ADDRESS: &str = "address";
/// The key with the password, which may be given as `password_file` or `password_env`.
pub(crate) const PASSWORD: &str = "password";

/// Every setting of a trunk; `flag` is its key in a SPEC.
pub const TRUNK_SETTINGS: &[Setting] = &[
    Setting::text(
        NAME,
        "name",
        "线路名称；不同来源中同名的表合并为一条线路；默认为 HOST:PORT",
        "Name of the trunk; tables with the same name in several sources are one trunk; default: HOST:PORT",
        &["main"],
    ),
    Setting::text(
        ADDRESS,
        "address",
        "线路地址 sip:HOST:PORT",
        "Address of the trunk, sip:HOST:PORT",
        &["sip:trunk.example:5060"],
    ),
    Setting::text(
        "user",
        "user-name",
        "鉴权用户名",
        "User name for authentication",
        &["robot"],
    ),
    Setting::text(
        PASSWORD,
        "password",
        "鉴权密码",
        "Password for authentication",
        &["PASSWORD"],
    )
    .secret(Secrecy::Secret),
    Setting::list(
        "from",
        "from",
        "主叫号码池，轮流使用：号码[@最后日期[@许可证]]；非回环线路必填",
        "Number pool, used in rotation: NUMBER[@LAST-DAY[@LICENCE]]; required unless the trunk is a loopback address",
        &["+15550100", "+15550101"],
    ),
    Setting::integer(
        "calls_per_number",
        "calls-per-number",
        "同一主叫号码在所有线路上的最大并发通话数",
        "Most concurrent calls that show the same number, over all trunks",
        &["2"],
    ),
    Setting::integer(
        "legs_max",
        "legs-max",
        "线路的最大并发通话数",
        "Most concurrent calls of the trunk",
        &["30"],
    ),
    Setting::integer(
        "dials_per_second",
        "dials-per-second",
        "每秒最多发起的呼叫数",
        "Most new calls per second",
        &["5"],
    ),
    Setting::text(
        "ring_timeout",
        "ring-timeout",
        "振铃超时",
        "Ring timeout",
        &["30s"],
    ),
    Setting::text(
        "first_response",
        "first-response",
        "等待首个 SIP 响应的时间",
        "Longest wait for a first SIP response",
        &["8s"],
    ),
    Setting::text(
        "hold_off",
        "hold-off",
        "通话中断后，同一号码不再拨打的时间",
        "How long a number is not dialed again after an interrupted call",
        &["180s"],
    ),
    Setting::text(
        "dial",
        "dial",
        "被叫号码格式：e164、digits 或 national",
        "Form of dialed numbers: e164, digits or national",
        &["e164"],
    ),
    Setting::text(
        "prefix",
        "prefix",
        "被叫号码前缀",
        "Prefix of dialed numbers",
        &["9"],
    ),
    Setting::text(
        "replies",
        "replies",
        "SIP 响应的来源端口：same-port 或 any-port",
        "Port of SIP responses: same-port or any-port",
        &["same-port"],
    ),
    Setting::list(
        "media",
        "media",
        "允许收发语音的地址",
        "Addresses with which audio is exchanged",
        &["192.0.2.10"],
    ),
    Setting::text(
        "latch",
        "latch",
        "语音来源与 SDP 地址的允许偏差：exact、port 或 subnet",
        "How far the source of audio may differ from the SDP: exact, port or subnet",
        &["port"],
    ),
    Setting::text(
        "silence",
        "silence",
        "对端无任何信号超过该时间则挂断",
        "Longest silence of the far end; then the call is ended",
        &["60s"],
    ),
    Setting::text(
        "from_domain",
        "from-domain",
        "From 头的域名",
        "Host of the From header",
        &["ims.example"],
    ),
    Setting::text(
        "identity",
        "identity",
        "主叫身份头：pai 或 ppi",
        "Header with the number shown: pai or ppi",
        &["pai"],
    ),
    Setting::switch(
        "user_phone",
        "user",
        "在含号码的 URI 上标注 user=phone",
        "Mark URIs with a telephone number by user=phone",
    ),
    Setting::text(
        "outbound_proxy",
        "outbound-proxy",
        "出局代理 HOST:PORT",
        "Outbound proxy, HOST:PORT",
        &["192.0.2.8:5060"],
    ),
    Setting::switch(
        "nat",
        "nat",
        "对端 Contact 为内网地址时，请求发往线路地址",
        "Send requests for a private Contact to the trunk",
    ),
    Setting::switch(
        "probe",
        "probe",
        "每 10 秒用 OPTIONS 检查线路",
        "Check the trunk by an OPTIONS request every 10 s",
    ),
];

/// Returns the value of a trunk's setting as the SPEC writes it; `None` if the SPEC leaves it out.
pub(crate) fn spec_value(setting: &Setting, values: &[String]) -> Option<String> {
    let text = values.join(",");
    match (setting.key, text.as_str()) {
        ("user_phone", "true") => Some("phone".to_owned()),
        ("user_phone", "false") => None,
        ("nat", "true") => Some("yes".to_owned()),
        ("nat", "false") => Some("no".to_owned()),
        ("probe", "true") => Some("on".to_owned()),
        ("probe", "false") => Some("off".to_owned()),
        _ => Some(text),
    }
}

/// Returns the setting of a key of a SPEC, and the values of its text as a `[[trunk]]` table has them.
/// `None` for an unknown key.
pub(crate) fn from_spec(spec_key: &str, text: &str) -> Option<(&'static Setting, Vec<String>)> {
    let key = match (spec_key, text) {
        ("user", "phone") => "user_phone",
        ("user", _) => "user",
        _ => {
            let found = TRUNK_SETTINGS.iter().find(|setting| setting.flag == spec_key)?;
            found.key
        }
    };
    let setting = TRUNK_SETTINGS.iter().find(|setting| setting.key == key)?;
    let values = match (key, text) {
        ("user_phone", _) | ("nat", "yes") | ("probe", "on") => vec!["true".to_owned()],
        ("nat", "no") | ("probe", "off") => vec!["false".to_owned()],
        ("from" | "media", _) => text.split(',').map(|one| one.trim().to_owned()).collect(),
        _ => vec![text.to_owned()],
    };
    Some((setting, values))
}
