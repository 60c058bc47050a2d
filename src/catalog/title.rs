//! Titles that follow from names: `contactId` -> "Contact ID", `getAllTasks` -> "Get all tasks". The build leaves out of
//! the wasm what this makes anyway.

/// Words that people write in another way than all small.
const SPELLINGS: [(&str, &str); 26] = [
    ("ai", "AI"),
    ("api", "API"),
    ("css", "CSS"),
    ("csv", "CSV"),
    ("dnd", "DND"),
    ("email", "e-mail"),
    ("emails", "e-mails"),
    ("eticket", "e-ticket"),
    ("etickets", "e-tickets"),
    ("fb", "FB"),
    ("gmb", "GMB"),
    ("html", "HTML"),
    ("id", "ID"),
    ("ids", "IDs"),
    ("ip", "IP"),
    ("ipn", "IPN"),
    ("js", "JavaScript"),
    ("saas", "SaaS"),
    ("seo", "SEO"),
    ("sku", "SKU"),
    ("sms", "SMS"),
    ("uri", "URI"),
    ("url", "URL"),
    ("urls", "URLs"),
    ("utm", "UTM"),
    ("vat", "VAT"),
];

/// The title of a thing with this name (camelCase, snake_case or kebab-case).
pub(crate) fn title_of(name: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (i, letter) in letters.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| letters.get(i));
        let after = letters.get(i + 1);
        let small = |c: Option<&char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        // A word starts at a capital after a small letter, and at the last capital of several: `myURLPath`.
        let starts = letter.is_ascii_uppercase()
            && (small(before)
                || (before.is_some_and(char::is_ascii_uppercase) && after.is_some_and(char::is_ascii_lowercase)));
        if starts || !letter.is_ascii_alphanumeric() {
            put(&mut out, &word);
            word.clear();
        }
        if letter.is_ascii_alphanumeric() {
            word.push(letter.to_ascii_lowercase());
        }
    }
    put(&mut out, &word);
    out
}

fn put(out: &mut String, word: &str) {
    if word.is_empty() {
        return;
    }
    let word = SPELLINGS.iter().find(|(name, _)| *name == word).map_or(word, |(_, spelling)| spelling);
    if !out.is_empty() {
        out.push(' ');
        out.push_str(word);
        return;
    }
    let mut letters = word.chars();
    out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
    out.push_str(letters.as_str());
}

#[cfg(test)]
mod tests {
    use super::title_of;

    #[test]
    fn names_become_titles() {
        for (name, title) in [
            ("contactId", "Contact ID"),
            ("getAllTasks", "Get all tasks"),
            ("email", "E-mail"),
            ("listPurchasesOfEmail", "List purchases of e-mail"),
            ("product_ids", "Product IDs"),
            ("ipnSetup", "IPN setup"),
            ("myURLPath", "My URL path"),
            ("address1", "Address1"),
            ("image-url", "Image URL"),
            ("ID", "ID"),
            ("", ""),
        ] {
            assert_eq!(title_of(name), title);
        }
    }
}
