//! JSON text. Written here and not by `serde_json`, whose generic reader, float tables and number printing made up 8 kB of
//! the compressed wasm; `serde_json` is the judge in the tests below.

use super::{Map, Number, Value};

/// Deeper than any message, shallower than the stack.
const MAX_DEPTH: usize = 128;

/// Reads JSON text; nothing where it is none.
pub fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.skip_space();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    /// The next byte; 0 at the end, which no JSON has outside of a string.
    fn next(&mut self) -> u8 {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn take(&mut self, word: &str) -> Option<()> {
        let found = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        found.then_some(())
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip_space();
        Some(match self.peek() {
            b'n' => self.take("null").map(|()| Value::Null)?,
            b't' => self.take("true").map(|()| Value::Bool(true))?,
            b'f' => self.take("false").map(|()| Value::Bool(false))?,
            b'"' => Value::String(self.string()?),
            b'[' => self.list(depth)?,
            b'{' => self.object(depth)?,
            _ => Value::Number(self.number()?),
        })
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut list = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == b']' {
            self.at += 1;
            return Some(Value::Array(list));
        }
        loop {
            list.push(self.value(depth + 1)?);
            self.skip_space();
            match self.next() {
                b',' => {}
                b']' => return Some(Value::Array(list)),
                _ => return None,
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == b'}' {
            self.at += 1;
            return Some(Value::Object(map));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.skip_space();
            if self.next() != b':' {
                return None;
            }
            let value = self.value(depth + 1)?;
            map.insert(name, value);
            self.skip_space();
            match self.next() {
                b',' => {}
                b'}' => return Some(Value::Object(map)),
                _ => return None,
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if self.next() != b'"' {
            return None;
        }
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), 0..0x20 | b'"' | b'\\') {
                self.at += 1;
            }
            out.push_str(self.text.get(start..self.at)?);
            match self.next() {
                b'"' => return Some(out),
                b'\\' => out.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next() {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let mut code = self.hex()?;
                if (0xD800..0xDC00).contains(&code) && self.text.get(self.at..).is_some_and(|t| t.starts_with("\\u")) {
                    let before = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xDC00..0xE000).contains(&low) {
                        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    } else {
                        self.at = before;
                    }
                }
                // JavaScript writes half a character so; there is no other way to keep the rest of the text.
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + char::from(self.next()).to_digit(16)?;
        }
        Some(code)
    }

    fn number(&mut self) -> Option<Number> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        self.text.get(start..self.at).map(|digits| Number(digits.into()))
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

/// As JSON text.
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.0),
        Value::String(text) => write_string(out, text),
        Value::Array(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (i, (name, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(out, name);
                out.push(':');
                write(out, item);
            }
            out.push('}');
        }
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let byte = special.bytes().next().unwrap_or_default();
        out.push('\\');
        match byte {
            b'"' | b'\\' => out.push(char::from(byte)),
            b'\n' => out.push('n'),
            b'\r' => out.push('r'),
            b'\t' => out.push('t'),
            _ => {
                out.push_str("u00");
                for digit in [byte >> 4, byte & 15] {
                    out.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
                }
            }
        }
        rest = special.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value as J;
        let leaf = prop_oneof![
            Just(J::Null),
            any::<bool>().prop_map(J::from),
            any::<i64>().prop_map(J::from),
            any::<u64>().prop_map(J::from),
            any::<f64>().prop_map(J::from),
            any::<String>().prop_map(J::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(J::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|m| J::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_and_read_is_the_same_to_serde_json(value in any_json(), pretty: bool) {
            let written = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
            let ours = parse(&written).unwrap();
            prop_assert_eq!(text(&ours), value.to_string());
            prop_assert_eq!(parse(&text(&ours)), Some(ours));
        }

        #[test]
        fn damaged_text_is_judged_as_serde_json_does(value in any_json(), at: prop::sample::Index, put in r#"[\[\]{},:"\\0-9eE.+ntfu\x00 -]{0,3}"#) {
            let mut damaged = value.to_string();
            let mut place = at.index(damaged.len());
            while !damaged.is_char_boundary(place) {
                place -= 1;
            }
            let end = damaged[place..].chars().next().map_or(place, |c| place + c.len_utf8());
            damaged.replace_range(place..end, &put);
            match serde_json::from_str::<serde_json::Value>(&damaged) {
                Ok(theirs) => prop_assert_eq!(text(&parse(&damaged).unwrap()).parse::<serde_json::Value>().unwrap(), theirs),
                // Beyond what a float can hold we keep the digits; half characters are replaced.
                Err(error) if error.to_string().contains("out of range") || error.to_string().contains("surrogate") => {}
                Err(_) => prop_assert_eq!(parse(&damaged), None),
            }
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            parse(&text);
        }

        #[test]
        fn numbers_have_their_value(n: i64, f in -1e9..1e9, places in 0usize..6) {
            prop_assert_eq!(parse(&n.to_string()).unwrap().as_i64(), Some(n));
            let written = format!("{f:.places$}");
            prop_assert_eq!(parse(&written).unwrap().as_f64(), written.parse::<f64>().ok());
        }
    }

    #[test]
    fn odd_texts() {
        assert_eq!(parse("\"\\ud83d\\ude00\\u00e4\\/\""), Some("😀ä/".into()));
        assert_eq!(parse("\"a\\ud83dz\""), Some("a\u{fffd}z".into()));
        assert_eq!(text(&"\u{1}\n\"\\ä".into()), "\"\\u0001\\n\\\"\\\\ä\"");
        for bad in [
            "",
            "nul",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            ".5",
            "+1",
            "\"a",
            "\"\t\"",
            "[1 2]",
            "{a:1}",
            "1 1",
            "\"\\x\"",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse(&"[".repeat(100_000)), None);
        assert_eq!(
            text(&parse("[12345678901234567890123, 1.10, 1e400]").unwrap()),
            "[12345678901234567890123,1.10,1e400]"
        );
    }
}
