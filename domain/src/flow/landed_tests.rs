//! Flows that were published before the language grew: they read as before, and their hashes are the same.

use super::content_hash;
use super::tests::shipped;

/// From file to the hash of its canonical JSON, taken before speech was part of the language.
const LANDED: [(&str, &str); 8] = [
    (
        "reminder.yaml",
        "962ec71aa11a66b0aa6151f9477265d708fada549fa9ee2e53f4fc899ed1e94b",
    ),
    (
        "notice.yaml",
        "ac94d95543a3d0b84af7b6b2388c8eed74e34ec71cf77a7302d244eac1197f5c",
    ),
    (
        "card_instalment.yaml",
        "908a3fd3bc1a204a2860b9611897a795886af66c9d0fb96048a3d950f3c602e7",
    ),
    (
        "say.yaml",
        "0bbadb80fd29ef3bfd3c7f555a907d589227f4423d33b161bf7efddeea34fae5",
    ),
    (
        "ask_keypress.yaml",
        "015c4ed9a978a39401cbf0a97ba63dd661ff1810f113197a129afd029c8a3d3f",
    ),
    (
        "branch.yaml",
        "38f5788b84d434296946ba420b3f0da7adb5973891f7464ba0dfe89ca143ec3f",
    ),
    (
        "transfer.yaml",
        "bcd103359f05324a017ebb4b0bdfe1a41a6f7bef08c276a1986f89646f1d0c67",
    ),
    (
        "end.yaml",
        "6aca20aa8d748b2388e34faac0dded935f768818121fa3ab88d018392ef2253d",
    ),
];

#[test]
fn a_landed_flow_keeps_its_hash() {
    for (name, hash) in LANDED {
        assert_eq!(content_hash(&shipped(name).to_value()), hash, "{name}");
    }
}
