//! `ledgerline-bench nlu`: how fast intents are learned and recognized, beside one pass over the same texts.

use crate::figures::{Report, Target};
use crate::stopwatch::{Stopwatch, Times, float};
use domain::problem::Problem;
use understanding::text::normalize_text;
use understanding::{Example, Examples, Model, TrainingSettings, train};

/// Learn rows and classify utterances: seconds of a training, microseconds of an utterance
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rows to learn from
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=80_000))]
    rows: u32,
    /// Utterances to classify
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1_000..=1_000_000))]
    utterances: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The subjects of the made-up questions: the same in every run, so that every run learns the same.
const SUBJECTS: [&str; 25] = [
    "分期",
    "利率",
    "手续费",
    "额度",
    "还款日",
    "账单",
    "逾期",
    "征信",
    "密码",
    "开户",
    "销户",
    "挂失",
    "补卡",
    "积分",
    "年费",
    "汇率",
    "理财",
    "贷款",
    "合同",
    "发票",
    "地址",
    "短信",
    "客服",
    "优惠",
    "保险",
];
const WISHES: [&str; 4] = ["怎么办理", "是多少", "我不想要", "什么时候可以"];
const BEGINNINGS: [&str; 10] = [
    "",
    "请问",
    "那个",
    "我想问一下",
    "麻烦你",
    "你好",
    "不好意思",
    "就是说",
    "我昨天听说",
    "帮我看看",
];
const ENDINGS: [&str; 10] = [
    "",
    "啊",
    "呢",
    "吗",
    "谢谢",
    "可以吗",
    "急用",
    "我着急",
    "麻烦了",
    "你说说",
];

pub(crate) fn run(args: &Args) -> Result<(), Problem> {
    let mut report = Report::default();
    let rows = args.rows as usize;
    let examples = Examples::of(lines(rows), 1);
    let settings = TrainingSettings::default();
    let watch = Stopwatch::start();
    let model = train(&examples, &settings).map_err(|fault| Problem::fault(fault.to_string()))?;
    let training_seconds = float(watch.nanos()) / 1e9;
    let bytes = model.to_bytes();
    report.fact("rows", rows);
    report.fact("rows_learned_from", examples.rows.len());
    report.fact("intents", model.intents().len());
    report.fact("threads", settings.threads);
    report.fact("model_bytes", bytes.len());
    report.value("training, seconds", training_seconds, Some(Target::AtMost(5.0)));
    let watch = Stopwatch::start();
    let read = Model::from_bytes(&bytes).map_err(|fault| Problem::fault(fault.to_string()))?;
    report.value(
        "reading the model, milliseconds",
        float(watch.nanos()) / 1e6,
        None,
    );
    let (ranked, folded, right) = time_ranking(&read, args.utterances as usize);
    report.row("one utterance", "ranked", &ranked, 1);
    report.row("one utterance", "folded alone", &folded, 1);
    report.value(
        "classification p50, us",
        ranked.p50_us(),
        Some(Target::AtMost(30.0)),
    );
    report.value(
        "classification p99, us",
        ranked.p99_us(),
        Some(Target::AtMost(1_000.0)),
    );
    report.ratio(
        "ranked ÷ folded alone, p50",
        ranked.p50_us(),
        folded.p50_us(),
        None,
    );
    report.fact(
        "right_permille",
        right * 1_000 / u64::from(args.utterances.max(1)),
    );
    report.show(args.json)
}

/// Times the ranking of `count` utterances, and the normalization of their characters alone, which is its
/// first step; in turn, so that both run under the same conditions. Also returns how many were ranked
/// right.
fn time_ranking(model: &Model, count: usize) -> (Times, Times, u64) {
    let (mut ranked, mut folded, mut right) = (Times::default(), Times::default(), 0);
    for said in lines(count) {
        let watch = Stopwatch::start();
        let plain = normalize_text(&said.text);
        folded.add(watch.nanos());
        let watch = Stopwatch::start();
        let ranking = model.rank(&said.text);
        ranked.add(watch.nanos());
        let first = ranking.candidates.first();
        right += u64::from(!plain.is_empty() && first.is_some_and(|first| first.intent == said.intent));
    }
    (ranked, folded, right)
}

/// Returns so many made-up lines of a hundred intents, no two alike within ten thousand.
fn lines(count: usize) -> impl Iterator<Item = Example> {
    (0..count).map(|number| {
        let pick = |words: &'static [&'static str], place: usize| words.get(place % words.len()).copied();
        let subject = pick(&SUBJECTS, number).unwrap_or_default();
        let wish = pick(&WISHES, number / 25).unwrap_or_default();
        let begins = pick(&BEGINNINGS, number / 100).unwrap_or_default();
        let ends = pick(&ENDINGS, number / 1_000).unwrap_or_default();
        Example {
            text: format!("{begins}{subject}{wish}{ends}"),
            intent: format!("{subject}_{wish}"),
        }
    })
}
