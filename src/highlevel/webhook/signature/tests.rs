use proptest::prelude::*;

use super::*;
use crate::error::Code;
use crate::json::json;

/// The same key, body and signature from Node's crypto and from Python's cryptography.
const KEY: &str = "MCowBQYDK2VwAyEAebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ=";
const BODY: &str = r#"{"type":"ContactCreate","locationId":"loc1","id":"c1","firstName":"Zoë","webhookId":"w1"}"#;
const SIGNATURE: &str = "mGJbMvC0MUiRQphUhCq2IGz3KOgYlvk+UrGq68oH2tgQsR3tcX1OK+GPWJZml4ntba54dtTBSFo09akYiNJHAg==";

/// Another key, and its signature of `{}`, from Python.
const SECOND_KEY: &str = "MCowBQYDK2VwAyEA2inpWwLgD/oVZFd1+x0roiKhlDOV7qBrlOLAV7e+adA=";
const SECOND_SIGNATURE: &str =
    "an+5gFCTXp3L3cZYsWZF8Z2fGXDVFb9GE/PGwsXGrZ3d7iLxaSnZxO1x/RAzY7YaTF9MNrqo6LNPf4zXP3NECA==";

fn trust(keys: Value) -> Trust {
    Trust::from_options(&json!({ "webhookPublicKey": keys, "workflowToken": "a-token-of-20-letters" }))
}

fn accepts(trust: &Trust, body: &str, signature: &str) -> bool {
    match trust.verify(body.as_bytes(), Some(signature)) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.code(), Code::SignatureInvalid);
            false
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Key, message and signature of RFC 8032, 7.1.
const RFC_8032: [(&str, &str, &str); 3] = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
];

#[test]
fn the_vectors_of_rfc_8032() {
    for (key, message, signature) in RFC_8032 {
        let key: [u8; 32] = bytes(key).try_into().unwrap();
        let trust = Trust { keys: vec![key], ..Trust::default() };
        let mut signature = bytes(signature);
        assert!(trust.verify(&bytes(message), Some(&base64(&signature))).is_ok());
        signature[5] ^= 1;
        assert!(trust.verify(&bytes(message), Some(&base64(&signature))).is_err());
        // The same signature with its second half grown by the group's order: others could make it from the first.
        signature[5] ^= 1;
        let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut carry = 0;
        for (digit, more) in signature[32..].iter_mut().zip(order) {
            carry += u32::from(*digit) + u32::from(more);
            *digit = carry as u8;
            carry >>= 8;
        }
        assert!(trust.verify(&bytes(message), Some(&base64(&signature))).is_err());
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .map(|chunk| {
            let n = chunk.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
            let digit =
                |at: usize| if at > chunk.len() { '=' } else { DIGITS[(n >> (18 - 6 * at)) as usize & 63] as char };
            (0..4).map(digit).collect::<String>()
        })
        .collect()
}

#[test]
fn what_was_signed_and_nothing_else() {
    let trust = trust(json!(KEY));
    assert!(accepts(&trust, BODY, SIGNATURE));
    assert!(accepts(&trust, BODY, &format!(" {SIGNATURE} ")));
    for (body, signature) in [
        (BODY.replace("c1", "c2"), SIGNATURE.to_owned()),
        // The same JSON in other bytes.
        (BODY.replace(",\"", ", \""), SIGNATURE.to_owned()),
        (BODY.replace("Zoë", "Zo\\u00eb"), SIGNATURE.to_owned()),
        (format!("{BODY}\n"), SIGNATURE.to_owned()),
        (BODY.to_owned(), SIGNATURE.replace("mGJb", "nGJb")),
        (BODY.to_owned(), SIGNATURE[4..].to_owned()),
        (BODY.to_owned(), format!("{SIGNATURE}AAAA").replace("==", "AA")),
        (BODY.to_owned(), "not base64!".to_owned()),
    ] {
        assert!(!accepts(&trust, &body, &signature), "{signature} {body}");
    }
    for missing in [None, Some(""), Some("  "), Some("N/A"), Some("n/a")] {
        let error = trust.verify(BODY.as_bytes(), missing).unwrap_err();
        assert_eq!(error.details().message, "the message has no signature");
    }
}

#[test]
fn the_published_key_counts_until_another_one_is_set() {
    let published = Trust::from_options(&json!({}));
    assert_eq!(
        crate::text::hex(&published.keys[0], b"0123456789abcdef"),
        "8b61d1d6cacbe28d7c3bc0516bb815258ec6edbba96cddc7f40c09ac708388e8"
    );
    assert!(!accepts(&published, BODY, SIGNATURE));
    let rotation = trust(json!([SECOND_KEY, KEY]));
    assert!(accepts(&rotation, BODY, SIGNATURE) && accepts(&rotation, "{}", SECOND_SIGNATURE));
    let after = trust(json!(SECOND_KEY));
    assert!(!accepts(&after, BODY, SIGNATURE) && accepts(&after, "{}", SECOND_SIGNATURE));
}

#[test]
fn keys_in_every_form_that_people_have_them_in() {
    let key = public_key(KEY).unwrap();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----\n");
    for form in [pem.clone(), pem.replace('\n', "\r\n"), pem.replace('\n', "\\n"), base64(&key)] {
        assert_eq!(public_key(&form), Some(key), "{form}");
    }
    let weak = base64(&[1_u8].into_iter().chain([0; 31]).collect::<Vec<_>>());
    for wrong in ["", "hello", "AAAA", &KEY[..40], &weak, &pem.replace("MCow", "MC4C")] {
        assert_eq!(public_key(wrong), None, "{wrong}");
    }
}

#[test]
fn the_token_of_an_address() {
    let own = trust(Value::Null);
    assert!(own.admit(Some("a-token-of-20-letters")).is_ok());
    for wrong in
        [None, Some(""), Some("a-token-of-20-letter"), Some("a-token-of-20-lettersx"), Some("A-token-of-20-letters")]
    {
        assert_eq!(own.admit(wrong).unwrap_err().code(), Code::SignatureInvalid, "{wrong:?}");
    }
    let none = Trust::from_options(&json!({}));
    assert!(none.admit(Some("")).is_err() && none.admit(None).is_err());
}

proptest! {
    #[test]
    fn nothing_makes_the_check_panic_or_agree(body in prop::collection::vec(any::<u8>(), 0..200), signature in ".{0,120}", raw in prop::collection::vec(any::<u8>(), 64)) {
        let trust = trust(json!(KEY));
        prop_assert!(trust.verify(&body, Some(&signature)).is_err());
        prop_assert!(trust.verify(&body, Some(&base64(&raw))).is_err());
        let _ = public_key(&signature);
    }
}
