//! One example for every command. `--help` shows it together with the exit codes.
//!
//! A test walks the commands as clap knows them, requires an example for each, and parses each example.

use crate::commands::server_requirement;
use crate::kit::failure::EXIT_CODES;
use clap::Command;

/// Example command lines, without the program's name; at least one for each command.
const EXAMPLES: &[&str] = &[
    "demo --data ./demo",
    "serve --data ./first --trunk sip:127.0.0.1:5070",
    "config print --with-source -- --http 0.0.0.0:8080",
    "config check /etc/ledgerline/ledgerline.toml",
    "config schema",
    "config example",
    "config reference",
    "carrier --listen 127.0.0.1:5070 --seed 7 --cdr carrier.jsonl",
    "import people.csv --campaign LOAN_REMIND --dry-run --data ./first",
    "list show 00000000-0000-5000-8000-000000000001 --data ./first",
    "list withdraw --campaign LOAN_REMIND --customer C001 --reason \"paid at the branch\" --data ./first",
    "list undo 00000000-0000-5000-8000-000000000001 --reason \"the wrong month\" --data ./first",
    "campaign create campaign.json --data ./first",
    "campaign start LOAN_REMIND --data ./first",
    "campaign pause LOAN_REMIND --data ./first",
    "campaign resume LOAN_REMIND --data ./first",
    "campaign stop LOAN_REMIND --data ./first",
    "campaign anonymize LOAN_REMIND --reason \"the study is over\" --dry-run --data ./first",
    "campaign preflight LOAN_REMIND --test-call --variable days=3 --server http://127.0.0.1:8080",
    "campaign preflight LOAN_REMIND --per-minute-fen 15 --data ./first",
    "campaign preview next LOAN_REMIND --agent wang --data ./first",
    "campaign preview accept LOAN_REMIND --agent wang --customer 00112233445566778899aabbccddeeff --data ./first",
    "campaign preview skip LOAN_REMIND --agent wang --customer 00112233445566778899aabbccddeeff \
     --reason \"in a meeting\" --data ./first",
    "campaign promote LOAN_REMIND --to pilot --reason \"200 people, no complaint\" --data ./first",
    "campaign clone LOAN_REMIND LOAN_REMIND_2 --data ./first",
    "campaign show LOAN_REMIND --data ./first",
    "campaign report LOAN_REMIND --json --data ./first",
    "campaign targets LOAN_REMIND --data ./first",
    "campaign target-actual LOAN_REMIND --data ./first",
    "campaign funnel LOAN_REMIND --data ./first",
    "campaign regions LOAN_REMIND --data ./first",
    "campaign industries LOAN_REMIND --data ./first",
    "campaign abandonment LOAN_REMIND --data ./first",
    "campaign times LOAN_REMIND --data ./first",
    "campaign cut-off LOAN_REMIND --data ./first",
    "campaign list --as-of 2026-03-02T18:00:00+08:00 --data ./first",
    "call show 00000000-0000-5000-8000-000000000001 --data ./first",
    "call correct 00000000-0000-5000-8000-000000000001 --disposition machine --reason \"a mailbox \
     answered\" --data ./first",
    "call recording 00000000-0000-5000-8000-000000000001 --reason \"complaint 17\" --out call.wav --data \
     ./first",
    "call export 00000000-0000-5000-8000-000000000001 --masked --out call.json --data ./first",
    "call replay call.json",
    "call summary 00000000-0000-5000-8000-000000000001 --data ./first",
    "call search 分期 --campaign LOAN_REMIND --reason \"complaint 17\" --data ./first",
    "clock measure --data ./first",
    "clock confirm --reason \"held against the wall clock of the office\" --data ./first",
    "customer show C001 --reason \"the person asked\" --data ./first",
    "customer list --user wang --data ./first",
    "customer erase C001 --reason \"the person asked\" --requested-by wang --data ./first",
    "customer reveal C001 --fields name,phones --reason \"complaint 17\" --data ./first",
    "customer reveal --campaign A --fields name,phones --reason \"letters to branch 3\" --out persons.jsonl \
     --data ./first",
    "customer assign C001 C002 --to wang --reason \"speaks the dialect\" --data ./first",
    "customer hold C001 --reason \"a court asked\" --data ./first",
    "customer release C001 --reason \"the case is closed\" --data ./first",
    "customer callback C001 --campaign LOAN_REMIND --at 2026-03-03T15:00:00+08:00 --reason \"in a meeting\" \
     --data ./first",
    "customer caps C001 dialed=3/7 --reason \"asked for fewer calls\" --data ./first",
    "customer confirm-numbers C001 --reason \"asked at the branch\" --data ./first",
    "customer preferred-times C001 \"mon-fri 18:00-20:00\" --data ./first",
    "number check 13800138000 --data ./first",
    "customer merge C001 C002 --reason \"two accounts of one person\" --data ./first",
    "customer unmerge C001 C002 --reason \"father and son\" --data ./first",
    "customer duplicates C001 --reason \"clearing up\" --data ./first",
    "customer consent give C001 --scope marketing --source form --evidence \"form 12\" --data ./first",
    "customer consent withdraw C001 --scope marketing --source phone --data ./first",
    "customer consent show C001 --data ./first",
    "keys rotate --data ./first",
    "keys backup --data ./first --out keys.backup",
    "keys restore keys.backup --data ./first",
    "number opt-out 13800138000 --reason \"asked by phone\" --data ./first",
    "number suppress 13800138000 --reason \"national list\" --data ./first",
    "number list 13800138000 --list consented-2026 --reason \"signed at the counter\" --data ./first",
    "number unlist 13800138000 --list consented-2026 --reason \"signed for another person\" --data ./first",
    "number import national.txt --reason \"the national list of March\" --data ./first",
    "number import 202.txt --registry us-dnc --as-of 2026-03-02 --format us-dnc --reason \"March\" --data ./first",
    "number registries --data ./first",
    "number show 13800138000 --data ./first",
    "events read --data ./first --json",
    "events tail --data ./first",
    "events copy --from sqlite:./first --to sqlite:./second",
    "events graph 00000000-0000-5000-8000-000000000001 --data ./first",
    "audit trail --data ./first",
    "audit search --user wang --words complaint --data ./first",
    "audit verify --data ./first",
    "audit prove call 00000000-0000-5000-8000-000000000001 --out call.proof --data ./first",
    "audit check call.proof",
    "complaint open --source 12378 --number 13800138000 --what \"called at night\" --data ./first",
    "complaint show 00000000-0000-5000-8000-000000000001 --data ./first",
    "complaint list --open --data ./first",
    "complaint report --data ./first",
    "complaint assign 00000000-0000-5000-8000-000000000001 --to wang --data ./first",
    "complaint resolve 00000000-0000-5000-8000-000000000001 --outcome upheld --note \"it was late\" --data ./first",
    "voiceprint consent C001 --source counter --wording \"v1\" --evidence \"form 17\" --until \
     2026-12-31T00:00:00+08:00 --data ./first",
    "voiceprint enrol C001 one.wav two.wav three.wav --reason \"asked for at the counter\" --data ./first",
    "voiceprint compare C001 callback.wav --reason \"callback 17\" --data ./first",
    "voiceprint withdraw C001 --source hotline --data ./first",
    "voiceprint delete C001 --reason \"no longer needed\" --data ./first",
    "voiceprint show C001 --reason \"complaint 17\" --data ./first",
    "person-request open C001 --wish copy --data ./first",
    "person-request answer 00000000-0000-5000-8000-000000000001 --note \"sent by letter\" --out copy.json --data ./first",
    "person-request show 00000000-0000-5000-8000-000000000001 --data ./first",
    "person-request list --open --data ./first",
    "inspect user wang --from 2026-03-02T00:00:00+08:00 --data ./first",
    "inspect customer C001 --out C001.tar --data ./first",
    "inspect number 13800138000 --at 2026-03-02T10:00:00+08:00 --out number.tar --data ./first",
    "audit checkpoint --data ./first",
    "audit witness keygen --name witness.example --out witness.key",
    "audit witness serve --listen 127.0.0.1:7070 --key witness.key --log-key KEY --state ./witness",
    "user add wang --role operator --campaign LOAN_REMIND --data ./first",
    "user role wang --add analyst --reason \"monthly figures\" --data ./first",
    "user list --data ./first",
    "user invite wang --data ./first",
    "user totp wang --password-env WANG_PASSWORD --data ./first",
    "user password wang --password-env WANG_PASSWORD --new-env WANG_NEW_PASSWORD --data ./first",
    "user provider wang --subject 248289761001 --issuer https://login.example.com --data ./first",
    "user disable wang --reason \"left the company\" --data ./first",
    "user key wang --scope events:read,calls:read --expires 90d --data ./first",
    "user keys --data ./first",
    "user revoke 00000000-0000-5000-8000-000000000001 --reason \"replaced\" --data ./first",
    "user seen --from 2026-03-01T00:00:00+08:00 --data ./first",
    "user scope --from team.csv --reason \"the teams are new\" --dry-run --data ./first",
    "user roles --data ./first",
    "alerts list --standing --data ./first",
    "alerts show 00000000-0000-5000-8000-000000000001 --data ./first",
    "alerts acknowledge 00000000-0000-5000-8000-000000000001 --note \"the carrier is informed\" --data \
     ./first",
    "alerts mute 00000000-0000-5000-8000-000000000001 --minutes 30 --reason \"the carrier is informed\" \
     --data ./first",
    "alerts channel add wecom https://robot.example.com/send?key=KEY --data ./first",
    "alerts channel list --data ./first",
    "alerts channel test 00000000-0000-5000-8000-000000000001 --data ./first",
    "alerts channel take-over 00000000-0000-5000-8000-000000000001 --reason \"its owner has left\" --data ./first",
    "alerts channel remove 00000000-0000-5000-8000-000000000001 --reason \"another group\" --data ./first",
    "webhook add https://example.com/hooks --events call.ended,number.opted_out --data ./first",
    "webhook change 00000000-0000-5000-8000-000000000001 --events call.ended,number.opted_out --reason \"opt-outs too\" --data ./first",
    "webhook list --data ./first",
    "webhook test 00000000-0000-5000-8000-000000000001 --data ./first",
    "webhook replay 00000000-0000-5000-8000-000000000001 --after 0 --data ./first",
    "webhook rotate 00000000-0000-5000-8000-000000000001 --data ./first",
    "webhook dead-letters 00000000-0000-5000-8000-000000000001 --data ./first",
    "webhook take-over 00000000-0000-5000-8000-000000000001 --reason \"its owner has left\" --data ./first",
    "webhook remove 00000000-0000-5000-8000-000000000001 --reason \"the CRM moved\" --data ./first",
    "subscriber list --data ./first",
    "subscriber show crm --data ./first",
    "subscriber acknowledge crm --position 142 --data ./first",
    "subscriber reset crm --after 0 --reason \"the warehouse was restored\" --data ./first",
    "subscriber remove crm --data ./first",
    "retention show --data ./first",
    "retention set recordings --days 365 --reason \"policy 4\" --data ./first",
    "retention run --dry-run --data ./first",
    "stop all --reason \"the flow names a wrong date\" --data ./first",
    "stop campaign REMIND --reason \"complaints\" --hang-up --data ./first",
    "stop trunk first --reason \"the carrier works on it\" --data ./first",
    "stop preset cn-collection --reason \"the regulator asked\" --data ./first",
    "stop list --data ./first",
    "stop lift all --reason \"the flow is put right\" --data ./first",
    "user scope wang --team north --reason \"moves\" --data ./first",
    "approval list --open --data ./first",
    "approval show 00000000-0000-5000-8000-000000000001 --data ./first",
    "approval approve 00000000-0000-5000-8000-000000000001 --user wang --password-env WANG_PASSWORD --data ./first",
    "approval reject 00000000-0000-5000-8000-000000000001 --reason \"a complaint is open\" --data ./first",
    "why-not C001 --at 2026-03-02T21:30:00+08:00 --reason \"complaint 17\" --data ./first",
    "rules list --data ./first",
    "rules dry-run cn-service@1 --campaign LOAN_REMIND --data ./first",
    "holidays list --data ./first",
    "holidays import cn-2028.yaml --reason \"the notice is out\" --data ./first",
    "settings list --data ./first",
    "settings show alerts.answer_per_mille_min --data ./first",
    "settings test-phones list --data ./first",
    "settings test-phones add 13800138000 --label reception --reason \"reviews flows\" --data ./first",
    "settings test-phones remove 13800138000 --reason returned --data ./first",
    "settings set alerts.answer_per_mille_min 250 --reason \"the holidays\" --data ./first",
    "live --once --json --data ./first",
    "backup create --data ./first --out first.backup",
    "backup verify first.backup",
    "backup restore first.backup --data ./second",
    "backup recordings ./copies --data ./first",
    "backup confirm --reason \"this is the log that goes on\" --data ./first",
    "projections list",
    "projections status --data ./first",
    "projections rebuild call_history --data ./first",
    "projections switch call_history --data ./first",
    "projections cancel call_history --data ./first",
    "projections retry call_history --data ./first",
    "projections verify --data ./first",
    "flow check card_instalment_spoken",
    "flow check card_instalment_spoken --clips ./prompts",
    "flow diff card_instalment card_instalment_spoken",
    "flow simulate card_instalment_spoken --callers 1000 --seed 7 --json",
    "flow simulate card_instalment_spoken --callers 20 --seed 7 --audio --json",
    "flow test fixtures/conversations",
    "flow publish card_instalment_spoken --data ./first",
    "flow rollback card_instalment_spoken --to 1 --reason complaints --data ./first",
    "flow coverage card_instalment_spoken@1 --data ./first",
    "flow variants card_instalment_spoken@1 --data ./first",
    "what-if --campaign A --preset cn-collection --data ./first",
    "what-if --campaign A --flow card_instalment_spoken@2 --data ./first",
    "mine keywords --campaign LOAN_REMIND_20231101 --by customer_segment --data ./first",
    "mine refusals --campaign A --data ./first",
    "flow list",
    "flow show appointment",
    "nlu train lines.jsonl --out intents.model",
    "nlu eval intents.model held_out.jsonl --json",
    "nlu compare intents.model new.model held_out.jsonl",
    "nlu publish intents.model --name zh_outbound --rows lines.jsonl --data ./first",
    "nlu models --data ./first",
    "label next --campaign LOAN_REMIND_20231101 --by wang --data ./first",
    "label add call.308b38fa-b3fa-59e5-b685-93b305968d97.12 --intent ask_fee --by wang --data ./first",
    "label request call.308b38fa-b3fa-59e5-b685-93b305968d97.12 --why misheard --by wang --data ./first",
    "label list --state waiting --data ./first",
    "label export labelled.jsonl --by wang --reason training --data ./first",
    "nlu rollback zh_outbound --to 1 --data ./first",
    "knowledge import answers.yaml --data ./first",
    "knowledge publish card_instalment@1 --data ./first",
    "knowledge rollback card_instalment --data ./first",
    "knowledge list --data ./first",
    "knowledge show card_instalment@1 --data ./first",
    "knowledge ask card_instalment 提前还款要违约金吗 --data ./first",
    "knowledge draft card_instalment@1 --answer 手续费 --instruction \"shorter, and warmer\" --server \
     http://127.0.0.1:8080",
    "knowledge drafts card_instalment --data ./first",
    "knowledge adopt card_instalment 00000000-0000-5000-8000-000000000001 --data ./first",
    "knowledge reject card_instalment 00000000-0000-5000-8000-000000000001 --reason \"sounds like a promise\" \
     --data ./first",
    "knowledge eval answers.yaml asked.jsonl --value terms=6",
    "nlu read said.jsonl --at 2026-03-02T10:00:00+08:00",
    "nlu say values.jsonl --lang zh",
    "speech eval recordings --provider vosk:ws://127.0.0.1:2700 --noise-below-db 20,10 --noise-suppression",
    "speech eval-emotion",
    "speech eval-voiceprint",
    "speech listening-test kit --voices f2,m7",
    "speech mos opinions-a.json opinions-b.json",
    "metrics answer_ratio_per_call --data ./first",
    "query - --data ./first",
    "ready --data ./first",
    "export calls --format xlsx --out calls.xlsx --data ./first",
    "import-history asterisk Master.csv --utc-offset +08:00 --data ./first",
    "reconcile bill.csv --format csv --data ./first",
    "report pdca --period month --out pdca.html --data ./first",
    "report compliance --period month --out compliance.html --data ./first",
    "report daily --data ./first",
    "report costs --data ./first",
    "report costs --baseline people.yaml --per-minute-fen 9 --data ./first",
    "score evaluate cases.jsonl --json",
    "score weights show --data ./first",
    "score weights set --rfm 300 --robot-match 400 --agent-skill 200 --line-quality 100 --reason \"matches count more\" --data ./first",
    "score call 00000000-0000-5000-8000-000000000001 candidates.json --data ./first",
    "score show 00000000-0000-5000-8000-000000000001 --data ./first",
    "deal import deals.csv --dry-run --data ./first",
    "report plan --per-minute-fen 15 --data ./first",
    "report compare answer_ratio_per_call --from 2026-11-20 --to 2026-11-27 --data ./first",
    "report saved list --data ./first",
    "report saved show weekly-answers --data ./first",
    "report saved send weekly-answers --data ./first",
    "report saved take-over weekly-answers --reason \"its owner has left\" --data ./first",
    "report saved remove weekly-answers --data ./first",
    "report check compliance.html",
    "sample calls --seed 7 --size 20 --out sample.json --data ./first",
    "sample finding 00000000-0000-5000-8000-000000000001 00000000-0000-5000-8000-000000000002 --answer \
     notice=yes --by wang --data ./first",
    "sample sign-off 00000000-0000-5000-8000-000000000001 --by wang --data ./first",
    "sample show 00000000-0000-5000-8000-000000000001 --data ./first",
    "sample check sample.json --data ./first",
    "segment check \"SELECT * FROM customers WHERE age BETWEEN 25 AND 35 AND tag LIKE '%信用卡%'\" --data ./first",
    "segment count \"SELECT * FROM customers WHERE calls_count = 0\" --as-of 1200 --data ./first",
    "segment preview \"SELECT * FROM customers ORDER BY age LIMIT 100\" --sample 5 --data ./first",
    "segment columns --data ./first",
    "segment groups \"SELECT * FROM customers\" --data ./first",
    "segment rfm \"SELECT * FROM customers\" --data ./first",
    "campaign segment REMIND \"SELECT * FROM customers WHERE tag = '信用卡'\" --data ./first",
    "customer attribute C001 age=31 地域=浙江 --data ./first",
    "customer attribute import crm.csv --map 手机号=- --dry-run --data ./first",
    "customer tag C001 信用卡 --level business --data ./first",
    "doctor --data ./first --trunk sip:127.0.0.1:5070",
    "support-bundle --out support.tar.gz --data ./first",
    "trunk call 13800138000 --trunk sip:127.0.0.1:5070",
    "trunk quality --data ./first",
    "simulate --days 3 --calls-per-day 1000 --seed 7",
    "completions bash",
    "man ./man",
];

