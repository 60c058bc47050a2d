//! One request, once. Files are not carried: an example has no use for them.

use std::io::ErrorKind;
use std::sync::LazyLock;
use std::time::Duration;

use ureq::{Agent, Timeout, http::Request};

use crate::wit::exports::ghl_digistore24::plugin::effects::{HttpFailure, HttpRequest, HttpResponse, Reply};

/// Larger answers are refused: no operation has a use for them.
const MAX_ANSWER_BYTES: u64 = 16 * 1024 * 1024;

static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    // A redirect would carry the token to another address; what a status means is the plugin's business.
    Agent::config_builder().max_redirects(0).max_redirects_will_error(false).http_status_as_error(false).build().into()
});

/// Not sent.
pub(crate) const REFUSED: Reply = Reply::HttpFailed(HttpFailure::Refused);

/// Sends a request and reads the answer.
pub(crate) fn send(request: HttpRequest) -> Reply {
    if request.binary || !request.parts.is_empty() {
        return REFUSED;
    }
    exchange(request).map_or_else(|error| Reply::HttpFailed(failure_of(&error)), Reply::Http)
}

fn exchange(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let mut builder = Request::builder().method(request.method.as_str()).uri(&request.url);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let limit = Some(Duration::from_millis(request.timeout_ms));
    let mut answer = match request.body {
        Some(body) => AGENT.run(AGENT.configure_request(builder.body(body)?).timeout_global(limit).build()),
        None => AGENT.run(AGENT.configure_request(builder.body(())?).timeout_global(limit).build()),
    }?;
    let bytes = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(HttpResponse {
        status: answer.status().as_u16(),
        headers: answer.headers().iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        body: text(&bytes),
    })
}

/// `refused` only where nothing can have been sent; what can't be told apart is `lost`.
fn failure_of(error: &ureq::Error) -> HttpFailure {
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed | ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            HttpFailure::Refused
        }
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => HttpFailure::Refused,
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => HttpFailure::Refused,
        ureq::Error::Timeout(_) => HttpFailure::Timeout,
        ureq::Error::BodyExceedsLimit(_) => HttpFailure::Oversize,
        _ => HttpFailure::Lost,
    }
}
