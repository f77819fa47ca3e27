//! The table of all settings of a server except those of its trunks: one row for each flag of `serve`.
//!
//! A new flag needs a row here, in the place where the printed file should have it. Keys at the top come
//! first, because TOML has no way back from a table. Tests compare the rows with the flags.

use crate::configuration::setting::{Secrecy, Setting, SettingKind};

/// Every setting, in the order of the printed file.
pub const SETTINGS: &[Setting] = &[
    Setting::text(
        "data",
        "data",
        "数据目录：事件日志（未设置 store.url 时）、读库、录音、密钥和证明都在其中",
        "The data directory: log (unless store.url is set), views, recordings, keys and proofs",
        &["/var/lib/ledgerline"],
    ),
    Setting::text(
        "drain",
        "drain",
        "收到停止信号后，进行中的通话最长可继续的时间；到时挂断",
        "Longest time that live calls may continue after a signal to stop; then they are ended",
        &["10m"],
    ),
    Setting::text(
        "public_url",
        "public-url",
        "浏览器访问本服务器的地址，不带路径：用于设置链接、重定向和单点登录返回",
        "URL under which browsers reach this server, without a path: of set-up links, redirects and returns from an identity provider",
        &["https://dial.example"],
    ),
    Setting::text(
        "log.level",
        "log-level",
        "日志级别，或按模块的过滤器，例如 warn,host=debug；环境变量 LEDGERLINE_LOG 优先于文件",
        "Log level, or a filter by module such as warn,host=debug; the variable LEDGERLINE_LOG overrides the file",
        &["info"],
    )
    .reloaded(),
    Setting::text(
        "log.format",
        "log-format",
        "日志行的格式：json（每行一个 JSON 对象）或 text（便于阅读的文本）",
        "Form of a log line: json, one JSON object, or text for people",
        &["json"],
    ),
    Setting::text(
        "traces.otlp_endpoint",
        "otlp-endpoint",
        "接收链路追踪的 OpenTelemetry 收集器（OTLP，HTTP/protobuf）；默认不追踪",
        "OpenTelemetry collector that receives spans (OTLP, HTTP/protobuf); default: no spans",
        &["http://otel.example:4318"],
    ),
    Setting::text(
        "traces.ratio",
        "trace-ratio",
        "采样比例，0 到 1；请求带有已采样的 traceparent 时总是记录",
        "Part of the traces that are recorded, from 0 to 1; a request with a sampled traceparent always is",
        &["0.1"],
    ),
    Setting::text(
        "store.url",
        "store",
        "事件日志：sqlite:DIR、postgres://… 或 kurrent://…；默认在数据目录中",
        "The log: sqlite:DIR, postgres://… or kurrent://…; default: in the data directory",
        &["postgres://ledgerline:PASSWORD@db.example/ledgerline"],
    )
    .secret(Secrecy::Url),
    Setting::text(
        "read_db.url",
        "read-db",
        "读库：sqlite:DIR 或 postgres://…；默认在数据目录中",
        "The database of the views: sqlite:DIR or postgres://…; default: in the data directory",
        &["postgres://ledgerline:PASSWORD@db.example/views"],
    )
    .secret(Secrecy::Url),
    Setting::text(
        "keys.location",
        "keys",
        "客户密钥的位置：目录，或不含事件日志的 postgres:// 数据库；默认为数据目录下的 keys",
        "Where the keys of customers are: a directory, or a postgres:// database that holds no events; default: keys in the data directory",
        &["/var/lib/ledgerline/keys"],
    )
    .secret(Secrecy::Url),
    Setting::text(
        "keys.master_key",
        "master-key",
        "主密钥的来源：file:PATH、env:NAME 或 exec:PROGRAM；默认为密钥目录中的 master.key",
        "What wraps the keys: file:PATH, env:NAME or exec:PROGRAM; default: master.key in the keys directory",
        &["file:/var/lib/ledgerline-secrets/master.key"],
    )
    .secret(Secrecy::MasterKey),
    Setting::text(
        "http.listen",
        "http",
        "HTTP 监听地址（控制台和 API）",
        "Address to listen on for HTTP: console and API",
        &["127.0.0.1:8080"],
    ),
    Setting::text(
        "http.tls_cert",
        "tls-cert",
        "服务器证书（PEM），后接中间证书；文件变化时自动重新读取",
        "The server's certificate, followed by the intermediate ones (PEM); read again when it changes",
        &["/etc/ledgerline/server.pem"],
    )
    .with_required(&["http.tls_key"]),
    Setting::text(
        "http.tls_key",
        "tls-key",
        "证书的私钥文件（PEM）",
        "The file with the private key of the certificate (PEM)",
        &["/etc/ledgerline/server.key"],
    )
    .with_required(&["http.tls_cert"]),
    Setting::switch(
        "http.tls_self_signed",
        "tls-self-signed",
        "使用本服务器自行生成并续期的证书（数据目录的 tls）；浏览器会警告，直到安装该证书",
        "Use TLS with a certificate that this server makes in the data directory and renews; browsers warn until it is installed on them",
    )
    .with_conflicts(&["http.tls_cert", "http.tls_key"]),
    Setting::text(
        "http.redirect_listen",
        "redirect-listen",
        "将 HTTP 重定向到 public_url 的监听地址",
        "Address on which plain HTTP redirects to public_url",
        &["0.0.0.0:80"],
    )
    .with_required(&["public_url"]),
    Setting::text(
        "http.acme_dir",
        "acme-dir",
        "ACME 客户端的目录（certbot --webroot -w DIR）：在重定向地址上提供 /.well-known/acme-challenge/",
        "Directory of an ACME client (certbot --webroot -w DIR): its /.well-known/acme-challenge/ is served by the redirect",
        &["/var/lib/ledgerline/acme"],
    )
    .with_required(&["http.redirect_listen"]),
    Setting::list(
        "http.trusted_proxies",
        "trusted-proxy",
        "受信任的反向代理（地址或网段）：采用其 X-Forwarded-For 中的客户端地址",
        "Proxies that are trusted to name the client's address (X-Forwarded-For): addresses or networks",
        &["10.0.0.0/24", "192.0.2.7"],
    )
    .reloaded(),
    Setting::switch(
        "http.console",
        "no-console",
        "是否提供控制台；false 时 / 为简单状态页",
        "Whether the console is served; with false, / leads to the plain status page",
    )
    .of_kind(SettingKind::InvertedSwitch),
    Setting::text(
        "sip.listen",
        "sip",
        "本机 SIP 地址；默认沿用该数据目录上次的地址",
        "Our SIP address; default: the one that this data directory used before, else a suitable one",
        &["0.0.0.0:5060"],
    ),
    Setting::text(
        "sip.advertised",
        "sip-advertised",
        "告知线路的 SIP 地址（在 NAT 之后或容器中）；auto 为 sip.stun 报告的地址",
        "SIP address that trunks are shown, behind a NAT or in a container; auto: the one that sip.stun reports",
        &["192.0.2.20:5060"],
    ),
    Setting::text(
        "sip.stun",
        "stun",
        "启动时查询本机公网地址的 STUN 服务器，供 auto 使用",
        "STUN server that is asked for our address at the start, for auto",
        &["stun.example:3478"],
    ),
    Setting::text(
        "rtp.ports",
        "rtp-ports",
        "语音（RTP）使用的 UDP 端口范围；默认 16384-32767",
        "UDP ports for audio; default 16384-32767",
        &["20000-20199"],
    ),
    Setting::text(
        "rtp.advertised",
        "rtp-advertised",
        "告知线路的语音地址；auto 为 sip.stun 报告的地址；默认与 sip.advertised 相同",
        "Address for audio that trunks are shown; auto: the one that sip.stun reports; default: the IP of sip.advertised",
        &["192.0.2.20"],
    ),
    Setting::text(
        "speech.recognizer",
        "recognizer",
        "语音识别引擎，例如 vosk:ws://HOST:PORT；未设置时客户只能按键回答",
        "Recognizer, such as vosk:ws://HOST:PORT; without one, callees answer by keypresses only",
        &["vosk:ws://127.0.0.1:2700"],
    ),
    Setting::text(
        "speech.synthesizer",
        "synthesizer",
        "语音合成引擎，或 clips:DIRECTORY（录音优先）；默认 espeak-ng，未安装时用内置录音",
        "Synthesizer, or clips:DIRECTORY with recordings; default: espeak-ng if it is installed, else bundled clips",
        &["clips:/var/lib/ledgerline/prompts"],
    ),
    Setting::text(
        "speech.llm",
        "llm",
        "大模型助手的地址，用于允许使用的外呼任务中没有听懂的话；密钥写在 key_env 指定的环境变量中",
        "LLM assistant for unclear utterances, in campaigns that allow it; its key is in the variable named by key_env",
        &["https://llm.example/v1?model=small&key_env=LLM_KEY"],
    ),
    Setting::text(
        "speech.encoder",
        "encoder",
        "自有编码器，先于线性模型对意图排序",
        "Encoder of your own that ranks intents before the linear model does",
        &["encoder:http://127.0.0.1:8091/v1"],
    ),
    Setting::text(
        "messages.gateway",
        "message-gateway",
        "短信网关的 HTTP 地址：POST {\"id\",\"to\",\"text\"}",
        "HTTP gateway for short messages: a POST of {\"id\",\"to\",\"text\"}",
        &["https://sms.example/send"],
    )
    .with_required(&["messages.signature"]),
    Setting::text(
        "messages.smtp",
        "message-smtp",
        "发送邮件的邮件服务器 HOST:PORT",
        "Mail server for mails, HOST:PORT",
        &["mail.example:465"],
    ),
    Setting::text(
        "messages.webhook",
        "message-webhook",
        "自有消息服务的地址，例如向 App 推送的服务",
        "Service of your own for messages, for example one that pushes to an app",
        &["https://push.example/messages"],
    ),
    Setting::text(
        "messages.signature",
        "message-signature",
        "短信签名，不带【】；使用短信网关时必填",
        "The signature at the beginning of short messages, without 【】; a gateway requires it",
        &["示例银行"],
    ),
    Setting::text(
        "messages.secret",
        "message-secret",
        "短信网关和消息服务的令牌，或邮件服务器的 user:password",
        "The token of gateway and service, or user:password of the mail server",
        &["TOKEN"],
    )
    .secret(Secrecy::Secret)
    .with_variable_flag("message-secret-env"),
    Setting::switch(
        "messages.allow_private",
        "message-allow-private",
        "允许消息服务使用内网地址且不加密",
        "Allow private addresses and no TLS for message services",
    ),
    Setting::text(
        "number_check.url",
        "number-check",
        "空号检测服务的地址",
        "Number library that finds vacant numbers (空号检测)",
        &["https://numbers.example/check"],
    ),
    Setting::text(
        "number_check.secret",
        "number-check-secret",
        "对空号检测请求签名的密钥（whsec_…）",
        "The secret (whsec_…) that signs the requests",
        &["whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="],
    )
    .secret(Secrecy::Secret)
    .with_variable_flag("number-check-secret-env")
    .with_required(&["number_check.url"]),
    Setting::switch(
        "number_check.allow_private",
        "number-check-allow-private",
        "允许空号检测服务使用内网地址且不加密",
        "Allow a private address and no TLS for the number library",
    )
    .with_required(&["number_check.url"]),
    Setting::list(
        "sign_in.require_second_factor",
        "require-second-factor",
        "必须使用第二因素登录的角色；同一日志的所有进程须一致",
        "Roles that must sign in with a second factor; the same for every process of a log",
        &["admin"],
    ),
    Setting::text(
        "sign_in.oidc_issuer",
        "oidc-issuer",
        "单点登录（OpenID Connect）身份提供方的地址",
        "An identity provider (OpenID Connect) through which linked users can sign in",
        &["https://login.example"],
    )
    .with_required(&["sign_in.oidc_client", "sign_in.oidc_secret"]),
    Setting::text(
        "sign_in.oidc_client",
        "oidc-client",
        "本服务器在身份提供方的客户端标识",
        "The client id of this server at the provider",
        &["ledgerline"],
    )
    .with_required(&["sign_in.oidc_issuer"]),
    Setting::text(
        "sign_in.oidc_secret",
        "oidc-secret",
        "本服务器在身份提供方的客户端密钥",
        "The client's secret at the provider",
        &["SECRET"],
    )
    .secret(Secrecy::Secret)
    .with_variable_flag("oidc-secret-env")
    .with_required(&["sign_in.oidc_issuer"]),
    Setting::text(
        "sign_in.oidc_own_url",
        "oidc-own-url",
        "浏览器访问本服务器的地址，不带路径；默认为 http.listen",
        "The URL of this server for browsers, without a path; default: the address of http.listen",
        &["https://dial.example"],
    )
    .with_required(&["sign_in.oidc_issuer"]),
    Setting::text(
        "kurrent.listen",
        "kurrent-listen",
        "以 KurrentDB gRPC 协议提供事件日志的监听地址",
        "Address that serves the log over the KurrentDB gRPC protocol",
        &["127.0.0.1:2113"],
    ),
    Setting::switch(
        "kurrent.append",
        "kurrent-append",
        "允许 KurrentDB 客户端不经规则写入记录；仅用于由另一进程写入的日志",
        "Let KurrentDB clients append records without our rules; for a log that another process of ours writes",
    )
    .with_required(&["kurrent.listen"]),
    Setting::text(
        "clock.ntp",
        "ntp",
        "用于核对时钟的 NTP 服务器；偏差超过 2 秒时停止外呼",
        "NTP server to compare the clock with; beyond 2 s no new call is dialed",
        &["ntp.example"],
    ),
    Setting::list(
        "proofs.witnesses",
        "witness",
        "为每个检查点联署的见证方：地址和公钥 URL,VKEY（环境变量中以空格分隔）",
        "Witnesses that cosign each checkpoint: URL,VKEY (separated by spaces in a variable)",
        &["http://127.0.0.1:7070,witness.example+82bca4dd+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"],
    )
    .of_kind(SettingKind::List { separator: ' ' }),
    Setting::text(
        "proofs.tsa",
        "tsa",
        "每小时为检查点加盖时间戳的时间戳机构（RFC 3161）",
        "Time stamp authority (RFC 3161) that stamps a checkpoint every hour",
        &["http://tsa.example/"],
    ),
    Setting::text(
        "reports.compliance",
        "compliance-report",
        "在每个周期结束后签发合规报告，存于数据目录的 reports",
        "Issue the signed compliance report of each period after its end; stored in reports in the data directory",
        &["month"],
    ),
    Setting::text(
        "rehearsal.at",
        "rehearse-at",
        "演练：从该时刻开始计时；仅限回环线路",
        "Rehearsal: start the clock at this instant; only with loopback trunks",
        &["2026-03-02T10:00:00+08:00"],
    ),
];