/// Returns the command tree with an example and the exit codes added to the help of each command.
pub(crate) fn with_examples(command: Command) -> Command {
    command.mut_subcommands(|below| of_leaf(below, ""))
}

fn of_leaf(command: Command, above: &str) -> Command {
    let path = format!("{above} {}", command.get_name());
    let path = path.trim_start().to_owned();
    let is_done_itself = does_itself(&command);
    let command = match command.has_subcommands() {
        true => command.mut_subcommands(|below| of_leaf(below, &path)),
        false => command,
    };
    if !is_done_itself {
        return command;
    }
    let own = command.get_after_help().map(ToString::to_string);
    let own = own.filter(|own| own.contains("Example"));
    let example = EXAMPLES.iter().find(|line| is_of(line, &path));
    let line = || example.map(|line| format!("示例 Example:\n  ledgerline {line}"));
    let shown = own.or_else(line).unwrap_or_default();
    let requirement =
        server_requirement::line(&path).map_or_else(String::new, |requirement| format!("{requirement}\n\n"));
    command.after_help(format!("{requirement}{}\n\n{EXIT_CODES}", shown.trim_end()))
}

/// Returns true if a command does something itself: it has no subcommands, or it takes arguments instead of
/// one.
fn does_itself(command: &Command) -> bool {
    !command.has_subcommands() || command.is_args_conflicts_with_subcommands_set()
}

