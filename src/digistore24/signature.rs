//! The IPN's signature: SHA-512 over the parameters, sorted by bytes, each followed by the passphrase.
//!
//! Source: Digistore24's published example for the signature, with the official test vectors.

use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;

use super::ipn::{Params, is_signature};
use crate::error::{Code, Error};
use crate::text::hex;

/// What a look at the signature found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Signed with the passphrase.
    Valid,
    /// The connection in Digistore24 has no passphrase: it says so in place of a signature.
    ConnectionHasNoPassphrase,
    /// No signature at all, or one that can't be SHA-512.
    Missing,
    /// A signature that belongs to another passphrase or another message.
    Mismatch,
    /// We have no passphrase to check with.
    NoPassphraseSet,
}

const UNSIGNED: &str = "no_signature_passphrase_provided";

/// Checks the signature against each passphrase, in constant time, fail closed.
pub fn verify<'a>(params: &Params, passphrases: impl IntoIterator<Item = &'a str>) -> Verdict {
    let other = || params.iter().find(|(name, _)| is_signature(name)).map(|(_, v)| v);
    let claimed = params.find("sha_sign").or_else(other).unwrap_or_default();
    if claimed.eq_ignore_ascii_case(UNSIGNED) {
        return Verdict::ConnectionHasNoPassphrase;
    }
    let claimed = claimed.to_ascii_uppercase();
    if claimed.len() != 128 || !claimed.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Verdict::Missing;
    }
    let mut checked = false;
    for passphrase in passphrases.into_iter().filter(|p| !p.is_empty()) {
        checked = true;
        for uppercase in [false, true] {
            if bool::from(sign(params, passphrase, uppercase).as_bytes().ct_eq(claimed.as_bytes())) {
                return Verdict::Valid;
            }
        }
    }
    if checked { Verdict::Mismatch } else { Verdict::NoPassphraseSet }
}

/// The signature of a message: 128 upper-case hex digits. `uppercase_keys` is a setting of old connections.
pub fn sign(params: &Params, passphrase: &str, uppercase_keys: bool) -> String {
    // An array parameter (`a[]`) is no text for PHP and is not signed.
    let signed = params.content().filter(|(name, value)| !value.is_empty() && !name.contains('['));
    let mut hash = Sha512::new();
    let mut add = |name: &str, value: &str| {
        for part in [name, "=", value, passphrase] {
            hash.update(part.as_bytes());
        }
    };
    if uppercase_keys {
        let mut pairs: Vec<(String, &str)> = signed.map(|(name, value)| (name.to_ascii_uppercase(), value)).collect();
        pairs.sort_unstable();
        pairs.iter().for_each(|(name, value)| add(name, value));
    } else {
        signed.for_each(|(name, value)| add(name, value));
    }
    hex(&hash.finalize(), b"0123456789ABCDEF")
}

impl Verdict {
    /// What the operator must know. `None` for a valid signature. The message itself is never repeated.
    pub fn error(self) -> Option<Error> {
        let (message, help) = match self {
            Self::Valid => return None,
            Self::ConnectionHasNoPassphrase => (
                "the message is unsigned: the IPN connection in Digistore24 has no passphrase",
                "Set a signature passphrase in Digistore24 (Settings > Integrations (IPN) > your connection) and the same one here.",
            ),
            Self::Missing => (
                "the message has no signature",
                "Only Digistore24 may call this address; if it was Digistore24, check the connection's signature passphrase.",
            ),
            Self::Mismatch => (
                "the signature doesn't fit the message",
                "Compare the passphrase of the IPN connection with digistore24.ipnPassphrase; if they are equal, the message is forged.",
            ),
            Self::NoPassphraseSet => (
                "no IPN passphrase is set, so nothing can be accepted",
                "Set digistore24.ipnPassphrase (DIGISTORE24_IPN_PASSPHRASE) to the passphrase of the IPN connection.",
            ),
        };
        Some(Error::new(Code::SignatureInvalid, message, help))
    }
}
