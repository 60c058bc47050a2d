//! Titles from names: what an entry or a field is called where nobody gave it a title.

/// Words that are not written like others.
const UPPER: [&str; 9] = ["id", "url", "sms", "api", "html", "css", "csv", "ip", "faq"];

/// `getAppointmentsForContact` -> `Get appointments for contact`, `contactIds` -> `Contact IDs`.
pub(super) fn title(name: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(i + 1);
        // `contactId` begins a word at I, `HTMLBody` at B.
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                !b.is_ascii_uppercase() || (b.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if begins || !c.is_ascii_alphanumeric() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.push(word);
    let mut title = String::new();
    for word in words.iter().filter(|word| !word.is_empty()) {
        if !title.is_empty() {
            title.push(' ');
        }
        let singular = word.strip_suffix('s').filter(|w| UPPER.contains(w));
        match singular {
            _ if UPPER.contains(&word.as_str()) => title.push_str(&word.to_ascii_uppercase()),
            Some(singular) => {
                title.push_str(&singular.to_ascii_uppercase());
                title.push('s');
            }
            None => title.push_str(word),
        }
    }
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn names_become_titles() {
        for (name, wanted) in [
            ("getAppointmentsForContact", "Get appointments for contact"),
            ("contactId", "Contact ID"),
            ("contactIds", "Contact IDs"),
            ("_id", "ID"),
            ("rawHTML", "Raw HTML"),
            ("HTMLBody", "HTML body"),
            ("field_value", "Field value"),
            ("address1", "Address1"),
            ("enabled2waySync", "Enabled2way sync"),
        ] {
            assert_eq!(title(name), wanted);
        }
    }
}
