//! Money in hundredths, so that sums are exact. Digistore24 sends text with a dot: `49.00`, `-49`, `3.5`.

use crate::json::{Json, Number, ToJson, Value};

/// An amount in hundredths of its currency. In JSON it is a number with decimals: 49.0, 49.5.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cents(pub i64);

impl ToJson for Cents {
    fn to_json(&self) -> Value {
        Value::Number(Number::decimal(self.0, 2))
    }
}

impl Json for Cents {
    fn read(value: Value, ok: &mut bool) -> Self {
        *ok &= value.is_number();
        Self((value.as_f64().unwrap_or_default() * 100.0).round() as i64)
    }
}

impl Cents {
    /// Reads `49.00`; further decimals are rounded half away from zero. Empty or nonsense gives nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let mut decimals = fraction.bytes().map(|b| i64::from(b - b'0')).chain(std::iter::repeat(0));
        let (tens, ones, next) = (decimals.next()?, decimals.next()?, decimals.next()?);
        let cents =
            whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(tens * 10 + ones + i64::from(next >= 5))?;
        Some(Self(if negative { -cents } else { cents }))
    }

    /// Without the sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

impl std::fmt::Display for Cents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_digistore24_sends() {
        for (text, cents) in
            [("49.00", 4900), ("49", 4900), ("3.5", 350), ("-29.77", -2977), ("0.005", 1), ("-0.00", 0)]
        {
            assert_eq!(Cents::parse(text), Some(Cents(cents)), "{text}");
        }
        for text in ["", "abc", "1,50", "1.2.3", "99999999999999999999", "-", ".5", "9223372036854775807"] {
            assert_eq!(Cents::parse(text), None, "{text}");
        }
        assert_eq!(Cents(-2977).to_string(), "-29.77");
    }
}
