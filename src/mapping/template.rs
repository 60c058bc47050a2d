//! Texts with fields of the event in them: `{{buyer.firstName | default: "Friend" | upper}}`.
//!
//! A template is read once, when the mapping is; what is wrong with it is found then. To fill it in can't fail: what the
//! event doesn't say is empty.

use super::clocks::{BERLIN, Clocks, is_zone};
use crate::json::{Map, Value, put};
use crate::text::{lower, upper};
use crate::{catalog::nearest, clock, digistore24::Cents};

/// A text, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Field { path: String, filters: Vec<(Filter, Vec<String>)> },
}

/// What is wrong with a template, and at which character (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The character's number.
    pub at: usize,
    /// What is wrong.
    pub problem: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Date,
    Default,
    Join,
    Lower,
    Money,
    Trim,
    Truncate,
    Upper,
}

/// Name, filter, and how many arguments it needs and takes.
const FILTERS: [(&str, Filter, usize, usize); 8] = [
    ("date", Filter::Date, 0, 2),
    ("default", Filter::Default, 1, 1),
    ("join", Filter::Join, 0, 1),
    ("lower", Filter::Lower, 0, 0),
    ("money", Filter::Money, 0, 1),
    ("trim", Filter::Trim, 0, 0),
    ("truncate", Filter::Truncate, 1, 1),
    ("upper", Filter::Upper, 0, 0),
];

/// Whether a text is one to fill in.
pub fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// Where a field stands in the facts: `buyer.first_name` and `buyer.firstName` are `/buyer/firstName`. Names under `raw`
/// are Digistore24's own and stay, as do keys of custom fields.
pub(super) fn pointer(path: &str) -> String {
    let mut out = "/".to_owned();
    let mut word_starts = false;
    for letter in path.chars() {
        match letter {
            '.' => out.push('/'),
            '_' if !path.starts_with("raw.") && !path.contains(".fields.") => word_starts = true,
            letter if word_starts => {
                word_starts = false;
                out.push(letter.to_ascii_uppercase());
            }
            letter => out.push(letter),
        }
    }
    out
}

/// What a pointer leads to; through a list, what it leads to in any of its items.
pub(super) fn reach(from: &Value, path: &str) -> Value {
    if let Some(found) = from.pointer(path) {
        return found.clone();
    }
    if let Value::Array(items) = from {
        return Value::Array(items.iter().map(|item| reach(item, path)).filter(|found| !found.is_null()).collect());
    }
    let name = path.get(1..).unwrap_or_default();
    match name.find('/').and_then(|end| name.split_at_checked(end)) {
        Some((name, rest)) => reach(&from[name], rest),
        None => Value::Null,
    }
}

impl Template {
    /// Reads a text: what can be read of it, and every flaw.
    pub fn read(text: &str) -> (Self, Vec<Flaw>) {
        let mut parts = Vec::new();
        let mut reader = Reader { all: text, rest: text, flaws: Vec::new() };
        while let Some((before, rest)) = reader.rest.split_once("{{") {
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            reader.rest = rest;
            match reader.field() {
                Ok(field) => parts.push(field),
                Err(flaw) => {
                    reader.flaws.push(flaw);
                    // What comes after it may be wrong, too.
                    reader.rest = reader.rest.split_once("}}").map_or("", |(_, rest)| rest);
                }
            }
        }
        if !reader.rest.is_empty() {
            parts.push(Part::Text(reader.rest.to_owned()));
        }
        (Self(parts), reader.flaws)
    }

    /// The fields in it, as pointers.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Field { path, .. } => Some(path.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The zones in which dates are told.
    pub(super) fn zones(&self) -> impl Iterator<Item = &str> {
        let filters = self.0.iter().filter_map(|part| match part {
            Part::Field { filters, .. } => Some(filters),
            Part::Text(_) => None,
        });
        filters.flatten().filter(|(filter, _)| *filter == Filter::Date).filter_map(|(_, given)| zone_in(given))
    }

