//! Where requests may go: to the base addresses of the settings, whatever an input says.

/// What is wrong with a base address; nothing where a token may go there.
pub fn wrong_base(address: &str) -> Option<&'static str> {
    let (secure, rest) = match (address.strip_prefix("https://"), address.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Some("must begin with https://"),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let plain = |text: &str, marks: &[u8]| text.bytes().all(|b| b.is_ascii_alphanumeric() || marks.contains(&b));
    // No name or password, no query, nothing that one reader takes for the end of the host and another doesn't.
    if authority.is_empty() || !plain(authority, b".-_:[]") || !plain(rest, b".-_:[]/~") {
        return Some("must be https://, a host and perhaps a path");
    }
    (!secure && !is_loopback(authority)).then_some("must begin with https://; http is for this machine only")
}

fn is_loopback(authority: &str) -> bool {
    if let Some(rest) = authority.strip_prefix("[::1]") {
        return rest.is_empty() || rest.starts_with(':');
    }
    let host = authority.split(':').next().unwrap_or_default();
    let is_address = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    host == "localhost" || host.ends_with(".localhost") || (host.starts_with("127.") && is_address)
}

/// Whether an address lies under a base address that is right.
pub fn is_under(base: &str, address: &str) -> bool {
    // After a whole host and a slash nothing can change the host any more.
    address.strip_prefix(base.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_out_encrypted_or_stays_on_this_machine() {
        for address in [
            "https://services.example.com",
            "https://example.com:8443/a/b/",
            "https://[2001:db8::1]/",
            "http://localhost:8787",
            "http://sandbox.localhost",
            "http://127.0.0.1:9",
            "http://[::1]:80/x",
        ] {
            assert_eq!(wrong_base(address), None, "{address}");
        }
        for address in [
            "",
            "https://",
            "https:///x",
            "ftp://example.com",
            "//example.com",
            "http://example.com",
            "http://127.evil.com",
            "http://127.0.0.1.evil.com",
            "http://localhost.evil.com",
            "http://localhost@evil.com",
            "http://[::1]evil.com",
            "https://user:password@example.com",
            "https://example.com@evil.com",
            "https://example.com?x",
            "https://example.com/#x",
            "https://example.com\\@evil.com",
            "https://example.com/a b",
            "https://example.com\r\nx: y",
            "https://exämple.com",
        ] {
            assert!(wrong_base(address).is_some(), "{address}");
        }
    }

    #[test]
    fn an_address_lies_under_its_base_or_elsewhere() {
        for base in ["https://example.com", "https://example.com/"] {
            assert!(is_under(base, "https://example.com/contacts/?a=b"));
            assert!(is_under(base, "https://example.com//evil.test"));
            for address in [
                "https://example.com",
                "https://example.com.evil.test/",
                "https://example.com@evil.test/",
                "https://example.com:444/",
                "http://example.com/",
                "https://evil.test/https://example.com/",
                "//example.com/",
            ] {
                assert!(!is_under(base, address), "{address}");
            }
        }
    }
}
