//! Words as both services compare them, and short names for long ones.

use sha2::{Digest, Sha512};

/// Lower case, letter by letter, for the scripts that have it in addresses and tags: Latin, Greek, Cyrillic, Armenian.
/// The standard library's tables cover every script that ever was and cost 6 kB of the compressed wasm.
pub fn lower(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        out.push(lower_letter(letter));
    }
    out
}

fn lower_letter(letter: char) -> char {
    let code = u32::from(letter);
    let pair = |first_is_even: bool| if (code % 2 == 0) == first_is_even { code + 1 } else { code };
    let code = match code {
        0x41..=0x5A | 0xC0..=0xD6 | 0xD8..=0xDE => code + 32,
        // The Turkish dotted I would become two characters.
        0x130 => 0x69,
        0x100..=0x137 | 0x14A..=0x177 | 0x1E00..=0x1E95 | 0x1EA0..=0x1EFF => pair(true),
        0x139..=0x148 | 0x179..=0x17E => pair(false),
        0x178 => 0xFF,
        0x1E9E => 0xDF,
        0x386 => 0x3AC,
        0x388..=0x38A => code + 37,
        0x38C => 0x3CC,
        0x38E | 0x38F => code + 63,
        0x391..=0x3A1 | 0x3A3..=0x3AB | 0x410..=0x42F => code + 32,
        0x400..=0x40F => code + 80,
        0x460..=0x481 | 0x48A..=0x4BF | 0x4D0..=0x52F => pair(true),
        0x4C0 => 0x4CF,
        0x4C1..=0x4CE => pair(false),
        0x531..=0x556 => code + 48,
        _ => code,
    };
    char::from_u32(code).unwrap_or(letter)
}

/// Upper case for the letters that [`lower`] knows; ß and its like stay.
pub fn upper(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let code = u32::from(letter);
        let big = |less: u32| char::from_u32(code.wrapping_sub(less)).filter(|big| lower_letter(*big) == letter);
        let is_small = lower_letter(letter) == letter && !matches!(letter, 'ß');
        let found =
            is_small.then(|| [32, 1, 37, 38, 48, 63, 64, 80].into_iter().filter(|by| *by <= code).find_map(big));
        out.push(found.flatten().unwrap_or(letter));
    }
    out
}

/// Two digits for each byte.
pub(crate) fn hex(bytes: &[u8], digits: &[u8; 16]) -> String {
    let digit = |n: u8| digits.get(usize::from(n)).copied().map(char::from).unwrap_or_default();
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// The bytes of base64 text; nothing where it is none. White space and what follows the padding count nothing.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for letter in text.bytes().take_while(|letter| *letter != b'=') {
        let digit = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b' ' | b'\n' | b'\r' | b'\t' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

/// 16 hex digits that stand for the texts.
pub fn short_hash(texts: &mut dyn Iterator<Item = &str>) -> String {
    let mut hash = Sha512::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hex(hash.finalize().get(..8).unwrap_or_default(), b"0123456789abcdef")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard library is the judge, for every letter of the scripts that are named.
    #[test]
    fn letters_become_small() {
        let blocks = [0..=0x17F, 0x370..=0x3FF, 0x400..=0x58F, 0x1E00..=0x1EFF];
        // Symbols and letters of dead or technical use.
        let left_alone = |code: u32| matches!(code, 0x130 | 0x370..=0x37F | 0x3CF..=0x3FF);
        for letter in blocks.into_iter().flatten().filter(|c| !left_alone(*c)).filter_map(char::from_u32) {
            let expected: String = letter.to_lowercase().collect();
            assert_eq!(lower(&letter.to_string()), expected, "U+{:04X}", u32::from(letter));
        }
        assert_eq!(upper("käthe straße ирина αθήνα ångström čž"), "KÄTHE STRAßE ИРИНА ΑΘΉΝΑ ÅNGSTRÖM ČŽ");
        assert_eq!(lower("KÄTHE+Shop@Straße.ИРИНА.ΑΘΉΝΑ İzmir"), "käthe+shop@straße.ирина.αθήνα izmir");
    }
}