    /// Fills in the fields. A template that is one field alone gives its value as it is: a number stays a number.
    pub fn fill(&self, facts: &Value, clocks: &Clocks) -> Value {
        if let [Part::Field { path, filters }] = self.0.as_slice() {
            return field(facts, clocks, path, filters);
        }
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(written) => text += written,
                Part::Field { path, filters } => text += &as_text(&field(facts, clocks, path, filters)),
            }
        }
        Value::String(text)
    }
}

fn field(facts: &Value, clocks: &Clocks, path: &str, filters: &[(Filter, Vec<String>)]) -> Value {
    let mut value = reach(facts, path);
    for (filter, given) in filters {
        let first = given.first().map(String::as_str).unwrap_or_default();
        let text = as_text(&value);
        value = Value::String(match filter {
            Filter::Default if !text.is_empty() => continue,
            Filter::Default => first.to_owned(),
            // Nothing stays nothing: a later `default` must see it.
            _ if text.is_empty() => continue,
            Filter::Date => date(&text, given, clocks),
            Filter::Join => joined(&value, if given.is_empty() { ", " } else { first }),
            Filter::Lower => lower(&text),
            Filter::Money => money(&text, if given.is_empty() { "en" } else { first }),
            Filter::Trim => text.trim().to_owned(),
            Filter::Truncate => truncated(text, first.parse().unwrap_or(usize::MAX)),
            Filter::Upper => upper(&text),
        });
    }
    value
}

/// A value as people read it: lists with commas, nothing as nothing.
pub fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(_) => joined(value, ", "),
        other => other.to_string(),
    }
}

fn joined(value: &Value, between: &str) -> String {
    match value.as_array() {
        Some(items) => items.iter().map(as_text).collect::<Vec<_>>().join(between),
        None => as_text(value),
    }
}

fn truncated(text: String, most: usize) -> String {
    if text.chars().count() <= most {
        return text;
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// How amounts are written, as CLDR has it: the languages; what stands between groups of three, and before the cents; with how
/// many digits the groups begin.
const AMOUNTS: [(&str, &str, &str, usize); 7] = [
    ("en ja ko zh", ",", ".", 4),
    ("da de el hr nl pt ro tr", ".", ",", 4),
    ("es it sl", ".", ",", 5),
    ("cs de-AT fi nb ru sk sv uk", "\u{a0}", ",", 4),
    ("bg hu pl pt-PT", "\u{a0}", ",", 5),
    ("fr", "\u{202f}", ",", 4),
    ("de-CH", "’", ".", 4),
];

fn zone_in(given: &[String]) -> Option<&str> {
    given.iter().map(String::as_str).find(|given| is_zone(given))
}

/// As long as `2026-12-18`.
const DAY: usize = 10;

/// `DD.MM.YYYY HH:mm:ss` and the like. What is no date stays.
fn date(text: &str, given: &[String], clocks: &Clocks) -> String {
    let Some(moment) = clock::parse_iso(text) else { return text.to_owned() };
    // A day without a time is that day everywhere; it begins in Berlin.
    let zone = zone_in(given).filter(|_| text.len() > DAY);
    let minutes = clocks.minutes(zone.unwrap_or(BERLIN), moment);
    let Ok(there) = time::OffsetDateTime::from_unix_timestamp(moment + i64::from(minutes) * 60) else {
        return text.to_owned();
    };
    let iso = clock::iso(there);
    let format = given.iter().find(|g| !is_zone(g)).map_or("YYYY-MM-DD", String::as_str);
    let mut out = format.to_owned();
    for (token, place) in [("YYYY", 0..4), ("MM", 5..7), ("DD", 8..10), ("HH", 11..13), ("mm", 14..16), ("ss", 17..19)]
    {
        out = out.replace(token, iso.get(place).unwrap_or_default());
    }
    out
}

fn amounts_in(language: &str) -> Option<(&'static str, &'static str, usize)> {
    let row = AMOUNTS.iter().find(|(languages, ..)| languages.split(' ').any(|known| known == language));
    row.map(|(_, group, point, least)| (*group, *point, *least))
}

/// `1,234.50`, in German `1.234,50`. What is no amount stays.
fn money(text: &str, language: &str) -> String {
    let (Some(cents), Some((group, point, least))) = (Cents::parse(text), amounts_in(language)) else {
        return text.to_owned();
    };
    let plain = cents.to_string();
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, "00"));
    let (minus, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut out = minus.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 && whole.len() >= least {
            out += group;
        }
        out.push(digit);
    }
    out + point + part
}