/// Returns true if an example line begins with the words of the command `path`.
fn is_of(line: &str, path: &str) -> bool {
    let rest = line.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cli;
    use clap::CommandFactory;

    fn leaves(command: &Command, above: &str, found: &mut Vec<(String, String)>) {
        for below in command.get_subcommands() {
            let path = format!("{above} {}", below.get_name()).trim_start().to_owned();
            leaves(below, &path, found);
            if does_itself(below) {
                let help = below
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                found.push((path, help));
            }
        }
    }

    #[test]
    fn every_command_shows_an_example_and_its_exit_codes() {
        let mut found = Vec::new();
        leaves(&with_examples(Cli::command()), "", &mut found);
        for (path, help) in &found {
            let example = format!("ledgerline {path}");
            assert!(
                help.contains("Example") && help.contains(&example),
                "{path} has no example in the table"
            );
            assert!(help.contains("Exit codes: 0 done"), "{path} has no exit codes");
        }
        for line in EXAMPLES {
            assert!(
                found.iter().any(|(path, _)| is_of(line, path)),
                "{line} belongs to no command"
            );
        }
    }

    #[test]
    fn every_example_can_be_typed_as_it_is() {
        let mut wrong = Vec::new();
        for line in EXAMPLES {
            // A quoted text is one argument.
            let parts = line.split('"').enumerate();
            let words =
                std::iter::once("ledgerline").chain(parts.flat_map(|(index, part)| match index % 2 {
                    0 => part.split_whitespace().collect::<Vec<_>>(),
                    _ => vec![part],
                }));
            if let Err(error) = with_examples(Cli::command()).try_get_matches_from(words) {
                wrong.push(format!("{line}: {error}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
