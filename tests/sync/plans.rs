//! Every kind of event as a plan that a person can read: what happened before, the message, each write and why, what was not
//! done and why. One file of stories for each group in `tests/plans/`; `UPDATE=1 cargo test --test sync plans` writes them anew.

#[path = "../plans/cases.rs"]
mod cases;
#[path = "../plans/story.rs"]
mod story;

use std::{fs, path::Path};

/// A readable difference: the lines around the first one that differs.
fn difference(expected: &str, actual: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let around = |lines: &[&str], sign: &str| -> String {
        let changed = lines.iter().skip(same).take(12);
        changed.map(|line| format!("{sign} {line}\n")).collect()
    };
    let before: String = old[same.saturating_sub(12)..same].iter().map(|line| format!("  {line}\n")).collect();
    before + &around(&old, "-") + &around(&new, "+")
}

/// Compares the stories with the file; with `UPDATE=1` writes it.
fn check(group: &str, stories: &[String]) {
    let actual = stories.join("\n\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/plans/{group}.txt"));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        actual == expected,
        "tests/plans/{group}.txt differs; UPDATE=1 writes it anew\n{}",
        difference(&expected, &actual)
    );
}

macro_rules! groups {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            check(stringify!($name), &cases::$name());
        }
    )*};
}
groups!(payment subscription cancellation refunds upgrade installment ticket form other late);