struct Reader<'a> {
    all: &'a str,
    rest: &'a str,
    flaws: Vec<Flaw>,
}

impl Reader<'_> {
    fn flaw(&self, problem: &str) -> Flaw {
        let read = self.all.len() - self.rest.len();
        Flaw { at: self.all.get(..read).unwrap_or_default().chars().count() + 1, problem: problem.to_owned() }
    }

    /// Skips white space, then takes `mark` if it is there.
    fn take(&mut self, mark: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self, what: &str) -> Result<String, Flaw> {
        self.rest = self.rest.trim_start();
        let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
        let end = self.rest.find(|c| !in_word(c)).unwrap_or(self.rest.len());
        match self.rest.split_at_checked(end) {
            Some((word, rest)) if end > 0 => {
                self.rest = rest;
                Ok(word.to_owned())
            }
            _ => Err(self.flaw(what)),
        }
    }

    fn argument(&mut self) -> Result<String, Flaw> {
        for quote in ["\"", "'"] {
            if self.take(quote) {
                let closed = self.rest.split_once(quote);
                let (text, rest) = closed.ok_or_else(|| self.flaw("the closing quote is missing"))?;
                self.rest = rest;
                return Ok(text.to_owned());
            }
        }
        self.word("an argument is missing")
    }

    /// All between the braces, and the closing ones.
    fn field(&mut self) -> Result<Part, Flaw> {
        let path = pointer(&self.word("a field such as buyer.firstName is missing")?);
        let mut filters = Vec::new();
        while !self.take("}}") {
            if !self.take("|") {
                return Err(self.flaw("expected | or }}"));
            }
            self.rest = self.rest.trim_start();
            let mut flaw = self.flaw("");
            let name = self.word("a filter is missing")?;
            let mut given = Vec::new();
            if self.take(":") {
                given.push(self.argument()?);
                while self.take(",") {
                    given.push(self.argument()?);
                }
            }
            let Some((_, filter, least, most)) = FILTERS.iter().find(|(known, ..)| *known == name) else {
                let near = nearest(&name, FILTERS.iter().map(|(known, ..)| *known));
                flaw.problem = name + " is no filter" + &did_you_mean(near);
                self.flaws.push(flaw);
                continue;
            };
            let fits = match filter {
                Filter::Truncate => given.iter().all(|g| g.parse::<usize>().is_ok()),
                Filter::Money => given.iter().all(|g| amounts_in(g).is_some()),
                // One of two must be a zone, one only.
                Filter::Date => given.len() < 2 || given.iter().filter(|g| is_zone(g)).count() == 1,
                _ => true,
            };
            if !fits || given.len() < *least || given.len() > *most {
                flaw.problem = name + " can't be used with these arguments";
                self.flaws.push(flaw);
            }
            filters.push((*filter, given));
        }
        Ok(Part::Field { path, filters })
    }
}

/// `; did you mean buyer?`, or nothing.
pub(super) fn did_you_mean(near: Option<&str>) -> String {
    match near {
        Some(near) => "; did you mean ".to_owned() + near + "?",
        None => String::new(),
    }
}

/// A JSON value with templates in it, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Form {
    /// To fill in.
    Text(Template),
    /// As it is.
    Plain(Value),
    /// A list.
    List(Vec<Form>),
    /// An object.
    Object(Vec<(String, Form)>),
    /// Nothing.
    #[default]
    Nothing,
}

