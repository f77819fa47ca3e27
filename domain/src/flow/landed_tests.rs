//! Tests that flows published by earlier versions of the flow language are still read and keep their content
//! hashes.

use super::content_hash;
use super::tests::shipped;

/// Flow files and the hashes of their canonical JSON from before the language had spoken nodes.
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

/// The other bundled flows, with the hashes that the earlier YAML parser produced (decision 0190).
const READ_BEFORE: [(&str, &str); 15] = [
    (
        "appointment.yaml",
        "83335a505acfc441fba0cf41410f47ae73f522e8c929b45e6a200559513e2006",
    ),
    (
        "ask.yaml",
        "b4b6ac9552e3d9f39037b959e2c2dcc34472f5352981033de78020d23ae67757",
    ),
    (
        "card_activation.yaml",
        "f17ec56bd57805381f3cc77a135b7173b751eb891a6b1aedb88ce5dd6d2829b1",
    ),
    (
        "card_instalment_spoken.yaml",
        "b623480ca39fd1cc1c6cf0aa5d4a005e6df3790b5a200a00541eb958701941c3",
    ),
    (
        "decide.yaml",
        "900d8a17cef97c4bd1d9fb655093cd17e21dab0e23ed22aa8b0ef6e166a12872",
    ),
    (
        "emotion.yaml",
        "ea439e6fc7112ad9ae5b7c662e51a66574dc2d4d74d6ca3715881dfb8cf0dd8b",
    ),
    (
        "instalment_offer.yaml",
        "9a40a65258acdb845b64beba84b5201a5b7730dbf52b60ab1fab5c9577da4a98",
    ),
    (
        "knowledge.yaml",
        "771b68eeef91d12cf40aae4fae6dbfaf89fed7d47c9332f5afef91cf6c2b5227",
    ),
    (
        "marketing_dlg1.yaml",
        "5efc6351d1210d172386915ee0849e7d0d7c139c43ba34fb49aa75c6251d9249",
    ),
    (
        "notification.yaml",
        "0058d3e53d54bc297bd39e4a9003f628531b380b5f59341e6d4891494c1e6fec",
    ),
    (
        "repayment_reminder.yaml",
        "79cd101d3a072c27ed995a8d020a79a88f3b0006c3d924507d4372ccd59fd55d",
    ),
    (
        "shows.yaml",
        "54b410b2d67a9cfef2c1ecc677b8360998321e8d46b2844b3ddb8f13acee5429",
    ),
    (
        "survey_en.yaml",
        "887175e867907c4022a213d43f88cd0f16fdaf83bdef0d0c0f0ca153aab305f9",
    ),
    (
        "survey_zh.yaml",
        "9781d256c31a86431c16bb94550c20fd396691afc6d29e0f43625e2a9491c8ab",
    ),
    (
        "wealth_product.yaml",
        "c3854c7d5782e4a23f3ac4fb5d283b2059f51c2f3bf93fe4293c11a58018fd0b",
    ),
];

#[test]
fn a_shipped_flow_keeps_the_hash_that_the_reader_before_gave() {
    for (name, hash) in READ_BEFORE {
        assert_eq!(content_hash(&shipped(name).to_value()), hash, "{name}");
    }
    let held: Vec<&str> = LANDED.iter().chain(&READ_BEFORE).map(|(name, _)| *name).collect();
    for name in super::tests::SHIPPED {
        assert!(held.contains(&name), "{name} has no hash here");
    }
}

#[test]
fn a_landed_flow_keeps_its_hash() {
    for (name, hash) in LANDED {
        assert_eq!(content_hash(&shipped(name).to_value()), hash, "{name}");
    }
}