impl Form {
    /// Reads a checked value.
    pub fn read(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::String(text) if is_template(text) => Self::Text(Template::read(text).0),
            Value::Array(items) => Self::List(items.iter().map(Self::read).collect()),
            Value::Object(map) => Self::Object(map.iter().map(|(k, v)| (k.clone(), Self::read(v))).collect()),
            other => Self::Plain(other.clone()),
        }
    }

    /// The value, filled in.
    pub fn fill(&self, facts: &Value, clocks: &Clocks) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(template) => template.fill(facts, clocks),
            Self::Plain(value) => value.clone(),
            Self::List(items) => Value::Array(items.iter().map(|item| item.fill(facts, clocks)).collect()),
            Self::Object(fields) => {
                let mut map = Map::new();
                for (name, form) in fields {
                    put(&mut map, name, form.fill(facts, clocks));
                }
                Value::Object(map)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::json;

    fn facts() -> Value {
        json!({
            "buyer": { "firstName": "Käthe", "company": null }, "money": { "gross": 1234.5 },
            "occurredAt": "2026-10-25T02:30:00+01:00", "item": { "tags": ["kräuter", "kurs"] },
            "items": [{ "name": "Kurs" }, { "name": "Buch" }],
            "raw": { "buyer_first_name": "KÄTHE" }, "subscription": { "nextPaymentAt": "2026-12-18" },
        })
    }

    fn fill(text: &str) -> Value {
        let (template, flaws) = Template::read(text);
        assert_eq!(flaws, [], "{text}");
        template.fill(&facts(), &Clocks::default())
    }

    #[test]
    fn fields_and_filters() {
        for (text, filled) in [
            ("Hello {{buyer.first_name}}!", "Hello Käthe!"),
            ("{{buyer.firstName | upper}} {{ buyer.firstName|lower }}", "KÄTHE käthe"),
            ("{{buyer.company | default: \"no company\"}}", "no company"),
            ("{{buyer.company | upper | default: 'x|}}y'}}.", "x|}}y."),
            ("{{raw.buyer_first_name}} {{nothing.there}}", "KÄTHE "),
            ("{{money.gross | money: de}} EUR", "1.234,50 EUR"),
            ("{{money.gross | money}} USD", "1,234.50 USD"),
            ("{{money.gross | money: es}} EUR", "1234,50 EUR"),
            ("{{money.gross | money: de-CH}} CHF", "1’234.50 CHF"),
            ("{{occurredAt | date}}", "2026-10-25"),
            ("{{occurredAt | date: \"DD.MM.YYYY HH:mm\"}}", "25.10.2026 02:30"),
            ("{{occurredAt | date: \"HH:mm\", UTC}}", "01:30"),
            ("{{subscription.nextPaymentAt | date: 'DD.MM.'}}", "18.12."),
            ("{{item.tags}} {{item.tags | join: ' + '}}", "kräuter, kurs kräuter + kurs"),
            ("{{items.name | join: ' + '}}{{items.none}}", "Kurs + Buch"),
            ("{{buyer.firstName | truncate: 3}}", "Kä…"),
            ("a } b } { c", "a } b } { c"),
        ] {
            assert_eq!(as_text(&fill(text)), filled, "{text}");
        }
        assert_eq!(fill("{{money.gross}}"), json!(1234.5), "alone it keeps its type");
    }

    #[test]
    fn a_zone_that_is_not_known_is_asked_for() {
        let (template, flaws) =
            Template::read("{{occurredAt | date: 'DD/MM HH:mm', America/New_York}} {{occurredAt | date: location}}");
        assert_eq!((flaws, template.zones().collect::<Vec<_>>()), (Vec::new(), vec!["America/New_York", "location"]));
        let clocks = Clocks::default();
        template.fill(&facts(), &clocks);
        let (zone, at) = clocks.question().unwrap();
        assert_eq!((zone.as_str(), at), ("America/New_York", 1_792_891_800));
        clocks.answer(&zone, at, Some(-240));
        assert_eq!(clocks.question(), Some(("location".to_owned(), at)), "one after the other");
        clocks.answer("location", at, Some(840));
        assert_eq!(clocks.question(), None);
        assert_eq!(template.fill(&facts(), &clocks), json!("24/10 21:30 2026-10-25"));
    }

    #[test]
    fn flaws_have_a_place() {
        for (text, at, problem) in [
            ("Hi {{buyer.firstName", 21, "expected | or }}"),
            ("{{}}", 3, "a field such as buyer.firstName is missing"),
            ("ä {{a | uper}}", 9, "uper is no filter; did you mean upper?"),
            ("{{a | default}}", 7, "default can't be used with these arguments"),
            ("{{a | truncate: x}}", 7, "truncate can't be used with these arguments"),
            ("{{a | money: xx}}", 7, "money can't be used with these arguments"),
            ("{{a | date: HHmm, DD/MM}}", 7, "date can't be used with these arguments"),
            ("{{a | date: UTC, location}}", 7, "date can't be used with these arguments"),
            ("{{a | default: \"x}}", 17, "the closing quote is missing"),
            ("{{a b}}", 5, "expected | or }}"),
        ] {
            assert_eq!(Template::read(text).1, [Flaw { at, problem: problem.to_owned() }], "{text}");
        }
        let (template, flaws) = Template::read("{{a | uper | money: xx | lowr}} {{}} {{b.c}} {{d");
        assert_eq!(
            flaws.iter().map(|flaw| flaw.at).collect::<Vec<_>>(),
            [7, 14, 26, 35, 49],
            "each, not the first only"
        );
        assert_eq!(template.fields().collect::<Vec<_>>(), ["/a", "/b/c"]);
    }

    proptest! {
        /// The digits stay; what groups them and where the point is depends on the language only.
        #[test]
        fn money_keeps_its_digits(cents in -100_000_000_000i64..100_000_000_000) {
            let amount = Cents(cents).to_string();
            let digits = |text: &str| text.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect::<String>();
            let (german, english) = (money(&amount, "de"), money(&amount, "en"));
            prop_assert_eq!(&german.replace('.', " ").replace(',', ".").replace(' ', ","), &english);
            prop_assert_eq!(Cents::parse(&english.replace(',', "")), Some(Cents(cents)));
            let whole = english.split('.').next().unwrap();
            prop_assert!(whole.trim_start_matches('-').split(',').skip(1).all(|group| group.len() == 3), "{}", english);
            prop_assert_eq!(digits(&german), digits(&english));
        }

        /// Berlin is one hour ahead of UTC, in summer two.
        #[test]
        fn dates_are_told_in_their_zone(seconds in 0u64..4_000_000_000) {
            let (moment, clocks) = (clock::at(seconds * 1000), Clocks::default());
            let elsewhere = clock::iso_utc(seconds * 1000);
            let given = |zone: &str| vec!["YYYY-MM-DD HH:mm:ss".to_owned(), zone.to_owned()];
            prop_assert_eq!(date(&clock::iso(moment), &given("UTC"), &clocks), date(&elsewhere, &given("UTC"), &clocks));
            let (utc, berlin) = (date(&elsewhere, &given("UTC"), &clocks), date(&elsewhere, &given("Europe/Berlin"), &clocks));
            let at = |text: &str| clock::parse_iso(&(text.replace(' ', "T") + "Z")).unwrap();
            let differ = (at(&berlin) - at(&utc)) / 3600;
            prop_assert!(differ == 1 || differ == 2, "{} {}", utc, berlin);
        }

        /// The next payment is due on its day, wherever that is read.
        #[test]
        fn a_day_without_a_time_is_the_same_in_every_zone(seconds in 0u64..4_000_000_000) {
            let day = clock::iso_utc(seconds * 1000).get(..DAY).unwrap().to_owned();
            for zone in ["UTC", "Europe/Berlin", "location"] {
                prop_assert_eq!(date(&day, &["YYYY-MM-DD".into(), zone.into()], &Clocks::default()), day.clone());
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            Template::read(&text).0.fill(&facts(), &Clocks::default());
        }

        #[test]
        fn any_use_of_the_marks_is_read_or_refused(text in r#"(\{\{|\}\}|[|:,"' a-z.ä0-9]|date|money|buyer\.firstName|truncate){0,20}"#) {
            Template::read(&text).0.fill(&facts(), &Clocks::default());
        }

        #[test]
        fn text_without_braces_stays(text in "[^{]+") {
            prop_assert_eq!(Template::read(&text).0.fill(&Value::Null, &Clocks::default()), Value::String(text));
        }
    }
}
